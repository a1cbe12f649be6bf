import { getSystemErrorName } from 'node:util';
import {
  type BareHandle,
  bareMemory,
  type HandleKeeper,
  HandleOwner,
  own,
  readBareInto,
  readBareNextInto,
  shutDown,
} from './bare-handle.ts';
import { awaitWrite, type WriteOwner, writeNow } from './tcp-handle.ts';
import type { Transport, TransportReceiver } from './transport.ts';

const NO_PIECES: readonly Uint8Array[] = [];

/**
 * A transport on a TCP handle alone. There is no socket: that would be more than half of the memory of an idle connection,
 * and of the time it takes to accept one.
 */
export class BareTransport extends HandleOwner implements Transport, WriteOwner {
  readonly #handle: BareHandle;
  readonly #memory: Uint8Array;
  readonly #keeper: HandleKeeper;
  #receiver: TransportReceiver | undefined;
  /** What came before us. */
  #head: Buffer | undefined;
  /** A write has not completed yet: those behind it wait here. */
  #writing = false;
  #waiting: readonly Uint8Array[] = NO_PIECES;
  #waitingBytes = 0;
  #paused = false;
  /** The next read goes into memory of the receiver. */
  #elsewhere = false;
  #ending = false;
  /** Our direction has ended; that of the peer. */
  #shut = false;
  #peerEnded = false;
  #destroyed = false;
  #error: Error | undefined;

  /**
   * @param handle - May be read already: `start` is called before the event loop goes on then.
   * @param memory - Every transport may read into the same: what it holds is used before the next read.
   * @param head - What was read before.
   * @param keeper - Told when the connection is gone.
   */
  constructor(handle: BareHandle, memory: Uint8Array, head: Buffer, keeper: HandleKeeper) {
    super();
    this.#handle = handle;
    this.#memory = memory;
    this.#head = head.length === 0 ? undefined : head;
    this.#keeper = keeper;
    handle.setNoDelay(true);
    own(handle, this);
  }

  get heedsWishes(): boolean {
    return true;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  get queuedBytes(): number {
    if (!this.#writing || this.#destroyed) return 0;
    return this.#waitingBytes + this.#handle.writeQueueSize;
  }

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
    if (this.#destroyed) return; // `closed` comes from the handle
    readBareInto(this.#handle, this, this.#memory);
    this.#read();
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

  pause(): void {
    this.#paused = true;
    if (!this.#handle.reading || this.#destroyed) return;
    this.#handle.reading = false;
    this.#handle.readStop();
  }

  resume(): void {
    this.#paused = false;
    this.#read();
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    if (!this.#writing) this.#shutDown();
  }

  destroy(error?: Error): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#error = error;
    this.#head = undefined;
    this.#waiting = NO_PIECES;
    this.#waitingBytes = 0;
    this.#handle.close(() => this.#closed());
  }

  // --- what the handle reports

  override received(length: number): void {
    const memory = bareMemory(this);
    const wish = this.#receiver?.chunk(memory, 0, length);
    if (wish !== undefined) {
      this.#elsewhere = true;
      readBareNextInto(this, wish);
    } else if (this.#elsewhere) {
      this.#elsewhere = memory !== this.#memory;
      readBareNextInto(this, this.#elsewhere ? this.#memory : undefined);
    }
  }

  /** Only the end comes this way. */
  push(): boolean {
    this.#peerEnded = true;
    this.#receiver?.ended();
    this.#destroyWhenOver();
    return true;
  }

  writeEnded(status: number): void {
    if (this.#destroyed) return;
    this.#writing = false;
    if (status < 0) {
      this.#fail('write', status);
      return;
    }
    const pieces = this.#waiting;
    if (pieces.length > 0) {
      this.#waiting = NO_PIECES;
      this.#waitingBytes = 0;
      this.#issue(pieces.length === 1 ? (pieces[0] as Uint8Array) : pieces);
      if (this.#destroyed) return;
    }
    this.#receiver?.drained();
    if (this.#ending && !this.#writing && !this.#destroyed) this.#shutDown();
  }

  get #over(): boolean {
    return this.#ending || this.#destroyed;
  }

  #read(): void {
    if (this.#receiver === undefined || this.#destroyed || this.#peerEnded) return;
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
    if (this.#paused || head === undefined) return;
    this.#head = undefined;
    this.#receiver?.chunk(head, 0, head.length);
    if (!this.#paused) this.#read();
  }

  /** Answers whether the memory is free again. */
  #issue(octets: Uint8Array | readonly Uint8Array[]): boolean {
    const result = writeNow(this.#handle, octets);
    if (result === 0) return true;
    if (typeof result === 'number') {
      this.#fail('write', result);
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

  #shutDown(): void {
    shutDown(this.#handle, (status) => this.#shutDone(status));
  }

  #shutDone(status: number): void {
    if (this.#destroyed) return;
    if (status < 0 && getSystemErrorName(status) !== 'ENOTCONN') {
      this.#fail('shutdown', status);
      return;
    }
    this.#shut = true;
    this.#destroyWhenOver();
  }

  #destroyWhenOver(): void {
    if (this.#shut && this.#peerEnded) this.destroy();
  }

  #fail(syscall: string, status: number): void {
    const code = getSystemErrorName(status);
    this.destroy(Object.assign(new Error(`${syscall} ${code}`), { code, errno: status, syscall }));
  }

  #closed(): void {
    this.#keeper.released(this.#handle);
    this.#receiver?.closed(this.#error);
  }
}
