import { onTestFinished } from 'vitest';
import type { BenchPlan } from '../../src/bench/bench-plan.ts';
import type { BenchFailure } from '../../src/bench/bench-report.ts';
import { findTarget } from '../../src/bench/load/dial-target.ts';
import { type LoadCounts, LoadMeter } from '../../src/bench/load/load-meter.ts';
import type { LoadSource } from '../../src/bench/load/load-source.ts';
import { openLoad } from '../../src/bench/load/open-load.ts';
import { shares } from '../../src/bench/load/shares.ts';
import { planOf } from './reports.ts';

/** A load that is made by the process of the test. */
export interface Loading {
  readonly source: LoadSource;
  readonly meter: LoadMeter;
  /** What happened since the load began, or since this was last asked. */
  counts(): LoadCounts;
  /** Resolves when that many messages have come. */
  received(count: number): Promise<void>;
}

/**
 * Opens the load of a plan with one process; it ends with the test.
 *
 * @param patience - How long is waited at the end for what is on its way.
 * @param payloads - What is sent, in place of made-up payloads.
 */
export async function startLoad(
  given: Partial<BenchPlan> & { url: string },
  patience: number = 2_000,
  payloads: readonly Uint8Array[] = [],
): Promise<Loading> {
  const files = payloads.length === 0 ? {} : { sizes: payloads.map(({ length }) => length) };
  const plan = planOf({ connections: 2, ...files, ...given });
  const target = await findTarget(plan.url);
  const publishTarget = plan.publishUrl === undefined ? target : await findTarget(plan.publishUrl);
  const meter = new LoadMeter();
  const [share] = shares({ ...plan, processes: 1 });
  if (share === undefined) throw new Error('a plan without a share');
  const source = await openLoad({ plan, payloads, share, target, publishTarget, meter, patience });
  onTestFinished(() => void source.stop());
  return {
    source,
    meter,
    counts: () => meter.take(),
    received: (count) => until(() => meter.received >= count),
  };
}

/** Resolves when it holds; the test's own time is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** Failures as "kind: detail", the most frequent first. */
export function words(failures: readonly BenchFailure[]): string[] {
  return failures.map(({ kind, detail }) => `${kind}: ${detail}`);
}
