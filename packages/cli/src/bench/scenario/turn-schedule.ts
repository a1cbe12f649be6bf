import type { LoadMeter } from '../load/load-meter.ts';
import type { Pace } from '../load/pace.ts';
import { LATE_AFTER } from '../load/timing.ts';

/** When turns are to begin, all users together: at their times, whatever became of those before. */
export class TurnSchedule {
  readonly #pace: Pace;
  readonly #meter: LoadMeter;
  readonly #begun: Promise<void>;
  #begin: () => void = () => {};
  #start = 0;
  /** Turns that users took on, and those that began in the measured time. */
  #turns = 0;
  #measured = 0;

  /**
   * @param pace - When turns are to begin.
   * @param meter - Told of turns that begin, late or not, and of those that were due and did not.
   */
  constructor(pace: Pace, meter: LoadMeter) {
    this.#pace = pace;
    this.#meter = meter;
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

  /** When the next turn is to begin, which is the caller's to do; Infinity where none is. */
  next(): number {
    const due = this.#start + this.#pace.at(this.#turns);
    this.#turns += 1;
    return due;
  }

  /** A turn begins now. @param due - What {@link next} said. */
  hasBegun(due: number): void {
    const now = performance.now();
    const meter = this.#meter;
    meter.turnsBegun += 1;
    if (now >= meter.measuredFrom) this.#measured += 1;
    if (now - due > LATE_AFTER.timer) meter.late += 1;
  }

  /** Counts by how many more turns were due in the measured time than began in it. @param now - When no further turn begins. */
  halt(now: number): void {
    // One whose timer has just run out may still begin.
    const due = this.#dueBy(now - LATE_AFTER.timer) - this.#dueBy(this.#meter.measuredFrom);
    this.#meter.dropped += Math.max(0, due - this.#measured);
  }

  /** How many turns were to begin before that. */
  #dueBy(time: number): number {
    if (this.#start === 0) return 0; // turns may not begin yet
    return this.#pace.before(time - this.#start);
  }
}
