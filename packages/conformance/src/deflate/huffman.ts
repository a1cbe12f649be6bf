// Huffman codes of DEFLATE (RFC 1951 §3.2.2): from code lengths to tables that a reader looks codes up in.

/** Codes of up to so many bits are looked up at once; longer ones, which are rare, bit by bit. */
export const FAST_BITS = 10;
const MOST_BITS = 15;

/** Why lengths make no code: too many of them for their lengths, or too few. */
export type CodeFault = 'over-subscribed' | 'incomplete';

/**
 * A code. Its memory is used again by the next `fill`: a message has a code for each of its blocks.
 *
 * `fast` maps the next {@link FAST_BITS} bits of the input, the first one lowest, to `symbol << 4 | length`, or 0.
 */
export class HuffmanCode {
  readonly fast: Uint16Array = new Uint16Array(1 << FAST_BITS);
  /** How many codes there are of each length. */
  readonly counts: Uint16Array = new Uint16Array(MOST_BITS + 1);
  /** Symbols in the order of their codes. */
  readonly symbols: Uint16Array;
  readonly #nextCode = new Uint16Array(MOST_BITS + 2);
  readonly #nextPlace = new Uint16Array(MOST_BITS + 2);

  /** @param most - Symbols of its alphabet. */
  constructor(most: number) {
    this.symbols = new Uint16Array(most);
  }

  /**
   * Takes over the code whose symbols have these lengths; 0 stands for one that is not used.
   *
   * @returns Undefined for a complete code; an incomplete one decodes what it can, the other nothing.
   */
  fill(lengths: Uint8Array): CodeFault | undefined {
    const { counts, symbols, fast } = this;
    const nextCode = this.#nextCode;
    const nextPlace = this.#nextPlace;
    counts.fill(0);
    fast.fill(0);
    for (const length of lengths) {
      counts[length] = (counts[length] as number) + 1;
    }
    counts[0] = 0;
    let left = 1;
    let code = 0;
    let place = 0;
    for (let length = 1; length <= MOST_BITS; length += 1) {
      const here = counts[length] as number;
      left = left * 2 - here;
      if (left < 0) return 'over-subscribed';
      nextCode[length] = code;
      nextPlace[length] = place;
      code = (code + here) << 1;
      place += here;
    }
    for (let symbol = 0; symbol < lengths.length; symbol += 1) {
      const length = lengths[symbol] as number;
      if (length === 0) continue;
      const at = nextPlace[length] as number;
      symbols[at] = symbol;
      nextPlace[length] = at + 1;
      const own = nextCode[length] as number;
      nextCode[length] = own + 1;
      if (length > FAST_BITS) continue;
      const entry = (symbol << 4) | length;
      for (let slot = reversed(own, length); slot < fast.length; slot += 1 << length) {
        fast[slot] = entry;
      }
    }
    return left > 0 ? 'incomplete' : undefined;
  }
}

/** The code as it stands in the input: its first bit lowest. */
function reversed(code: number, length: number): number {
  let left = code;
  let turned = 0;
  for (let bit = 0; bit < length; bit += 1) {
    turned = (turned << 1) | (left & 1);
    left >>= 1;
  }
  return turned;
}
