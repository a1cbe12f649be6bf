import { setImmediate } from 'node:timers/promises';
import type { ConnectOptions, Message } from 'meerkat';
import type {
  BenchPlan,
  Scenario,
  ScenarioConnect,
  ScenarioExpectation,
  ScenarioStep,
} from '../bench-plan.ts';
import type { LoadMeter } from '../load/load-meter.ts';
import { dialOf } from './dial-options.ts';
import type { Gate } from './gate.ts';
import { expectedWords, match } from './matching.ts';
import type { MessageMaker } from './message-maker.ts';
import { Sleeper, type Woken } from './sleeper.ts';
import {
  dialFailure,
  endWords,
  type FailureKind,
  nothingWords,
  StepFailure,
  timeWords,
} from './step-failure.ts';
import type { TurnSchedule } from './turn-schedule.ts';
import { MAX_WAITING, UserConnection } from './user-connection.ts';

/** Longest wait for an expected message, unless the step says another. */
const DEFAULT_TIMEOUT = 5_000;
/** Longest wait for the server's Close frame. */
const CLOSE_TIMEOUT = 2_000;
/** Pause after a failed turn; it doubles with each further one, up to the last. */
const PAUSES = [50, 100, 200, 400, 800, 1_000];
/** Steps after which other users have their turn, whether or not one of them waited. */
const STEPS_AT_ONCE = 64;

/** What all users of a process share. */
export interface SharedByUsers {
  readonly plan: BenchPlan;
  readonly scenario: Scenario;
  readonly dial: ConnectOptions;
  readonly env: ReadonlyMap<string, unknown>;
  /** Whether any step of a turn expects a message: where none does they are not kept. */
  readonly keep: boolean;
  readonly gate: Gate;
  readonly messages: MessageMaker;
  readonly meter: LoadMeter;
  /** When turns begin; undefined: each after the one before. */
  readonly schedule: TurnSchedule | undefined;
  /** Told of each failed step. */
  readonly failed: (step: string, failure: StepFailure) => void;
}

/** Thrown through a turn when everything ends. */
const STOPPED = new Error('stopped');

/** One user: goes through the steps of a scenario, again and again, until it is stopped. */
export class ScenarioUser {
  readonly #shared: SharedByUsers;
  readonly #sleeper = new Sleeper();
  readonly #kept: Map<string, unknown>;
  #variables: Map<string, unknown>;
  #connection: UserConnection | undefined;
  #dialling: AbortController | undefined;
  /** Sent last: what an echo has to be. */
  #sent: Message | undefined;
  /** Milliseconds of this turn that its steps told it to wait. */
  #waited = 0;
  #steps = 0;
  #failures = 0;
  /** The step that is being done, for messages. */
  #step = '';
  #started: () => void = () => {};

  /** Resolves when the first connection is open or was refused. */
  readonly started: Promise<void>;

  /** @param number - Over all processes, from 1. */
  constructor(shared: SharedByUsers, number: number) {
    this.#shared = shared;
    this.#kept = new Map<string, unknown>([...shared.env, ['user', number], ['pass', 1]]);
    this.#variables = new Map(this.#kept);
    this.started = new Promise((resolve) => {
      this.#started = resolve;
    });
  }

