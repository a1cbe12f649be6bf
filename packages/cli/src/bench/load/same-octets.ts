/** From here on a call of Node's compares faster than a loop. */
const CALL_FROM = 64;

/** Whether `length` octets are the same, those at `from` of `expected` and those at `start` of `octets`. */
export function same(
  expected: Buffer,
  from: number,
  octets: Uint8Array,
  start: number,
  length: number,
): boolean {
  if (length >= CALL_FROM) {
    return expected.compare(octets, start, start + length, from, from + length) === 0;
  }
  for (let index = 0; index < length; index += 1) {
    if (expected[from + index] !== octets[start + index]) return false;
  }
  return true;
}
