import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario, ScenarioStep } from '../bench-plan.ts';
import type { LoadSetup, LoadSource } from '../load/load-source.ts';
import { paceOf } from '../load/pace.ts';
import { commonOptions } from './dial-options.ts';
import { Gate } from './gate.ts';
import { MessageMaker } from './message-maker.ts';
import { ScenarioUser, type SharedByUsers } from './scenario-user.ts';
import type { StepFailure } from './step-failure.ts';
import { TurnSchedule } from './turn-schedule.ts';

/** Users who go through a scenario: the load of mode `scenario`. */
export class ScenarioLoad implements LoadSource {
  readonly #setup: LoadSetup;
  readonly #users: ScenarioUser[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #gate: Gate;
  readonly #schedule: TurnSchedule | undefined;
  readonly #shared: SharedByUsers;
  /** The words that a failure is counted by: those of the first of its kind at that step. */
  readonly #words = new Map<string, string>();
  #stopped = false;
  readonly #halting = new AbortController();

  /**
   * @param scenario - As `readScenario` gives it.
   * @param env - What `${env.NAME}` stands for.
   */
  constructor(
    setup: LoadSetup,
    scenario: Scenario,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    const { plan, share, target, meter } = setup;
    this.#setup = setup;
    this.#gate = new Gate(share.connecting);
    const pace = paceOf(share);
    this.#schedule = pace === undefined ? undefined : new TurnSchedule(pace, meter);
    this.#shared = {
      plan,
      scenario,
      dial: commonOptions(plan, target),
      env: new Map(environmentOf(scenario).map((name) => [`env.${name}`, env[name] ?? ''])),
      keep: expects(scenario.steps),
      gate: this.#gate,
      messages: new MessageMaker(),
      meter,
      schedule: this.#schedule,
      failed: (step, failure) => this.#count(step, failure),
    };
  }

  /** Lets users in, evenly over the ramp. Those who are in go on with their turns, unless turns have a rate. */
  async open(): Promise<void> {
    const { plan, share } = this.#setup;
    const began = performance.now();
    for (let index = 0; index < share.connections && !this.#stopped; index += 1) {
      const due = began + (plan.ramp * index) / share.connections;
      const early = due - performance.now();
      if (early > 0) await sleep(early, undefined, this.#halting).catch(() => {}); // it is over
      if (this.#stopped) break;
      const user = new ScenarioUser(this.#shared, share.first + index + 1);
      this.#users.push(user);
      this.#running.push(user.run());
    }
    await Promise.all(this.#users.map((user) => user.started));
  }

  begin(): void {
    this.#schedule?.begin(performance.now());
  }

  halt(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#schedule?.halt(performance.now());
    this.#halting.abort();
    for (const user of this.#users) user.stop();
    this.#gate.open();
    this.#schedule?.begin(0);
  }

  async stop(): Promise<number> {
    this.halt();
    const leaving = new AbortController();
    await Promise.race([
      Promise.all(this.#users.map((user) => user.gone)),
      sleep(this.#setup.patience, undefined, leaving).catch(() => {}), // ended by us
    ]);
    leaving.abort();
    for (const user of this.#users) user.terminate();
    await Promise.all(this.#running);
    return 0; // a turn that was under way is not counted, and so misses nothing
  }

  #count(step: string, { kind, message }: StepFailure): void {
    // What came differs from user to user: told apart, each would be a failure of its own.
    const key = `${kind} ${step}`;
    const words = this.#words.get(key) ?? `${step}: ${message}`;
    this.#words.set(key, words);
    this.#setup.meter.fail(kind, words);
  }
}

/** The names of the environment that a scenario uses. */
function environmentOf(scenario: Scenario): readonly string[] {
  const names = JSON.stringify(scenario).matchAll(/\$\{env\.(\w+)\}/g);
  return [...new Set([...names].map(([, name = '']) => name))];
}

function expects(steps: readonly ScenarioStep[]): boolean {
  return steps.some((step) => 'expect' in step || ('repeat' in step && expects(step.repeat.steps)));
}
