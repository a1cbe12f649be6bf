import { randomInt } from 'node:crypto';
import {
  type AgentReport,
  type BaselineComparison,
  compareWithBaseline,
  type EarlierReport,
  exitCodeOf,
  PatternError,
  type RunReport,
  runReport,
  type SelectedCases as Selection,
  selectCases,
  type Tested,
} from '@meerkat/conformance';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { Output } from '../terminal/output.ts';
import type { CheckFlags } from './check-flags.ts';
import { readEarlierReport } from './earlier-report.ts';
import { refuseIdleFlags } from './idle-flags.ts';
import { Interrupts } from './interrupts.ts';
import { type RunProgress, showProgress } from './progress.ts';
import { hasReportOnStdout, Reports } from './reports.ts';
import { runClients } from './run-clients.ts';
import { type RunOutcome, type RunSetup, runServers } from './run-servers.ts';
import { type ServerToCheck, serversToCheck } from './servers.ts';
import { failureWords, summaryText } from './summary-text.ts';

const MAX_SEED = 2_147_483_647;

/** What is tested: servers, or clients that a command starts or that come by themselves. */
type Subject =
  | { readonly tested: 'server'; readonly servers: readonly ServerToCheck[] }
  | { readonly tested: 'client'; readonly command: readonly string[] };

/**
 * Tests servers or clients, and tells what came of it. Everything that can be wrong with flags and files is noticed before.
 *
 * @param words - URLs, or the words of COMMAND.
 * @throws {@link CliError} with exit code 1 where something failed, 2 where it could not be run.
 */
export async function runCheck(
  words: readonly string[],
  flags: CheckFlags,
  context: CliContext,
): Promise<void> {
  const tested = flags.client === true ? 'client' : 'server';
  refuseIdleFlags(tested, flags);
  const selection = select(tested, flags);
  if (flags.list === true) {
    await list(selection, context);
    return;
  }
  const subject = subjectOf(tested, words, flags, context);
  await new Check(subject, selection, flags, context).run();
}

async function list({ cases }: Selection, { stdout }: CliContext): Promise<void> {
  const lines = cases.map(({ id, description }) => `${id}\t${oneLine(description)}\n`);
  await new Output(stdout).write(lines.join(''));
}

function subjectOf(
  tested: Tested,
  words: readonly string[],
  flags: CheckFlags,
  { env }: CliContext,
): Subject {
  if (tested === 'server') return { tested, servers: serversToCheck(words, flags, env) };
  if (words[0]?.includes('://') === true) {
    throw new CliError('--client tests clients, which dial by themselves: it takes no URL', 2);
  }
  return { tested, command: words };
}

/** @throws {@link CliError} with exit code 2 for patterns that fit nothing. */
function select(tested: Tested, { cases, exclude }: CheckFlags): Selection {
  try {
    return selectCases(tested, cases, exclude);
  } catch (error) {
    if (error instanceof PatternError) throw new CliError(error.message, 2, { cause: error });
    throw error;
  }
}

/** One run of the command. */
class Check {
  readonly #subject: Subject;
  readonly #selection: Selection;
  readonly #flags: CheckFlags;
  readonly #context: CliContext;
  readonly #output: Output;
  readonly #errors: Output;
  readonly #seed: number;
  readonly #started: string = new Date().toISOString();
  readonly #began: number = performance.now();
  /** The one that is shown now. */
  #progress: RunProgress | undefined;

  constructor(subject: Subject, selection: Selection, flags: CheckFlags, context: CliContext) {
    this.#subject = subject;
    this.#selection = selection;
    this.#flags = flags;
    this.#context = context;
    this.#output = new Output(context.stdout);
    this.#errors = new Output(context.stderr);
    this.#seed = flags.seed ?? randomInt(1, MAX_SEED);
  }

