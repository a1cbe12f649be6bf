/** A token bucket: so many events at once, so many a second after that. Time is given, in milliseconds. */
export class Rate {
  readonly #perMillisecond: number;
  readonly #burst: number;
  /** Below zero after {@link Rate.owe}. */
  #tokens: number;
  #since: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMillisecond = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#since = now;
  }

  /** Counts `count` events; false, and nothing counted, when they are too many. */
  take(now: number, count = 1): boolean {
    this.#refill(now);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Milliseconds until `count` events may happen. */
  wait(now: number, count: number): number {
    this.#refill(now);
    const missing = count - this.#tokens;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMillisecond);
  }

  /** Counts `count` events, though they be too many. */
  owe(count: number): void {
    this.#tokens -= count;
  }

  #refill(now: number): void {
    const refilled = this.#tokens + (now - this.#since) * this.#perMillisecond;
    this.#tokens = Math.min(this.#burst, refilled);
    this.#since = now;
  }
}
