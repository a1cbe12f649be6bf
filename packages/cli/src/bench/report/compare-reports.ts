import type { BenchReport, BenchSample } from '../bench-report.ts';
import { failureCount } from './failure-words.ts';
import { countWords, rateWords, timeWords } from './figures.ts';
import { type PlanDifference, planDifferences } from './plan-differences.ts';
import { receivedNoun } from './plan-words.ts';

/** How a figure of this run stands to that of the earlier one. */
export type ChangeVerdict = 'better' | 'worse' | 'within noise' | 'too noisy to tell';

/** Names of figures that are compared, for {@link FigureChange.key}. */
export type FigureKey =
  | 'rate'
  | 'handshakeRate'
  | 'p50'
  | 'p90'
  | 'p99'
  | 'p99.9'
  | 'handshakeP50'
  | 'handshakeP99'
  | 'cpu'
  | 'memory';

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
}

/** Per cent that is noise whatever the samples say. */
const LEAST_NOISE = 5;
/** Where there are too few samples to see how they spread. */
const UNKNOWN_NOISE = 20;
/** Of what happens in one burst, before anything is measured. */
const BURST_NOISE = 40;
/** Above it no difference says anything. */
const MOST_NOISE = 50;
/** Fewer handshakes than these have percentiles that are hardly the same twice. */
const FEW_HANDSHAKES = 1_000;
const FEW_SAMPLES = 5;
/** Samples that say as much as one. */
const NEIGHBOURS = 4;

interface Figure {
  readonly key: FigureKey;
  readonly name: (report: BenchReport) => string;
  readonly moreIsBetter: boolean;
  readonly of: (report: BenchReport) => number | undefined;
  /** The same of each sample, or what moves with it. */
  readonly sample: (sample: BenchSample) => number | undefined;
  readonly words: (value: number) => string;
  /** Its noise where there are too few samples. @default UNKNOWN_NOISE */
  readonly unknown?: number;
}

const perSecond = (value: number): string => `${rateWords(value)}/s`;

const FIGURES: readonly Figure[] = [
  {
    key: 'rate',
    name: ({ plan }) => `${receivedNoun(plan)} received`,
    moreIsBetter: true,
    of: ({ messages }) => messages.receivedPerSecond,
    sample: ({ received }) => received,
    words: perSecond,
  },
  {
    key: 'handshakeRate',
    name: () => 'handshakes',
    moreIsBetter: true,
    // Elsewhere they all happen before anything is measured.
    of: ({ plan, handshakesPerSecond }) =>
      plan.mode === 'connect' ? handshakesPerSecond : undefined,
    sample: ({ handshakes }) => handshakes,
    words: perSecond,
  },
  latency('p50', '50', ({ p50 }) => p50),
  latency('p90', '90', ({ p99 }) => p99),
  latency('p99', '99', ({ p99 }) => p99),
  latency('p99.9', '99.9', ({ max }) => max),
  handshake('handshakeP50', '50'),
  handshake('handshakeP99', '99'),
  {
    key: 'cpu',
    name: ({ plan }) =>
      plan.mode === 'connect' ? "server's CPU a handshake" : "server's CPU a message",
    moreIsBetter: false,
    of: ({ server }) => server?.cpuMicrosPerMessage,
    sample: ({ serverCpu, received, handshakes }) =>
      serverCpu === undefined ? undefined : serverCpu / Math.max(received, handshakes),
    words: (value) => timeWords(value / 1_000),
  },
  {
    key: 'memory',
    name: () => "server's memory a connection",
    moreIsBetter: false,
    of: ({ server }) => positive(server?.rssPerConnection),
    sample: ({ serverRss, open }) => (serverRss === undefined ? undefined : serverRss / open),
    words: (value) => `${countWords(value)} B`,
  },
];

/**
 * Compares a run with an earlier one.
 *
 * What is within noise: the samples of a run spread around their median (half of what lies between the 16th and the 84th percentile
 * of them: one standard deviation where they are normal). Of a mean over all of them twice the standard error is allowed for, where four
 * neighbours count as one, since what is slow now is often slow a moment later; of two runs, both together; and always 5 %.
 * So longer runs see smaller differences. With fewer than five samples it is 20 %, and 40 % of handshakes that came in one burst.
 * Above 50 % nothing is said of a figure, and of fewer than 1,000 handshakes their percentiles are left out.
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
    figures: sameLoad ? FIGURES.flatMap((figure) => changeOf(figure, report, earlier)) : [],
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
  const noise = noiseOf(figure, report.samples, before.samples);
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
  { sample, unknown = UNKNOWN_NOISE }: Figure,
  now: readonly BenchSample[],
  earlier: readonly BenchSample[],
): number {
  const both = [now, earlier].map((samples) =>
    uncertaintyOf(samples.filter(({ measured }) => measured).map(sample)),
  );
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

function latency(key: FigureKey, percentile: string, sample: Figure['sample']): Figure {
  return {
    key,
    name: () => `latency p${percentile}`,
    moreIsBetter: false,
    of: (report) => report.latency?.percentiles[percentile],
    sample,
    words: timeWords,
  };
}

/** Handshakes have no percentiles by the sample: their rate moves with them. */
function handshake(key: FigureKey, percentile: string): Figure {
  return {
    key,
    name: () => `handshake p${percentile}`,
    moreIsBetter: false,
    of: ({ handshake }) =>
      handshake === undefined || handshake.count < FEW_HANDSHAKES
        ? undefined
        : handshake.percentiles[percentile],
    sample: ({ handshakes }) => (handshakes > 0 ? handshakes : undefined),
    unknown: BURST_NOISE,
    words: timeWords,
  };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
