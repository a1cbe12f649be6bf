// What several agents' reports are together.
import { readFileSync } from 'node:fs';
import { CASE_LIST } from '../cases/all-cases.ts';
import { CORPORA } from '../cases/corpora.ts';
import type { AgentReport, RunReport } from '../report/result.ts';

/** What a run was. */
export interface RunSummary {
  readonly agents: readonly AgentReport[];
  /** UTC, ISO 8601. */
  readonly started: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly seed: number;
  /** Whether it was run with `full`. */
  readonly full: boolean;
}

/** Puts agents that were tested alike into one report. */
export function runReport({ agents, started, duration, seed, full }: RunSummary): RunReport {
  return {
    generator: `meerkat ${version()}`,
    caseList: CASE_LIST,
    corpora: CORPORA,
    deflateMessages: full ? 1000 : 100,
    seed,
    started,
    duration,
    agents,
  };
}

function version(): string {
  // The same path from src/runner/ and from dist/runner/.
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
