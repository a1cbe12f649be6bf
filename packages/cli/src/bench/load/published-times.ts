const FEWEST = 65_536;
/** Messages that may wait for a subscriber; 32 MiB of times. */
export const MOST_PUBLISHED = 4_194_304;

/**
 * When the messages of a broadcast were published: of all that the slowest subscriber still has to get, however far it falls
 * behind, up to {@link MOST_PUBLISHED}. A server that holds messages up is seen in all of them.
 */
export class PublishedTimes {
  readonly #slowest: () => number;
  /** A ring whose length is a power of two. */
  #times = new Float64Array(FEWEST);
  /** Every subscriber has those before this one, as far as was looked. */
  #got = 0;

  /** @param slowest - How many messages the slowest subscriber has got. */
  constructor(slowest: () => number) {
    this.#slowest = slowest;
  }

  /**
   * Keeps the time of the next message.
   *
   * @param number - From 0, one after the other.
   * @returns Whether it may be published: not where too many wait already.
   */
  keep(number: number, at: number): boolean {
    if (number - this.#got >= this.#times.length) {
      this.#got = this.#slowest();
      // Before it is full again, so that subscribers are seldom looked through.
      if (number - this.#got > this.#times.length / 2) this.#grow(number);
      if (number - this.#got >= this.#times.length) return false;
    }
    this.#times[number & (this.#times.length - 1)] = at;
    return true;
  }

  /** When it was published, by `performance.now()`. */
  at(number: number): number {
    return this.#times[number & (this.#times.length - 1)] as number;
  }

  #grow(next: number): void {
    const before = this.#times;
    if (before.length === MOST_PUBLISHED) return;
    const after = new Float64Array(before.length * 2);
    for (let number = this.#got; number < next; number += 1) {
      after[number & (after.length - 1)] = before[number & (before.length - 1)] as number;
    }
    this.#times = after;
  }
}
