import type { BenchPlan, RateStage } from '../bench-plan.ts';

/** When what has a time is to happen. Times in milliseconds from the beginning. */
export interface Pace {
  /** When the one with this number, from 0, is to happen; Infinity for never. */
  at(number: number): number;
  /** How many are to happen before this time. */
  before(time: number): number;
}

/** The pace that a plan, or a part of one, asks for; undefined where nothing has a time. */
export function paceOf({ rate, stages }: Pick<BenchPlan, 'rate' | 'stages'>): Pace | undefined {
  if (stages !== undefined) return new StagedPace(stages);
  return rate === undefined ? undefined : new SteadyPace(rate);
}

/** Evenly, without an end. */
export class SteadyPace implements Pace {
  readonly #spacing: number;

  /** @param perSecond - Above 0. */
  constructor(perSecond: number) {
    this.#spacing = 1_000 / perSecond;
  }

  at(number: number): number {
    return number * this.#spacing;
  }

  before(time: number): number {
    return Math.max(0, Math.ceil(time / this.#spacing));
  }
}

/** By how much sums of floats may be too large: what is that little is not one more. */
const ROUNDING = 1e-6;

/** A stage as it is reckoned with: times in milliseconds, rates a millisecond. */
interface Slope {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  /** By how much the rate grows each millisecond. */
  readonly growth: number;
  /** How many are to happen before it, and before its end. */
  readonly already: number;
  readonly then: number;
}

/**
 * At a rate that goes from stage to stage in straight lines, from 0 on. After the last stage nothing happens.
 *
 * Within a stage `n = from · t + growth · t² / 2` have happened after `t`: the time of a number is the root of that.
 */
export class StagedPace implements Pace {
  readonly #slopes: readonly Slope[];
  /** The stage that was asked for last: numbers mostly ascend. */
  #current = 0;

  constructor(stages: readonly RateStage[]) {
    const slopes: Slope[] = [];
    let [start, from, already] = [0, 0, 0];
    for (const { duration, target } of stages) {
      const to = target / 1_000;
      if (duration > 0) {
        const then = already + ((from + to) / 2) * duration;
        const end = start + duration;
        slopes.push({ start, end, from, growth: (to - from) / duration, already, then });
        [start, already] = [end, then];
      }
      from = to;
    }
    this.#slopes = slopes;
  }

  at(number: number): number {
    const slopes = this.#slopes;
    let index = this.#current;
    if (number < (slopes[index]?.already ?? 0)) index = 0;
    while (number >= (slopes[index]?.then ?? Number.POSITIVE_INFINITY) - ROUNDING) index += 1;
    const slope = slopes[index];
    if (slope === undefined) return Number.POSITIVE_INFINITY;
    this.#current = index;
    const { start, from, growth, already } = slope;
    const left = number - already;
    // What is subtracted where the rate falls may be more than there is by the last bit of a float.
    const root = Math.sqrt(Math.max(0, from * from + 2 * growth * left));
    return left <= 0 ? start : start + (2 * left) / (from + root);
  }

  before(time: number): number {
    return Math.max(0, Math.ceil(this.count(time) - ROUNDING));
  }

  /** The same before it is rounded. */
  count(time: number): number {
    const slope = this.#slopes.find(({ end }) => time < end);
    if (slope === undefined) return this.#slopes.at(-1)?.then ?? 0;
    const { start, from, growth, already } = slope;
    const past = Math.max(0, time - start);
    return already + from * past + (growth * past * past) / 2;
  }
}
