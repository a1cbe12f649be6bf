// Names of header fields, found in octets (RFC 9110 §5.1): without a string, and without regard to case.
import { asciiOctets, matchesName } from './octet-classes.ts';

/** What a field means to a request to upgrade. */
export const Field = {
  /** Nothing. */
  Other: 0,
  /** That there may be a body, trailers, or another protocol than WebSocket. */
  Foreign: 1,
  Host: 2,
  Upgrade: 3,
  Connection: 4,
  Version: 5,
  Key: 6,
  Subprotocols: 7,
  Extensions: 8,
  Origin: 9,
} as const;
export type Field = (typeof Field)[keyof typeof Field];

interface Name {
  readonly octets: readonly number[];
  readonly field: Field;
}

const NAMES: readonly (readonly [name: string, field: Field])[] = [
  ['host', Field.Host],
  ['upgrade', Field.Upgrade],
  ['connection', Field.Connection],
  ['sec-websocket-version', Field.Version],
  ['sec-websocket-key', Field.Key],
  ['sec-websocket-protocol', Field.Subprotocols],
  ['sec-websocket-extensions', Field.Extensions],
  ['origin', Field.Origin],
  ['content-length', Field.Foreign],
  ['transfer-encoding', Field.Foreign],
  ['te', Field.Foreign],
  ['trailer', Field.Foreign],
  ['expect', Field.Foreign],
  ['http2-settings', Field.Foreign],
  // No standard knows it; some parsers take it for Connection.
  ['proxy-connection', Field.Foreign],
];

const BY_LENGTH: readonly (readonly Name[])[] = Array.from(
  { length: 1 + Math.max(...NAMES.map(([name]) => name.length)) },
  (_, length) =>
    NAMES.filter(([name]) => name.length === length).map(([name, field]) => ({
      octets: asciiOctets(name),
      field,
    })),
);

/**
 * The field whose name is the token `octets[start, end)`.
 *
 * Hot path: the length leaves two names at most, and their first octets differ.
 */
export function fieldOf(octets: Uint8Array, start: number, end: number): Field {
  const length = end - start;
  if (length >= BY_LENGTH.length) return Field.Other;
  const names = BY_LENGTH[length] as readonly Name[];
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as Name;
    if (matchesName(octets, start, name.octets)) return name.field;
  }
  return Field.Other;
}
