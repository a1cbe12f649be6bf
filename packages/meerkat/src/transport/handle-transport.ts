import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { DuplexTransport } from './duplex-transport.ts';
import { type PendingWriter, PendingWrites } from './pending-writes.ts';
import { readInto, type SocketReader, type TcpHandle, writeNow } from './tcp-handle.ts';

/**
 * A transport on a plain TCP socket that goes past Node's streams: octets are read into memory that all sockets share, and
 * written to the handle at once. The socket stays what it is: it owns the handle, tells of the end and of errors, and
 * whoever destroys it ends the connection.
 */
export class HandleTransport
  extends DuplexTransport<Socket>
  implements PendingWriter, SocketReader
{
  bytesRead = 0;
  readonly #handle: TcpHandle;
  /** What every read goes into unless the receiver has a wish. */
  readonly #memory: Uint8Array;
  /** What came before us. */
  #head: Buffer | undefined;
  /** While a write has not completed. */
  #pending: PendingWrites | undefined;
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
    return this.destroyed ? 0 : (this.#pending?.bytes ?? 0);
  }

  write(octets: Uint8Array, start: number, end: number): boolean {
    if (this.#over || start === end) return true;
    if (this.#pending !== undefined) {
      this.#pending.add(Buffer.from(octets.subarray(start, end)));
      return true;
    }
    return this.#issue(octets.subarray(start, end));
  }

  writeOwned(octets: Uint8Array): void {
    if (this.#over || octets.length === 0) return;
    if (this.#pending === undefined) this.#issue(octets);
    else this.#pending.add(octets);
  }

  override end(): void {
    this.#ending = true;
    if (this.#pending === undefined) super.end();
  }

  get destroyed(): boolean {
    return this.isClosed || this.stream.destroyed;
  }

  wrote(left: boolean): void {
    if (!left) this.#pending = undefined;
    this.receiver?.drained();
    if (this.#ending && this.#pending === undefined) super.end();
  }

  writeFailed(status: number): void {
    this.#fail(status);
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
    this.#pending = undefined;
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
  #issue(octets: Uint8Array): boolean {
    const result = writeNow(this.#handle, octets);
    if (result === 0) return true;
    if (typeof result === 'number') {
      // Written behind an end that is not ours: thrown away, as streams do.
      if (!this.stream.writableEnded) this.#fail(result);
      return true;
    }
    this.#pending = new PendingWrites(this.#handle, this, result, octets);
    return false;
  }

  #fail(status: number): void {
    const code = getSystemErrorName(status);
    this.stream.destroy(
      Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' }),
    );
  }
}
