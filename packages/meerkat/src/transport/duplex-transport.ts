import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Transport, TransportReceiver } from './transport.ts';

/** Where a stream keeps its transport: its listeners are functions of all of them, not closures of each. */
export const TRANSPORT: unique symbol = Symbol('meerkat.transport');

interface Carrying {
  [TRANSPORT]: DuplexTransport;
}

/** What every transport on a stream of Node has in common: how it begins and ends. How octets travel is up to the kind. */
export abstract class DuplexTransport<Stream extends Duplex = Duplex> implements Transport {
  protected readonly stream: Stream;
  protected receiver: TransportReceiver | undefined;
  /** Both directions are over. */
  protected isClosed = false;
  protected isPaused = false;
  #error: Error | undefined;
  #destroyed = false;

  /** @param stream - Not read by anyone else from here on; what was read too much is put back with `unshift` before. */
  constructor(stream: Stream) {
    this.stream = stream;
    // Each direction ends when its side says so. The streams of a client would end ours with the peer's.
    stream.allowHalfOpen = true;
    // From the first moment: an 'error' without a listener would end the process.
    (stream as Stream & Carrying)[TRANSPORT] = this;
    stream.on('error', DuplexTransport.#onError);
    if (stream instanceof Socket) {
      stream.setNoDelay(true);
      stream.setTimeout(0); // node:http's timeouts end with the upgrade; ours take over
    }
  }

  abstract readonly queuedBytes: number;
  abstract readonly heedsWishes: boolean;

  start(receiver: TransportReceiver): void {
    this.receiver = receiver;
    const { stream } = this;
    stream.on('close', DuplexTransport.#onClose);
    stream.on('end', DuplexTransport.#onEnd);
    this.listen();
    // 'close' and 'end' may have passed before anyone listened.
    if (stream.destroyed) setImmediate(() => this.#close());
    else if (stream.readableEnded) setImmediate(() => this.#end());
    else this.read();
  }

  abstract write(octets: Uint8Array, start: number, end: number): boolean;
  abstract writeOwned(octets: Uint8Array): void;

  pause(): void {
    this.isPaused = true;
    this.stream.pause();
  }

  resume(): void {
    this.isPaused = false;
    if (!this.isClosed) this.read();
  }

  end(): void {
    if (!this.stream.writableEnded) this.stream.end();
  }

  destroy(): void {
    this.#destroyed = true;
    this.stream.destroy();
  }

  /** Listens for what arrives. */
  protected abstract listen(): void;
  /** Begins to read, or goes on. */
  protected abstract read(): void;
  /** Reports what is here and not reported: the end comes next. */
  protected abstract settle(): void;
  /** Listens no more. */
  protected abstract unlisten(): void;

  #end(): void {
    this.settle();
    this.receiver?.ended();
  }

  #close(): void {
    if (this.isClosed) return;
    this.settle();
    this.isClosed = true;
    const { stream } = this;
    stream.off('close', DuplexTransport.#onClose);
    stream.off('end', DuplexTransport.#onEnd);
    this.unlisten();
    const failure = this.#destroyed ? undefined : (stream.errored ?? undefined);
    this.receiver?.closed(this.#error ?? failure);
  }

  // The listeners: `this` is the stream.

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
