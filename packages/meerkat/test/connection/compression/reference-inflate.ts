// A plain decoder of DEFLATE (RFC 1951), written from the RFC: slow, strict, and without zlib's window. It tells how far
// back the data refer.

/** What came of inflating. */
export interface Inflated {
  readonly octets: Buffer;
  /** The greatest distance that a match had; 0 without a match. */
  readonly greatestDistance: number;
}

/** Lengths and distances of §3.2.5: the base of each code, and how many bits are added. */
const LENGTH_BASE: readonly number[] = [
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115],
  ...[131, 163, 195, 227, 258],
];
const LENGTH_BITS: readonly number[] = [
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
];
const DISTANCE_BASE: readonly number[] = [
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537],
  ...[2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577],
];
const DISTANCE_BITS: readonly number[] = DISTANCE_BASE.map((_, code) =>
  code < 4 ? 0 : (code >> 1) - 1,
);
/** The order in which the lengths of the code length codes stand (§3.2.7). */
const ORDER: readonly number[] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END = 256;

/**
 * Inflates the payload of a message, whose tail is put back.
 *
 * @param before - What it may refer to: the messages before it.
 * @throws For anything that is not DEFLATE to its last octet.
 */
export function referenceInflate(
  payload: Uint8Array,
  before: Uint8Array = Buffer.alloc(0),
): Inflated {
  const bits = new Bits(Buffer.concat([payload, Buffer.from('0000ffff', 'hex')]));
  const output = Array.from(before);
  let greatestDistance = 0;
  while (!bits.done) {
    const final = bits.take(1) === 1;
    const type = bits.take(2);
    if (type === 0) stored(bits, output);
    else if (type === 3) throw new Error('a reserved block type');
    else {
      const codes = type === 1 ? FIXED : dynamic(bits);
      greatestDistance = Math.max(greatestDistance, matches(bits, codes, output));
    }
    if (final) bits.align();
  }
  return { octets: Buffer.from(output.slice(before.length)), greatestDistance };
}

/** Bits, the least significant one of each octet first (§3.1.1). */
class Bits {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get done(): boolean {
    return this.#at >= 8 * this.#octets.length;
  }

  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1) {
      const octet = this.#octets[this.#at >> 3];
      if (octet === undefined) throw new Error('the data end too early');
      value |= ((octet >> (this.#at & 7)) & 1) << bit;
      this.#at += 1;
    }
    return value;
  }

  align(): void {
    this.#at = (this.#at + 7) & ~7;
  }
}

/** A Huffman code by its bits: `1` and those of the code behind it, as one number. */
type Code = ReadonlyMap<number, number>;

interface Codes {
  readonly literals: Code;
  readonly distances: Code;
}

/** Makes the codes out of their lengths (§3.2.2). */
function codeOf(lengths: readonly number[]): Code {
  const code = new Map<number, number>();
  let next = 0;
  for (let length = 1; length <= 15; length += 1) {
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      code.set((1 << length) | next, symbol);
      next += 1;
    }
    next <<= 1;
  }
  return code;
}

function symbol(bits: Bits, code: Code): number {
  let path = 1;
  for (let length = 1; length <= 15; length += 1) {
    path = (path << 1) | bits.take(1);
    const found = code.get(path);
    if (found !== undefined) return found;
  }
  throw new Error('no such code');
}

const FIXED: Codes = {
  literals: codeOf(
    Array.from({ length: 288 }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8)),
  ),
  distances: codeOf(Array.from({ length: 30 }, () => 5)),
};

function dynamic(bits: Bits): Codes {
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  const count = bits.take(4) + 4;
  const own = Array.from({ length: 19 }, () => 0);
  for (const at of ORDER.slice(0, count)) own[at] = bits.take(3);
  const code = codeOf(own);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const next = symbol(bits, code);
    if (next < 16) lengths.push(next);
    else if (next === 16) repeat(lengths, lengths.at(-1), bits.take(2) + 3);
    else repeat(lengths, 0, next === 17 ? bits.take(3) + 3 : bits.take(7) + 11);
  }
  if (lengths.length > literals + distances) throw new Error('too many code lengths');
  return {
    literals: codeOf(lengths.slice(0, literals)),
    distances: codeOf(lengths.slice(literals)),
  };
}

function repeat(lengths: number[], length: number | undefined, count: number): void {
  if (length === undefined) throw new Error('nothing to repeat');
  for (let at = 0; at < count; at += 1) lengths.push(length);
}

function stored(bits: Bits, output: number[]): void {
  bits.align();
  const length = bits.take(16);
  if (bits.take(16) !== (length ^ 0xffff)) throw new Error('a length that is not its complement');
  for (let at = 0; at < length; at += 1) output.push(bits.take(8));
}

/** Takes a block with codes; answers the greatest distance in it. */
function matches(bits: Bits, { literals, distances }: Codes, output: number[]): number {
  let greatest = 0;
  for (let next = symbol(bits, literals); next !== END; next = symbol(bits, literals)) {
    if (next < END) {
      output.push(next);
      continue;
    }
    const length = based(LENGTH_BASE, LENGTH_BITS, next - 257, bits);
    const distance = based(DISTANCE_BASE, DISTANCE_BITS, symbol(bits, distances), bits);
    greatest = Math.max(greatest, distance);
    for (let at = 0; at < length; at += 1) {
      const octet = output[output.length - distance];
      if (octet === undefined) throw new Error('a distance that is too far');
      output.push(octet);
    }
  }
  return greatest;
}

function based(base: readonly number[], added: readonly number[], at: number, bits: Bits): number {
  const [start, count] = [base[at], added[at]];
  if (start === undefined || count === undefined) throw new Error('no such length or distance');
  return start + bits.take(count);
}
