import { fromHex } from 'meerkat/testing';
import type { Transport, TransportReceiver } from '../../src/transport/transport.ts';

/** A transport without a network: the test plays the network. As the contract has it, no call reports anything itself. */
export class ManualTransport implements Transport {
  queuedBytes = 0;
  readonly heedsWishes = false;
  /** What was written, an element for each write. */
  readonly writes: Buffer[] = [];
  /** The memory that it was given for good, an element for each. */
  readonly given: Uint8Array[] = [];
  /** Whether the network takes what is written at once; else it stays queued until `take`. */
  flowing = true;
  paused = false;
  ended = false;
  destroyed = false;
  #receiver: TransportReceiver | undefined;
  readonly #held: Buffer[] = [];
  #peerEnded = false;
  #closed = false;

  start(receiver: TransportReceiver): void {
    this.#receiver = receiver;
  }

  write(octets: Uint8Array, start: number, end: number): boolean {
    this.#write(octets.subarray(start, end));
    return true;
  }

  writeOwned(octets: Uint8Array): void {
    this.given.push(octets);
    this.#write(octets);
  }

  #write(octets: Uint8Array): void {
    if (this.ended || this.destroyed) return;
    this.writes.push(Buffer.from(octets));
    if (!this.flowing) this.queuedBytes += octets.length;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    process.nextTick(() => this.#deliver());
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#closeWhenDone();
  }

  destroy(): void {
    this.destroyed = true;
    process.nextTick(() => this.#close(undefined));
  }

  // --- the network's side

  /** Octets arrive, as one chunk; they wait while reading is paused. */
  receive(octets: string | Uint8Array): void {
    this.#held.push(Buffer.from(typeof octets === 'string' ? fromHex(octets) : octets));
    this.#deliver();
  }

  /** The network takes octets that were queued; all of them by default. */
  take(bytes: number = this.queuedBytes): void {
    if (this.#closed) return;
    this.queuedBytes -= bytes;
    this.#receiver?.drained();
  }

  /** The peer's FIN. */
  peerEnds(): void {
    this.#peerEnded = true;
    this.#deliver();
  }

  /** The network fails. */
  breaks(error: Error): void {
    this.destroyed = true;
    this.#close(error);
  }

  /** Everything written so far. */
  get sent(): Buffer {
    return Buffer.concat(this.writes);
  }

  #deliver(): void {
    while (!this.paused && !this.destroyed) {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#receiver?.chunk(chunk, 0, chunk.length);
      chunk.fill(0xee); // the memory is only lent
    }
    if (!this.#peerEnded || this.paused || this.#closed || this.destroyed) return;
    this.#receiver?.ended();
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.ended && this.#peerEnded) process.nextTick(() => this.#close(undefined));
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#receiver?.closed(error);
  }
}
