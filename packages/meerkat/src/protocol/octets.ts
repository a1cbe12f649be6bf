import { type UsageCode, UsageError } from './usage-error.ts';

/** Up to here a view costs more than the copy. */
const SHORT = 24;

/** A copy of `octets[start, end)` in memory of its own. (`Buffer.prototype.slice` would give a view.) */
export function copyOctets(octets: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  const copy = new Uint8Array(length);
  if (length > SHORT) copy.set(octets.subarray(start, end));
  else for (let at = 0; at < length; at += 1) copy[at] = octets[start + at] as number;
  return copy;
}

/**
 * The octets of a buffer or a view, of any realm. They are not copied.
 *
 * @throws {@link UsageError} with `code` for anything else.
 */
export function toOctets(value: unknown, code: UsageCode): Uint8Array {
  if (value instanceof Uint8Array) return value;
  try {
    if (ArrayBuffer.isView(value)) {
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    // A DataView takes nothing but an ArrayBuffer or a SharedArrayBuffer, of whatever realm, and none that is detached.
    return new Uint8Array(new DataView(value as ArrayBuffer).buffer);
  } catch {
    throw new UsageError(code, nameOf(value));
  }
}

function nameOf(value: unknown): string {
  if (ArrayBuffer.isView(value)) return 'a view that reaches past its buffer';
  if (value instanceof ArrayBuffer) return 'a detached ArrayBuffer';
  return value === null ? 'null' : typeof value;
}
