/** When to ping, and how long to wait for a sign of life. Milliseconds. */
export interface KeepaliveTimes {
  /** From one Ping to the next, ±10 % once per connection. 0 turns the heartbeat off. @default 25_000 */
  pingInterval: number;
  /** From a Ping until anything at all must have arrived. @default 20_000 */
  pongTimeout: number;
}

/** What to do now. `dead` should be confirmed once the transport had a chance to read. */
export type KeepaliveVerdict = 'wait' | 'ping' | 'dead';

/** No time. */
const NONE = -1;

/**
 * Decides when a silent peer is pinged and when it is given up. It knows no clock and no timer: time is given, in whole
 * milliseconds of any monotonic clock.
 *
 * ```
 *   ping ──── pongTimeout ────► heard anything since? no: dead
 *    └──────── pingInterval ──────────► ping
 * ```
 */
export class Keepalive {
  readonly #interval: number;
  readonly #timeout: number;
  #pingAt: number;
  /** When the verdict on the last Ping is due; NONE when none is out. */
  #deadAt = NONE;
  #heard = false;

  /** @param spread - From -1 to 1: where in ±10 % of the interval this connection is, so that many do not ping at once. */
  constructor(times: KeepaliveTimes, now: number, spread: number) {
    // Whole milliseconds: fractions would be objects of their own, for each connection.
    this.#interval = Math.round(times.pingInterval * (1 + 0.1 * spread));
    this.#timeout = times.pongTimeout;
    this.#pingAt = now + this.#interval;
  }

  /** Octets arrived, whatever they are. */
  heard(): void {
    this.#heard = true;
  }

  /**
   * The transport is not being read, or could not be until `now`: silence means nothing, so the wait begins again.
   */
  excuse(now: number): void {
    if (this.#deadAt !== NONE) this.#deadAt = now + this.#timeout;
  }

  check(now: number): KeepaliveVerdict {
    if (this.#heard) this.#deadAt = NONE;
    else if (this.#deadAt !== NONE && now >= this.#deadAt) return 'dead';
    if (now < this.#pingAt) return 'wait';
    if (this.#deadAt !== NONE) {
      // The last Ping is still unanswered: another one would say nothing that it does not.
      this.#pingAt = this.#deadAt;
      return 'wait';
    }
    this.#heard = false;
    this.#pingAt = now + this.#interval;
    this.#deadAt = now + this.#timeout;
    return 'ping';
  }

  /** When `check` should be called next. */
  get wakeAt(): number {
    return this.#deadAt === NONE ? this.#pingAt : Math.min(this.#pingAt, this.#deadAt);
  }
}