  async run(): Promise<void> {
    const reportOnStdout = hasReportOnStdout(this.#flags);
    const { baseline: file, compare = [] } = this.#flags;
    const earlier = file === undefined ? undefined : readEarlierReport('--baseline', file);
    const compared = compare.map((label) => ({
      label,
      report: readEarlierReport('--compare', label),
    }));
    const reports = await Reports.open(this.#flags, {
      tested: this.#subject.tested,
      html: { compare: compared },
      stdout: async (report) => await this.#output.write(report),
    });
    const interrupts = new Interrupts(this.#context, () => this.#sayEnding());
    try {
      const outcome = await this.#test(interrupts, reports);
      const run = this.#report(outcome.agents);
      const baseline = earlier && this.#compareWith(earlier, run);
      const summary = summaryText(
        run,
        baseline,
        reportOnStdout ? this.#context.stderr : this.#context.stdout,
        this.#context.env,
      );
      const writing = this.#write(run, summary, reports, reportOnStdout);
      await Promise.race([writing, interrupts.second]);
      this.#judge(run, outcome, baseline);
    } finally {
      interrupts.close();
      await reports.close();
    }
  }

  async #test(interrupts: Interrupts, reports: Reports): Promise<RunOutcome> {
    const { allowStop, cases, exclude, full, host, patience, pause, port, verbose } = this.#flags;
    const setup: RunSetup = {
      options: {
        ...(cases && { cases }),
        ...(exclude && { exclude }),
        ...(patience !== undefined && { patienceMs: patience }),
        ...(pause !== undefined && { pauseMs: pause }),
        full: full === true,
        seed: this.#seed,
      },
      interrupts,
      showProgress: () => this.#showProgress(),
      onResult: (result, { agent }) => reports.caseEnded(agent, result),
    };
    if (this.#subject.tested === 'server') return await runServers(this.#subject.servers, setup);
    const { command } = this.#subject;
    return await runClients(
      {
        ...setup,
        serve: {
          allowStop: allowStop === true,
          ...(host !== undefined && { host }),
          ...(port !== undefined && { port }),
        },
        command,
        verbose: verbose === true,
        onUpdateReports: (server) => reports.update(this.#report(server.agents())),
      },
      this.#context,
    );
  }

  #showProgress(): RunProgress {
    const ids = this.#selection.cases.map(({ id }) => id);
    this.#progress = showProgress({ ids, verbose: this.#flags.verbose === true }, this.#context);
    return this.#progress;
  }

  #sayEnding(): void {
    const open = this.#subject.tested === 'client' && this.#subject.command.length === 0;
    if (!open) this.#progress?.print('meerkat: ending; Ctrl-C again ends at once\n');
  }

  #report(agents: readonly AgentReport[]): RunReport {
    return runReport({
      agents,
      started: this.#started,
      duration: Math.round(performance.now() - this.#began),
      seed: this.#seed,
      full: this.#flags.full === true,
    });
  }

  #compareWith(earlier: EarlierReport, run: RunReport): BaselineComparison {
    const ids = new Set(this.#selection.cases.map(({ id }) => id));
    return compareWithBaseline(run, earlier, { selected: (id) => ids.has(id) });
  }

  /** A report that cannot be written does not keep the summary from being read. */
  async #write(
    run: RunReport,
    summary: string,
    reports: Reports,
    reportOnStdout: boolean,
  ): Promise<void> {
    await (reportOnStdout ? this.#errors : this.#output).write(summary);
    if (run.agents.length > 0) await reports.finish(run);
  }

  /** @throws {@link CliError} unless everything was run, and passes. */
  #judge(run: RunReport, outcome: RunOutcome, baseline: BaselineComparison | undefined): void {
    const { problems, untested } = outcome;
    const rule = { strict: this.#flags.strict === true, baseline };
    const failed = run.agents.length > 0 && exitCodeOf(run, rule) === 1;
    const words = [...problems, ...(failed ? [failureWords(run, rule)] : [])];
    if (untested && this.#subject.tested === 'server')
      words.push('"meerkat diagnose URL" says more');
    if (words.length > 0) throw new CliError(words.join('; '), untested ? 2 : 1);
  }
}
