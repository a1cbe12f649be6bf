import { fairNow } from '../own-delay.ts';

/** `setTimeout` takes no more milliseconds than 2^31 - 1. */
const LONGEST_TIMER = 2 ** 30;

/** Lets others wait until something of theirs is so: they look again whenever they are told that something has changed. */
export class Changes {
  readonly #waiters = new Set<() => void>();

  /** Something has changed. */
  tell(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Until it is so; `false` when `until`, a time of `fairNow`, has passed before. */
  async wait(reached: () => boolean, until: () => number): Promise<boolean> {
    for (;;) {
      if (reached()) return true;
      const left = until() - fairNow();
      if (left <= 0) return false;
      await this.#next(left);
    }
  }

  #next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.ceil(ms), LONGEST_TIMER));
      this.#waiters.add(done);
    });
  }
}
