import type { Clock, Timer } from '../connection/clock.ts';

interface Due {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to move, so that a test of a timeout takes no time. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #due = new Set<Due>();

  readonly now = (): number => this.#now;

  after(delay: number, callback: () => void): Timer {
    const due: Due = { at: this.#now + delay, callback };
    this.#due.add(due);
    return { cancel: () => this.#due.delete(due) };
  }

  /** How many calls are due in the future. */
  get pending(): number {
    return this.#due.size;
  }

  /** Moves on by `milliseconds` and makes the calls that fall due, in order. */
  advance(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const next = [...this.#due].sort((one, other) => one.at - other.at)[0];
      if (next === undefined || next.at > until) break;
      this.#due.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }
}
