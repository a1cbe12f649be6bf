/** A token bucket: so many events at once, so many a second after that. Time is given, in milliseconds. */
export class Rate {
  readonly #perMillisecond: number;
  readonly #burst: number;
  #tokens: number;
  #since: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMillisecond = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#since = now;
  }

  /** Counts one event; false when it is one too many. */
  take(now: number): boolean {
    const refilled = this.#tokens + (now - this.#since) * this.#perMillisecond;
    this.#tokens = Math.min(this.#burst, refilled);
    this.#since = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
