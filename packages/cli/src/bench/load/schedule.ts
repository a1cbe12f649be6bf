import type { LoadMeter } from './load-meter.ts';
import type { Pace } from './pace.ts';
import { LATE_AFTER, type WaitsBy } from './timing.ts';

/** A timer of Node's is precise to a millisecond or two: what is due sooner is waited for by looking at the clock. */
const TIMER = 2;
/** What leaves at a time after a stall, before it is looked what came. */
const MOST_AT_ONCE = 1_024;

/** What happens at fixed times. */
export interface ScheduleOrders {
  /** Undefined where nothing is to happen. */
  readonly pace: Pace | undefined;
  readonly meter: LoadMeter;
  /** Whether a core may be used up by looking at the clock, or a timer has to do. */
  readonly by: WaitsBy;
  /** @param intended - When it was to be called, by `performance.now()`. */
  readonly send: (intended: number) => void;
}

/** Calls at fixed times, each as late as it has to be, none left out: after a stall those that are due come in a burst. */
export class Schedule {
  readonly #orders: ScheduleOrders;
  readonly #spin: boolean;
  readonly #lateAfter: number;
  #began = 0;
  #count = 0;
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  /** What had come and left when it was looked last without a timer; -1 after a timer. */
  #happened = -1;
  /** Looks in a row at which nothing had happened, and the processor time at the second of them. */
  #idle = 0;
  #idleFrom = 0;

  constructor(orders: ScheduleOrders) {
    this.#orders = orders;
    this.#spin = orders.by === 'spin';
    this.#lateAfter = LATE_AFTER[orders.by];
  }

  begin(): void {
    if (this.#running || this.#orders.pace === undefined) return;
    this.#running = true;
    this.#began = performance.now();
    this.#look();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#works();
  }

  /** When the next one is to happen. */
  get #next(): number {
    return this.#began + (this.#orders.pace?.at(this.#count) ?? Number.POSITIVE_INFINITY);
  }

  readonly #look = (): void => {
    if (!this.#running) return;
    const { meter, send } = this.#orders;
    const spin = this.#spin;
    const now = performance.now();
    const happened = meter.sent + meter.received;
    let next = this.#next;
    if (happened === this.#happened && next > now) this.#idles();
    else this.#works();
    for (let left = MOST_AT_ONCE; next <= now && left > 0; left -= 1) {
      if (now - next > this.#lateAfter) meter.late += 1;
      send(next);
      this.#count += 1;
      next = this.#next;
    }
    const wait = next - performance.now(); // what was sent took its time
    if (spin ? wait <= TIMER : wait <= 0) {
      this.#happened = meter.sent + meter.received;
      setImmediate(this.#look);
    } else {
      this.#works();
      if (wait === Number.POSITIVE_INFINITY) return; // all that was to happen has
      this.#happened = -1;
      this.#timer = setTimeout(this.#look, spin ? Math.floor(wait - TIMER) : wait);
    }
  };

  #idles(): void {
    this.#idle += 1;
    if (this.#idle === 2) this.#idleFrom = cpuMilliseconds();
  }

  /** The time that went into looking is none of the load. */
  #works(): void {
    if (this.#idle >= 2) this.#orders.meter.spun += cpuMilliseconds() - this.#idleFrom;
    this.#idle = 0;
  }
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
