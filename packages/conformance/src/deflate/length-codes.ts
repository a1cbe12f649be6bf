// What the codes of DEFLATE's matches stand for (RFC 1951 §3.2.5), and its fixed codes (§3.2.6).
import { HuffmanCode } from './huffman.ts';

/** Bits behind a length code, which begin at symbol 257. */
export const LENGTH_EXTRA: Uint8Array = Uint8Array.from([
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
  ...[3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
]);
/** The shortest length of each; the last one is 258 alone. */
export const LENGTH_BASE: Uint16Array = basesOf(LENGTH_EXTRA, 3).fill(258, 28);
/** Bits behind a distance code. */
export const DISTANCE_EXTRA: Uint8Array = Uint8Array.from({ length: 30 }, (_none, code) =>
  Math.max(0, (code >> 1) - 1),
);
export const DISTANCE_BASE: Uint16Array = basesOf(DISTANCE_EXTRA, 1);

/** The order in which the lengths of the code length code come (§3.2.7). */
export const LENGTHS_ORDER: Uint8Array = Uint8Array.from([
  ...[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15],
]);

/** Symbols of the alphabets, those that do not occur included. */
export const LITERALS = 288;
export const DISTANCES = 32;

export const FIXED_LITERALS: HuffmanCode = new HuffmanCode(LITERALS);
export const FIXED_DISTANCES: HuffmanCode = new HuffmanCode(DISTANCES);

const fixed = new Uint8Array(LITERALS).fill(8, 0, 144).fill(9, 144, 256);
FIXED_LITERALS.fill(fixed.fill(7, 256, 280).fill(8, 280));
FIXED_DISTANCES.fill(new Uint8Array(DISTANCES).fill(5));

function basesOf(extra: Uint8Array, first: number): Uint16Array {
  const bases = new Uint16Array(extra.length);
  let base = first;
  for (const [code, bits] of extra.entries()) {
    bases[code] = base;
    base += 1 << bits;
  }
  return bases;
}
