import { availableParallelism } from 'node:os';
import type { BenchPlan } from '../bench-plan.ts';

/** What waits for the time of a message or a turn: a core that looks at the clock, or a timer of Node's. */
export type WaitsBy = 'spin' | 'timer';

/**
 * What is later than this after its time, in milliseconds, is late. A timer counts whole milliseconds: on an idle core half of
 * what it starts is half a millisecond late and a tenth a whole one; on a core that it shares, one in a hundred up to
 * three, which is how long the system lets somebody else run. That is the timer's doing, and not that of the rate.
 */
export const LATE_AFTER: Readonly<Record<WaitsBy, number>> = { spin: 1, timer: 3 };

/** What a load waits by: it looks at the clock where each of its processes has a core and one is left; undefined without a rate. */
export function waitsBy({ mode, rate, processes }: BenchPlan): WaitsBy | undefined {
  if (rate === undefined) return undefined;
  return mode !== 'scenario' && availableParallelism() > processes ? 'spin' : 'timer';
}
