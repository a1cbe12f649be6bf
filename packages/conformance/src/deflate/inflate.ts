// Raw DEFLATE (RFC 1951), walked block by block: it says how far a message reaches back, and what is wrong with it where.
// zlib says neither, and consults its window only between two calls.
import { BitReader, cutOff, DeflateError } from './bit-reader.ts';
import { readCodes } from './dynamic-codes.ts';
import { FAST_BITS, type HuffmanCode } from './huffman.ts';
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  FIXED_DISTANCES,
  FIXED_LITERALS,
  LENGTH_BASE,
  LENGTH_EXTRA,
} from './length-codes.ts';

/** What {@link inflate} is told. */
export interface InflateOptions {
  /** What came before, the newest octet last: the data may refer to its last 32,768 octets. */
  readonly history?: Uint8Array | undefined;
  /** More than so many octets are not made. */
  readonly maxBytes: number;
  /** Whether the data lack the `00 00 ff ff` that ends a flush, as a message's do (RFC 7692 §7.2.1). Default false. */
  readonly tail?: boolean;
  /** A window that was agreed on, as a power of two: the first match that refers further back is told of. Default 15. */
  readonly windowBits?: number;
}

/** Where data stop being DEFLATE. */
export interface DeflateDefect {
  /** The octet, from 0, and the bit in it, 0 the lowest, where the wrong element begins. */
  readonly at: number;
  readonly bit: number;
  /** What is wrong, as a noun: "a distance of 40 where 12 octets came before". */
  readonly text: string;
  /** Nothing is wrong with it but what it becomes: more than `maxBytes`. */
  readonly tooLarge?: true;
  /** Nothing is wrong with it but that it ends in the middle of a block. zlib asks for more, and does not complain. */
  readonly cutOff?: true;
}

/** A match that reaches behind the window that was agreed on. */
interface BeyondWindow {
  readonly distance: number;
  /** The octet of the message that it makes. */
  readonly at: number;
}

export interface InflateResult {
  /** What came out, up to the defect if there is one. */
  readonly octets: Uint8Array;
  /** The largest distance of a match; 0 without any. */
  readonly maxDistance: number;
  /** How far the data reach into the history, at most. */
  readonly intoHistory: number;
  /** Whether a block was the final one (RFC 7692 §7.2.3.4). */
  readonly finalBlock: boolean;
  /** The first one. */
  readonly beyond?: BeyondWindow;
  /**
   * Whether a reader that keeps no more than the window from one call of zlib to the next loses octets: a call makes 16 KiB,
   * then 16, 32, 64 … KiB.
   */
  readonly lostByCalls: boolean;
  readonly defect?: DeflateDefect;
}

/** Inflates. Behind a final block the data go on at the next octet, with a new block. */
export function inflate(data: Uint8Array, options: InflateOptions): InflateResult {
  return new Walk(data, options).run();
}

/** The largest window there is. */
const WINDOW = 32_768;
const END_OF_BLOCK = 256;
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
const FAST_MASK = (1 << FAST_BITS) - 1;
/** Longer matches are copied by the engine. */
const SHORT_MATCH = 24;
/** What zlib is asked to make in the first of the calls that are counted for {@link InflateResult.lostByCalls}. */
const FIRST_CALL = 16_384;

class Walk {
  readonly #reader: BitReader;
  /** Octets of the data without the tail. */
  readonly #own: number;
  /** Where the message begins in `#out`, behind the history, and where it ends at the latest. */
  readonly #start: number;
  readonly #limit: number;
  readonly #window: number;
  #out: Uint8Array;
  #end: number;
  #maxDistance = 0;
  #intoHistory = 0;
  #behindFinal = false;
  #finalBlock = false;
  #beyond: BeyondWindow | undefined;
  #lost = false;
  #defect: DeflateDefect | undefined;

