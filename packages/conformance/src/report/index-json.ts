// index.json in the shape that existing tools read: agent, case, verdicts.
import { AgentNames, caseFileName } from './agent-names.ts';
import type { AgentReport, CaseResult, RunReport } from './result.ts';

/**
 * Writes the verdicts of a run as index.json. Cases that were not run are absent. What the usual shape has no room for stands
 * in the field `meerkat` of each case.
 */
export function indexJson(run: RunReport): string {
  const names = new AgentNames();
  const agents = run.agents.map((agent) => {
    const { key, slug } = names.add(agent.agent);
    return [key, casesOf(agent, slug, run)] as const;
  });
  return `${JSON.stringify(Object.fromEntries(agents), null, 3)}\n`;
}

function casesOf(agent: AgentReport, slug: string, run: RunReport): Record<string, unknown> {
  return Object.fromEntries(
    agent.results.map((result) => [result.id, caseEntry(result, slug, run)] as const),
  );
}

function caseEntry(result: CaseResult, slug: string, run: RunReport): Record<string, unknown> {
  const { behavior, behaviorClose, duration, remoteCloseCode, findings, notes } = result;
  const reportfile = caseFileName(slug, result.id);
  const meerkat = { caseList: run.caseList, findings, ...(notes.length > 0 ? { notes } : {}) };
  return { behavior, behaviorClose, duration, remoteCloseCode, reportfile, meerkat };
}
