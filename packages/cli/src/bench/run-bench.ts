import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchPlan } from './bench-plan.ts';
import type { BenchPhase, BenchReport, BenchSample } from './bench-report.ts';
import { buildReport } from './load/build-report.ts';
import { findTarget } from './load/dial-target.ts';
import type { LoadCounts } from './load/load-meter.ts';
import type { LoadAnswer, LoadOrder } from './load/load-orders.ts';
import { LoadWorker } from './load/load-worker.ts';
import { RunTotals } from './load/run-totals.ts';
import { ServerWatch } from './load/server-watch.ts';
import { shares } from './load/shares.ts';
import { StageTotals } from './load/stage-totals.ts';

/** Who wants to know how a run goes. */
export interface BenchEvents {
  sample(sample: BenchSample): void;
  phase(phase: BenchPhase): void;
}

/** Time between samples, in milliseconds, */
const SAMPLE = 250;
/** and how many there are at most, about. */
const MOST_SAMPLES = 4_000;
const NONE_OPENED = 'no connection could be opened';
/** A storm that gets no connection for so long is over. */
const NO_HANDSHAKES = 3_000;

/**
 * Loads a server as planned. The load is made by processes of its own, so that what is shown meanwhile does not disturb it.
 *
 * A server that refuses, breaks the protocol or dies is no error: the report says so.
 *
 * @param signal - Ends the run early: the report says what was measured until then.
 * @param payloads - The octets of `plan.payloads`, in the same order.
 * @throws where the load cannot begin: a name that is unknown, a `pid` that cannot be read.
 */
export async function runBench(
  plan: BenchPlan,
  events: BenchEvents,
  signal: AbortSignal,
  payloads: readonly Uint8Array[] = [],
): Promise<BenchReport> {
  const target = await findTarget(plan.url);
  const publishTarget = plan.publishUrl === undefined ? target : await findTarget(plan.publishUrl);
  const run = new BenchRun(plan, events, signal);
  const orders = shares(plan).map(
    (share): LoadOrder => ({ order: 'start', plan, payloads, share, target, publishTarget }),
  );
  try {
    await run.load(orders);
    return run.report();
  } finally {
    await run.end();
  }
}

class BenchRun {
  readonly #plan: BenchPlan;
  readonly #events: BenchEvents;
  readonly #signal: AbortSignal;
  readonly #totals: RunTotals;
  readonly #server: ServerWatch | undefined;
  readonly #startedAt = new Date();
  readonly #interval: number;
  readonly #stages: StageTotals | undefined;
  /** When the first of them began. */
  #stagesBegan = Number.POSITIVE_INFINITY;
  #workers: LoadWorker[] = [];
  #began = performance.now();
  #openingSeconds = 0;
  #endedEarly: string | undefined;
  #lastHandshake = 0;

  constructor(plan: BenchPlan, events: BenchEvents, signal: AbortSignal) {
    this.#plan = plan;
    this.#events = events;
    this.#signal = signal;
    this.#totals = new RunTotals(plan.mode === 'connect');
    this.#server = plan.pid === undefined ? undefined : new ServerWatch(plan.pid);
    const { stages, mode } = plan;
    this.#stages = stages === undefined ? undefined : new StageTotals(stages, mode === 'scenario');
    this.#interval = Math.max(SAMPLE, (plan.ramp + plan.warmUp + plan.duration) / MOST_SAMPLES);
  }

  async load(orders: readonly LoadOrder[]): Promise<void> {
    const { warmUp, duration, mode } = this.#plan;
    this.#workers = orders.map(() => new LoadWorker());
    this.#events.phase('opening');
    await Promise.all(
      this.#workers.map((worker, index) => worker.tell(orders[index] as LoadOrder)),
    );
    this.#began = performance.now();
    await this.#openAll();
    this.#openingSeconds = this.#elapsed / 1_000;
    this.#server?.allOpen();
    // Where nothing is warmed up all counts, from the first message on.
    const warmsUp = warmUp > 0;
    if (!this.#over) {
      if (!warmsUp) await this.#measure();
      await this.#begin(!warmsUp);
      if (warmsUp) {
        this.#events.phase('warm-up');
        await this.#until(performance.now() + warmUp, false);
      }
    }
    if (!this.#over) {
      if (warmsUp) await this.#measure();
      await this.#until(performance.now() + duration, true);
      const answers = await this.#tell('halt', true);
      answers.forEach((answer, index) => {
        this.#totals.longestStalls[index] = answer?.longestStall ?? 0;
      });
      this.#server?.measured(mode === 'idle');
    }
    this.#events.phase('ending');
    const last = await this.#ask({ order: 'stop' });
    this.#totals.addLast(last, this.#plan.rate !== undefined);
    this.#stages?.addLast(countsOf(last));
  }

  report(): BenchReport {
    return buildReport({
      plan: this.#plan,
      totals: this.#totals,
      server: this.#server,
      startedAt: this.#startedAt,
      meerkat: version(),
      openingSeconds: this.#openingSeconds,
      interrupted: this.#signal.aborted,
      endedEarly: this.#signal.aborted ? undefined : this.#endedEarly,
      stages: this.#stages,
    });
  }

