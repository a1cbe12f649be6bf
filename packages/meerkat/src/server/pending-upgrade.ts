import type { Clock, Timer } from '../connection/clock.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import type { Arrival, Waiter } from './arrival.ts';

/** Octets a client may send before it is accepted; more waits in the kernel. */
const MAX_EARLY_BYTES = 65_536;
const NO_OCTETS = Buffer.alloc(0);

/** What a {@link PendingUpgrade} reports; at most one of them, and nothing once it is settled. */
export interface PendingUpgradeEvents {
  /** The decision takes too long. */
  expired(): void;
  /** The client left. The upgrade is settled, the connection destroyed; the signal fires next. */
  left(): void;
}

/**
 * An arrival that is being decided on. It is read meanwhile, since only a reader hears that a client has left; what
 * comes early is kept and put back.
 */
export class PendingUpgrade implements Waiter {
  readonly #arrival: Arrival;
  /** What came early, in its first octets. One buffer: pieces would pin far more memory than they carry. */
  #early: Buffer;
  #earlyBytes: number;
  readonly #abort = new AbortController();
  readonly #timer: Timer;
  readonly #events: PendingUpgradeEvents;
  #settled = false;

  /** @param timeout - How long the decision may take, in milliseconds. */
  constructor(arrival: Arrival, clock: Clock, timeout: number, events: PendingUpgradeEvents) {
    this.#arrival = arrival;
    this.#events = events;
    this.#early = arrival.head;
    this.#earlyBytes = arrival.head.length;
    this.#timer = clock.after(timeout, () => events.expired());
    arrival.wait(this);
  }

  /** Fires when the client leaves, the time is up, or the server closes. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends the wait; true for the first call only. What came early is put back, and nothing is read. */
  settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#timer.cancel();
    this.#arrival.stopWaiting();
    this.#arrival.unread(this.#early.subarray(0, this.#earlyBytes));
    this.#early = NO_OCTETS; // the signal may outlive the upgrade
    return true;
  }

  /** Tells the hook that nobody waits for its decision any more. */
  abandon(error: HandshakeError): void {
    this.#abort.abort(error);
  }

  early(chunk: Buffer): boolean {
    const needed = this.#earlyBytes + chunk.length;
    if (needed > this.#early.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#early.length));
      this.#early.copy(grown, 0, 0, this.#earlyBytes);
      this.#early = grown;
    }
    chunk.copy(this.#early, this.#earlyBytes);
    this.#earlyBytes = needed;
    return needed < MAX_EARLY_BYTES;
  }

  left(): void {
    if (!this.settle()) return;
    this.#arrival.destroy();
    this.#events.left();
    this.abandon(new HandshakeError('MEERKAT_ABORTED', { detail: 'the client left' }));
  }
}
