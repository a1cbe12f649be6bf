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

/** A timer that fires this much later, in milliseconds, was held up by something that held up reading too. */
const LATE = 50;

/** Node keeps a list of timers for each length in milliseconds: longer ones are rounded up to this, so that they share some. */
const GRAIN = 64;

class SystemTimer implements Timer {
  readonly #timeout: NodeJS.Timeout;
  readonly #callback: () => void;
  readonly #due: number;
  #immediate: NodeJS.Immediate | undefined;

  constructor(delay: number, callback: () => void) {
    this.#callback = callback;
    const length = delay < 1000 ? delay : Math.ceil(delay / GRAIN) * GRAIN;
    this.#due = performance.now() + length;
    this.#timeout = setTimeout(() => this.#fire(), length);
    // The socket keeps the process alive as long as there is something to wait for.
    this.#timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    clearImmediate(this.#immediate);
  }

  /**
   * A deadline counts from when we could have read. Timers run before sockets are read: after a blocked loop the answer
   * that is being waited for may be here already, so it gets one round of reading to cancel this.
   */
  #fire(): void {
    if (performance.now() - this.#due < LATE) {
      this.#callback();
      return;
    }
    this.#immediate = setImmediate(() => {
      this.#immediate = setImmediate(this.#callback);
    });
  }
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delay, callback) => new SystemTimer(delay, callback),
};
