import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../connection/clock.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';

/** Octets a client may send before it is accepted; more waits in the kernel. */
const MAX_EARLY_BYTES = 65_536;

/** What a {@link PendingUpgrade} reports; at most one of them, and nothing once it is settled. */
export interface PendingUpgradeEvents {
  /** The decision takes too long. */
  expired(): void;
  /** The client left. The upgrade is settled, the socket destroyed; the signal fires next. */
  left(): void;
}

/**
 * A socket whose upgrade is being decided. It is read meanwhile, since only a reader hears that a client has left; what
 * comes early is kept and put back.
 */
export class PendingUpgrade {
  readonly #socket: Duplex;
  /** What came early, in its first octets. One buffer: pieces would pin far more memory than they carry. */
  #early: Buffer = Buffer.alloc(0);
  #earlyBytes = 0;
  readonly #abort = new AbortController();
  readonly #timer: Timer;
  readonly #events: PendingUpgradeEvents;
  #settled = false;

  /**
   * @param head - What was read behind the request.
   * @param timeout - How long the decision may take, in milliseconds.
   */
  constructor(
    socket: Duplex,
    head: Buffer,
    clock: Clock,
    timeout: number,
    events: PendingUpgradeEvents,
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#keep(head);
    this.#timer = clock.after(timeout, () => events.expired());
    socket.on('data', this.#onData);
    socket.on('end', this.#onGone);
    socket.on('close', this.#onGone);
    socket.resume();
  }

  /** Fires when the client leaves, the time is up, or the server closes. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends the wait; true for the first call only. What came early is back in the socket, which is paused. */
  settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#timer.cancel();
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onGone);
    socket.off('close', this.#onGone);
    socket.pause();
    if (this.#earlyBytes > 0 && !socket.destroyed && !socket.readableEnded) {
      socket.unshift(this.#early.subarray(0, this.#earlyBytes));
    }
    this.#early = Buffer.alloc(0); // the signal may outlive the upgrade
    return true;
  }

  /** Tells the hook that nobody waits for its decision any more. */
  abandon(error: HandshakeError): void {
    this.#abort.abort(error);
  }

  /** Copies: node:http may hand out a part of memory that others see, and that is larger than what it carries. */
  #keep(chunk: Buffer): void {
    const needed = this.#earlyBytes + chunk.length;
    if (needed > this.#early.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#early.length));
      this.#early.copy(grown, 0, 0, this.#earlyBytes);
      this.#early = grown;
    }
    chunk.copy(this.#early, this.#earlyBytes);
    this.#earlyBytes = needed;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#keep(chunk);
    if (this.#earlyBytes >= MAX_EARLY_BYTES) this.#socket.pause();
  };

  readonly #onGone = (): void => {
    if (!this.settle()) return;
    this.#socket.destroy();
    this.#events.left();
    this.abandon(new HandshakeError('MEERKAT_ABORTED', { detail: 'the client left' }));
  };
}
