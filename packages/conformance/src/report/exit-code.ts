// Whether a run passes.
import type { BaselineComparison } from './baseline.ts';
import { outcomeOf, type RunReport } from './result.ts';

export interface PassRule {
  /** NON-STRICT and UNIMPLEMENTED fail too. */
  readonly strict?: boolean;
  /** Only what got worse since then, or is missing now, fails. */
  readonly baseline?: BaselineComparison | undefined;
}

/** 0: everything that was selected was run, and passes. 1: something does not. */
export function exitCodeOf(run: RunReport, rule: PassRule = {}): 0 | 1 {
  const { strict = false, baseline } = rule;
  if (baseline !== undefined) return baseline.worse.length + baseline.missing.length > 0 ? 1 : 0;
  return run.agents.length > 0 &&
    run.agents.every((agent) => {
      if (agent.notRun.length > 0 || agent.results.length === 0) return false;
      return agent.results.every((result) => {
        const outcome = outcomeOf(result);
        return outcome === 'pass' || outcome === 'info' || (!strict && outcome !== 'fail');
      });
    })
    ? 0
    : 1;
}
