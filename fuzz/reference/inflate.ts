// A second reading of RFC 1951 and RFC 7692 §7.2.2, for clearness: what octets of a compressed message stand for.

/** What became of a message: its octets, as far as they go, and whether something in them may not be. */
export interface Inflated {
  readonly octets: Uint8Array;
  readonly broken: boolean;
  /** Blocks that said they were the last one, and had something behind them. */
  readonly finalBlocks: number;
  /** Whether any block said so. */
  readonly final: boolean;
  /** Whether the octets, tail included, end with a block: whoever keeps the state of an inflater begins a new one. */
  readonly atRest: boolean;
  /** How far the octets refer back at most. */
  readonly farthest: number;
  /** How far beyond their own beginning. */
  readonly reach: number;
}

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const LENGTH_EXTRA = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const WINDOW = 32_768;
/** What a sender leaves out at the end of a message (RFC 7692 §7.2.1). */
const TAIL: readonly number[] = [0x00, 0x00, 0xff, 0xff];

/** The octets end inside a symbol. */
class OutOfOctets extends Error {}
/** The octets cannot be. */
class Broken extends Error {}

/**
 * Inflates one message, without its tail.
 *
 * @param window - What it may refer to.
 * @param most - Where it stops: a message of more octets may go on differently.
 * @param mostFinalBlocks - The same for blocks that say that they are the last.
 * @param tail - What the sender left out: nothing of a message that is not complete.
 */
export function inflate(
  message: Uint8Array,
  window: Uint8Array,
  most: number,
  mostFinalBlocks: number,
  tail: readonly number[] = TAIL,
): Inflated {
  const bits = new Bits(Uint8Array.from([...message, ...tail]));
  const output = new Output(window.subarray(-WINDOW), most);
  let finalBlocks = 0;
  let final = false;
  let broken = false;
  let atRest = false;
  try {
    while (!output.full && finalBlocks < mostFinalBlocks) {
      atRest = bits.left === 0;
      const last = bits.take(1) === 1;
      atRest = false;
      block(bits, output);
      if (!last) continue;
      final = true;
      // The next block begins with the next octet. The tail alone is not one: it was added.
      bits.alignToOctet();
      atRest = bits.left === 0;
      if (bits.left <= 8 * tail.length) break;
      finalBlocks += 1;
    }
  } catch (error) {
    if (error instanceof Broken) broken = true;
    else if (!(error instanceof OutOfOctets)) throw error;
  }
  const { octets, farthest, reach } = output;
  return { octets, broken, finalBlocks, final, atRest, farthest, reach };
}

function block(bits: Bits, output: Output): void {
  switch (bits.take(2)) {
    case 0:
      stored(bits, output);
      break;
    case 1: {
      // Codes 286, 287, 30 and 31 take part in the fixed trees, and stand for nothing (RFC 1951 §3.2.6).
      const lengths = [...many(144, 8), ...many(112, 9), ...many(24, 7), ...many(8, 8)];
      symbols(bits, output, treeOf(lengths), treeOf(many(32, 5)));
      break;
    }
    case 2:
      dynamic(bits, output);
      break;
    default:
      throw new Broken('a block of type 3');
  }
}

function stored(bits: Bits, output: Output): void {
  bits.alignToOctet();
  const length = bits.take(16);
  if (length !== (bits.take(16) ^ 0xffff)) throw new Broken('the length of a stored block');
  for (let left = length; left > 0; left -= 1) output.literal(bits.take(8));
}

function dynamic(bits: Bits, output: Output): void {
  const literals = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  const codeLengths = bits.take(4) + 4;
  if (literals > 286 || distances > 30) throw new Broken('too many codes');
  const lengthsOfLengths = many(19, 0);
  for (const symbol of CODE_LENGTH_ORDER.slice(0, codeLengths)) {
    lengthsOfLengths[symbol] = bits.take(3);
  }
  const tree = treeOf(lengthsOfLengths);
  // Without any code zlib takes each bit for a length of 0, until it misses the end of block.
  if (!tree.complete && !tree.empty) throw new Broken('the lengths of code lengths');
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = tree.empty ? 0 * bits.take(1) : bits.symbol(tree);
    if (symbol < 16) {
      lengths.push(symbol);
    } else if (symbol === 16) {
      const times = 3 + bits.take(2);
      const last = lengths.at(-1);
      if (last === undefined) throw new Broken('nothing to repeat');
      lengths.push(...many(times, last));
    } else {
      lengths.push(...many(symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7), 0));
    }
    if (lengths.length > literals + distances) throw new Broken('a repetition that is too long');
  }
  if (lengths[256] === 0) throw new Broken('no end of block');
  const literalTree = treeOf(lengths.slice(0, literals));
  const distanceTree = treeOf(lengths.slice(literals));
  // A tree with one code of one bit is the only one that may lack something (zlib's reading of §3.2.7).
  if (!literalTree.complete && !literalTree.single) throw new Broken('the literal codes');
  if (!distanceTree.complete && !distanceTree.single && !distanceTree.empty) {
    throw new Broken('the distance codes');
  }
  symbols(bits, output, literalTree, distanceTree);
}

