import { onTestFinished } from 'vitest';
import type { BenchPlan } from '../../../src/bench/bench-plan.ts';
import { findTarget } from '../../../src/bench/load/dial-target.ts';
import { LoadMeter } from '../../../src/bench/load/load-meter.ts';
import type { LoadShare } from '../../../src/bench/load/load-source.ts';
import { readScenario } from '../../../src/bench/scenario/read-scenario.ts';
import { ScenarioLoad } from '../../../src/bench/scenario/scenario-load.ts';

const PLAN: BenchPlan = {
  url: '',
  mode: 'scenario',
  connections: 1,
  ramp: 0,
  connecting: 100,
  connectTimeout: 5_000,
  depth: 1,
  rate: undefined,
  window: 1,
  publishUrl: undefined,
  sizes: [1],
  text: true,
  closing: 'handshake',
  compression: false,
  duration: 1_000,
  warmUp: 0,
  processes: 1,
  headers: [],
  subprotocols: [],
  ca: undefined,
  insecure: false,
  pid: undefined,
  scenario: undefined,
};

/** After so many nothing good will come. */
const MAX_FAILURES = 10;

/** What is different from one user who has a turn after the other. */
export interface Circumstances {
  readonly plan?: Partial<BenchPlan>;
  readonly share?: Partial<LoadShare>;
  readonly env?: Record<string, string>;
}

/** A meter that tells what it counts. */
class TellingMeter extends LoadMeter {
  readonly turns: number[] = [];
  readonly failures: string[] = [];
  counted: () => void = () => {};

  override latency(milliseconds: number): void {
    this.turns.push(milliseconds);
    this.counted();
  }

  override fail(kind: string, detail: string): void {
    this.failures.push(`${kind}: ${detail}`);
    this.counted();
  }
}

/** Runs a scenario, and stops it when `enough` says so, which is asked after each turn. */
export async function runScenario(
  url: string,
  text: string,
  enough: (meter: TellingMeter) => boolean,
  { plan = {}, share = {}, env = {} }: Circumstances = {},
): Promise<TellingMeter> {
  const meter = new TellingMeter();
  const whole = { ...PLAN, url, ...plan };
  const target = await findTarget(url);
  const load = new ScenarioLoad(
    {
      plan: whole,
      payloads: [],
      share: {
        index: 0,
        first: 0,
        connections: whole.connections,
        connecting: whole.connecting,
        rate: whole.rate,
        ...share,
      },
      target,
      publishTarget: target,
      meter,
      patience: 1_000,
    },
    readScenario(text, env),
    env,
  );
  onTestFinished(async () => void (await load.stop()));
  const done = new Promise<void>((resolve, reject) => {
    meter.counted = () => {
      if (enough(meter)) resolve();
      else if (meter.failures.length >= MAX_FAILURES) reject(new Error(meter.failures.join('\n')));
    };
  });
  done.catch(() => {}); // it may come before somebody waits for it
  await load.open();
  load.begin();
  await done;
  load.halt();
  await load.stop();
  return meter;
}
