import { build, type Histogram } from 'hdr-histogram-js';
import type { LatencySummary } from '../bench-report.ts';
import { type RecordedTimes, UNITS_PER_MILLISECOND } from './latency-recorder.ts';

const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 99.99] as const;
/** Points of the curve for each halving of what is left above. */
const POINTS_PER_HALVING = 4;

/** How long something took, of all processes together. */
export class LatencyTotals {
  readonly #histogram: Histogram = build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 32,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
    useWebAssembly: false,
  });

  add(times: RecordedTimes): void {
    for (let at = 0; at < times.length; at += 2) {
      this.#histogram.recordValueWithCount(times[at] as number, times[at + 1] as number);
    }
  }

  /** Milliseconds; undefined where nothing was counted. */
  at(percentile: number): number | undefined {
    if (this.#histogram.totalCount === 0) return undefined;
    return this.#histogram.getValueAtPercentile(percentile) / UNITS_PER_MILLISECOND;
  }

  /** Undefined where nothing was counted. */
  summary(): LatencySummary | undefined {
    const { totalCount: count, mean, stdDeviation } = this.#histogram;
    const min = this.at(0);
    const max = this.at(100);
    if (min === undefined || max === undefined) return undefined;
    return {
      count,
      min,
      mean: mean / UNITS_PER_MILLISECOND,
      stdDev: stdDeviation / UNITS_PER_MILLISECOND,
      max,
      percentiles: Object.fromEntries(PERCENTILES.map((one) => [`${one}`, this.at(one) ?? max])),
      curve: this.#curve(count),
    };
  }

  /** Closer the nearer it comes to 100, as far as there are values to tell points apart. */
  #curve(count: number): (readonly [number, number])[] {
    const curve: [number, number][] = [];
    const halvings = Math.ceil(Math.log2(Math.max(2, count)));
    for (let point = 0; point <= halvings * POINTS_PER_HALVING; point += 1) {
      const percentile = 100 * (1 - 2 ** (-point / POINTS_PER_HALVING));
      curve.push([percentile, this.at(percentile) ?? 0]);
    }
    curve.push([100, this.at(100) ?? 0]);
    return curve;
  }
}
