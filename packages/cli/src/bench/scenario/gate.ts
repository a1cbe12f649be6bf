/** Lets so many through at a time; the others wait in order. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  #head = 0;

  constructor(width: number) {
    this.#free = width;
  }

  /** Resolves when it is one's turn. */
  async enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Who went through is done: the next one may. */
  leave(): void {
    const next = this.#waiting[this.#head];
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#head += 1;
    if (this.#head === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#head = 0;
    }
    next();
  }

  /** Everybody through, now and later. */
  open(): void {
    this.#free = Infinity;
    for (const wake of this.#waiting.splice(this.#head)) wake();
    this.#waiting.length = 0;
    this.#head = 0;
  }
}
