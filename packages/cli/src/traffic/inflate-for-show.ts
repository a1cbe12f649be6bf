import { constants, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { type DeflateDirection, maxCompressedBytes } from 'meerkat/protocol';
import { type InflateBudget, inflateBudget } from './inflate-budget.ts';

/** Octets that a message may inflate to where others refer to it: what an endpoint takes by default. */
export const MAX_INFLATED = 1_048_576;
/** Octets of an inflated message that are shown at most. */
const MAX_SHOWN = 65_536;
/** Those of one that was next to nothing, and those for each octet that it was: a peer cannot make a dump a thousand times its traffic. */
const ALWAYS_SHOWN = 1_024;
const SHOWN_RATIO = 32;
/** The end of every flush, which the sender leaves out (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** Parts of a message that each end with a final block, as our engine takes them. */
const MAX_FINAL_BLOCKS = 16;
/** How many octets one may inflate to: 258 in two bits. */
const DEFLATE_RATIO = 1_032;
/** Prefixes that are tried for the beginning of a long message; two to four are usual. */
const MAX_TRIES = 8;

const NO_OCTETS = Buffer.alloc(0);
const LONG = { unknown: 'long' } as const;

/** What became of a compressed message. */
export type Inflated =
  | {
      readonly octets: Buffer;
      readonly compressedLength: number;
      /** Whether that is all of it, and not only its beginning. */
      readonly complete: boolean;
    }
  /** Broken data, or too many final blocks: what our engine refuses. */
  | { readonly fault: 'WS_DEFLATE_INVALID' | 'WS_DEFLATE_FINAL_BLOCKS' }
  /** It is too long for us, refers to one that was not inflated, or comes with too many others. */
  | { readonly unknown: 'long' | 'context' | 'busy' };

type Outcome =
  | { readonly octets: Buffer; readonly complete: boolean }
  | Exclude<Inflated, { readonly octets: Buffer }>;

/** Octets that are shown at most of a message that took `compressedLength` on the wire. */
export function shownAtMost(compressedLength: number): number {
  return Math.min(MAX_SHOWN, ALWAYS_SHOWN + SHOWN_RATIO * compressedLength);
}

/**
 * Inflates the messages of one direction for somebody who looks on: bounded in memory and time, whatever they are. The
 * octets are gathered until a message is complete. Only the beginning that is shown is inflated, or all of it where a
 * later message may refer to it.
 */
export class InflateForShow {
  readonly #contextTakeover: boolean;
  /** Octets that a message may refer back to. */
  readonly #window: number;
  readonly #budget: InflateBudget;
  /** Octets of a compressed message that are kept: more are not needed. */
  readonly #mostGathered: number;
  /** Grows: parts kept one by one would take many times their octets. */
  #gathered: Buffer = NO_OCTETS;
  /** Octets of the message so far, gathered or not. */
  #length = 0;
  /** The end of the messages so far; undefined where it is not known any more. */
  #history: Buffer | undefined = NO_OCTETS;

  /** @param budget - What it shares with others. @default that of the process */
  constructor(
    { contextTakeover, windowBits }: DeflateDirection,
    budget: InflateBudget = inflateBudget,
  ) {
    this.#contextTakeover = contextTakeover;
    this.#window = 2 ** windowBits;
    this.#budget = budget;
    this.#mostGathered = maxCompressedBytes(contextTakeover ? MAX_INFLATED : MAX_SHOWN);
  }

  /** Adds octets of the message, in their order; they are copied. */
  add(octets: Uint8Array): void {
    const gathered = Math.min(this.#length, this.#mostGathered);
    const end = Math.min(gathered + octets.length, this.#mostGathered);
    if (end > this.#gathered.length) this.#grow(end);
    this.#gathered.set(octets.subarray(0, end - gathered), gathered);
    this.#length += octets.length;
  }

  /** The message is complete. */
  end(): Inflated {
    const compressedLength = this.#length;
    const gathered = this.#gathered.subarray(0, compressedLength);
    this.#gathered = NO_OCTETS;
    this.#length = 0;
    if (this.#history === undefined) return { unknown: 'context' };
    const outcome = this.#inflate(gathered, compressedLength, this.#history);
    if (this.#contextTakeover) {
      this.#history =
        'octets' in outcome ? lastOctets(this.#history, outcome.octets, this.#window) : undefined;
    }
    if (!('octets' in outcome)) return outcome;
    this.#budget.showing(Math.min(outcome.octets.length, shownAtMost(compressedLength)));
    return { ...outcome, compressedLength };
  }

  #inflate(gathered: Buffer, compressedLength: number, history: Buffer): Outcome {
    if (this.#budget.exhausted) return { unknown: 'busy' };
    const isCut = compressedLength > this.#mostGathered;
    if (this.#contextTakeover) {
      if (isCut) return LONG;
      return inflate(withTail(gathered), history, MAX_INFLATED, this.#budget);
    }
    const most = shownAtMost(compressedLength);
    const outcome = inflate(isCut ? gathered : withTail(gathered), history, most, this.#budget);
    return isCut && 'octets' in outcome ? { ...outcome, complete: false } : outcome;
  }

  #grow(length: number): void {
    const most = Math.min(2 * this.#gathered.length, this.#mostGathered);
    const grown = Buffer.allocUnsafeSlow(Math.max(length, most));
    this.#gathered.copy(grown);
    this.#gathered = grown;
  }
}

function withTail(compressed: Buffer): Buffer {
  return Buffer.concat([compressed, TAIL]);
}

/**
 * Inflates a message, or its first `most` octets where that is no more than is shown. A final block ends zlib's stream, not the message: what follows may
 * still refer to it (RFC 7692 §7.2.3.4).
 */
function inflate(
  compressed: Buffer,
  history: Buffer,
  most: number,
  budget: InflateBudget,
): Outcome {
  let input = compressed;
  let dictionary = history;
  let octets: Buffer = NO_OCTETS;
  for (let blocks = 0; blocks < MAX_FINAL_BLOCKS; blocks += 1) {
    const left = most - octets.length;
    const step = inflateOnce(input, dictionary, left, budget);
    if (step === 'broken') return { fault: 'WS_DEFLATE_INVALID' };
    if (step === 'long') {
      if (most > MAX_SHOWN) return LONG; // a context that is not known to its end is of no use
      const beginning = inflateBeginning(input, dictionary, left, budget);
      return { octets: Buffer.concat([octets, beginning]), complete: false };
    }
    octets = octets.length === 0 ? step.octets : Buffer.concat([octets, step.octets]);
    input = input.subarray(step.consumed);
    if (input.length <= TAIL.length) return { octets, complete: true };
    dictionary = lastOctets(dictionary, step.octets, 32_768);
  }
  return { fault: 'WS_DEFLATE_FINAL_BLOCKS' };
}

/**
 * The first `most` octets of what inflates to more. zlib gives nothing of what it has to stop, so a prefix of the input is
 * looked for that inflates to `most`, and not to more than twice that; where none is found, less is shown.
 */
function inflateBeginning(
  input: Buffer,
  dictionary: Buffer,
  most: number,
  budget: InflateBudget,
): Buffer {
  let beginning: Buffer = NO_OCTETS;
  let low = Math.max(1, Math.floor(most / DEFLATE_RATIO)); // inflates to no more, whatever it is
  let high = input.length;
  for (let tries = 0; tries < MAX_TRIES && beginning.length < most; tries += 1) {
    // By its exponent: ratios from 1 to 1,032 are equally likely.
    const length = Math.floor(Math.sqrt(low * high));
    if (length === low && beginning.length > 0) break;
    const step = inflateOnce(input.subarray(0, length), dictionary, 2 * most, budget);
    if (typeof step === 'string') high = length;
    else {
      beginning = step.octets;
      low = length;
    }
  }
  return beginning.subarray(0, most);
}

function inflateOnce(
  input: Buffer,
  dictionary: Buffer,
  most: number,
  budget: InflateBudget,
): { octets: Buffer; consumed: number } | 'long' | 'broken' {
  const maxOutputLength = Math.max(1, most);
  const options: ZlibOptions & { info: true } = {
    flush: constants.Z_SYNC_FLUSH,
    finishFlush: constants.Z_SYNC_FLUSH,
    // It is stopped after a chunk only.
    chunkSize: Math.min(Math.max(4 * input.length, 1_024), 65_536, Math.max(64, most + 1)),
    maxOutputLength,
    info: true,
    ...(dictionary.length === 0 ? {} : { dictionary }),
  };
  try {
    // With `info` it tells how much of the input was used, which its type does not know.
    const { buffer, engine } = inflateRawSync(input, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    budget.called(buffer.length);
    return buffer.length > most ? 'long' : { octets: buffer, consumed: engine.bytesWritten };
  } catch (error) {
    budget.called(maxOutputLength);
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
