import { expect } from 'vitest';
import type { HandshakeCode } from '../../../src/protocol/handshake/handshake-error.ts';
import type { ViolationCode } from '../../../src/protocol/protocol-error.ts';
import type { UsageCode } from '../../../src/protocol/usage-error.ts';

/** Matches the peer's fault with this code. */
export function violation(code: ViolationCode): Error {
  return expect.objectContaining({ name: 'ProtocolError', code }) as Error;
}

/** Matches the caller's fault with this code. */
export function misuse(code: UsageCode): Error {
  return expect.objectContaining({ name: 'UsageError', code }) as Error;
}

/** Matches a failed handshake with this code, and whatever else is given. */
export function refusal(code: HandshakeCode, rest: object = {}): Error {
  return expect.objectContaining({ name: 'HandshakeError', code, ...rest }) as Error;
}
