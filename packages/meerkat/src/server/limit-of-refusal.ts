import type { LimitName } from '../connection/limit-hits.ts';
import type { HandshakeCode } from '../protocol/handshake/handshake-error.ts';

const LIMITS: Readonly<Partial<Record<HandshakeCode, LimitName>>> = {
  WS_REQUEST_HEADER_LINES: 'maxHeaderLines',
  WS_REQUEST_TARGET_TOO_LONG: 'maxTargetLength',
  MEERKAT_HOOK_TIMEOUT: 'handshakeTimeout',
  MEERKAT_TOO_MANY_CONNECTIONS: 'maxConnections',
  MEERKAT_TOO_MANY_FROM_ADDRESS: 'maxConnectionsPerAddress',
  MEERKAT_TOO_MANY_NEW_FROM_ADDRESS: 'maxNewConnectionsPerAddress',
};

/** The limit that a refused upgrade ran into; undefined where the refusal has another cause. */
export function limitOfRefusal(code: HandshakeCode): LimitName | undefined {
  return LIMITS[code];
}