  /** Resolves when it was stopped and its connection is gone. Never rejects. */
  async run(): Promise<void> {
    for (let iteration = 1; !this.#sleeper.stopped; iteration += 1) {
      this.#kept.set('iteration', iteration);
      const done = await this.#prepare();
      if (done) await this.#turn();
      this.#started();
      if (this.#failures > 0) {
        const pause = PAUSES[Math.min(this.#failures, PAUSES.length) - 1] ?? 0;
        await this.#sleeper.sleep(pause, false);
      }
    }
    this.#started();
  }

  /** Ends it, wherever it is. */
  stop(): void {
    this.#sleeper.stop();
    this.#dialling?.abort();
    if (this.#shared.plan.closing === 'abrupt') this.#connection?.terminate();
    else this.#connection?.close();
  }

  /** Ends its connection at once; for after {@link stop}. */
  terminate(): void {
    this.#connection?.terminate();
  }

  /** Resolves when nothing of it is open. */
  get gone(): Promise<unknown> {
    return this.#connection?.gone ?? Promise.resolve();
  }

  /** Does what comes before the first turn, and again after the connection was lost; false where that failed. */
  async #prepare(): Promise<boolean> {
    const { before } = this.#shared.scenario;
    this.#waited = 0;
    if (before === undefined) return true;
    if (this.#connection !== undefined && this.#connection.closed === undefined) return true;
    const done = await this.#attempt(async () => {
      if (this.#connection?.closed !== undefined) {
        this.#step = 'between turns';
        this.#fail('closed', this.#lost());
      }
      this.#variables = this.#kept;
      await this.#all(before, 'before ');
      if (!this.#shared.keep) this.#connection?.keepNoMore();
    });
    return done;
  }

  async #turn(): Promise<void> {
    const { scenario, schedule, meter } = this.#shared;
    let began = performance.now();
    if (schedule !== undefined) {
      this.#started();
      await schedule.begun;
      if (this.#sleeper.stopped) return;
      began = schedule.next();
      const early = began - performance.now();
      if (early > 0) await this.#sleeper.sleep(early, false);
      if (this.#sleeper.stopped) return;
      schedule.hasBegun(began);
    }
    this.#variables = new Map(this.#kept);
    this.#waited = 0;
    const done = await this.#attempt(async () => {
      this.#step = 'step 1';
      if (scenario.before === undefined && !begins(scenario.steps, 'connect')) await this.#open({});
      await this.#all(scenario.steps, '');
    });
    if (!done) return;
    meter.latency(performance.now() - began - this.#waited, 1);
    if (scenario.before !== undefined) return;
    await this.#attempt(async () => {
      this.#step = 'the end of the turn';
      await this.#end();
    });
  }

