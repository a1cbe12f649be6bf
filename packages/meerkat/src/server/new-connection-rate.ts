/** Addresses that are remembered at a time. With more of them, the one that was seen longest ago starts afresh. */
const MAX_ADDRESSES = 65_536;

/** Most connections at once, in seconds of the rate. */
const BURST_SECONDS = 2;

/**
 * How many new connections an address may open a second, and twice that at once. Time is given, in milliseconds.
 *
 * One number is kept for each address: when its bucket will be full again. It is dropped then, so what is kept are the
 * addresses of the last two seconds, and never more than {@link MAX_ADDRESSES}.
 */
export class NewConnectionRate {
  readonly #interval: number;
  /** In the order of their last connection, so that those that are full again stand in front. */
  readonly #fullAt = new Map<string, number>();
  readonly #maxAddresses: number;

  /** @param perSecond - 0 for no limit. */
  constructor(perSecond: number, maxAddresses: number = MAX_ADDRESSES) {
    this.#interval = perSecond === 0 ? 0 : 1000 / perSecond;
    this.#maxAddresses = maxAddresses;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Counts a connection; false, and not counted, when it is one too many. */
  take(address: string, now: number): boolean {
    if (this.#interval === 0) return true;
    this.#forgetFull(now);
    const fullAt = Math.max(now, this.#fullAt.get(address) ?? now) + this.#interval;
    // A little more than the burst: a sum of so many intervals is not exact.
    if (fullAt - now > BURST_SECONDS * 1000 + this.#interval / 1000) return false;
    this.#fullAt.delete(address); // to the end of the order
    this.#fullAt.set(address, fullAt);
    if (this.#fullAt.size > this.#maxAddresses) this.#forgetOldest();
    return true;
  }

  #forgetFull(now: number): void {
    for (const [address, fullAt] of this.#fullAt) {
      if (fullAt > now) return; // at most two seconds until it goes too
      this.#fullAt.delete(address);
    }
  }

  #forgetOldest(): void {
    for (const address of this.#fullAt.keys()) {
      this.#fullAt.delete(address);
      return;
    }
  }
}
