// What a run came to, laid beside what a row of the fault tables says it must come to.
import {
  type AgentReport,
  type CaseResult,
  type Outcome,
  outcomeOf,
} from '../../src/report/result.ts';
import { type FaultRow, isIn } from './fault-row.ts';

/** Case ids by outcome; what passes, or is only observed, is left out. */
export interface Outcomes {
  readonly fail: readonly string[];
  readonly 'non-strict': readonly string[];
  readonly unimplemented: readonly string[];
  readonly notRun: readonly string[];
}

/**
 * What came of a run. A machine that is busy makes any peer late: only a row that is about that asks for it.
 */
export function outcomesIn(report: AgentReport, row?: FaultRow): Outcomes {
  const judged = ({ behavior, behaviorClose, findings }: CaseResult) =>
    outcomeOf({
      behavior,
      behaviorClose,
      findings: findings.filter(({ code }) => code !== 'LATE' || row?.finding === 'LATE'),
    });
  const having = (outcome: Outcome) =>
    report.results.filter((result) => judged(result) === outcome).map(({ id }) => id);
  return {
    fail: having('fail'),
    'non-strict': having('non-strict'),
    unimplemented: having('unimplemented'),
    notRun: report.notRun.map(({ id }) => id),
  };
}

/** What must come of it, for the same cases. */
export function outcomesFor(
  row: FaultRow & { readonly notRun?: readonly string[] },
  report: AgentReport,
): Outcomes {
  const ids = [...report.results, ...report.notRun].map(({ id }) => id);
  const listed = (patterns: readonly string[] = []) => ids.filter((id) => isIn(patterns, id));
  return {
    fail: listed(row.fails),
    'non-strict': listed(row.nonStrict),
    unimplemented: listed(row.unimplemented),
    notRun: listed(row.notRun),
  };
}

/** Patterns of a row that no case answered to: they would make its test say less than it seems to. */
export function unmetPatterns(row: FaultRow, report: AgentReport): string[] {
  const ids = [...report.results, ...report.notRun].map(({ id }) => id);
  const { cases, fails, nonStrict = [], unimplemented = [] } = row;
  return [...cases, ...fails, ...nonStrict, ...unimplemented].filter(
    (pattern) => !ids.some((id) => isIn([pattern], id)),
  );
}

/** Cases that fail without a finding of the row's kind. */
export function withoutFinding(row: FaultRow, results: readonly CaseResult[]): string[] {
  if (row.finding === undefined) return [];
  return results
    .filter(({ id }) => isIn(row.fails, id))
    .filter(({ findings }) => !findings.some(({ code }) => code === row.finding))
    .map(({ id }) => id);
}