  /** Nothing that was started is left when it resolves. */
  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end()));
  }

  async #measure(): Promise<void> {
    await this.#tell('measure', false);
    this.#server?.measure();
    this.#events.phase('measuring');
  }

  async #begin(measured: boolean): Promise<void> {
    const before = performance.now();
    this.#stagesBegan = before;
    await this.#tell('begin', measured);
    // The processes began between the two.
    this.#stagesBegan = (before + performance.now()) / 2;
  }

  get #elapsed(): number {
    return performance.now() - this.#began;
  }

  get #over(): boolean {
    return this.#signal.aborted || this.#endedEarly !== undefined;
  }

  async #openAll(): Promise<void> {
    const { connections, connecting, mode } = this.#plan;
    // Of a broadcast it depends on who is still dialling: the publisher is one more.
    const hopeless =
      mode === 'broadcast' ? Number.POSITIVE_INFINITY : Math.min(connections, connecting);
    for (let step = FIRST_STEP; !this.#over; step = Math.min(step * 2, this.#interval)) {
      await this.#sleep(step);
      const answers = await this.#tell('count', false);
      const { opened, refused } = this.#totals;
      if (answers.every((answer) => answer === undefined || answer.full)) {
        // Users with a rate dial when their turn begins, and have no connection between turns.
        if (mode === 'scenario' && opened === 0 && refused > 0) this.#endedEarly ??= NONE_OPENED;
        else if (mode !== 'scenario' && mode !== 'connect') this.#lookWhoIsLeft();
        return;
      }
      if (opened === 0 && refused >= hopeless) this.#endedEarly ??= NONE_OPENED;
    }
  }

  async #until(time: number, measured: boolean): Promise<void> {
    for (;;) {
      const left = time - performance.now();
      if (left <= 0 || this.#over) return;
      await this.#sleep(Math.min(left, this.#interval, this.#stageLeft));
      // The last part of the measured time is told of when it ends.
      if (measured && time - performance.now() <= 0) return;
      await this.#tell('count', measured);
      this.#look();
    }
  }

  /** Milliseconds until the next stage of the rate begins: each has samples of its own. */
  get #stageLeft(): number {
    if (this.#stages === undefined) return Number.POSITIVE_INFINITY;
    const time = performance.now() - this.#stagesBegan;
    return this.#stages.endAfter(time) - time;
  }

  /** Whether there is anything left to load. */
  #look(): void {
    const { open, samples } = this.#totals;
    if (this.#workers.every((worker) => worker.failure !== undefined)) {
      this.#endedEarly ??= 'the processes of the load ended';
    } else if (this.#plan.mode !== 'connect') {
      if (this.#plan.mode !== 'scenario') this.#lookWhoIsLeft();
    } else {
      if ((samples.at(-1)?.handshakes ?? 0) > 0) this.#lastHandshake = this.#elapsed;
      if (this.#elapsed - this.#lastHandshake > NO_HANDSHAKES) {
        this.#endedEarly ??=
          open === 0
            ? `no connection could be opened for ${NO_HANDSHAKES / 1_000} s`
            : `no connection came to its end for ${NO_HANDSHAKES / 1_000} s: the server does not end them`;
      }
    }
  }

  /** Of connections that are opened once. */
  #lookWhoIsLeft(): void {
    const { open, opened } = this.#totals;
    // Who publishes is one of them, and is of no use alone.
    const publishers = this.#plan.mode === 'broadcast' ? 1 : 0;
    if (open > publishers) return;
    const who = open > 0 ? 'subscriber' : 'connection';
    this.#endedEarly ??= opened > open ? `no ${who} was left` : `no ${who} could be opened`;
  }

  async #tell(
    order: 'begin' | 'count' | 'measure' | 'halt',
    measured: boolean,
  ): Promise<readonly (LoadAnswer | undefined)[]> {
    const answers = await this.#ask({ order });
    const at = this.#elapsed / 1_000;
    const stageTime = performance.now() - this.#stagesBegan;
    const target = stageTime < 0 ? undefined : this.#stages?.add(countsOf(answers), stageTime);
    const sample = this.#totals.add(answers, at, measured, this.#server?.since(), target);
    if (sample !== undefined) this.#events.sample(sample);
    // Where none is left it is not the publisher's fault.
    if (order === 'count' && this.#totals.open > 0) {
      this.#endedEarly ??= answers.find((answer) => answer?.over !== undefined)?.over;
    }
    return answers;
  }

  async #ask(order: LoadOrder): Promise<readonly (LoadAnswer | undefined)[]> {
    const answers = await Promise.all(this.#workers.map((worker) => worker.tell(order)));
    for (const answer of answers) {
      if (answer?.failed !== undefined) this.#fail(answer.failed);
    }
    for (const { failure } of this.#workers) if (failure !== undefined) this.#fail(failure);
    return answers;
  }

  #fail(how: string): void {
    if (this.#signal.aborted) return; // what ends this process may have reached those too
    const detail = `a process that makes the load failed: ${how}`;
    if (!this.#totals.failures.list().some((failure) => failure.detail === detail)) {
      this.#totals.failures.add('load', detail);
    }
  }

  async #sleep(milliseconds: number): Promise<void> {
    try {
      await wait(milliseconds, undefined, { signal: this.#signal });
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }
}

/** Until it is first looked whether all connections are open, in milliseconds. */
const FIRST_STEP = 10;

function countsOf(answers: readonly (LoadAnswer | undefined)[]): LoadCounts[] {
  return answers.flatMap((answer) => (answer === undefined ? [] : [answer.counts]));
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
