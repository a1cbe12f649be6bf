/** How finely times are told apart: 100 ns, in units a millisecond. */
export const UNITS_PER_MILLISECOND = 10_000;

/** Values below this have a count of their own; above, each doubling is told apart in half as many steps. */
const EXACT = 2_048;
const STEPS_LOG2 = 10;
/** 2^31 units are 214 seconds. Whatever takes longer counts as that. */
const LONGEST = 2 ** 31 - 1;
const COUNTS = (31 - STEPS_LOG2 + 1) << STEPS_LOG2;

/** Times as they travel between processes: a value in units, how often, a value, how often, … */
export type RecordedTimes = Float64Array;

/**
 * Counts how long something took, to three significant digits.
 *
 * Hot path: a few integer operations and one count. A histogram of hdr-histogram-js takes 300 ns for the same; what is
 * counted here is handed on to one.
 */
export class LatencyRecorder {
  readonly #counts = new Uint32Array(COUNTS);
  #lowest = COUNTS;
  #highest = -1;

  /** @param milliseconds - Below 0 counts as 0. */
  record(milliseconds: number, count: number): void {
    const units = milliseconds * UNITS_PER_MILLISECOND;
    const value = units < LONGEST ? (units > 0 ? Math.round(units) : 0) : LONGEST;
    let index = value;
    if (value >= EXACT) {
      const shift = 21 - Math.clz32(value); // so that 1,024 to 2,047 are left
      index = (shift << STEPS_LOG2) + (value >>> shift);
    }
    this.#counts[index] = (this.#counts[index] as number) + count;
    if (index < this.#lowest) this.#lowest = index;
    if (index > this.#highest) this.#highest = index;
  }

  /** What was recorded since it was last taken. */
  take(): RecordedTimes {
    const pairs: number[] = [];
    for (let index = this.#lowest; index <= this.#highest; index += 1) {
      const count = this.#counts[index] as number;
      if (count > 0) pairs.push(valueAt(index), count);
    }
    if (this.#highest >= 0) this.#counts.fill(0, this.#lowest, this.#highest + 1);
    this.#lowest = COUNTS;
    this.#highest = -1;
    return Float64Array.from(pairs);
  }
}

/** The middle of the values that share a count. */
function valueAt(index: number): number {
  if (index < EXACT) return index;
  const shift = (index >>> STEPS_LOG2) - 1;
  const step = index - (shift << STEPS_LOG2);
  return (step + 0.5) * 2 ** shift;
}
