import type { RateStage } from '../bench-plan.ts';
import type { BenchStage } from '../bench-report.ts';
import type { RecordedTimes } from './latency-recorder.ts';
import { LatencyTotals } from './latency-totals.ts';
import type { LoadCounts } from './load-meter.ts';
import { StagedPace } from './pace.ts';

/** One stage, as it goes on. */
interface Running {
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly latency: LatencyTotals;
  seconds: number;
  sent: number;
  received: number;
}

/** What was done in each stage of a rate: samples are told to the stage in which they lie. */
export class StageTotals {
  readonly #pace: StagedPace;
  readonly #turns: boolean;
  readonly #stages: readonly Running[];
  #last = 0;

  /** @param turns - Whether turns of a scenario are counted, in place of messages. */
  constructor(stages: readonly RateStage[], turns: boolean) {
    this.#pace = new StagedPace(stages);
    this.#turns = turns;
    const running: Running[] = [];
    let [end, from] = [0, 0];
    for (const { duration, target: to } of stages) {
      end += duration;
      const latency = new LatencyTotals();
      if (duration > 0) {
        running.push({ end, from, to, latency, seconds: 0, sent: 0, received: 0 });
      }
      from = to;
    }
    this.#stages = running;
  }

  /** When the next stage begins after `time`, in milliseconds since the first began; Infinity after the last. */
  endAfter(time: number): number {
    return this.#stages.find(({ end }) => end > time)?.end ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Adds what the processes did since the last time.
   *
   * @param time - Milliseconds since the first stage began.
   * @returns What was to be sent a second meanwhile, on the average; undefined where no time has passed.
   */
  add(counts: readonly LoadCounts[], time: number): number | undefined {
    const from = this.#last;
    const passed = Math.max(0, time - from);
    this.#last = from + passed;
    // By its middle: it may reach a moment into the next.
    const stage = this.#stageAt((from + time) / 2);
    if (stage !== undefined) {
      stage.seconds += passed / 1_000;
      for (const { sent, received, turnsBegun, latencies } of counts) {
        stage.sent += this.#turns ? turnsBegun : sent;
        stage.received += this.#turns ? timed(latencies) : received;
        stage.latency.add(latencies);
      }
    }
    if (passed === 0) return undefined;
    return ((this.#pace.count(time) - this.#pace.count(from)) * 1_000) / passed;
  }

  /** Adds the times of what came when all were over, to the stage that was the last. */
  addLast(counts: readonly LoadCounts[]): void {
    for (const { latencies } of counts) this.#stageAt(this.#last)?.latency.add(latencies);
  }

  /** The stages that have begun. */
  report(): BenchStage[] {
    return this.#stages
      .filter(({ seconds }) => seconds > 0)
      .map(({ from, to, seconds, sent, received, latency }) => ({
        from,
        to,
        seconds,
        sentPerSecond: sent / seconds,
        receivedPerSecond: received / seconds,
        p50: latency.at(50),
        p99: latency.at(99),
        max: latency.at(100),
      }));
  }

  #stageAt(time: number): Running | undefined {
    return this.#stages.find(({ end }) => time < end) ?? this.#stages.at(-1);
  }
}

/** How many were timed: each turn that came to its end is. */
function timed(times: RecordedTimes): number {
  return times.reduce((sum, value, at) => (at % 2 === 1 ? sum + value : sum), 0);
}
