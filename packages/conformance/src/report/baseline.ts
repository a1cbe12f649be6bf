// A run against an earlier one: only what got worse counts.
import type { EarlierAgent, EarlierCase, EarlierReport } from './read-index-json.ts';
import type { AgentReport, CaseResult, RunReport } from './result.ts';
import { cellOf, rankOf } from './verdict.ts';

/** A case that came out otherwise than before. Verdicts are as in a report: `FAILED / UNCLEAN`. */
export interface BaselineChange {
  readonly agent: string;
  readonly id: string;
  /** Null where the baseline does not have the case. */
  readonly before: string | null;
  /** Null where it was not run now. */
  readonly now: string | null;
  /** Codes of findings that the baseline does not have. */
  readonly findings: readonly string[];
}

export interface BaselineComparison {
  readonly worse: readonly BaselineChange[];
  readonly better: readonly BaselineChange[];
  /** In the baseline, and not a part of this run. */
  readonly missing: readonly BaselineChange[];
}

export interface BaselineOptions {
  /** Whether a case was to be run: others of the baseline are not missed. Default: all were. */
  readonly selected?: (id: string) => boolean;
}

/**
 * Compares a run with an earlier one. Agents are the same when their names are; where both have only one, whatever it is called,
 * since servers have their version in the name.
 *
 * Verdicts are worse in the order OK and INFORMATIONAL, NON-STRICT, UNIMPLEMENTED, the failing ones; each of the two is
 * compared for itself. A finding is worse where the baseline looked for findings, and a new case where it fails.
 */
export function compareWithBaseline(
  run: RunReport,
  baseline: EarlierReport,
  options: BaselineOptions = {},
): BaselineComparison {
  const selected = options.selected ?? (() => true);
  const worse: BaselineChange[] = [];
  const better: BaselineChange[] = [];
  const missing: BaselineChange[] = [];
  const found = new Set<EarlierAgent>();
  for (const agent of run.agents) {
    const before = earlierOf(agent, run, baseline);
    if (before !== undefined) found.add(before);
    for (const result of agent.results) {
      const change = changeOf(agent.agent, result, before?.cases.get(result.id));
      if (change.verdict === 'worse') worse.push(change.change);
      if (change.verdict === 'better') better.push(change.change);
    }
    for (const { id } of agent.notRun) worse.push(absent(agent.agent, id, before?.cases.get(id)));
    if (before !== undefined) missing.push(...missingOf(agent, before, selected));
  }
  for (const agent of baseline.agents) {
    if (!found.has(agent))
      missing.push(...missingOf({ ...agent, results: [], notRun: [] }, agent, selected));
  }
  return { worse, better, missing };
}

function earlierOf(
  agent: AgentReport,
  run: RunReport,
  baseline: EarlierReport,
): EarlierAgent | undefined {
  const [only, ...others] = baseline.agents;
  if (run.agents.length === 1 && others.length === 0) return only;
  return baseline.agents.find((earlier) => earlier.agent === agent.agent);
}

interface Compared {
  readonly verdict: 'worse' | 'better' | 'same';
  readonly change: BaselineChange;
}

function changeOf(agent: string, result: CaseResult, before: EarlierCase | undefined): Compared {
  const now = cellOf(result);
  const findings = newFindings(result, before);
  const change: BaselineChange = {
    agent,
    id: result.id,
    before: before === undefined ? null : cellOf(before).both,
    now: now.both,
    findings,
  };
  if (before === undefined) return { verdict: now.outcome === 'fail' ? 'worse' : 'same', change };
  const behavior = rankOf(result.behavior) - rankOf(before.behavior);
  const closing = rankOf(result.behaviorClose) - rankOf(before.behaviorClose);
  const gone = (before.findings?.length ?? 0) > 0 && result.findings.length === 0;
  if (behavior > 0 || closing > 0 || findings.length > 0) return { verdict: 'worse', change };
  return { verdict: behavior < 0 || closing < 0 || gone ? 'better' : 'same', change };
}

/** What the baseline did not look for cannot have got worse. */
function newFindings(result: CaseResult, before: EarlierCase | undefined): string[] {
  if (before !== undefined && before.findings === null) return [];
  const known = new Set(before?.findings?.map(({ code }) => code));
  return [...new Set(result.findings.map(({ code }) => code))].filter((code) => !known.has(code));
}

function missingOf(
  agent: Pick<AgentReport, 'agent' | 'results' | 'notRun'>,
  before: EarlierAgent,
  selected: (id: string) => boolean,
): BaselineChange[] {
  const seen = new Set([...agent.results, ...agent.notRun].map(({ id }) => id));
  return [...before.cases.values()]
    .filter(({ id }) => !seen.has(id) && selected(id))
    .map((earlier) => absent(agent.agent, earlier.id, earlier));
}

function absent(agent: string, id: string, before: EarlierCase | undefined): BaselineChange {
  const words = before === undefined ? null : cellOf(before).both;
  return { agent, id, before: words, now: null, findings: [] };
}
