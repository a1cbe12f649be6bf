// The payload of a Close frame (RFC 6455 §5.5.1): a code in network order, then a reason in UTF-8, or nothing.
import { CloseCode, isCloseCodeOnTheWire } from './close-code.ts';
import type { Primitives } from './primitives.ts';
import { ProtocolError } from './protocol-error.ts';
import { UsageError } from './usage-error.ts';

/** What a Close frame says. `code` is 1005 when the frame was empty. */
export interface CloseFrame {
  readonly code: number;
  readonly reason: string;
}

/** Longest reason, in octets of UTF-8: 125 less the code. */
export const MAX_REASON_BYTES = 123;

/** @throws {@link ProtocolError} for a payload that may not be sent. A bad code is reported before a bad reason. */
export function parseClose(
  octets: Uint8Array,
  start: number,
  end: number,
  primitives: Primitives,
): CloseFrame {
  if (start === end) return { code: CloseCode.NoStatus, reason: '' };
  if (end - start === 1) throw new ProtocolError('WS_CLOSE_PAYLOAD_LENGTH');
  const code = ((octets[start] as number) << 8) | (octets[start + 1] as number);
  if (!isCloseCodeOnTheWire(code)) throw new ProtocolError('WS_CLOSE_CODE_INVALID', `${code}`);
  const reason = primitives.decodeUtf8(octets, start + 2, end);
  if (reason === undefined) throw new ProtocolError('WS_CLOSE_REASON_UTF8');
  return { code, reason };
}

/**
 * Makes the payload of a Close frame; empty for code 1005.
 *
 * @throws {@link UsageError} for a code that may not be sent, a reason without a code, or one over 123 octets.
 */
export function buildClose(code: number, reason: string, primitives: Primitives): Uint8Array {
  if (typeof reason !== 'string') {
    throw new UsageError('MEERKAT_CLOSE_ARGUMENT', 'the reason is no string');
  }
  if (code === CloseCode.NoStatus) {
    if (reason !== '') {
      throw new UsageError('MEERKAT_CLOSE_ARGUMENT', 'a reason needs a code before it');
    }
    return new Uint8Array(0);
  }
  if (!Number.isInteger(code) || !isCloseCodeOnTheWire(code)) {
    throw new UsageError('MEERKAT_CLOSE_ARGUMENT', `code ${code}`);
  }
  const length = primitives.utf8Length(reason);
  if (length > MAX_REASON_BYTES) {
    throw new UsageError(
      'MEERKAT_CLOSE_ARGUMENT',
      `a reason of ${length} octets, the most is ${MAX_REASON_BYTES}`,
    );
  }
  const payload = new Uint8Array(2 + length);
  payload[0] = code >>> 8;
  payload[1] = code;
  primitives.encodeUtf8Into(reason, payload, 2);
  return payload;
}

/** The longest beginning of `reason` that fits a Close frame, no character cut in two. */
export function cutReason(reason: string, primitives: Primitives): string {
  let length = 0;
  let fitting = '';
  for (const character of reason) {
    length += primitives.utf8Length(character);
    if (length > MAX_REASON_BYTES) break;
    fitting += character;
  }
  return fitting;
}
