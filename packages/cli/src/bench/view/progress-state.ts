import type { BenchPlan } from '../bench-plan.ts';
import type { BenchPhase, BenchSample } from '../bench-report.ts';

/** Seconds over which the figures that are shown are taken. */
const WINDOW = 1;
/** Milliseconds by which a sample may be late. */
const SLACK = 20;
/** Samples that are kept: as many as any terminal has room for. */
const MAX_KEPT = 400;

/** The figures of the last second. */
export interface RecentFigures {
  readonly open: number;
  /** A second. */
  readonly handshakes: number;
  readonly sent: number;
  readonly received: number;
  /** Where the rate has stages: what is to be sent a second. */
  readonly target: number | undefined;
  /** Milliseconds; of several samples the median one, the worst and the worst. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
  /** Share of a core; cores; octets. */
  readonly loadCpu: number;
  readonly serverCpu: number | undefined;
  readonly serverRss: number | undefined;
}

/** How far a run has come: what is shown of it, made of the samples that came. Bounded, however long it takes. */
export class ProgressState {
  readonly plan: BenchPlan;
  #phase: BenchPhase = 'opening';
  readonly #kept: BenchSample[] = [];
  #failures = 0;
  /** When measuring began, in seconds since the load began. */
  #measuredFrom: number | undefined;

  constructor(plan: BenchPlan) {
    this.plan = plan;
  }

  get phase(): BenchPhase {
    return this.#phase;
  }

  set phase(phase: BenchPhase) {
    this.#phase = phase;
  }

  /** In all, so far. */
  get failures(): number {
    return this.#failures;
  }

  /** Seconds since the load began. */
  get elapsed(): number {
    return this.#kept.at(-1)?.at ?? 0;
  }

  /** Seconds that it takes in all, as far as is known: how long the opening takes is not. */
  get total(): number {
    const { ramp, warmUp, duration } = this.plan;
    const from = this.#measuredFrom ?? (ramp + warmUp) / 1_000;
    return Math.max(from + duration / 1_000, this.elapsed);
  }

  /** Which stage of the rate is going on, from 1; undefined where there are none, or none has begun. */
  get stage(): number | undefined {
    const { stages } = this.plan;
    if (stages === undefined || this.#measuredFrom === undefined) return undefined;
    let left = (this.elapsed - this.#measuredFrom) * 1_000;
    // A sample ends where its stage does, or a moment later.
    const at = stages.findIndex(({ duration }) => {
      left -= duration;
      return left < SLACK && duration > 0;
    });
    return at < 0 ? stages.length : at + 1;
  }

  /** Received a second, sample by sample; where the run is about handshakes, those. */
  get rates(): number[] {
    const storm = this.plan.mode === 'connect' || this.plan.mode === 'idle';
    return this.#kept.map(({ received, handshakes }) => (storm ? handshakes : received));
  }

  add(sample: BenchSample): void {
    const before = this.elapsed;
    this.#failures += sample.failures;
    if (sample.measured) this.#measuredFrom ??= before;
    this.#kept.push(sample);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
  }

  /** Of the last second; undefined where no sample came. */
  get recent(): RecentFigures | undefined {
    const last = this.#kept.at(-1);
    if (last === undefined) return undefined;
    // Half of the shortest period is allowed for: samples are never exactly a second apart.
    const samples = this.#kept.filter(({ at }) => at > last.at - WINDOW + 0.1);
    return {
      open: last.open,
      handshakes: mean(samples.map(({ handshakes }) => handshakes)),
      sent: mean(samples.map(({ sent }) => sent)),
      received: mean(samples.map(({ received }) => received)),
      target: last.target,
      p50: median(samples.map(({ p50 }) => p50)),
      p99: greatest(samples.map(({ p99 }) => p99)),
      max: greatest(samples.map(({ max }) => max)),
      loadCpu: mean(samples.map(({ loadCpu }) => loadCpu)),
      serverCpu: optionalMean(samples.map(({ serverCpu }) => serverCpu)),
      serverRss: last.serverRss,
    };
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function optionalMean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : mean(known);
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((one, other) => one - other);
  return known[Math.floor(known.length / 2)];
}

function greatest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
