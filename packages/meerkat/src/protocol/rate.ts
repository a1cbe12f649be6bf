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

/**
 * Counts one event as a {@link Rate} does, in a single number: until when the events so far use up what is allowed.
 *
 * @param paid - What the last call answered; undefined for the first event.
 * @returns Undefined when it is one too many.
 */
export function payOne(
  paid: number | undefined,
  now: number,
  perSecond: number,
  burst: number,
): number | undefined {
  const next = Math.max(paid ?? now, now) + 1000 / perSecond;
  // A thousandth of an event more: the sum of many fractions is not exact.
  return (next - now) * perSecond > burst * 1000 + 1 ? undefined : next;
}
