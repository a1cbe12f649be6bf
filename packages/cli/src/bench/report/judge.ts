import type { BenchReport, BenchVerdict, LatencySummary } from '../bench-report.ts';
import type { Comparison } from './compare-reports.ts';
import type { FigureKey } from './compared-figures.ts';
import { failureCount } from './failure-words.ts';
import {
  changeWords,
  countWords,
  octetWords,
  rateWords,
  shareWords,
  timeWords,
} from './figures.ts';
import { differenceWords } from './plan-differences.ts';
import { isAboutHandshakes } from './plan-words.ts';

/** What is asked of a run; what is undefined is not asked. */
export interface BenchThresholds {
  /** Milliseconds of latency (in connect mode: of the handshake) at most. */
  readonly maxP50?: number | undefined;
  readonly maxP90?: number | undefined;
  readonly maxP95?: number | undefined;
  readonly maxP99?: number | undefined;
  readonly maxP999?: number | undefined;
  readonly maxLatency?: number | undefined;
  /** Messages received a second at least. */
  readonly minRate?: number | undefined;
  /** Handshakes a second at least. */
  readonly minHandshakeRate?: number | undefined;
  /** Failures of all kinds, and messages that are missing. @default 0, where anything else is asked */
  readonly maxFailures?: number | undefined;
  /** Microseconds of the server's processor time a message at most. */
  readonly maxServerCpuMicros?: number | undefined;
  /** Octets of the server's memory a connection at most. */
  readonly maxRssPerConnection?: number | undefined;
  /** Share (0.1: a tenth) by which rate, latency or the server's CPU may be worse than in the earlier run, beyond noise. */
  readonly maxLoss?: number | undefined;
}

/** The figures that `maxLoss` looks at. */
const LOSSES: ReadonlySet<FigureKey> = new Set(['rate', 'handshakeRate', 'p50', 'p99', 'cpu']);

const LATENCIES = [
  ['maxP50', '50'],
  ['maxP90', '90'],
  ['maxP95', '95'],
  ['maxP99', '99'],
  ['maxP999', '99.9'],
] as const;

/**
 * Holds a run against what was asked of it: a verdict for each threshold, for failures (none are allowed unless
 * `maxFailures` says otherwise) and for wrong payloads (never allowed). A figure that was not measured does not pass.
 *
 * @param comparison - With the earlier run, for `maxLoss`; a run under another load does not pass it.
 * @returns Nothing where nothing was asked.
 */
export function judge(
  report: BenchReport,
  thresholds: BenchThresholds,
  comparison?: Comparison,
): BenchVerdict[] {
  if (Object.values(thresholds).every((threshold) => threshold === undefined)) return [];
  const { server, messages } = report;
  const verdicts: BenchVerdict[] = [];
  const atMost = (
    name: string,
    value: number | undefined,
    limit: number | undefined,
    words: (value: number) => string,
    why: string,
  ): void => {
    if (limit === undefined) return;
    verdicts.push(bounded({ name, value, limit, words, why, over: true }));
  };
  const atLeast = (name: string, value: number | undefined, limit: number | undefined): void => {
    if (limit === undefined) return;
    const words = (rate: number): string => `${rateWords(rate)}/s`;
    verdicts.push(bounded({ name, value, limit, words, why: 'was not measured', over: false }));
  };

  const summary = judgedLatency(report);
  const nothing = 'was not measured: nothing came back';
  for (const [key, percentile] of LATENCIES) {
    atMost(`p${percentile}`, summary?.percentiles[percentile], thresholds[key], timeWords, nothing);
  }
  atMost('max', summary?.max, thresholds.maxLatency, timeWords, nothing);
  atLeast('rate', messages.receivedPerSecond, thresholds.minRate);
  atLeast('handshakes', report.handshakesPerSecond, thresholds.minHandshakeRate);
  const pid = server === undefined ? 'is unknown without --pid' : 'was not measured';
  atMost(
    'server CPU',
    server?.cpuMicrosPerMessage,
    thresholds.maxServerCpuMicros,
    (micros) => timeWords(micros / 1_000),
    pid,
  );
  atMost(
    'memory a connection',
    server?.rssPerConnection,
    thresholds.maxRssPerConnection,
    octetWords,
    server === undefined
      ? pid
      : 'was not to be seen: the server grew by no more than its memory moves anyway; start it fresh, or open more connections',
  );
  atMost('failures', failureCount(report), thresholds.maxFailures ?? 0, countWords, nothing);
  atMost('wrong payloads', messages.wrong, 0, countWords, nothing);
  if (thresholds.maxLoss !== undefined) verdicts.push(...losses(thresholds.maxLoss, comparison));
  return verdicts;
}

function judgedLatency({ plan, latency, handshake }: BenchReport): LatencySummary | undefined {
  return isAboutHandshakes(plan) ? handshake : latency;
}

interface Bound {
  readonly name: string;
  readonly value: number | undefined;
  readonly limit: number;
  readonly words: (value: number) => string;
  /** Why there is no value. */
  readonly why: string;
  /** Whether what is over the limit fails; else what is under it. */
  readonly over: boolean;
}

function bounded({ name, value, limit, words, why, over }: Bound): BenchVerdict {
  if (value === undefined) return { name, passed: false, words: `${name} ${why}` };
  const passed = over ? value <= limit : value >= limit;
  const [shown, asked] = distinct(value, limit, words);
  const sign = over ? (passed ? '≤' : '>') : passed ? '≥' : '<';
  return { name, passed, words: `${name} ${shown} ${sign} ${asked}` };
}

/** Rounded to the same words, "20.0 ms > 20.0 ms" would say nothing. */
function distinct(
  value: number,
  limit: number,
  words: (value: number) => string,
): [string, string] {
  const both: [string, string] = [words(value), words(limit)];
  return both[0] === both[1] && value !== limit
    ? [`${both[0]} (${value})`, `${both[1]} (${limit})`]
    : both;
}

function losses(allowed: number, comparison: Comparison | undefined): BenchVerdict[] {
  const name = 'slower';
  if (comparison === undefined) {
    return [{ name, passed: false, words: 'there is no earlier report to compare with' }];
  }
  if (!comparison.sameLoad) {
    const decisive = comparison.differences.filter((difference) => difference.decisive);
    const words = `not comparable with the earlier report: ${decisive.map(differenceWords).join('; ')}`;
    return [{ name, passed: false, words }];
  }
  const figures = comparison.figures.filter(
    ({ key }) => LOSSES.has(key) || key.startsWith('stage '),
  );
  if (figures.length === 0) {
    return [{ name, passed: false, words: 'nothing was measured in both runs' }];
  }
  return figures.map(
    ({ key, name: figure, change, loss, noise, verdict, nowWords, earlierWords }) => {
      const unsure = verdict === 'too noisy to tell';
      const passed = loss <= allowed * 100 || (verdict !== 'worse' && !unsure);
      const than = `${nowWords}, earlier ${earlierWords}: ${changeWords(change)}`;
      const noisy = `(${changeWords(noise).slice(1)})`;
      let because: string = verdict;
      if (unsure) because += ` ${noisy}${passed ? '' : `: measure longer (${comparison.longer})`}`;
      else if (!passed)
        because = `more than the ${shareWords(allowed)} allowed, and than noise ${noisy}`;
      else if (verdict === 'worse') because = `${shareWords(allowed)} allowed`;
      else if (verdict === 'within noise') because += ` ${noisy}`;
      return { name: `slower: ${key}`, passed, words: `${figure} ${than}, ${because}` };
    },
  );
}
