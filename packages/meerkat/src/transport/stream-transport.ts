import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport, TransportReceiver } from './transport.ts';

/** A transport on any Duplex: a TCP or TLS socket, a pipe, a stream in memory. */
export class StreamTransport implements Transport {
  readonly #stream: Duplex;
  /** Only a socket's chunks are nobody else's; any other stream may hand out memory that its writer still holds. */
  readonly #ownsChunks: boolean;
  #receiver: TransportReceiver | undefined;
  #error: Error | undefined;
  /** Whether the receiver has something to hear when the queue shrinks. */
  #waiting = false;
  #closed = false;
  /** A stream in memory may bring the next chunk while the last one is handled: it waits its turn. */
  #delivering = false;
  readonly #held: Buffer[] = [];

  /** @param stream - Not read by anyone else from here on; what was read too much is put back with `unshift` before. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#ownsChunks = stream instanceof Socket;
    // From the first moment: an 'error' without a listener would end the process.
    stream.on('error', this.#onError);
    if (stream instanceof Socket) {
      stream.setNoDelay(true);
      stream.setTimeout(0); // node:http's timeouts end with the upgrade; ours take over
    }
  }

  get queuedBytes(): number {
    return this.#stream.writableLength;
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    const stream = this.#stream;
    stream.on('close', this.#onClose);
    stream.on('end', this.#onEnd);
    stream.on('data', this.#onData);
    if (stream.destroyed) {
      // 'close' may have passed before anyone listened.
      setImmediate(this.#onClose);
    } else {
      stream.resume();
    }
  }

  write(octets: Uint8Array, start: number, end: number): void {
    this.writeOwned(Buffer.from(octets.subarray(start, end)));
  }

  writeOwned(octets: Uint8Array): void {
    if (!this.#stream.writable) return;
    this.#stream.write(octets, this.#onWritten);
    if (this.#stream.writableLength > 0) this.#waiting = true;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#closed) this.#stream.resume();
  }

  end(): void {
    if (!this.#stream.writableEnded) this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    const octets = this.#ownsChunks ? chunk : Buffer.from(chunk);
    if (this.#delivering) {
      this.#held.push(octets);
      return;
    }
    this.#delivering = true;
    this.#receiver?.chunk(octets, 0, octets.length);
    for (let held = this.#held.shift(); held !== undefined; held = this.#held.shift()) {
      this.#receiver?.chunk(held, 0, held.length);
    }
    this.#delivering = false;
  };

  readonly #onWritten = (): void => {
    if (!this.#waiting || this.#closed) return;
    if (this.#stream.writableLength === 0) this.#waiting = false;
    this.#receiver?.drained();
  };

  readonly #onEnd = (): void => {
    this.#receiver?.ended();
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
  };

  readonly #onClose = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    const stream = this.#stream;
    stream.off('close', this.#onClose);
    stream.off('end', this.#onEnd);
    stream.off('data', this.#onData);
    this.#receiver?.closed(this.#error);
  };
}
