import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { DuplexTransport } from './duplex-transport.ts';
import {
  awaitWrite,
  readInto,
  type SocketReader,
  type TcpHandle,
  type WriteOwner,
  writeNow,
} from './tcp-handle.ts';

const NO_PIECES: readonly Uint8Array[] = [];

/**
 * A transport on a plain TCP socket that goes past Node's streams: octets are read into memory that all sockets share, and
 * written to the handle at once. The socket stays what it is: it owns the handle, tells of the end and of errors, and
 * whoever destroys it ends the connection.
 */
export class HandleTransport extends DuplexTransport<Socket> implements SocketReader, WriteOwner {
  bytesRead = 0;
  readonly #handle: TcpHandle;
  /** What every read goes into unless the receiver has a wish. */
  readonly #memory: Uint8Array;
  /** What came before us. */
  #head: Buffer | undefined;
  /** A write has not completed yet: those behind it wait here. */
  #writing = false;
  #waiting: readonly Uint8Array[] = NO_PIECES;
  #waitingBytes = 0;
  #ending = false;

  /**
   * @param memory - Every socket may read into the same: what it holds is used before the next read.
   */
  constructor(socket: Socket, handle: TcpHandle, memory: Uint8Array) {
    super(socket);
    this.#handle = handle;
    this.#memory = memory;
  }

  get socket(): Socket {
    return this.stream;
  }

  get heedsWishes(): boolean {
    return true;
  }

  get queuedBytes(): number {
    if (!this.#writing || this.isClosed || this.stream.destroyed) return 0;
    return this.#waitingBytes + this.#handle.writeQueueSize;
  }

  write(octets: Uint8Array, start: number, end: number): boolean {
    if (this.#over || start === end) return true;
    if (this.#writing) {
      this.#wait(Buffer.from(octets.subarray(start, end)));
      return true;
    }
    return this.#issue(octets.subarray(start, end));
  }

  writeOwned(octets: Uint8Array): void {
    if (this.#over || octets.length === 0) return;
    if (this.#writing) this.#wait(octets);
    else this.#issue(octets);
  }

  override end(): void {
    this.#ending = true;
    if (!this.#writing) super.end();
  }

  writeEnded(status: number): void {
    if (this.isClosed || this.stream.destroyed) return;
    this.#writing = false;
    if (status < 0) {
      this.#fail(status);
      return;
    }
    const pieces = this.#waiting;
    if (pieces.length > 0) {
      this.#waiting = NO_PIECES;
      this.#waitingBytes = 0;
      this.#issue(pieces.length === 1 ? (pieces[0] as Uint8Array) : pieces, true);
      if (this.stream.destroyed) return;
    }
    this.receiver?.drained();
    if (this.#ending && !this.#writing) super.end();
  }

  received(length: number, memory: Uint8Array): Uint8Array | undefined {
    const wish = this.receiver?.chunk(memory, 0, length);
    if (wish === undefined && memory !== this.#memory) return this.#memory;
    return wish;
  }

  protected listen(): void {
    const socket = this.stream;
    if (socket.destroyed || socket.readableEnded) return;
    // All of it: since Node 26 `read()` takes one piece only, and what stays in the stream nobody would hear of.
    this.#head = (socket.read(socket.readableLength) as Buffer | null) ?? undefined;
    readInto(this, this.#handle, this.#memory);
  }

  protected unlisten(): void {
    this.#waiting = NO_PIECES;
    this.#waitingBytes = 0;
  }

  protected read(): void {
    if (this.#head === undefined) this.stream.resume();
    else process.nextTick(() => this.#readHead());
  }

  #readHead(): void {
    if (this.isPaused || this.#head === undefined) return;
    this.settle();
    if (!this.isPaused && !this.isClosed) this.stream.resume();
  }

  protected settle(): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    this.receiver?.chunk(head, 0, head.length);
  }

  get #over(): boolean {
    return this.#ending || this.stream.destroyed;
  }

  /** Answers whether the memory is free again. */
  #issue(octets: Uint8Array | readonly Uint8Array[], waited = false): boolean {
    const result = writeNow(this.#handle, octets);
    if (result === 0) return true;
    if (typeof result === 'number') {
      // Written behind an end that is not ours: thrown away, as streams do. What was accepted before has failed.
      if (waited || !this.stream.writableEnded) this.#fail(result);
      return true;
    }
    this.#writing = true;
    awaitWrite(result, this, octets);
    return false;
  }

  #wait(octets: Uint8Array): void {
    if (this.#waiting === NO_PIECES) this.#waiting = [];
    (this.#waiting as Uint8Array[]).push(octets);
    this.#waitingBytes += octets.length;
  }

  #fail(status: number): void {
    const code = getSystemErrorName(status);
    this.stream.destroy(
      Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' }),
    );
  }
}
