import type { BenchPlan } from '../../src/bench/bench-plan.ts';
import type { BenchReport, BenchSample, LatencySummary } from '../../src/bench/bench-report.ts';

/** A plan of an echo, but for what is given. */
export function planOf(given: Partial<BenchPlan> = {}): BenchPlan {
  return {
    url: 'ws://localhost:8000/websocket',
    mode: 'echo',
    connections: 100,
    ramp: 0,
    connecting: 100,
    connectTimeout: 10_000,
    depth: 1,
    rate: undefined,
    window: 8,
    publishUrl: undefined,
    sizes: [20],
    text: false,
    closing: 'handshake',
    compression: false,
    duration: 10_000,
    warmUp: 2_000,
    processes: 1,
    headers: [],
    subprotocols: [],
    ca: undefined,
    insecure: false,
    pid: undefined,
    scenario: undefined,
    ...given,
  };
}

/** A sample of a measured time, but for what is given. */
export function sampleOf(given: Partial<BenchSample> = {}): BenchSample {
  return {
    at: 1,
    measured: true,
    open: 100,
    handshakes: 0,
    sent: 98_000,
    received: 98_000,
    failures: 0,
    p50: 0.31,
    p99: 1.24,
    max: 18.2,
    loadCpu: 0.62,
    serverCpu: undefined,
    serverRss: undefined,
    ...given,
  };
}

/** Samples each half of a second over 2 s of warm-up and 10 s of measuring, which swing by 2 %. */
export function samplesOf(given: (at: number) => Partial<BenchSample> = () => ({})): BenchSample[] {
  return Array.from({ length: 24 }, (_, index) => {
    const at = (index + 1) / 2;
    const swing = 1 + 0.02 * Math.sin(index);
    return sampleOf({
      at,
      measured: at > 2,
      handshakes: at <= 0.5 ? 200 : 0,
      sent: 98_000 * swing,
      received: 98_000 * swing,
      p50: 0.31 / swing,
      p99: 1.24 / swing,
      ...given(at),
    });
  });
}

/** Times that grow by the percentile, scaled by `factor`. */
export function latencyOf(factor: number = 1): LatencySummary {
  const percentiles = { 50: 0.31, 75: 0.4, 90: 0.52, 95: 0.8, 99: 1.24, 99.9: 4.11, 99.99: 9.8 };
  return {
    count: 980_000,
    min: 0.08 * factor,
    mean: 0.36 * factor,
    stdDev: 0.2 * factor,
    max: 18.2 * factor,
    percentiles: Object.fromEntries(
      Object.entries(percentiles).map(([name, value]) => [name, value * factor]),
    ),
    curve: [
      [0, 0.08 * factor],
      ...Object.entries(percentiles)
        .map(([name, value]): [number, number] => [Number(name), value * factor])
        .sort(([one], [other]) => one - other),
      [100, 18.2 * factor],
    ],
  };
}

/** A load that had room, but for what is given. */
export function loadOf(given: Partial<BenchReport['load']> = {}): BenchReport['load'] {
  return {
    processes: [{ cpu: 0.62, starved: 0.01, longestStall: 3.1 }],
    timer: undefined,
    late: 0,
    lateAfter: 1,
    dropped: 0,
    bottleneck: undefined,
    ...given,
  };
}

/** A run in which nothing was wrong, but for what is given. */
export function reportOf(given: Partial<BenchReport> = {}): BenchReport {
  return {
    format: 'meerkat-bench',
    version: 1,
    meerkat: '0.1.0',
    startedAt: '2026-11-21T17:00:00.000Z',
    machine: { cpu: 'Some CPU', cores: 2, node: '20.20.0', platform: 'linux x64' },
    plan: planOf(),
    seconds: 10,
    interrupted: false,
    endedEarly: undefined,
    connections: { opened: 100, refused: 0, lost: 0, peak: 100, compressed: 0 },
    messages: {
      sent: 980_100,
      received: 980_000,
      sentPerSecond: 98_010,
      receivedPerSecond: 98_000,
      bytesPerSecond: 1_960_000,
      missing: 0,
      wrong: 0,
    },
    handshakesPerSecond: 0,
    latency: latencyOf(),
    handshake: latencyOf(4),
    failures: [],
    samples: samplesOf(),
    load: loadOf(),
    server: undefined,
    ...given,
  };
}

/** The same with what is known of a server on this machine. */
export function reportWithServer(given: Partial<BenchReport> = {}): BenchReport {
  return reportOf({
    plan: planOf({ pid: 4_711 }),
    samples: samplesOf((at) => ({ serverCpu: 0.98, serverRss: 60e6 + at * 1e6 })),
    server: {
      pid: 4_711,
      cpu: 0.98,
      cpuMicrosPerMessage: 10,
      capacity: 100_000,
      rssBefore: 60e6,
      rssAfter: 71e6,
      rssPeak: 72e6,
      rssPerConnection: 3_100,
    },
    ...given,
  });
}

const NOTHING = { sent: 0, received: 0, p50: undefined, p99: undefined, max: undefined };

/** Nothing was measured: it was interrupted before the first sample. */
export function emptyReport(): BenchReport {
  return reportOf({
    seconds: 0,
    interrupted: true,
    connections: { opened: 0, refused: 0, lost: 0, peak: 0, compressed: 0 },
    messages: NO_MESSAGES,
    latency: undefined,
    handshake: undefined,
    samples: [],
    load: loadOf({ processes: [] }),
  });
}

const NO_MESSAGES = {
  sent: 0,
  received: 0,
  sentPerSecond: 0,
  receivedPerSecond: 0,
  bytesPerSecond: 0,
  missing: 0,
  wrong: 0,
};

/** No connection was ever opened. */
export function failedReport(): BenchReport {
  return reportOf({
    seconds: 0,
    endedEarly: 'no connection could be opened',
    connections: { opened: 0, refused: 100, lost: 0, peak: 0, compressed: 0 },
    messages: NO_MESSAGES,
    latency: undefined,
    handshake: undefined,
    failures: [
      { kind: 'handshake', detail: '401 Unauthorized', count: 12 },
      { kind: 'connect', detail: 'ECONNREFUSED 127.0.0.1:8000', count: 88 },
    ],
    samples: [sampleOf({ at: 0.5, measured: false, open: 0, failures: 100, ...NOTHING })],
  });
}

/** The load was as busy as it could be. */
export function busyReport(): BenchReport {
  return reportOf({
    load: loadOf({
      processes: [{ cpu: 0.99, starved: 0, longestStall: 40 }],
      bottleneck: 'the only process that makes the load used 99 % of its core',
    }),
  });
}
