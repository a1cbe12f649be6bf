// Agents side by side: those of this run, and those of earlier ones.
import type { EarlierAgent, EarlierReport } from './read-index-json.ts';
import type { AgentReport, RunReport } from './result.ts';
import { sectionOf } from './sections.ts';
import { cellOf, type VerdictCell } from './verdict.ts';

/** An earlier run to stand beside this one. */
export interface ComparedReport {
  /** What it is called, for example its file's name. */
  readonly label: string;
  readonly report: EarlierReport;
}

/** One agent of a comparison. */
export interface ReportColumn {
  readonly name: string;
  /** What was tested, or which earlier report it is from. */
  readonly about: string;
  /** The agent's place in this run; undefined for one of an earlier run. */
  readonly index: number | undefined;
  /** What came of a case; undefined where nobody asked for it. */
  cell(id: string): VerdictCell | undefined;
  /** The case ids that it has a cell for. */
  readonly ids: readonly string[];
}

/** The columns of a report, this run's first. */
export function reportColumns(run: RunReport, compared: readonly ComparedReport[]): ReportColumn[] {
  return [
    ...run.agents.map(agentColumn),
    ...compared.flatMap(({ label, report }) =>
      report.agents.map((agent) => earlierColumn(label, agent)),
    ),
  ];
}

function agentColumn(agent: AgentReport, index: number): ReportColumn {
  const cells = new Map<string, VerdictCell>();
  for (const { id } of agent.notRun) cells.set(id, cellOf(undefined));
  for (const result of agent.results) cells.set(result.id, cellOf(result));
  const about = agent.url ?? (agent.tested === 'client' ? 'a client' : 'a server');
  return { name: agent.agent, about, index, cell: (id) => cells.get(id), ids: [...cells.keys()] };
}

/** index.json leaves out what was not run: a case is missing where others of its section are there. */
function earlierColumn(label: string, { agent, cases }: EarlierAgent): ReportColumn {
  const sections = new Set([...cases.keys()].map(sectionOf));
  return {
    name: agent,
    about: `earlier: ${label}`,
    index: undefined,
    cell: (id) => {
      const earlier = cases.get(id);
      return earlier === undefined && !sections.has(sectionOf(id)) ? undefined : cellOf(earlier);
    },
    ids: [...cases.keys()],
  };
}

/** Whether the columns that have a case disagree about it. */
export function differs(cells: readonly (VerdictCell | undefined)[]): boolean {
  const seen = new Set<string>();
  for (const cell of cells) if (cell !== undefined) seen.add(`${cell.label} ${cell.both}`);
  return seen.size > 1;
}
