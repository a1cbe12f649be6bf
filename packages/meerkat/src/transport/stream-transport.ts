import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DuplexTransport, TRANSPORT } from './duplex-transport.ts';

interface Carrying {
  [TRANSPORT]: StreamTransport;
}

const NOTHING = Buffer.alloc(0);

/** A transport on any Duplex: a TCP or TLS socket, a pipe, a stream in memory. */
export class StreamTransport extends DuplexTransport {
  /** A socket's chunks come from the event loop, in memory that is nobody else's. */
  readonly #isSocket: boolean;
  /** Whether the receiver has something to hear when the queue shrinks. */
  #waiting = false;
  /** From the first write on. */
  #written: (() => void) | undefined;
  /** The chunk of a foreign stream that waits for the next tick. */
  #held: Buffer | undefined;

  constructor(stream: Duplex) {
    super(stream);
    this.#isSocket = stream instanceof Socket;
  }

  get heedsWishes(): boolean {
    return false; // Node reads, and says where
  }

  get queuedBytes(): number {
    return this.isClosed ? 0 : this.stream.writableLength;
  }

  write(octets: Uint8Array, start: number, end: number): boolean {
    this.writeOwned(Buffer.from(octets.subarray(start, end)));
    return true;
  }

  writeOwned(octets: Uint8Array): void {
    if (!this.stream.writable) return;
    this.#written ??= () => this.#onWritten();
    this.stream.write(octets, this.#written);
    if (this.stream.writableLength > 0) this.#waiting = true;
  }

  protected listen(): void {
    this.stream.on('data', this.#onChunk);
    // What others wrote before us may still be waiting, and they are told when it has left, not we: behind it comes nothing.
    if (this.stream.writableLength > 0 && !this.#waiting) this.writeOwned(NOTHING);
  }

  protected unlisten(): void {
    this.stream.off('data', this.#onChunk);
  }

  protected read(): void {
    if (this.#held === undefined) this.stream.resume();
  }

  protected settle(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#chunk(held);
    if (!this.isPaused && !this.isClosed) this.stream.resume();
  }

  get #onChunk(): (this: Carrying, chunk: Buffer) => void {
    return this.#isSocket ? StreamTransport.#onData : StreamTransport.#onForeignData;
  }

  #chunk(chunk: Buffer): void {
    this.receiver?.chunk(chunk, 0, chunk.length);
  }

  /**
   * A stream in memory brings octets while its peer writes them, which may be in the middle of a write of ours or of
   * the handling of a chunk. They come alone, and in a copy: the writer may still hold the memory.
   */
  #foreignChunk(chunk: Buffer): void {
    if (this.#held !== undefined) {
      this.#held = Buffer.concat([this.#held, chunk]); // of a stream that does not care that it is paused
      return;
    }
    this.#held = Buffer.from(chunk);
    this.stream.pause(); // for the writer to see that we have not come to it yet
    process.nextTick(() => this.settle());
  }

  #onWritten(): void {
    // What a destroyed stream throws away has not left.
    if (!this.#waiting || this.isClosed || this.stream.destroyed) return;
    if (this.stream.writableLength === 0) this.#waiting = false;
    this.receiver?.drained();
  }

  // The listeners: `this` is the stream.

  static readonly #onData = function (this: Carrying, chunk: Buffer): void {
    this[TRANSPORT].#chunk(chunk);
  };

  static readonly #onForeignData = function (this: Carrying, chunk: Buffer): void {
    this[TRANSPORT].#foreignChunk(chunk);
  };
}
