/** A timer of Node's takes no more milliseconds; it would take none. */
const LONGEST = 2 ** 31 - 1;

/** Why a wait ended. */
export type Woken = 'time' | 'message' | 'closed' | 'stopped';

/** The one thing that a user waits for: a user does one thing at a time. */
export class Sleeper {
  #wake: ((why: Woken) => void) | undefined;
  #forMessages = false;
  #stopped = false;

  /** Whether {@link stop} was called: nothing waits any more. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Waits.
   *
   * @param milliseconds - At most so long; Infinity for as long as it takes.
   * @param forMessages - Whether a message ends it.
   */
  sleep(milliseconds: number, forMessages: boolean): Promise<Woken> {
    if (this.#stopped) return Promise.resolve('stopped');
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end('time'), Math.min(milliseconds, LONGEST));
      this.#forMessages = forMessages;
      this.#wake = (why) => {
        clearTimeout(timer);
        resolve(why);
      };
    });
  }

  /** A message came, or the connection ended. */
  wake(why: 'message' | 'closed'): void {
    if (why === 'closed' || this.#forMessages) this.#end(why);
  }

  /** Ends this wait, and every one to come. */
  stop(): void {
    this.#stopped = true;
    this.#end('stopped');
  }

  #end(why: Woken): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(why);
  }
}
