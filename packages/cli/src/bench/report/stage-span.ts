import type { BenchReport } from '../bench-report.ts';

/** Seconds by which a sample may end after its stage. */
const SLACK = 0.02;

/**
 * Between which seconds since the load began the samples of a stage end: after the first, and up to the second.
 *
 * @param index - Of the stages of the report: those that take time.
 */
export function stageSpan(
  { plan, samples }: Pick<BenchReport, 'plan' | 'samples'>,
  index: number,
): readonly [from: number, to: number] {
  const lasting = (plan.stages ?? []).filter(({ duration }) => duration > 0);
  const first = samples.findIndex(({ measured }) => measured);
  const began = first < 0 ? 0 : (samples[first - 1]?.at ?? 0);
  const endOf = (count: number): number =>
    lasting.slice(0, count).reduce((sum, { duration }) => sum + duration / 1_000, began + SLACK);
  return [endOf(index), endOf(index + 1)];
}
