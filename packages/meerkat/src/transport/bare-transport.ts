import { getSystemErrorName } from 'node:util';
import {
  type BareHandle,
  type HandleKeeper,
  type HandleOwner,
  own,
  readBareInto,
  shutDown,
} from './bare-handle.ts';
import { type PendingWriter, PendingWrites } from './pending-writes.ts';
import { writeNow } from './tcp-handle.ts';
import type { Transport, TransportReceiver } from './transport.ts';

/** What is so, in the bits of one number: a field each would be 40 octets more for each connection. */
const PAUSED = 1;
const ENDING = 2; // once everything written has left, our direction ends
const SHUT = 4; // our direction has ended
const PEER_ENDED = 8;
const DESTROYED = 16;

/**
 * A transport on a TCP handle alone. There is no socket: it would take as much memory again, and most of what node:http
 * takes to accept one.
 */
export class BareTransport implements HandleOwner, PendingWriter, Transport {
  bytesRead = 0;
  readonly #handle: BareHandle;
  readonly #keeper: HandleKeeper;
  #receiver: TransportReceiver | undefined;
  /** What came before us. */
  #head: Buffer | undefined;
  #is = 0;
  /** While a write has not completed. */
  #pending: PendingWrites | undefined;
  /** What is read into, but for octets that the receiver wants elsewhere. */
  readonly #memory: Uint8Array;
  /** Where the next read goes instead. */
  #room: Uint8Array | undefined;

  /**
   * @param handle - Without Nagle's algorithm. May be read already: `start` is called before the event loop goes on then.
   * @param memory - Every transport may read into the same: what it holds is used before the next read.
   * @param head - What was read before.
   * @param keeper - Told when the connection is gone.
   */
  constructor(handle: BareHandle, memory: Uint8Array, head: Buffer, keeper: HandleKeeper) {
    this.#handle = handle;
    this.#memory = memory;
    this.#head = head.length === 0 ? undefined : head;
    this.#keeper = keeper;
    own(handle, this);
  }

  get heedsWishes(): boolean {
    return true;
  }

  get destroyed(): boolean {
    return (this.#is & DESTROYED) !== 0;
  }

  get queuedBytes(): number {
    return this.destroyed ? 0 : (this.#pending?.bytes ?? 0);
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    if (this.destroyed) return; // `closed` is on its way
    readBareInto(this.#handle, this.#memory);
    this.#read();
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

  pause(): void {
    this.#is |= PAUSED;
    if (!this.#handle.reading || this.destroyed) return;
    this.#handle.reading = false;
    this.#handle.readStop();
  }

  resume(): void {
    this.#is &= ~PAUSED;
    this.#read();
  }

  end(): void {
    if ((this.#is & ENDING) !== 0) return;
    this.#is |= ENDING;
    if (this.#pending === undefined) this.#shutDown();
  }

  destroy(error?: Error): void {
    if (this.#close()) process.nextTick(() => this.#closed(error));
  }

  // --- what the handle reports

  received(length: number): Uint8Array | undefined {
    const room = this.#room;
    const wish = this.#receiver?.chunk(room ?? this.#memory, 0, length);
    this.#room = wish;
    if (wish === undefined && room !== undefined) return this.#memory;
    return wish;
  }

  /** The peer's direction is over. */
  ended(): void {
    this.#is |= PEER_ENDED;
    this.#receiver?.ended();
    this.#destroyWhenOver();
  }

  /** Nobody's call is being answered, so it need not wait for one to return. */
  broken(error: Error): void {
    if (this.#close()) this.#closed(error);
  }

  wrote(left: boolean): void {
    if (!left) this.#pending = undefined;
    const isDue = this.#pending === undefined && (this.#is & ENDING) !== 0; // what ends within the call sees to it itself
    this.#receiver?.drained();
    if (isDue && !this.destroyed) this.#shutDown();
  }

  writeFailed(status: number): void {
    this.#fail('write', status);
  }

  get #over(): boolean {
    return (this.#is & (ENDING | DESTROYED)) !== 0;
  }

  #read(): void {
    if (this.#receiver === undefined || (this.#is & (DESTROYED | PEER_ENDED)) !== 0) return;
    if (this.#head !== undefined) {
      process.nextTick(() => this.#readHead());
      return;
    }
    if (this.#handle.reading) return;
    this.#handle.reading = true;
    const status = this.#handle.readStart();
    if (status !== 0) process.nextTick(() => this.#fail('read', status));
  }

  #readHead(): void {
    const head = this.#head;
    if ((this.#is & PAUSED) !== 0 || head === undefined) return;
    this.#head = undefined;
    this.#receiver?.chunk(head, 0, head.length);
    if ((this.#is & PAUSED) === 0) this.#read();
  }

  /** Answers whether the memory is free again. */
  #issue(octets: Uint8Array): boolean {
    const result = writeNow(this.#handle, octets);
    if (result === 0) return true;
    if (typeof result === 'number') {
      this.#fail('write', result);
      return true;
    }
    this.#pending = new PendingWrites(this.#handle, this, result, octets);
    return false;
  }

  #shutDown(): void {
    shutDown(this.#handle, (status) => this.#shutDone(status));
  }

  #shutDone(status: number): void {
    if (this.destroyed) return;
    if (status < 0 && getSystemErrorName(status) !== 'ENOTCONN') {
      this.#fail('shutdown', status);
      return;
    }
    this.#is |= SHUT;
    this.#destroyWhenOver();
  }

  #destroyWhenOver(): void {
    if ((this.#is & (SHUT | PEER_ENDED)) === (SHUT | PEER_ENDED)) this.destroy();
  }

  #fail(syscall: string, status: number): void {
    const code = getSystemErrorName(status);
    this.destroy(Object.assign(new Error(`${syscall} ${code}`), { code, errno: status, syscall }));
  }

  /** The system lets go of the connection at once. False where it has. */
  #close(): boolean {
    if (this.destroyed) return false;
    this.#is |= DESTROYED;
    this.#head = undefined;
    this.#pending = undefined;
    this.#handle.close();
    return true;
  }

  #closed(error: Error | undefined): void {
    this.#keeper.released(this.#handle);
    this.#receiver?.closed(error);
  }
}
