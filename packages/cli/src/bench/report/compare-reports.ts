import type { BenchReport } from '../bench-report.ts';
import { comparedFigures, type Figure, type FigureKey } from './compared-figures.ts';
import { failureCount } from './failure-words.ts';
import { countWords } from './figures.ts';
import { type PlanDifference, planDifferences } from './plan-differences.ts';

/** How a figure of this run stands to that of the earlier one. */
export type ChangeVerdict = 'better' | 'worse' | 'within noise' | 'too noisy to tell';

/** One figure of both runs. */
export interface FigureChange {
  readonly key: FigureKey;
  /** "latency p99" */
  readonly name: string;
  readonly now: number;
  readonly earlier: number;
  /** Both in words, with their units. */
  readonly nowWords: string;
  readonly earlierWords: string;
  /** Per cent of the earlier one: +10 is a tenth more. */
  readonly change: number;
  /** The same, where more is worse: +10 is a tenth worse. */
  readonly loss: number;
  /** Per cent by which runs of the same thing may differ: see {@link compareReports}. */
  readonly noise: number;
  readonly verdict: ChangeVerdict;
}

/** What stands between two runs. */
export interface Comparison {
  /** In what they are not alike. */
  readonly differences: readonly PlanDifference[];
  /** False where another load was made: see {@link PlanDifference.decisive}. */
  readonly sameLoad: boolean;
  /** Why one of them should not be trusted, a sentence each. */
  readonly doubts: readonly string[];
  /** None of runs under different loads: they say nothing about each other. */
  readonly figures: readonly FigureChange[];
  /** The flag with which is measured longer. */
  readonly longer: '-t' | '--stages';
}

/** Per cent that is noise whatever the samples say. */
const LEAST_NOISE = 5;
/** Where there are too few samples to see how they spread. */
const UNKNOWN_NOISE = 20;
/** Above it no difference says anything. */
const MOST_NOISE = 50;
const FEW_SAMPLES = 5;
/** Samples that say as much as one. */
const NEIGHBOURS = 4;

/**
 * Compares a run with an earlier one.
 *
 * What is within noise: the samples of a run spread around their median (half of what lies between the 16th and the 84th percentile
 * of them: one standard deviation where they are normal). Of a mean over all of them twice the standard error is allowed for, where four
 * neighbours count as one, since what is slow now is often slow a moment later; of two runs, both together; and always 5 %.
 * So longer runs see smaller differences. With fewer than five samples it is 20 %, and 40 % of handshakes that came in one burst.
 * Of a stage of the rate its own samples count. Above 50 % nothing is said of a figure, and of fewer than 1,000 handshakes their percentiles are left out.
 */
export function compareReports(report: BenchReport, earlier: BenchReport): Comparison {
  const differences = planDifferences(report, earlier);
  const sameLoad = !differences.some(({ decisive }) => decisive);
  return {
    differences,
    sameLoad,
    doubts: [
      ...doubtsOf(report, 'this run'),
      ...doubtsOf(earlier, 'the earlier run'),
      ...failures(report, earlier),
    ],
    figures: sameLoad
      ? comparedFigures(report).flatMap((figure) => changeOf(figure, report, earlier))
      : [],
    longer: report.plan.stages === undefined ? '-t' : '--stages',
  };
}

function changeOf(figure: Figure, report: BenchReport, before: BenchReport): FigureChange[] {
  const { key, name, words, moreIsBetter } = figure;
  const now = figure.of(report);
  const earlier = figure.of(before);
  // Of nothing there are no per cent.
  if (now === undefined || earlier === undefined || earlier === 0) return [];
  const change = (now / earlier - 1) * 100;
  const loss = moreIsBetter ? -change : change;
  const noise = noiseOf(figure, report, before);
  return [
    {
      key,
      name: name(report),
      now,
      earlier,
      nowWords: words(now),
      earlierWords: words(earlier),
      change,
      loss,
      noise,
      verdict: verdictOf(loss, noise),
    },
  ];
}

function verdictOf(loss: number, noise: number): ChangeVerdict {
  if (noise > MOST_NOISE) return 'too noisy to tell';
  if (Math.abs(loss) <= noise) return 'within noise';
  return loss > 0 ? 'worse' : 'better';
}

function noiseOf(
  { sample, span, unknown = UNKNOWN_NOISE }: Figure,
  now: BenchReport,
  earlier: BenchReport,
): number {
  const both = [now, earlier].map((report) => {
    const [from, to] = span?.(report) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const said = report.samples.filter(({ measured, at }) => measured && at > from && at <= to);
    return uncertaintyOf(said.map(sample));
  });
  const [one, other] = both;
  if (one === undefined || other === undefined) return unknown;
  return Math.max(LEAST_NOISE, Math.hypot(one, other) * 100);
}

/** How far their mean may be off, as a share of their median; undefined with too few of them. */
function uncertaintyOf(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values
    .filter((value): value is number => value !== undefined && Number.isFinite(value))
    .sort((one, other) => one - other);
  if (sorted.length < FEW_SAMPLES) return undefined;
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const median = at(0.5);
  if (median === 0) return undefined;
  const deviation = (at(0.84) - at(0.16)) / 2 / median;
  return (2 * deviation) / Math.sqrt(Math.max(1, sorted.length / NEIGHBOURS));
}

function doubtsOf({ interrupted, seconds, load, messages }: BenchReport, which: string): string[] {
  const doubts: string[] = [];
  if (interrupted) doubts.push(`${which} was interrupted after ${seconds.toFixed(1)} s`);
  if (load.bottleneck !== undefined) doubts.push(`in ${which} the load was the bottleneck`);
  if (messages.wrong > 0)
    doubts.push(`in ${which} ${countWords(messages.wrong)} payloads were wrong`);
  return doubts;
}

function failures(report: BenchReport, earlier: BenchReport): string[] {
  const [now, before] = [failureCount(report), failureCount(earlier)];
  return now === before
    ? []
    : [`this run had ${countWords(now)} failures, the earlier one ${countWords(before)}`];
}