function symbols(bits: Bits, output: Output, literals: Tree, distances: Tree): void {
  while (!output.full) {
    const symbol = bits.symbol(literals);
    if (symbol === 256) return;
    if (symbol < 256) {
      output.literal(symbol);
      continue;
    }
    const base = LENGTH_BASE[symbol - 257];
    if (base === undefined) throw new Broken('a length code that stands for nothing');
    const length = base + bits.take(LENGTH_EXTRA[symbol - 257] ?? 0);
    const code = bits.symbol(distances);
    const nearest = DISTANCE_BASE[code];
    if (nearest === undefined) throw new Broken('a distance code that stands for nothing');
    output.repeat(length, nearest + bits.take(code < 4 ? 0 : (code >> 1) - 1));
  }
}

/** What the octets stand for, behind what they may refer to. */
class Output {
  readonly #octets: number[];
  readonly #first: number;
  readonly #most: number;
  farthest = 0;
  reach = 0;

  constructor(window: Uint8Array, most: number) {
    this.#octets = [...window];
    this.#first = window.length;
    this.#most = most;
  }

  get octets(): Uint8Array {
    return Uint8Array.from(this.#octets.slice(this.#first));
  }

  get full(): boolean {
    return this.#octets.length - this.#first > this.#most;
  }

  literal(octet: number): void {
    this.#octets.push(octet);
  }

  repeat(length: number, distance: number): void {
    this.farthest = Math.max(this.farthest, distance);
    this.reach = Math.max(this.reach, distance - (this.#octets.length - this.#first));
    if (distance > Math.min(this.#octets.length, WINDOW)) throw new Broken('too far back');
    for (let left = length; left > 0; left -= 1) {
      this.#octets.push(this.#octets[this.#octets.length - distance] as number);
    }
  }
}

/** A prefix code: symbols by length and code. */
interface Tree {
  readonly symbols: ReadonlyMap<string, number>;
  readonly complete: boolean;
  readonly single: boolean;
  readonly empty: boolean;
}

/** Numbers codes by length, then by symbol (RFC 1951 §3.2.2). */
function treeOf(lengths: readonly number[]): Tree {
  const symbols = new Map<string, number>();
  let code = 0;
  let left = 1;
  for (let length = 1; length <= 15; length += 1) {
    code *= 2;
    left *= 2;
    for (const [symbol, wanted] of lengths.entries()) {
      if (wanted !== length) continue;
      symbols.set(code.toString(2).padStart(length, '0'), symbol);
      code += 1;
      left -= 1;
    }
    if (left < 0) throw new Broken('more codes than there can be');
  }
  const single = symbols.size === 1 && symbols.has('0');
  return { symbols, complete: left === 0, single, empty: symbols.size === 0 };
}

/** Octets, bit by bit, the lowest first. */
class Bits {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get left(): number {
    return 8 * this.#octets.length - this.#at;
  }

  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit += 1) value |= this.#next() << bit;
    return value;
  }

  symbol({ symbols, complete }: Tree): number {
    for (let code = ''; code.length <= 15; ) {
      code += this.#next();
      const symbol = symbols.get(code);
      if (symbol !== undefined) return symbol;
      if (!complete) break; // it has one code of one bit, or none
    }
    throw new Broken('a code that is not in the tree');
  }

  alignToOctet(): void {
    this.#at = 8 * Math.ceil(this.#at / 8);
  }

  #next(): number {
    const octet = this.#octets[this.#at >> 3];
    if (octet === undefined) throw new OutOfOctets();
    const bit = (octet >> (this.#at & 7)) & 1;
    this.#at += 1;
    return bit;
  }
}

function many(times: number, value: number): number[] {
  return new Array<number>(times).fill(value);
}
