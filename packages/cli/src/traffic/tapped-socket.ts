import type { AddressInfo, Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { TrafficListener } from './traffic-listener.ts';

/** Octets that are shown to the listener, and sent, at a time. */
const SLICE = 65_536;
/** What a socket says of itself while it connects, for whoever waits for it on the tap. */
const PASSED_ON = ['connect', 'lookup', 'ready', 'secureConnect', 'timeout'] as const;

/**
 * Stands in for a socket and lets a listener see every octet once. While the listener is behind, nothing more is read
 * or sent, so that memory stays bounded.
 *
 * It is a Duplex with the properties and methods of a socket that `node:http`, Fastify and our transport use. Ends,
 * errors and resets pass in both directions.
 */
export class TappedSocket extends Duplex {
  readonly #socket: Socket | TLSSocket;
  readonly #listener: TrafficListener;
  /** The listener is behind with what was received: it is kept, and not passed on yet. */
  #behind = false;
  #wanted = false;
  #inputEnded = false;

  /** @param socket - Not used by anyone else from here on. */
  constructor(socket: Socket | TLSSocket, listener: TrafficListener) {
    super({
      allowHalfOpen: socket.allowHalfOpen,
      readableHighWaterMark: socket.readableHighWaterMark,
      writableHighWaterMark: socket.writableHighWaterMark,
    });
    this.#socket = socket;
    this.#listener = listener;
    socket.allowHalfOpen = true; // who ends what is decided here
    socket.pause();
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', this.#onClose);
    for (const event of PASSED_ON) {
      socket.on(event, (...args: unknown[]) => this.emit(event, ...args));
    }
    if (socket.destroyed) process.nextTick(this.#onClose);
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#socket.remoteFamily;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  get localFamily(): string | undefined {
    return this.#socket.localFamily;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get connecting(): boolean {
    return this.#socket.connecting;
  }

  get pending(): boolean {
    return this.#socket.pending;
  }

  get readyState(): string {
    return this.#socket.readyState;
  }

  get timeout(): number | undefined {
    return this.#socket.timeout;
  }

  /** True on TLS; undefined, as on any other socket, else. */
  get encrypted(): boolean | undefined {
    return this.#tls.encrypted;
  }

  get authorized(): boolean | undefined {
    return this.#tls.authorized;
  }

  get authorizationError(): Error | undefined {
    return this.#tls.authorizationError;
  }

  get alpnProtocol(): string | false | null | undefined {
    return this.#tls.alpnProtocol;
  }

  get servername(): string | false | undefined {
    return (this.#socket as { servername?: string | false }).servername;
  }

  getPeerCertificate(detailed?: boolean): object | undefined {
    return this.#tls.getPeerCertificate?.(detailed === true);
  }

  getCipher(): object | undefined {
    return this.#tls.getCipher?.();
  }

  getProtocol(): string | null | undefined {
    return this.#tls.getProtocol?.();
  }

  address(): AddressInfo | object {
    return this.#socket.address();
  }

  setTimeout(milliseconds: number, onTimeout?: () => void): this {
    this.#socket.setTimeout(milliseconds);
    if (onTimeout !== undefined) {
      if (milliseconds === 0) this.off('timeout', onTimeout);
      else this.once('timeout', onTimeout);
    }
    return this;
  }

  setNoDelay(noDelay?: boolean): this {
    this.#socket.setNoDelay(noDelay);
    return this;
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    this.#socket.setKeepAlive(enable, initialDelay);
    return this;
  }

  ref(): this {
    this.#socket.ref();
    return this;
  }

  unref(): this {
    this.#socket.unref();
    return this;
  }

  /** Destroys it when everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  resetAndDestroy(): this {
    this.#socket.resetAndDestroy();
    return this.destroy();
  }

  override _read(): void {
    this.#wanted = true;
    this.#readOn();
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#send(chunk, 0, done);
  }

  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), 0, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    // What goes wrong comes as the socket's own error.
    after(this.#listener.ended('out'), () => this.#socket.end(() => done()));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const socket = this.#socket;
    const finish = (): void => {
      after(this.#listener.closed(error ?? undefined), () => {});
      done(error);
    };
    if (socket.closed) {
      finish();
      return;
    }
    socket.once('close', finish);
    socket.destroy();
  }

  get #tls(): Partial<TLSSocket> {
    return this.#socket as Partial<TLSSocket>;
  }

  #readOn(): void {
    if (this.#wanted && !this.#behind && !this.#inputEnded) this.#socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    const waiting = this.#listener.received(chunk);
    if (waiting === undefined) {
      this.#pass(chunk);
      return;
    }
    this.#behind = true;
    this.#socket.pause();
    after(waiting, () => {
      this.#behind = false;
      if (this.destroyed) return;
      this.#pass(chunk);
      this.#readOn();
    });
  };

  /** What has been seen goes to whoever reads here. */
  #pass(chunk: Buffer): void {
    this.#wanted = false; // push() may ask for more before it returns
    if (this.push(chunk)) this.#wanted = true;
    if (!this.#wanted) this.#socket.pause();
  }

  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    after(this.#listener.ended('in'), () => this.push(null));
  };

  readonly #onClose = (): void => {
    // Ended on both sides, it closes by itself when the last of its input has been read.
    if (this.#inputEnded && this.writableEnded) return;
    this.destroy();
  };

  #send(octets: Buffer, start: number, done: (error?: Error | null) => void): void {
    const slice = octets.subarray(start, start + SLICE);
    const waiting = this.#listener.sent(slice);
    this.#socket.write(slice, (error) => {
      if (error) {
        done(error);
        return;
      }
      after(waiting, () => {
        const next = start + slice.length;
        if (next < octets.length && !this.destroyed) this.#send(octets, next, done);
        else done();
      });
    });
  }
}

/** Goes on at once, or when the listener has caught up. */
function after(waiting: Promise<void> | undefined, next: () => void): void {
  if (waiting === undefined) next();
  else void waiting.then(next, next); // nothing is lost with a dump that fails
}
