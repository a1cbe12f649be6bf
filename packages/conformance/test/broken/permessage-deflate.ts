// permessage-deflate (RFC 7692) on Node's zlib, a fresh stream a message: the window of the messages before is its dictionary.
import { constants, deflateRawSync, type InputType, inflateRawSync } from 'node:zlib';

/** One direction of a connection. */
export interface Terms {
  readonly noContextTakeover: boolean;
  /** 8 to 15. */
  readonly windowBits: number;
}

/** What both sides agreed on. */
export interface Agreement {
  readonly server: Terms;
  readonly client: Terms;
}

const TAIL = Buffer.from('0000ffff', 'hex');
const LARGEST_WINDOW = 32_768;

class Window {
  #octets = Buffer.alloc(0);

  get dictionary(): { dictionary?: Buffer } {
    return this.#octets.length === 0 ? {} : { dictionary: this.#octets };
  }

  add(octets: Buffer): void {
    this.#octets = Buffer.concat([this.#octets, octets]).subarray(-LARGEST_WINDOW);
  }
}

export class Compressor {
  readonly #terms: Terms;
  readonly #window = new Window();

  constructor(terms: Terms) {
    this.#terms = terms;
  }

  compress(message: Buffer): Buffer {
    const deflated = deflateRawSync(message, {
      // zlib has no raw window of 8 bits; that of 9 looks back at most 250 octets, which fits.
      windowBits: Math.max(9, this.#terms.windowBits),
      finishFlush: constants.Z_SYNC_FLUSH,
      ...this.#window.dictionary,
    });
    if (!this.#terms.noContextTakeover) this.#window.add(message);
    // An empty message is one octet, an empty block without its tail (§7.2.3.6).
    return message.length === 0 ? Buffer.alloc(1) : deflated.subarray(0, -TAIL.length);
  }
}

/** Data that is no DEFLATE, or too much of it. */
export class InflateError extends Error {
  override readonly name = 'InflateError';
  readonly tooBig: boolean;

  constructor(cause: unknown) {
    super('cannot inflate', { cause });
    this.tooBig = cause instanceof RangeError;
  }
}

export class Decompressor {
  readonly #terms: Terms;
  readonly #maxBytes: number;
  readonly #window = new Window();

  constructor(terms: Terms, maxBytes: number) {
    this.#terms = terms;
    this.#maxBytes = maxBytes;
  }

  /** @throws {@link InflateError} */
  decompress(payload: Buffer): Buffer {
    const window = this.#terms.noContextTakeover ? new Window() : this.#window;
    const parts: Buffer[] = [];
    let input = Buffer.concat([payload, TAIL]);
    let left = this.#maxBytes;
    // A final block ends a stream and not the message (§7.2.3.4): what follows goes on with the same window.
    while (input.length > 0) {
      const { octets, used } = this.#inflate(input, window, left);
      if (used === 0) break;
      window.add(octets);
      parts.push(octets);
      left -= octets.length;
      input = input.subarray(used);
      // What is left of the tail after a final block may be less than a block.
      if (input.length <= TAIL.length && TAIL.subarray(-input.length).equals(input)) break;
    }
    return Buffer.concat(parts);
  }

  #inflate(input: Buffer, window: Window, maxBytes: number): { octets: Buffer; used: number } {
    try {
      const { buffer, engine } = inflateWithUsage(input, {
        windowBits: 15,
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: maxBytes + 1,
        info: true,
        ...window.dictionary,
      });
      if (buffer.length > maxBytes) throw new RangeError('too big');
      return { octets: buffer, used: engine.bytesWritten };
    } catch (error) {
      throw new InflateError(error);
    }
  }
}

/** `info: true` gives the engine too, which Node's types do not say. */
const inflateWithUsage = inflateRawSync as unknown as (
  input: InputType,
  options: object,
) => { buffer: Buffer; engine: { bytesWritten: number } };
