import {
  type AgentReport,
  type CaseResult,
  CheckError,
  checkServer,
  type Progress,
  type RunOptions,
} from '@meerkat/conformance';
import type { Interrupts } from './interrupts.ts';
import type { RunProgress } from './progress.ts';
import type { ServerToCheck } from './servers.ts';

/** What a run of either kind is given. */
export interface RunSetup {
  readonly options: RunOptions;
  readonly interrupts: Interrupts;
  /** Shows a run, until it is closed. */
  readonly showProgress: () => RunProgress;
  /** A case has ended. */
  readonly onResult: (result: CaseResult, progress: Progress) => void;
}

/** What came of a run. */
export interface RunOutcome {
  readonly agents: readonly AgentReport[];
  /** What went wrong beside the cases: a sentence each. */
  readonly problems: readonly string[];
  /** Whether that kept something from being tested at all. */
  readonly untested: boolean;
}

/**
 * Tests servers, one after the other; one that cannot be tested does not keep the next from being so.
 *
 * Rejects after a second interrupt.
 */
export async function runServers(
  servers: readonly ServerToCheck[],
  { options, interrupts, showProgress, onResult }: RunSetup,
): Promise<RunOutcome> {
  const agents: AgentReport[] = [];
  const problems: string[] = [];
  let untested = false;
  for (const server of servers) {
    if (interrupts.signal.aborted) {
      problems.push(`${nameOf(server)} was not tested: the run was ended before`);
      continue;
    }
    const progress = showProgress();
    const report = checkServer({
      ...options,
      ...server,
      signal: interrupts.signal,
      onNotice: (words) => progress.print(`${words}\n`),
      onResult: (result, place) => {
        onResult(result, place);
        progress.ended(result, place);
      },
    });
    try {
      agents.push(await Promise.race([report, interrupts.second]));
    } catch (error) {
      if (!(error instanceof CheckError)) throw error;
      untested = true;
      const { agent } = server;
      problems.push(agent === undefined ? error.message : `${agent}: ${error.message}`);
    } finally {
      progress.close();
    }
  }
  return { agents, problems, untested };
}

/** Without the query: it may hold a token. */
function nameOf({ agent, url }: ServerToCheck): string {
  return agent ?? `${url.protocol}//${url.host}${url.pathname}`;
}
