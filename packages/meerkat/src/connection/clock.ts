import { callAfter } from './coarse-timers.ts';

/** Time, as the connection floor and those above use it. Tests give their own. */
export interface Clock {
  /** Milliseconds, monotonic: the wall clock may jump. */
  now(): number;
  /** Calls `callback` once, not before `delay` milliseconds have passed. */
  after(delay: number, callback: () => void): Timer;
  /** The same for an object: a callback of its own would cost each idle connection 100 octets. Without this `after` is called. */
  wakeAfter?(delay: number, sleeper: Sleeper): Timer;
}

/** Who is woken by a timer. */
export interface Sleeper {
  wake(): void;
}

/** A call that is due. */
export interface Timer {
  /** It is not called any more. */
  cancel(): void;
}

/** A timer that fires this much later, in milliseconds, was held up by something that held up reading too. */
const LATE = 50;

/** Delays from which on it does not matter to be up to 64 ms late, in milliseconds. */
const COARSE = 1000;

class SystemTimer implements Timer {
  #timeout: NodeJS.Timeout;
  readonly #callback: () => void;
  readonly #due: number;
  #immediate: NodeJS.Immediate | undefined;

  constructor(due: number, callback: () => void) {
    this.#callback = callback;
    this.#due = due;
    this.#timeout = this.#start(Math.max(0, due - performance.now()));
  }

  #start(delay: number): NodeJS.Timeout {
    // The socket keeps the process alive as long as there is something to wait for.
    return setTimeout(() => this.#fire(), delay).unref();
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
    const early = this.#due - performance.now();
    // Node cuts the fractions off, of the delay and of its clock: up to two milliseconds.
    if (early >= 1) {
      this.#timeout = this.#start(early);
      return;
    }
    if (-early < LATE) {
      this.#callback();
      return;
    }
    this.#immediate = setImmediate(() => {
      this.#immediate = setImmediate(this.#callback);
    });
  }
}

const at = (due: number, callback: () => void): Timer => new SystemTimer(due, callback);

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delay, callback) {
    const due = performance.now() + delay;
    return delay < COARSE ? at(due, callback) : callAfter(due, callback, at);
  },
  wakeAfter(delay, sleeper) {
    const due = performance.now() + delay;
    return delay < COARSE ? at(due, () => sleeper.wake()) : callAfter(due, sleeper, at);
  },
};

/** Wakes `sleeper` once, not before `delay` milliseconds have passed. */
export function wakeAfter(clock: Clock, delay: number, sleeper: Sleeper): Timer {
  return clock.wakeAfter?.(delay, sleeper) ?? clock.after(delay, () => sleeper.wake());
}
