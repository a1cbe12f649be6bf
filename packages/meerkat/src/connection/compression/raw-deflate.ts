// What zlib does for permessage-deflate: one message at a time, on the loop or beside it (RFC 7692 §7.2).
import {
  constants,
  deflateRaw,
  deflateRawSync,
  inflateRaw,
  inflateRawSync,
  type ZlibOptions,
} from 'node:zlib';
import { lastOctets } from './history.ts';
import { deflateOnLoop } from './loop-deflater.ts';
import { inflateOnLoop } from './loop-inflater.ts';
import { LOOP_BYTES } from './loop-share.ts';

/** What zlib inflates at a time beside the loop, so that is how far it may pass a limit before it is stopped. */
const POOL_CHUNK = 65_536;
/** The end of every flush, which the sender leaves out (§7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** The window of every inflater, whatever was agreed on: a smaller one would refuse by how the octets were cut. */
const WINDOW = 32_768;
/** Parts of a message that each end with a final block. Each costs a new inflater. */
const MAX_FINAL_BLOCKS = 16;

/** How one direction compresses. */
export interface DeflateSettings {
  readonly level: number;
  readonly memLevel: number;
  readonly windowBits: number;
}

/** Why a message was not inflated: broken data, more than `maxBytes`, or too many final blocks. */
export type InflateFault = 'data' | 'size' | 'blocks';

/** What {@link Inflating} is inflated with. */
interface InflateStep {
  readonly input: Buffer;
  readonly options: ZlibOptions;
}

/**
 * One message being inflated. A final block ends zlib's stream but not the message: what follows begins a new one, which
 * may still refer to what came before (§7.2.3.4).
 */
class Inflating {
  readonly #maxBytes: number;
  readonly #chunkSize: number;
  #input: Buffer;
  #dictionary: Buffer | undefined;
  #parts: Buffer[] = [];
  #bytes = 0;
  #finalBlocks = 0;

  constructor(
    compressed: Uint8Array,
    dictionary: Buffer | undefined,
    maxBytes: number,
    chunkSize: number,
  ) {
    this.#input = Buffer.concat([compressed, TAIL]);
    this.#dictionary = dictionary;
    this.#maxBytes = maxBytes;
    this.#chunkSize = chunkSize;
  }

  get step(): InflateStep {
    const options: ZlibOptions & { info: true } = {
      flush: constants.Z_SYNC_FLUSH,
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: this.#chunkSize,
      maxOutputLength: Math.max(1, this.#maxBytes - this.#bytes),
      info: true,
    };
    if (this.#dictionary !== undefined) options.dictionary = this.#dictionary;
    return { input: this.#input, options };
  }

  /** Takes what a step gave; answers whether another one is needed, or what is wrong. */
  take(result: unknown): boolean | InflateFault {
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    this.#bytes += buffer.length;
    if (this.#bytes > this.#maxBytes) return 'size';
    this.#parts.push(buffer);
    this.#input = this.#input.subarray(engine.bytesWritten);
    if (this.#input.length <= TAIL.length) return false;
    this.#finalBlocks += 1;
    if (this.#finalBlocks === MAX_FINAL_BLOCKS) return 'blocks';
    this.#dictionary = lastOctets(this.#dictionary ?? NO_OCTETS, buffer, WINDOW);
    return true;
  }

  get octets(): Buffer {
    return this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
  }
}

const NO_OCTETS = Buffer.alloc(0);

/**
 * Inflates a message at once.
 *
 * @param compressed - The payload as it was received, without the tail.
 * @param dictionary - What it may refer to.
 * @param maxBytes - Octets that it may become; a chunk more of them is made at most.
 * @returns The octets, which hold until the next call.
 */
export function inflateNow(
  compressed: Uint8Array,
  dictionary: Buffer | undefined,
  maxBytes: number,
): Buffer | InflateFault {
  return (
    inflateOnLoop(compressed, dictionary, maxBytes) ??
    inflateAlone(compressed, dictionary, maxBytes)
  );
}

/** The same with a stream of zlib for this message alone: for what the loop's inflater cannot do. */
export function inflateAlone(
  compressed: Uint8Array,
  dictionary: Buffer | undefined,
  maxBytes: number,
): Buffer | InflateFault {
  // Small enough for a small message, large enough that a larger one takes few rounds.
  const chunkSize = Math.min(Math.max(4 * compressed.length, 1024), LOOP_BYTES);
  const inflating = new Inflating(compressed, dictionary, maxBytes, chunkSize);
  for (;;) {
    const { input, options } = inflating.step;
    let more: boolean | InflateFault;
    try {
      more = inflating.take(inflateRawSync(input, options));
    } catch (error) {
      return inflateFault(error);
    }
    if (typeof more === 'string') return more;
    if (!more) return inflating.octets;
  }
}

/** The same beside the loop, in steps of 64 KiB. */
export function inflateBeside(
  compressed: Uint8Array,
  dictionary: Buffer | undefined,
  maxBytes: number,
  done: (result: Buffer | InflateFault) => void,
): void {
  const inflating = new Inflating(compressed, dictionary, maxBytes, POOL_CHUNK);
  const step = (): void => {
    const { input, options } = inflating.step;
    inflateRaw(input, options, (error, result) => {
      if (error !== null) {
        done(inflateFault(error));
        return;
      }
      const more = inflating.take(result);
      if (typeof more === 'string') done(more);
      else if (more) step();
      else done(inflating.octets);
    });
  };
  step();
}

function inflateFault(error: unknown): InflateFault {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'size' : 'data';
}

/** Compresses a message at once, and leaves out the tail. */
export function deflateNow(
  message: Uint8Array,
  dictionary: Buffer | undefined,
  settings: DeflateSettings,
): Buffer {
  // zlib takes a dictionary only when it makes a stream. Compressing the dictionary first takes as long as that.
  const compressed =
    dictionary === undefined ? deflateOnLoop(message, streamSettings(settings)) : undefined;
  return compressed ?? deflateAlone(message, dictionary, settings);
}

/** The same with a stream of zlib for this message alone. */
export function deflateAlone(
  message: Uint8Array,
  dictionary: Buffer | undefined,
  settings: DeflateSettings,
): Buffer {
  const chunkSize = Math.min(Math.max(message.length, 128), LOOP_BYTES);
  return withoutTail(deflateRawSync(message, deflateOptions(settings, dictionary, chunkSize)));
}

/** The same beside the loop. Answers undefined where zlib could not do it, for want of memory. */
export function deflateBeside(
  message: Uint8Array,
  dictionary: Buffer | undefined,
  settings: DeflateSettings,
  done: (compressed: Buffer | undefined) => void,
): void {
  deflateRaw(message, deflateOptions(settings, dictionary, POOL_CHUNK), (error, result) => {
    done(error === null ? withoutTail(result) : undefined);
  });
}

/**
 * zlib has no raw window of 8 bits. With one of 9 it refers back 512 - 262 = 250 octets at most: its matches keep clear of
 * the window's end by the longest match and the shortest, 262. So that is within 8 bits as well.
 */
function streamSettings({ level, memLevel, windowBits }: DeflateSettings): DeflateSettings {
  return { level, memLevel, windowBits: Math.max(9, windowBits) };
}

function deflateOptions(
  settings: DeflateSettings,
  dictionary: Buffer | undefined,
  chunkSize: number,
): ZlibOptions {
  const options: ZlibOptions = {
    ...streamSettings(settings),
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize,
  };
  if (dictionary !== undefined) options.dictionary = dictionary;
  return options;
}

function withoutTail(flushed: Buffer): Buffer {
  return flushed.subarray(0, flushed.length - TAIL.length);
}
