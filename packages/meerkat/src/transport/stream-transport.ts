import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport, TransportReceiver } from './transport.ts';

/** Where a stream keeps its transport: its listeners are functions of all of them, not closures of each. */
const TRANSPORT = Symbol('meerkat.transport');

interface Carrying {
  [TRANSPORT]: StreamTransport;
}

/** A transport on any Duplex: a TCP or TLS socket, a pipe, a stream in memory. */
export class StreamTransport implements Transport {
  readonly #stream: Duplex;
  /** A socket's chunks come from the event loop, in memory that is nobody else's. */
  readonly #isSocket: boolean;
  #receiver: TransportReceiver | undefined;
  #error: Error | undefined;
  /** Whether the receiver has something to hear when the queue shrinks. */
  #waiting = false;
  #destroyed = false;
  #closed = false;
  #paused = false;
  /** From the first write on. */
  #written: (() => void) | undefined;
  /** The chunk of a foreign stream that waits for the next tick. */
  #held: Buffer | undefined;

  /** @param stream - Not read by anyone else from here on; what was read too much is put back with `unshift` before. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#isSocket = stream instanceof Socket;
    // Each direction ends when its side says so. The streams of a client would end ours with the peer's.
    stream.allowHalfOpen = true;
    // From the first moment: an 'error' without a listener would end the process.
    (stream as Duplex & Carrying)[TRANSPORT] = this;
    stream.on('error', StreamTransport.#onError);
    if (stream instanceof Socket) {
      stream.setNoDelay(true);
      stream.setTimeout(0); // node:http's timeouts end with the upgrade; ours take over
    }
  }

  get queuedBytes(): number {
    return this.#closed ? 0 : this.#stream.writableLength;
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    const stream = this.#stream;
    stream.on('close', StreamTransport.#onClose);
    stream.on('end', StreamTransport.#onEnd);
    stream.on('data', this.#onChunk);
    // 'close' and 'end' may have passed before anyone listened.
    if (stream.destroyed) setImmediate(() => this.#close());
    else if (stream.readableEnded) setImmediate(() => this.#end());
    else stream.resume();
  }

  write(octets: Uint8Array, start: number, end: number): void {
    this.writeOwned(Buffer.from(octets.subarray(start, end)));
  }

  writeOwned(octets: Uint8Array): void {
    if (!this.#stream.writable) return;
    this.#written ??= () => this.#onWritten();
    this.#stream.write(octets, this.#written);
    if (this.#stream.writableLength > 0) this.#waiting = true;
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#closed && this.#held === undefined) this.#stream.resume();
  }

  end(): void {
    if (!this.#stream.writableEnded) this.#stream.end();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#stream.destroy();
  }

  get #onChunk(): (this: Carrying, chunk: Buffer) => void {
    return this.#isSocket ? StreamTransport.#onData : StreamTransport.#onForeignData;
  }

  #chunk(chunk: Buffer): void {
    this.#receiver?.chunk(chunk, 0, chunk.length);
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
    this.#stream.pause(); // for the writer to see that we have not come to it yet
    process.nextTick(() => this.#deliver());
  }

  #deliver(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#chunk(held);
    if (!this.#paused && !this.#closed) this.#stream.resume();
  }

  #onWritten(): void {
    // What a destroyed stream throws away has not left.
    if (!this.#waiting || this.#closed || this.#stream.destroyed) return;
    if (this.#stream.writableLength === 0) this.#waiting = false;
    this.#receiver?.drained();
  }

  #end(): void {
    this.#deliver();
    this.#receiver?.ended();
  }

  #close(): void {
    if (this.#closed) return;
    this.#deliver();
    this.#closed = true;
    const stream = this.#stream;
    stream.off('close', StreamTransport.#onClose);
    stream.off('end', StreamTransport.#onEnd);
    stream.off('data', this.#onChunk);
    const failure = this.#destroyed ? undefined : (stream.errored ?? undefined);
    this.#receiver?.closed(this.#error ?? failure);
  }

  // The listeners: `this` is the stream.

  static readonly #onData = function (this: Carrying, chunk: Buffer): void {
    this[TRANSPORT].#chunk(chunk);
  };

  static readonly #onForeignData = function (this: Carrying, chunk: Buffer): void {
    this[TRANSPORT].#foreignChunk(chunk);
  };

  static readonly #onEnd = function (this: Carrying): void {
    this[TRANSPORT].#end();
  };

  static readonly #onClose = function (this: Carrying): void {
    this[TRANSPORT].#close();
  };

  static readonly #onError = function (this: Carrying, error: Error): void {
    const transport = this[TRANSPORT];
    // Newer versions of Node report the writes that our own destroy() cut off as a failure.
    if (!transport.#destroyed) transport.#error ??= error;
  };
}
