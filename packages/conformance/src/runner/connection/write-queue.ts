import type { Duplex } from 'node:stream';
import type { TrafficCount } from './traffic-count.ts';

/** Octets that are handed to the network at a time: of a message in one piece nobody could tell whether it moves. */
const WRITE_BYTES = 1 << 18;

/** Whose octets they are. */
export interface WriteQueueOwner {
  /** Whether nobody takes octets any more. */
  readonly gone: boolean;
  /** Octets were handed over, or have left. */
  moved(): void;
  /** The peer has taken none for as long as it may. */
  stuck(): void;
}

/** Writes octets to a stream in the order they were given, no faster than the peer takes them. */
export class WriteQueue {
  readonly #stream: Duplex;
  readonly #stuckMs: number;
  readonly #traffic: TrafficCount;
  readonly #owner: WriteQueueOwner;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  /**
   * @param stuckMs - How long a peer may take no octets, in milliseconds.
   * @param traffic - Where the octets are counted.
   */
  constructor(stream: Duplex, stuckMs: number, traffic: TrafficCount, owner: WriteQueueOwner) {
    this.#stream = stream;
    this.#stuckMs = stuckMs;
    this.#traffic = traffic;
    this.#owner = owner;
  }

  /**
   * Writes pieces behind what waits; resolves when they were handed to the network, or there is no connection any more.
   *
   * @param turns - Whether there is a turn of the event loop between two.
   */
  write(pieces: readonly Uint8Array[], turns: boolean): Promise<void> {
    // What is sent while earlier pieces wait queues up behind them.
    const [piece, ...others] = pieces;
    if (piece === undefined) return Promise.resolve();
    const whole = others.length === 0 && piece.length <= WRITE_BYTES;
    if (this.#waiting === 0 && whole) return this.#writeOne(piece);
    this.#waiting += 1;
    this.#tail = this.#tail.then(async () => {
      for (const piece of pieces) {
        for (let at = 0; at < piece.length && !this.#owner.gone; at += WRITE_BYTES) {
          await this.#writeOne(piece.subarray(at, at + WRITE_BYTES));
        }
        if (this.#owner.gone) break;
        if (turns) await new Promise((resolve) => setImmediate(resolve));
      }
      this.#waiting -= 1;
    });
    return this.#tail;
  }

  /** Writes octets whose leaving nobody waits for: no movement, and no peer that is stuck. */
  writeAside(octets: Uint8Array): void {
    // Behind pieces that wait they have to queue up.
    if (this.#waiting > 0) void this.write([octets], false);
    else if (!this.#closed) {
      this.#traffic.wireOctets += octets.length;
      this.#stream.write(octets);
    }
  }

  /** Ends our direction when what waits has been written. */
  end(): void {
    if (this.#waiting === 0) this.#stream.end();
    else void this.#tail.then(() => this.#stream.end());
  }

  get #closed(): boolean {
    return this.#owner.gone || this.#stream.writableEnded;
  }

  #writeOne(piece: Uint8Array): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#traffic.wireOctets += piece.length;
    this.#owner.moved();
    if (this.#stream.write(piece)) return Promise.resolve();
    return new Promise((resolve) => {
      const stuck = setTimeout(() => this.#owner.stuck(), this.#stuckMs);
      const done = (): void => {
        clearTimeout(stuck);
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        this.#owner.moved();
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('close', done);
    });
  }
}
