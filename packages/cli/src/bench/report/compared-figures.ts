import type { BenchReport, BenchSample } from '../bench-report.ts';
import { countWords, rateWords, timeWords } from './figures.ts';
import { receivedNoun } from './plan-words.ts';
import { stageSpan } from './stage-span.ts';

/** Names of figures that are compared. */
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
  | 'memory'
  | `stage ${number} ${'p50' | 'p99'}`;

/** Of what happens in one burst, before anything is measured. */
const BURST_NOISE = 40;
/** Fewer handshakes than these have percentiles that are hardly the same twice. */
const FEW_HANDSHAKES = 1_000;

/** A figure that two runs are compared by. */
export interface Figure {
  readonly key: FigureKey;
  readonly name: (report: BenchReport) => string;
  readonly moreIsBetter: boolean;
  readonly of: (report: BenchReport) => number | undefined;
  /** The same of each sample, or what moves with it; undefined for a sample that says nothing of it. */
  readonly sample: (sample: BenchSample) => number | undefined;
  /** Between which seconds the samples lie that it is made of. @default all that are measured */
  readonly span?: (report: BenchReport) => readonly [from: number, to: number];
  readonly words: (value: number) => string;
  /** Its noise where there are too few samples, in per cent. @default 20 */
  readonly unknown?: number;
}

const perSecond = (value: number): string => `${rateWords(value)}/s`;

const FIGURES: readonly Figure[] = [
  {
    key: 'rate',
    name: ({ plan }) => `${receivedNoun(plan)} received`,
    moreIsBetter: true,
    of: ({ messages }) => messages.receivedPerSecond,
    // Where the rate has stages it moves with them, and that is no noise.
    sample: ({ received, target }) =>
      target === undefined ? received : target > 0 ? received / target : undefined,
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
 * The figures of a run. Where its rate has stages latency is looked at stage by stage: what of it differs between them is no
 * noise, and what it is over all of them depends on how long each lasts.
 */
export function comparedFigures({ stages }: BenchReport): readonly Figure[] {
  if (stages === undefined) return FIGURES;
  const [messages, ...others] = FIGURES.filter(({ key }) => !/^p\d/.test(key));
  const latencies = stages.flatMap((_stage, at) => [
    stageLatency(at, 'p50'),
    stageLatency(at, 'p99'),
  ]);
  return messages === undefined ? latencies : [messages, ...latencies, ...others];
}

function stageLatency(index: number, percentile: 'p50' | 'p99'): Figure {
  return {
    key: `stage ${index + 1} ${percentile}`,
    name: () => `latency ${percentile}, stage ${index + 1}`,
    moreIsBetter: false,
    of: ({ stages }) => stages?.[index]?.[percentile],
    sample: (sample) => sample[percentile],
    span: (report) => stageSpan(report, index),
    words: timeWords,
  };
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
