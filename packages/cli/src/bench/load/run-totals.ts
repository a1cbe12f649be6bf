import type { BenchSample } from '../bench-report.ts';
import { FailureCounts } from './failure-counts.ts';
import { LatencyTotals } from './latency-totals.ts';
import type { LoadCounts } from './load-meter.ts';
import type { LoadAnswer } from './load-orders.ts';

/** Seconds that a sample has at least: between two phases it may be a moment, in which nothing came. */
const SHORTEST = 0.005;

/** What the server used between two samples. */
export interface ServerUse {
  /** Cores in use. */
  readonly cpu: number;
  /** Octets. */
  readonly rss: number;
}

/** What all processes of a load did, from its beginning. */
export class RunTotals {
  readonly latency: LatencyTotals = new LatencyTotals();
  readonly handshake: LatencyTotals = new LatencyTotals();
  readonly failures: FailureCounts = new FailureCounts();
  readonly samples: BenchSample[] = [];
  opened = 0;
  compressed = 0;
  refused = 0;
  lost = 0;
  peak = 0;
  open = 0;
  wrong = 0;
  missing = 0;
  /** In the measured time: */
  seconds = 0;
  sent = 0;
  received = 0;
  bytes = 0;
  handshakes = 0;
  late = 0;
  turnsBegun = 0;
  dropped = 0;
  /** Of each process, in the measured time. */
  readonly cpu: number[] = [];
  readonly starved: (number | undefined)[] = [];
  readonly longestStalls: number[] = [];
  /** Only handshakes of the measured time count. */
  readonly #storm: boolean;

  constructor(storm: boolean) {
    this.#storm = storm;
  }

  /**
   * Adds what the processes did since the last time.
   *
   * @param at - Seconds since the load began.
   * @param measured - Whether it is part of the measured time.
   * @param target - See `BenchSample.target`.
   * @returns Undefined where the time was too short to say a rate: it is counted all the same.
   */
  add(
    answers: readonly (LoadAnswer | undefined)[],
    at: number,
    measured: boolean,
    server: ServerUse | undefined,
    target?: number,
  ): BenchSample | undefined {
    const short = new LatencyTotals();
    const rates = { handshakes: 0, sent: 0, received: 0 };
    let seconds = 0;
    let failures = 0;
    let loadCpu = 0;
    let peak = 0;
    this.open = 0;
    answers.forEach((answer, index) => {
      if (answer === undefined) return;
      const { counts } = answer;
      this.#addAlways(counts);
      if (measured) this.#addMeasured(counts, index);
      if (measured || !this.#storm) this.handshake.add(counts.handshakes);
      short.add(counts.latencies);
      this.open += counts.open;
      peak += counts.peak;
      seconds = Math.max(seconds, counts.seconds);
      loadCpu = Math.max(loadCpu, counts.cpu / counts.seconds);
      rates.handshakes += counts.opened / counts.seconds;
      rates.sent += counts.sent / counts.seconds;
      rates.received += counts.received / counts.seconds;
      failures += counts.failures.reduce((sum, { count }) => sum + count, 0);
    });
    this.peak = Math.max(this.peak, peak);
    if (measured) this.seconds += seconds;
    if (seconds < SHORTEST) return undefined;
    const sample: BenchSample = {
      at,
      measured,
      open: this.open,
      ...rates,
      ...(target === undefined ? {} : { target }),
      failures,
      p50: short.at(50),
      p99: short.at(99),
      max: short.at(100),
      loadCpu,
      serverCpu: server?.cpu,
      serverRss: server?.rss,
    };
    this.samples.push(sample);
    return sample;
  }

  /** Adds what came after the measured time. @param timed - Whether what took so long belongs to it all the same. */
  addLast(answers: readonly (LoadAnswer | undefined)[], timed: boolean): void {
    for (const answer of answers) {
      if (answer === undefined) continue;
      this.#addAlways(answer.counts);
      this.missing += answer.missing;
      if (timed) this.latency.add(answer.counts.latencies);
    }
  }

  #addAlways(counts: LoadCounts): void {
    this.opened += counts.opened;
    this.compressed += counts.compressed;
    this.refused += counts.refused;
    this.lost += counts.lost;
    this.wrong += counts.wrong;
    for (const { kind, detail, count } of counts.failures) this.failures.add(kind, detail, count);
  }

  #addMeasured(counts: LoadCounts, index: number): void {
    this.sent += counts.sent;
    this.received += counts.received;
    this.bytes += counts.bytes;
    this.handshakes += counts.opened;
    this.late += counts.late;
    this.turnsBegun += counts.turnsBegun;
    this.dropped += counts.dropped;
    this.cpu[index] = (this.cpu[index] ?? 0) + counts.cpu;
    if (counts.starved !== undefined) {
      this.starved[index] = (this.starved[index] ?? 0) + counts.starved;
    }
    this.latency.add(counts.latencies);
  }
}