  constructor(data: Uint8Array, options: InflateOptions) {
    const { history = new Uint8Array(0), maxBytes, tail = false, windowBits = 15 } = options;
    this.#own = data.length;
    this.#reader = new BitReader(tail ? Buffer.concat([data, TAIL]) : data);
    const kept = history.subarray(Math.max(0, history.length - WINDOW));
    this.#start = kept.length;
    this.#end = kept.length;
    this.#limit = kept.length + maxBytes;
    this.#window = 2 ** windowBits;
    this.#out = new Uint8Array(kept.length + Math.min(maxBytes, 1024 + data.length * 4));
    this.#out.set(kept);
  }

  run(): InflateResult {
    try {
      while (this.#goesOn()) this.#block();
    } catch (error) {
      if (!(error instanceof DeflateError)) throw error;
      this.#defect ??= {
        ...place(error.at),
        text: error.message,
        ...(error.cutOff ? { cutOff: true } : {}),
      };
    }
    return {
      octets: this.#out.subarray(this.#start, this.#end),
      maxDistance: this.#maxDistance,
      intoHistory: this.#intoHistory,
      finalBlock: this.#finalBlock,
      lostByCalls: this.#lost,
      ...(this.#beyond === undefined ? {} : { beyond: this.#beyond }),
      ...(this.#defect === undefined ? {} : { defect: this.#defect }),
    };
  }

  #goesOn(): boolean {
    const reader = this.#reader;
    if (!this.#behindFinal) return reader.position < reader.data.length * 8;
    this.#behindFinal = false;
    reader.toOctet();
    // What comes behind a final block is a new stream; the tail alone is none.
    return reader.next < this.#own;
  }

  #block(): void {
    const reader = this.#reader;
    const at = reader.position;
    const header = reader.take(3);
    switch (header >> 1) {
      case 0:
        this.#stored();
        break;
      case 1:
        this.#codes(FIXED_LITERALS, FIXED_DISTANCES);
        break;
      case 2: {
        const { literals, distances } = readCodes(reader, at);
        this.#codes(literals, distances);
        break;
      }
      default:
        throw new DeflateError(at, 'a block of type 3, which is reserved');
    }
    if ((header & 1) === 0) return;
    this.#finalBlock = true;
    this.#behindFinal = true;
  }

  #stored(): void {
    const reader = this.#reader;
    reader.toOctet();
    const at = reader.position;
    const length = reader.take(16);
    const complement = reader.take(16) ^ 0xffff;
    if (length !== complement) {
      const text = `a stored block whose two lengths are ${length} and ${complement} octets`;
      throw new DeflateError(at, text);
    }
    const there = Math.min(length, reader.data.length - reader.next);
    const taken = Math.min(there, this.#limit - this.#end);
    this.#grow(taken);
    this.#out.set(reader.data.subarray(reader.next, reader.next + taken), this.#end);
    this.#end += taken;
    reader.next += taken;
    if (taken < there) throw this.#tooLarge();
    if (there < length) throw cutOff(at);
  }

  /** Literals and matches up to the end of the block. Hot path: fields are locals, and written back where others need them. */
  #codes(literals: HuffmanCode, distances: HuffmanCode): void {
    const reader = this.#reader;
    const { data } = reader;
    const start = this.#start;
    const window = this.#window;
    const literalTable = literals.fast;
    const distanceTable = distances.fast;
    let out = this.#out;
    let room = Math.min(out.length, this.#limit);
    let end = this.#end;
    let { next, bits, count } = reader;
    let maxDistance = this.#maxDistance;
    let intoHistory = this.#intoHistory;
    for (;;) {
      while (count <= 24 && next < data.length) {
        bits |= (data[next] as number) << count;
        next += 1;
        count += 8;
      }
      const at = next * 8 - count;
      let entry = literalTable[bits & FAST_MASK] as number;
      if (entry === 0 || (entry & 15) > count) {
        this.#leave(end, next, bits, count);
        entry = reader.symbol(literals, 'a literal or length') << 4;
        ({ bits, count } = reader);
      }
      bits >>>= entry & 15;
      count -= entry & 15;
      const symbol = entry >> 4;
      if (symbol < END_OF_BLOCK) {
        if (end === room) {
          this.#leave(end, next, bits, count);
          this.#grow(1);
          out = this.#out;
          room = Math.min(out.length, this.#limit);
        }
        out[end] = symbol;
        end += 1;
        continue;
      }
      if (symbol === END_OF_BLOCK) break;
      if (symbol > 285) {
        this.#leave(end, next, bits, count);
        throw new DeflateError(at, `the length code ${symbol}, which does not exist`);
      }
      const lengthBits = LENGTH_EXTRA[symbol - 257] as number;
      while (count <= 24 && next < data.length) {
        bits |= (data[next] as number) << count;
        next += 1;
        count += 8;
      }
      const length = (LENGTH_BASE[symbol - 257] as number) + (bits & ((1 << lengthBits) - 1));
      bits >>>= lengthBits;
      count -= lengthBits;
      entry = distanceTable[bits & FAST_MASK] as number;
      if (entry === 0 || (entry & 15) > count) {
        this.#leave(end, next, bits, count);
        if (count < 0) throw cutOff(at);
        entry = reader.symbol(distances, 'a distance') << 4;
        ({ bits, count } = reader);
      }
      bits >>>= entry & 15;
      count -= entry & 15;
      const code = entry >> 4;
      if (code > 29) {
        this.#leave(end, next, bits, count);
        throw new DeflateError(at, `the distance code ${code}, which does not exist`);
      }
      const distanceBits = DISTANCE_EXTRA[code] as number;
      while (count <= 24 && next < data.length) {
        bits |= (data[next] as number) << count;
        next += 1;
        count += 8;
      }
      const distance = (DISTANCE_BASE[code] as number) + (bits & ((1 << distanceBits) - 1));
      bits >>>= distanceBits;
      count -= distanceBits;
      if (count < 0 || distance > end) {
        this.#leave(end, next, bits, count);
        if (count < 0) throw cutOff(at);
        throw new DeflateError(at, `a distance of ${distance}, further back than the first octet`);
      }
      if (distance > maxDistance) {
        maxDistance = distance;
        this.#maxDistance = distance;
      }
      if (distance > window) this.#reachesBeyond(distance, end);
      const reached = distance - (end - start);
      if (reached > intoHistory) {
        intoHistory = reached;
        this.#intoHistory = reached;
      }
      if (end + length > room) {
        this.#leave(end, next, bits, count);
        this.#grow(Math.min(length, this.#limit - end));
        out = this.#out;
        room = Math.min(out.length, this.#limit);
      }
      const stop = Math.min(end + length, room);
      if (length > SHORT_MATCH && distance >= length) {
        out.copyWithin(end, end - distance, stop - distance);
      } else {
        for (let to = end; to < stop; to += 1) out[to] = out[to - distance] as number;
      }
      if (stop < end + length) {
        this.#leave(stop, next, bits, count);
        throw this.#tooLarge();
      }
      end = stop;
    }
    this.#leave(end, next, bits, count);
  }

  #leave(end: number, next: number, bits: number, count: number): void {
    this.#end = end;
    this.#reader.next = next;
    this.#reader.bits = bits;
    this.#reader.count = count;
  }

  #reachesBeyond(distance: number, end: number): void {
    const at = end - this.#start;
    this.#beyond ??= { distance, at };
    // Where the call began that makes this octet: 0, 16 Ki, 32 Ki, 64 Ki, …
    let call = 0;
    for (let size = FIRST_CALL; size <= at; size *= 2) call = size;
    if (distance > at - call + this.#window) this.#lost = true;
  }

  /** Makes room for so many octets more. */
  #grow(more: number): void {
    if (this.#end === this.#limit && more > 0) throw this.#tooLarge();
    const needed = this.#end + more;
    if (needed <= this.#out.length) return;
    const larger = new Uint8Array(Math.min(this.#limit, Math.max(needed, this.#out.length * 2)));
    larger.set(this.#out.subarray(0, this.#end));
    this.#out = larger;
  }

  #tooLarge(): DeflateError {
    const { position } = this.#reader;
    const most = (this.#limit - this.#start).toLocaleString('en-US');
    this.#defect = { ...place(position), text: `more than ${most} octets`, tooLarge: true };
    return new DeflateError(position, this.#defect.text);
  }
}

function place(bits: number): { readonly at: number; readonly bit: number } {
  return { at: bits >> 3, bit: bits & 7 };
}
