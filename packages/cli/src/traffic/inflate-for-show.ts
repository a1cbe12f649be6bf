import { constants, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { type DeflateDirection, maxCompressedBytes } from 'meerkat/protocol';

/** Octets that a message may inflate to: what an endpoint takes by default. That is some milliseconds' work. */
export const MAX_INFLATED = 1_048_576;
/** Octets of a compressed message that are kept: what is longer inflates to more. */
const MAX_COMPRESSED = maxCompressedBytes(MAX_INFLATED);
/** The end of every flush, which the sender leaves out (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** Parts of a message that each end with a final block, as our engine takes them. */
const MAX_FINAL_BLOCKS = 16;

const NO_OCTETS = Buffer.alloc(0);
const LONG = { unknown: 'long' } as const;

/** What became of a compressed message. */
export type Inflated =
  | { readonly octets: Buffer; readonly compressedLength: number }
  /** Broken data, or too many final blocks: what our engine refuses. */
  | { readonly fault: 'WS_DEFLATE_INVALID' | 'WS_DEFLATE_FINAL_BLOCKS' }
  /** It is too long for us, or refers to one that was. */
  | { readonly unknown: 'long' | 'context' };

/**
 * Inflates the messages of one direction for somebody who looks on: bounded in memory and time, whatever they are. The
 * octets are gathered until a message is complete.
 */
export class InflateForShow {
  readonly #contextTakeover: boolean;
  /** Octets that a message may refer back to. */
  readonly #window: number;
  /** Grows: parts kept one by one would take many times their octets. */
  #gathered: Buffer = NO_OCTETS;
  #length = 0;
  /** The end of the messages so far; undefined where it is not known any more. */
  #history: Buffer | undefined = NO_OCTETS;

  constructor({ contextTakeover, windowBits }: DeflateDirection) {
    this.#contextTakeover = contextTakeover;
    this.#window = 2 ** windowBits;
  }

  /** Adds octets of the message, in their order; they are copied. */
  add(octets: Uint8Array): void {
    const length = this.#length + octets.length;
    if (length <= MAX_COMPRESSED) {
      if (length > this.#gathered.length) this.#grow(length);
      this.#gathered.set(octets, this.#length);
    } else this.#gathered = NO_OCTETS;
    this.#length = length;
  }

  /** The message is complete. */
  end(): Inflated {
    const compressedLength = this.#length;
    const isLong = compressedLength > MAX_COMPRESSED;
    const compressed = Buffer.concat([this.#gathered.subarray(0, compressedLength), TAIL]);
    this.#gathered = NO_OCTETS;
    this.#length = 0;
    if (this.#history === undefined) return { unknown: 'context' };
    const inflated = isLong ? LONG : inflate(compressed, this.#history);
    if (this.#contextTakeover) {
      this.#history =
        'octets' in inflated ? lastOctets(this.#history, inflated.octets, this.#window) : undefined;
    }
    return 'octets' in inflated ? { ...inflated, compressedLength } : inflated;
  }

  #grow(length: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#gathered.length));
    this.#gathered.copy(grown);
    this.#gathered = grown;
  }
}

/** A final block ends zlib's stream, not the message: what follows may still refer to it (RFC 7692 §7.2.3.4). */
function inflate(
  compressed: Buffer,
  history: Buffer,
): { readonly octets: Buffer } | Exclude<Inflated, { readonly octets: Buffer }> {
  let input = compressed;
  let dictionary = history;
  let octets: Buffer = NO_OCTETS;
  for (let blocks = 0; blocks < MAX_FINAL_BLOCKS; blocks += 1) {
    const step = inflateOnce(input, dictionary, MAX_INFLATED - octets.length);
    if (typeof step === 'string') {
      return step === 'long' ? LONG : { fault: 'WS_DEFLATE_INVALID' };
    }
    octets = octets.length === 0 ? step.octets : Buffer.concat([octets, step.octets]);
    if (octets.length > MAX_INFLATED) return LONG;
    input = input.subarray(step.consumed);
    if (input.length <= TAIL.length) return { octets };
    dictionary = lastOctets(dictionary, step.octets, 32_768);
  }
  return { fault: 'WS_DEFLATE_FINAL_BLOCKS' };
}

function inflateOnce(
  input: Buffer,
  dictionary: Buffer,
  most: number,
): { octets: Buffer; consumed: number } | 'long' | 'broken' {
  const options: ZlibOptions & { info: true } = {
    flush: constants.Z_SYNC_FLUSH,
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: Math.min(Math.max(4 * input.length, 1_024), 65_536),
    maxOutputLength: Math.max(1, most),
    info: true,
    ...(dictionary.length === 0 ? {} : { dictionary }),
  };
  try {
    // With `info` it tells how much of the input was used, which its type does not know.
    const { buffer, engine } = inflateRawSync(input, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return { octets: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ERR_BUFFER_TOO_LARGE' ? 'long' : 'broken';
  }
}

function lastOctets(one: Buffer, other: Buffer, most: number): Buffer {
  const ofOther = Math.min(most, other.length);
  const ofOne = Math.min(most - ofOther, one.length);
  const octets = Buffer.allocUnsafeSlow(ofOne + ofOther); // a copy, which holds nothing else
  one.copy(octets, 0, one.length - ofOne);
  other.copy(octets, ofOne, other.length - ofOther);
  return octets;
}
