/** How long zlib may hold one turn of the event loop, in milliseconds. */
const SHARE = 5;

/**
 * The share that zlib has of each turn of the event loop. Small messages are faster on the loop than in the thread pool
 * (2 to 30 µs, against 100 and more), but one chunk may hold thousands of them, each of which inflates a thousandfold.
 */
class LoopShare {
  #spent = 0;
  #renewing = false;
  #waiting: (() => void)[] = [];

  /** Whether nothing is left of this turn's. */
  get exhausted(): boolean {
    return this.#spent >= SHARE;
  }

  /** Does work, and counts how long it took. */
  spend<Result>(work: () => Result): Result {
    const began = performance.now();
    try {
      return work();
    } finally {
      this.#spent += performance.now() - began;
      this.#renew();
    }
  }

  /** Calls `resume` in a later turn, when there is something left. */
  later(resume: () => void): void {
    this.#waiting.push(resume);
    this.#renew();
  }

  #renew(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    setImmediate(() => {
      this.#renewing = false;
      this.#spent = 0;
      const waiting = this.#waiting;
      this.#waiting = [];
      let next = 0;
      while (next < waiting.length && !this.exhausted) waiting[next++]?.();
      if (next === waiting.length) return;
      // Those who came first stay first.
      this.#waiting = [...waiting.slice(next), ...this.#waiting];
      this.#renew();
    });
  }
}

/** The one of this process. */
export const loopShare: LoopShare = new LoopShare();