  /** Whether it was done to its end. What failed is told, and the connection dropped. */
  async #attempt(steps: () => Promise<void>): Promise<boolean> {
    try {
      await steps();
      this.#failures = 0;
      return true;
    } catch (error) {
      if (error === STOPPED) return false;
      this.#failures += 1;
      const failure = error instanceof StepFailure ? error : dialFailure(error);
      this.#shared.failed(this.#step, failure);
      await this.#drop();
      return false;
    }
  }

  async #all(steps: readonly ScenarioStep[], prefix: string): Promise<void> {
    for (const [at, step] of steps.entries()) {
      if (this.#sleeper.stopped) throw STOPPED;
      this.#steps += 1;
      if (this.#steps % STEPS_AT_ONCE === 0) await setImmediate();
      const number = `${prefix}${at + 1}`;
      const [name = ''] = Object.keys(step);
      this.#step = prefix.startsWith('before ')
        ? `before, step ${number.slice(7)} (${name})`
        : `step ${number} (${name})`;
      await this.#do(step, number);
    }
  }

  async #do(step: ScenarioStep, number: string): Promise<void> {
    if ('connect' in step) await this.#open(step.connect);
    else if ('send' in step) {
      const message = this.#shared.messages.make(step.send, this.#variables);
      this.#sent = message;
      if (!(await this.#connected().send(message))) this.#fail('closed', this.#lost());
    } else if ('expect' in step) await this.#expect(step.expect);
    else if ('wait' in step) await this.#wait(step.wait);
    else if ('close' in step) {
      this.#connected().close(step.close.code, step.close.reason);
      await this.#gone();
    } else await this.#repeat(step.repeat.times, step.repeat.steps, number);
  }

  async #repeat(times: number, steps: readonly ScenarioStep[], number: string): Promise<void> {
    const outer = this.#variables.get('pass');
    for (let pass = 1; pass <= times; pass += 1) {
      this.#variables.set('pass', pass);
      await this.#all(steps, `${number}.`);
    }
    this.#variables.set('pass', outer);
  }

  async #open(step: ScenarioConnect): Promise<void> {
    await this.#end();
    const { plan, scenario, dial, gate, meter, keep } = this.#shared;
    await gate.enter();
    try {
      if (this.#sleeper.stopped) throw STOPPED;
      this.#dialling = new AbortController();
      const { url, options: own } = dialOf(plan, step, this.#variables);
      const options = { ...dial, ...own, signal: this.#dialling.signal };
      this.#connection = await UserConnection.open(
        { url, options, keep: keep || scenario.before !== undefined },
        this.#sleeper,
        meter,
      );
    } catch (error) {
      if (this.#sleeper.stopped) throw STOPPED;
      meter.refused += 1;
      throw dialFailure(error);
    } finally {
      this.#dialling = undefined;
      gate.leave();
      this.#started();
    }
    if (this.#sleeper.stopped) {
      this.#connection.close();
      throw STOPPED;
    }
  }

  async #expect(expected: ScenarioExpectation): Promise<void> {
    const connection = this.#connected();
    const { timeout = DEFAULT_TIMEOUT, skip, close } = expected;
    const deadline = performance.now() + timeout;
    let passed = 0;
    for (;;) {
      const came = await connection.take(deadline - performance.now());
      const missed = connection.takeMissed();
      if (missed > 0 && skip !== true) {
        this.#fail(
          'expect',
          `${MAX_WAITING} messages waited for a step that expects them, and ${missed} before them were let go: expect more of them, or with skip`,
        );
      }
      passed += missed;
      if (came === 'stopped') throw STOPPED;
      if (came === 'time') this.#fail('timeout', nothingWords(expected, timeout, passed));
      if (came === 'closed') {
        if (close !== undefined && connection.closed?.code === close) {
          this.#connection = undefined;
          return;
        }
        this.#fail('closed', `${this.#lost()}, expected ${expectedWords(expected)}`);
      }
      const { message } = came as { message: Message };
      const result = match(message, expected, this.#variables, this.#sent);
      if ('captured' in result) {
        for (const [name, value] of result.captured) this.#variables.set(name, value);
        return;
      }
      if (skip !== true || result.endless === true) this.#fail('expect', result.reason);
      passed += 1;
    }
  }

  async #wait(range: number | readonly [number, number]): Promise<void> {
    const [from, to] = typeof range === 'number' ? [range, range] : range;
    const began = performance.now();
    const why: Woken = await this.#sleeper.sleep(from + Math.random() * (to - from), false);
    this.#waited += performance.now() - began;
    if (why === 'stopped') throw STOPPED;
    if (why === 'closed') this.#fail('closed', this.#lost());
  }

  /** Ends the connection, if there is one, and waits until it is gone. */
  async #end(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (connection.closed !== undefined) {
      // Nobody was at fault unless it is here before its time: a step that needs it says so.
      this.#connection = undefined;
      return;
    }
    if (this.#shared.plan.closing === 'abrupt') {
      await this.#drop();
      return;
    }
    connection.close();
    await this.#gone();
  }

  /** Ends the connection without a closing handshake. */
  async #drop(): Promise<void> {
    this.#connection?.terminate();
    await this.#connection?.gone;
    this.#connection = undefined;
  }

  /** Waits until the connection is gone, which began to close. */
  async #gone(): Promise<void> {
    const connection = this.#connection;
    if (connection?.closed === undefined) {
      const why = await this.#sleeper.sleep(CLOSE_TIMEOUT, false);
      if (why === 'stopped') throw STOPPED;
      if (why === 'time') {
        this.#fail('timeout', `no Close frame came in answer within ${timeWords(CLOSE_TIMEOUT)}`);
      }
    }
    this.#connection = undefined;
  }

  #connected(): UserConnection {
    return this.#connection ?? this.#fail('connect', 'there is no connection: connect comes first');
  }

  /** Counts a connection that ended before its time. */
  #lost(): string {
    const closed = this.#connection?.closed;
    if (closed === undefined)
      return 'the connection takes nothing any more: the server reads too slowly';
    this.#shared.meter.lost += 1;
    this.#connection = undefined;
    return endWords(closed);
  }

  #fail(kind: FailureKind, words: string): never {
    throw new StepFailure(kind, words);
  }
}

function begins(steps: readonly ScenarioStep[], name: string): boolean {
  const [first] = steps;
  if (first === undefined) return false;
  return name in first || ('repeat' in first && begins(first.repeat.steps, name));
}
