import type { Random } from './random.ts';

/** Integers at which parsers change their mind. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  8,
  13,
  123,
  124,
  125,
  126,
  127,
  128,
  255,
  256,
  999,
  1000,
  1004,
  1005,
  1015,
  4999,
  5000,
  32_767,
  32_768,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const WIDTHS = [1, 2, 4] as const;
/** The longest input that mutation makes. */
const MOST_OCTETS = 8192;

/** Changes inputs: bits, octets, pieces of them, words of a dictionary, numbers, pieces of other inputs. */
export class Mutator {
  readonly #random: Random;
  readonly #dictionary: readonly Uint8Array[];

  constructor(random: Random, dictionary: readonly Uint8Array[]) {
    this.#random = random;
    this.#dictionary = dictionary;
  }

  /**
   * A changed copy of `input`.
   *
   * @param other - An input to take pieces from.
   */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    let octets: Uint8Array = input.slice();
    // One change most often: more of them rarely leave an input that gets far.
    for (let left = 1 + this.#small(); left > 0; left -= 1) {
      octets = this.#change(octets, other).subarray(0, MOST_OCTETS);
    }
    return octets;
  }

  /** 0 half of the time, 1 a quarter of it, and so on. */
  #small(): number {
    return Math.min(6, Math.clz32(this.#random.bits() | 1));
  }

  #change(octets: Uint8Array, other: Uint8Array): Uint8Array {
    const random = this.#random;
    switch (random.below(11)) {
      case 0:
        return this.#flip(octets);
      case 1:
        return this.#set(octets, Uint8Array.of(random.bits() & 0xff));
      case 2:
        return this.#insert(octets, random.octets(1 + this.#small()));
      case 3:
        return this.#drop(octets);
      case 4:
        return this.#insert(octets, this.#piece(octets)); // a piece of it a second time
      case 5:
        return this.#insert(octets, this.#piece(other));
      case 6:
        return this.#splice(octets, other);
      case 7:
        return this.#insert(octets, this.#word());
      case 8:
        return this.#set(octets, this.#word());
      case 9:
        return this.#set(octets, this.#number());
      default:
        return this.#repeat(octets);
    }
  }

  #flip(octets: Uint8Array): Uint8Array {
    if (octets.length === 0) return octets;
    const at = this.#random.below(octets.length);
    octets[at] = (octets[at] as number) ^ (1 << this.#random.below(8));
    return octets;
  }

  #set(octets: Uint8Array, piece: Uint8Array): Uint8Array {
    if (piece.length > octets.length) return octets;
    octets.set(piece, this.#random.below(octets.length - piece.length + 1));
    return octets;
  }

  #insert(octets: Uint8Array, piece: Uint8Array): Uint8Array {
    const at = this.#random.below(octets.length + 1);
    return joined(octets.subarray(0, at), piece, octets.subarray(at));
  }

  #drop(octets: Uint8Array): Uint8Array {
    const [start, end] = this.#range(octets);
    return joined(octets.subarray(0, start), octets.subarray(end));
  }

  /** The beginning of one and the end of the other. */
  #splice(octets: Uint8Array, other: Uint8Array): Uint8Array {
    const head = octets.subarray(0, this.#random.below(octets.length + 1));
    return joined(head, other.subarray(this.#random.below(other.length + 1)));
  }

  #repeat(octets: Uint8Array): Uint8Array {
    const [start, end] = this.#range(octets);
    const piece = octets.subarray(start, end);
    const wanted = 2 + this.#random.below(this.#random.oneIn(8) ? 200 : 6);
    const times = Math.min(wanted, Math.ceil(MOST_OCTETS / Math.max(1, piece.length)));
    const pieces = Array.from({ length: times }, () => piece);
    return joined(octets.subarray(0, start), ...pieces, octets.subarray(end));
  }

  #piece(octets: Uint8Array): Uint8Array {
    const [start, end] = this.#range(octets);
    return octets.slice(start, end);
  }

  /** A range of it, short most often. */
  #range(octets: Uint8Array): readonly [start: number, end: number] {
    const random = this.#random;
    const start = random.below(octets.length + 1);
    const most = random.oneIn(4) ? octets.length - start : Math.min(8, octets.length - start);
    return [start, start + random.below(most + 1)];
  }

  #word(): Uint8Array {
    return this.#dictionary.length === 0
      ? this.#random.octets(2)
      : this.#random.pick(this.#dictionary);
  }

  #number(): Uint8Array {
    const width = this.#random.pick(WIDTHS);
    const octets = Buffer.alloc(4);
    octets.writeUInt32BE(this.#random.pick(NUMBERS));
    return Uint8Array.from(octets.subarray(4 - width));
  }
}

function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces));
}
