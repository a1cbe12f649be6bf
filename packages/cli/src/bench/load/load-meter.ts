import type { BenchFailure } from '../bench-report.ts';
import { FailureCounts } from './failure-counts.ts';
import { LatencyRecorder, type RecordedTimes } from './latency-recorder.ts';
import { starvedSeconds } from './starvation.ts';

/** What one process did since it was last asked; travels to the process that started it. */
export interface LoadCounts {
  readonly seconds: number;
  /** Open now, and the most that were open at a time. */
  readonly open: number;
  readonly peak: number;
  readonly opened: number;
  /** Of those opened: with which the server agreed on compression. */
  readonly compressed: number;
  readonly refused: number;
  readonly lost: number;
  readonly sent: number;
  readonly received: number;
  /** Octets of payload received. */
  readonly bytes: number;
  readonly wrong: number;
  readonly late: number;
  /** Turns of a scenario with a rate: begun, and left out in the measured time. */
  readonly turnsBegun: number;
  readonly dropped: number;
  readonly latencies: RecordedTimes;
  readonly handshakes: RecordedTimes;
  readonly failures: readonly BenchFailure[];
  /** Seconds of processor time, without those spent waiting for the next message's time. */
  readonly cpu: number;
  /** Seconds for which no processor was free; undefined where that is not known. */
  readonly starved: number | undefined;
}

/** What every kind of load counts. */
export class LoadMeter {
  open = 0;
  peak = 0;
  opened = 0;
  compressed = 0;
  refused = 0;
  lost = 0;
  sent = 0;
  received = 0;
  bytes = 0;
  wrong = 0;
  late = 0;
  turnsBegun = 0;
  dropped = 0;
  /** Milliseconds of processor time spent on looking at the clock. */
  spun = 0;
  /** When the measured time began, by `performance.now()`; Infinity before. */
  measuredFrom: number = Number.POSITIVE_INFINITY;
  readonly #latencies = new LatencyRecorder();
  readonly #handshakes = new LatencyRecorder();
  readonly #failures = new FailureCounts();
  #since = performance.now();
  #cpu = process.cpuUsage();
  #starved = starvedSeconds();

  /** A connection is open. @param milliseconds - Since it was dialled. */
  handshake(milliseconds: number): void {
    this.opened += 1;
    this.open += 1;
    if (this.open > this.peak) this.peak = this.open;
    this.#handshakes.record(milliseconds, 1);
  }

  /** Messages came back, or whatever else is timed. */
  latency(milliseconds: number, count: number): void {
    this.#latencies.record(milliseconds, count);
  }

  fail(kind: string, detail: string, count = 1): void {
    this.#failures.add(kind, detail, count);
  }

  /** What happened since it was last taken. */
  take(): LoadCounts {
    const now = performance.now();
    const cpu = process.cpuUsage(this.#cpu);
    const starved = starvedSeconds();
    const seconds = (now - this.#since) / 1_000;
    const counts: LoadCounts = {
      seconds,
      open: this.open,
      peak: this.peak,
      opened: this.opened,
      compressed: this.compressed,
      refused: this.refused,
      lost: this.lost,
      sent: this.sent,
      received: this.received,
      bytes: this.bytes,
      wrong: this.wrong,
      late: this.late,
      turnsBegun: this.turnsBegun,
      dropped: this.dropped,
      latencies: this.#latencies.take(),
      handshakes: this.#handshakes.take(),
      failures: this.#failures.take(),
      cpu: Math.max(0, (cpu.user + cpu.system) / 1e6 - this.spun / 1_000),
      starved:
        starved === undefined || this.#starved === undefined ? undefined : starved - this.#starved,
    };
    this.#since = now;
    this.#cpu = process.cpuUsage();
    this.#starved = starved;
    this.opened = 0;
    this.compressed = 0;
    this.refused = 0;
    this.lost = 0;
    this.sent = 0;
    this.received = 0;
    this.bytes = 0;
    this.wrong = 0;
    this.late = 0;
    this.turnsBegun = 0;
    this.dropped = 0;
    this.spun = 0;
    return counts;
  }
}
