// Sec-WebSocket-Protocol (RFC 6455 §4.1, §4.2.2): 1#token from the client, one of them back.
import { isToken, splitList } from './header-fields.ts';

/** Reads what a client offers; undefined for an empty element, a value that is no token, or a repeated one. */
export function parseSubprotocols(value: string): string[] | undefined {
  const offered = splitList(value);
  if (!offered.every(isToken)) return undefined;
  return new Set(offered).size === offered.length ? offered : undefined;
}

/** The first of the server's subprotocols that the client offers as well; empty when there is none. */
export function selectSubprotocol(
  supported: readonly string[],
  offered: readonly string[],
): string {
  return supported.find((name) => offered.includes(name)) ?? '';
}
