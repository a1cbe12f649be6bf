/** When turns are to begin, all users together: evenly, whatever became of those before. */
export class TurnSchedule {
  readonly #interval: number;
  readonly #begun: Promise<void>;
  #begin: () => void = () => {};
  #start = 0;
  #turns = 0;

  /** @param rate - Turns a second. */
  constructor(rate: number) {
    this.#interval = 1_000 / rate;
    this.#begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** Resolves when turns may begin. */
  get begun(): Promise<void> {
    return this.#begun;
  }

  /** @param now - By `performance.now()`: when the first turn is to begin. */
  begin(now: number): void {
    this.#start = now;
    this.#begin();
  }

  /** When the next turn is to begin, which is the caller's to do. */
  next(): number {
    const due = this.#start + this.#turns * this.#interval;
    this.#turns += 1;
    return due;
  }
}
