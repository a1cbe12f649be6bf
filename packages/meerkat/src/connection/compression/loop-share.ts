import { Fifo } from '../fifo.ts';

/** Octets up to which a message is worked on by the loop, compressed or not: 25 µs to inflate, 120 to compress. */
export const LOOP_BYTES = 16_384;

/** How long inflating, and compressing, may hold one turn of the event loop, in milliseconds. */
const SHARE = 5;

/**
 * The share that zlib has of each turn of the event loop. Small messages are faster on the loop than in the thread pool
 * (1 to 30 µs to inflate, against 45 and more), but one chunk may hold thousands of them, each of which inflates a thousandfold.
 */
class LoopShare {
  #spent = 0;
  #renewing = false;
  readonly #waiting = new Fifo<() => void>();

  /** Whether somebody who comes now has to wait: nothing is left of this turn's, or others wait already. */
  get taken(): boolean {
    return this.#spent >= SHARE || this.#waiting.length > 0;
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

  /**
   * Calls `resume` in a later turn, when there is something left. It may work on one message then, and queues again for
   * the next one: whoever has thousands waits as often, and holds up the others by one.
   */
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
      while (this.#spent < SHARE) {
        const resume = this.#waiting.shift();
        if (resume === undefined) return;
        resume();
      }
      if (this.#waiting.length > 0) this.#renew();
    });
  }
}

/** What inflating has, in this process. */
export const inflateShare: LoopShare = new LoopShare();

/** What compressing has. Its own: what peers send must not hold up what is sent to others. */
export const deflateShare: LoopShare = new LoopShare();
