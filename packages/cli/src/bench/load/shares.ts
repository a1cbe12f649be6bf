import type { BenchPlan } from '../bench-plan.ts';
import type { LoadShare } from './load-source.ts';

/** Splits a plan among its processes, as evenly as it goes. None is without a connection. */
export function shares(plan: BenchPlan): LoadShare[] {
  const { connections, connecting, rate, stages } = plan;
  const count = Math.max(1, Math.min(plan.processes, connections));
  const split = (whole: number, index: number): number =>
    Math.floor((whole * (index + 1)) / count) - Math.floor((whole * index) / count);
  return Array.from({ length: count }, (_, index) => {
    const part = split(connections, index) / connections;
    return {
      index,
      first: Math.floor((connections * index) / count),
      connections: split(connections, index),
      connecting: Math.max(1, split(connecting, index)),
      rate: rate === undefined ? undefined : rate * part,
      stages: stages?.map(({ duration, target }) => ({ duration, target: target * part })),
    };
  });
}
