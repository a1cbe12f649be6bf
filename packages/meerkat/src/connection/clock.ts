/** Time, as the connection floor and those above use it. Tests give their own. */
export interface Clock {
  /** Milliseconds, monotonic: the wall clock may jump. */
  now(): number;
  /** Calls `callback` once, not before `delay` milliseconds have passed. */
  after(delay: number, callback: () => void): Timer;
}

/** A call that is due. */
export interface Timer {
  /** It is not called any more. */
  cancel(): void;
}

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;

  constructor(delay: number, callback: () => void) {
    this.#timeout = setTimeout(callback, delay);
    // The socket keeps the process alive as long as there is something to wait for.
    this.#timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delay, callback) => new SystemTimer(delay, callback),
};
