// From messages to the payloads of compressed ones (RFC 7692 §7.2.1).
import type { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib';
import type { DeflateDirection } from './agreement.ts';
import type { CompressedCache } from './compressed-cache.ts';
import { History } from './history.ts';

const MEM_LEVEL = 8;
/** `00 00 ff ff`, which ends every flush and is not sent. */
const TAIL_BYTES = 4;
/** The smallest window that zlib compresses raw data with. It reaches back 250 octets at most, so that it fits one of 8 too. */
const LEAST_ZLIB_BITS = 9;
/** Larger messages are compressed beside the event loop. */
const MOST_AT_ONCE = 16_384;

const deflateBeside = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);

/** Compresses the messages of one direction, each of them: zlib's own level, 8 for its memory, a flush at the end. */
export class MessageDeflater {
  readonly #options: ZlibOptions;
  readonly #history: History | undefined;
  readonly #cache: CompressedCache | undefined;
  /** Names all that was sent before, where a message may refer to it; undefined once something without a name was. */
  #before: string | undefined = '';

  constructor(direction: DeflateDirection, cache?: CompressedCache) {
    const windowBits = Math.max(direction.windowBits, LEAST_ZLIB_BITS);
    this.#options = { windowBits, memLevel: MEM_LEVEL, finishFlush: constants.Z_SYNC_FLUSH };
    this.#history = direction.contextTakeover ? new History(windowBits) : undefined;
    this.#cache = cache;
  }

  /**
   * The payload of a message, for the next one to be sent. Large ones take their time.
   *
   * @param key - The same for messages of the same octets, so that a cache may help.
   */
  deflate(message: Uint8Array, key?: string): Uint8Array | Promise<Uint8Array> {
    const dictionary = this.#history?.octets;
    const name = this.#nameOf(key);
    this.#history?.push(message);
    const make = (): Uint8Array | Promise<Uint8Array> => this.#compress(message, dictionary);
    return this.#cache === undefined || name === undefined ? make() : this.#cache.get(name, make);
  }

  /** What the payload of a message with this key depends on. */
  #nameOf(key: string | undefined): string | undefined {
    const { windowBits } = this.#options;
    if (this.#history === undefined) return key === undefined ? undefined : `${windowBits} ${key}`;
    if (key === undefined || this.#before === undefined) {
      this.#before = undefined;
      return undefined;
    }
    const all = createHash('sha1').update(`${this.#before} ${key}`).digest('base64');
    this.#before = all;
    return `${windowBits} after ${all}`;
  }

  #compress(message: Uint8Array, dictionary: Buffer | undefined): Uint8Array | Promise<Uint8Array> {
    const options: ZlibOptions = {
      ...this.#options,
      chunkSize: message.length + (message.length >> 6) + 128,
      ...(dictionary === undefined || dictionary.length === 0 ? {} : { dictionary }),
    };
    if (message.length <= MOST_AT_ONCE) return withoutTail(deflateRawSync(message, options));
    return deflateBeside(message, options).then(withoutTail);
  }
}

/** A copy, as zlib's memory is larger. */
function withoutTail(octets: Buffer): Uint8Array {
  return new Uint8Array(octets.subarray(0, octets.length - TAIL_BYTES));
}
