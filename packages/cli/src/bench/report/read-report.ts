import { oneLine } from '../../terminal/escape-controls.ts';
import type { BenchPayload, BenchPlan, RateStage } from '../bench-plan.ts';
import type { BenchReport, BenchStage, LatencySummary, LoadProcessUse } from '../bench-report.ts';
import {
  amount,
  BenchReportError,
  flag,
  listOf,
  objectAt,
  oneOf,
  optional,
  pairOf,
  type Reader,
  recordOf,
  shape,
  text,
} from './json-reader.ts';
import { scenarioOf } from './scenario-reader.ts';

/** Values within values: what is deeper no scenario has, and nothing here could walk through it. */
const MAX_DEPTH = 100;
/** The version of the format that is read. */
const VERSION = 1;

/**
 * Reads back what `--json` wrote. Fields that nobody knows are passed over.
 *
 * @throws {@link BenchReportError} when it is no such report; the message says where.
 */
export function readReport(json: string): BenchReport {
  const value = parse(json.replace(/^\ufeff/, ''));
  if (isDeeper(value, MAX_DEPTH)) {
    throw new BenchReportError(`it has more than ${MAX_DEPTH} values within values`);
  }
  const { format, version } = objectAt(value, '');
  if (format !== 'meerkat-bench') {
    throw new BenchReportError('it is no report of "meerkat bench": its format is another');
  }
  if (version !== VERSION) {
    const given = oneLine(JSON.stringify(version) ?? 'missing', 20);
    throw new BenchReportError(`its version is ${given}: this program reads version ${VERSION}`);
  }
  return report(value, '');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    if (json.trim() === '') throw new BenchReportError('it is empty', { cause });
    const cut = json.trimStart().startsWith('{') && !json.trimEnd().endsWith('}');
    const why = cut
      ? 'it is cut off: its JSON has no end'
      : `it is not JSON: ${oneLine((cause as Error).message, 120)}`;
    throw new BenchReportError(why, { cause });
  }
}

/** Whether there are values in more than so many others: found level by level, however deep they are. */
function isDeeper(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= most; depth += 1) {
    const next: unknown[] = [];
    for (const outer of level) {
      if (typeof outer !== 'object' || outer === null) continue;
      for (const inner of Object.values(outer)) {
        if (typeof inner === 'object' && inner !== null) next.push(inner);
      }
    }
    if (next.length === 0) return false;
    level = next;
  }
  return true;
}

// Exhaustive by type: a field of the report without a reader does not compile.
const latency: Reader<LatencySummary> = shape<LatencySummary>({
  count: amount,
  min: amount,
  mean: amount,
  stdDev: amount,
  max: amount,
  percentiles: recordOf(amount),
  curve: listOf(pairOf(amount, amount)),
});

const plan: Reader<BenchPlan> = shape<BenchPlan>({
  url: text,
  mode: oneOf('echo', 'broadcast', 'connect', 'idle', 'scenario'),
  connections: amount,
  ramp: amount,
  connecting: amount,
  connectTimeout: amount,
  depth: amount,
  rate: optional(amount),
  stages: optional(listOf(shape<RateStage>({ duration: amount, target: amount }))),
  window: amount,
  publishUrl: optional(text),
  sizes: listOf(amount),
  payloads: optional(listOf(shape<BenchPayload>({ file: text, bytes: amount, sha256: text }))),
  text: flag,
  closing: oneOf('handshake', 'abrupt'),
  compression: flag,
  duration: amount,
  warmUp: amount,
  processes: amount,
  headers: listOf(pairOf(text, text)),
  subprotocols: listOf(text),
  ca: optional(text),
  cert: optional(text),
  key: optional(text),
  insecure: flag,
  pid: optional(amount),
  scenario: optional(scenarioOf),
});

const report: Reader<BenchReport> = shape<BenchReport>({
  format: oneOf('meerkat-bench'),
  version: oneOf(VERSION),
  meerkat: text,
  startedAt: text,
  machine: shape<BenchReport['machine']>({ cpu: text, cores: amount, node: text, platform: text }),
  plan,
  seconds: amount,
  interrupted: flag,
  endedEarly: optional(text),
  connections: shape<BenchReport['connections']>({
    opened: amount,
    refused: amount,
    lost: amount,
    peak: amount,
    compressed: amount,
  }),
  messages: shape<BenchReport['messages']>({
    sent: amount,
    received: amount,
    sentPerSecond: amount,
    receivedPerSecond: amount,
    bytesPerSecond: amount,
    missing: amount,
    wrong: amount,
  }),
  handshakesPerSecond: amount,
  latency: optional(latency),
  handshake: optional(latency),
  failures: listOf(
    shape<BenchReport['failures'][number]>({ kind: text, detail: text, count: amount }),
  ),
  samples: listOf(
    shape<BenchReport['samples'][number]>({
      at: amount,
      measured: flag,
      open: amount,
      handshakes: amount,
      sent: amount,
      received: amount,
      target: optional(amount),
      failures: amount,
      p50: optional(amount),
      p99: optional(amount),
      max: optional(amount),
      loadCpu: amount,
      serverCpu: optional(amount),
      serverRss: optional(amount),
    }),
  ),
  stages: optional(
    listOf(
      shape<BenchStage>({
        from: amount,
        to: amount,
        seconds: amount,
        sentPerSecond: amount,
        receivedPerSecond: amount,
        p50: optional(amount),
        p99: optional(amount),
        max: optional(amount),
      }),
    ),
  ),
  load: shape<BenchReport['load']>({
    processes: listOf(
      shape<LoadProcessUse>({ cpu: amount, starved: optional(amount), longestStall: amount }),
    ),
    timer: optional(oneOf('spin', 'timer')),
    late: amount,
    lateAfter: amount,
    dropped: amount,
    bottleneck: optional(text),
  }),
  server: optional(
    shape<NonNullable<BenchReport['server']>>({
      pid: amount,
      cpu: amount,
      cpuMicrosPerMessage: optional(amount),
      capacity: optional(amount),
      rssBefore: amount,
      rssAfter: amount,
      rssPeak: amount,
      rssPerConnection: optional((value, where) => {
        // Negative where the server gave memory back meanwhile.
        if (typeof value === 'number' && Number.isFinite(value)) return value;
        return amount(value, where);
      }),
    }),
  ),
});
