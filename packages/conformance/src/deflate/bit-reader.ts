// Bits out of octets, the lowest first (RFC 1951 §3.1.1).
import type { HuffmanCode } from './huffman.ts';

/** Data stop being DEFLATE at this bit, counted from the first. */
export class DeflateError extends Error {
  override readonly name = 'DeflateError';
  readonly at: number;
  /** The data only end where they should go on. */
  readonly cutOff: boolean;

  constructor(at: number, text: string, cutOff = false) {
    super(text);
    this.at = at;
    this.cutOff = cutOff;
  }
}

/** Reads octets bit by bit. The fields are for a loop that keeps them in variables, and puts them back. */
export class BitReader {
  readonly data: Uint8Array;
  /** The octet that is read next. */
  next = 0;
  /** Bits that were read and not used, lowest first, and how many. */
  bits = 0;
  count = 0;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  /** Of the first bit that was not used. */
  get position(): number {
    return this.next * 8 - this.count;
  }

  /**
   * The next bits as a number.
   *
   * @param at - Where the element begins that they are part of.
   * @throws {@link DeflateError} at the end of the data.
   */
  take(width: number, at: number = this.position): number {
    while (this.count < width) {
      if (this.next === this.data.length) throw cutOff(at);
      this.bits |= (this.data[this.next] as number) << this.count;
      this.next += 1;
      this.count += 8;
    }
    const value = this.bits & ((1 << width) - 1);
    this.bits >>>= width;
    this.count -= width;
    return value;
  }

  /** A symbol, bit by bit: for long codes, and near the end of the data. */
  symbol(code: HuffmanCode, name: string): number {
    const at = this.position;
    let value = 0;
    let first = 0;
    let place = 0;
    for (let length = 1; length < code.counts.length; length += 1) {
      value |= this.take(1, at);
      const here = code.counts[length] as number;
      if (value - here < first) return code.symbols[place + value - first] as number;
      place += here;
      first = (first + here) << 1;
      value <<= 1;
    }
    throw new DeflateError(at, `a code for ${name} that stands for nothing`);
  }

  /** Drops the bits up to the next octet, and goes back to it. */
  toOctet(): void {
    this.next -= this.count >> 3;
    this.bits = 0;
    this.count = 0;
  }
}

export function cutOff(at: number): DeflateError {
  return new DeflateError(at, 'a block that is cut off', true);
}
