import { Interrupts } from '../check/interrupts.ts';
import { openReportFile, type ReportFile } from '../check/report-file.ts';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { Output } from '../terminal/output.ts';
import type { BenchFlags } from './bench-flags.ts';
import type { BenchPlan } from './bench-plan.ts';
import type { BenchReport, BenchVerdict } from './bench-report.ts';
import { benchSetup } from './bench-setup.ts';
import { type PayloadFile, readPayloadFiles, withPayloads } from './payload-files.ts';
import { isPublicHost } from './public-host.ts';
import { compareReports } from './report/compare-reports.ts';
import { comparisonText, verdictText } from './report/comparison-text.ts';
import { judge } from './report/judge.ts';
import { reportJson } from './report/public-report.ts';
import { lookFor } from './report/report-look.ts';
import { endsNoTurn } from './report/report-warnings.ts';
import { summaryText } from './report/summary-text.ts';
import { runBench } from './run-bench.ts';
import { type LiveView, showLive } from './view/live-view.ts';

/**
 * Loads a server, and tells what came of it. Everything that can be wrong with flags and files is noticed before.
 *
 * @throws {@link CliError} with exit code 1 where the server did not do what was asked of it, 2 for wrong usage.
 */
export async function runBenchCommand(
  url: string,
  flags: BenchFlags,
  context: CliContext,
): Promise<void> {
  const { plan: planned, thresholds, earlier } = benchSetup(url, flags, context.env);
  const payloads = await readPayloadFiles(flags.payload ?? [], planned.text);
  const plan = withPayloads(planned, payloads);
  const files = await openReports(flags);
  const { stdout, stderr, env } = context;
  const errors = new Output(stderr);
  let live: LiveView | undefined;
  const interrupts = new Interrupts(context, () =>
    live?.print('meerkat: ending; Ctrl-C again ends at once\n'),
  );
  try {
    await warn(plan, errors);
    live = showLive(plan, context, { quiet: flags.quiet === true });
    const running = run(plan, payloads, live, interrupts.signal);
    const report = await Promise.race([running, interrupts.second]);
    live.close();
    const comparison = earlier && compareReports(report, earlier);
    const verdicts = judge(report, thresholds, comparison);
    const onStdout = flags.json === '-' || flags.html === '-';
    const look = lookFor(onStdout ? stderr : stdout, env);
    const parts = [
      summaryText(report, look),
      comparison === undefined ? '' : comparisonText(comparison, look),
      verdictText(verdicts, look),
    ];
    const output = new Output(stdout);
    await (onStdout ? errors : output).write(parts.filter((part) => part !== '').join('\n'));
    const writing = writeReports({ files, flags, output, report, earlier, verdicts });
    await Promise.race([writing, interrupts.second]);
    refuse(report, verdicts);
  } finally {
    live?.close();
    interrupts.close();
    await Promise.all([files.json?.close(), files.html?.close()]);
  }
}

/** Who has something to lose by a load should know, and know who does it. */
async function warn(plan: BenchPlan, errors: Output): Promise<void> {
  const hosts = [plan.url, plan.publishUrl ?? plan.url].map((url) => new URL(url).hostname);
  for (const host of new Set(hosts)) {
    if (!(await isPublicHost(host))) continue;
    await errors.write(
      `meerkat: ${host} is neither this machine nor in a private network. This puts load on it that may look like an attack: do it only where it is yours, or you were asked to.\n`,
    );
  }
}

/** @throws {@link CliError} where the load cannot begin. */
async function run(
  plan: BenchPlan,
  payloads: readonly PayloadFile[],
  live: LiveView,
  signal: AbortSignal,
): Promise<BenchReport> {
  const events = {
    sample: live.sample.bind(live),
    phase: live.phase.bind(live),
  };
  try {
    const octets = payloads.map((file) => file.octets);
    return await runBench(plan, events, signal, octets);
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === 'getaddrinfo') {
      throw new CliError(`nothing is known of ${new URL(plan.url).hostname}: ${code}`, 1);
    }
    if (plan.pid !== undefined && message.includes(`${plan.pid}`)) {
      throw new CliError(`--pid ${plan.pid}: ${message}`, 2, { cause: error });
    }
    throw error;
  }
}

interface ReportFiles {
  readonly json: ReportFile | undefined;
  readonly html: ReportFile | undefined;
}

/** Where reports go, but for standard output; found out before the load begins. */
async function openReports({ json, html }: BenchFlags): Promise<ReportFiles> {
  const open = async (path: string | undefined): Promise<ReportFile | undefined> =>
    path === undefined || path === '-' ? undefined : await openReportFile(path);
  const first = await open(json);
  try {
    return { json: first, html: await open(html) };
  } catch (error) {
    await first?.close();
    throw error;
  }
}

interface Writing {
  readonly files: ReportFiles;
  readonly flags: BenchFlags;
  readonly output: Output;
  readonly report: BenchReport;
  readonly earlier: BenchReport | undefined;
  readonly verdicts: readonly BenchVerdict[];
}

async function writeReports({
  files,
  flags,
  output,
  report,
  earlier,
  verdicts,
}: Writing): Promise<void> {
  // An earlier report is worth more than one without a figure.
  const kept = report.interrupted && !measured(report);
  if (flags.json !== undefined && !(kept && files.json !== undefined)) {
    const text = reportJson(report);
    await (files.json === undefined ? output.write(text) : files.json.write(text));
  }
  if (flags.html !== undefined && !(kept && files.html !== undefined)) {
    const { htmlReport } = await import('./report/html-report.ts');
    const page = htmlReport(report, earlier, verdicts);
    await (files.html === undefined ? output.write(page) : files.html.write(page));
  }
}

/** @throws {@link CliError} where the server did not do what was asked of it. */
function refuse(report: BenchReport, verdicts: readonly BenchVerdict[]): void {
  const missed = verdicts.filter(({ passed }) => !passed).map(({ words }) => words);
  const problems = [...new Set([...faults(report), ...missed])];
  if (problems.length > 0) throw new CliError(problems.join('; '), 1);
}

/** Whether there is a figure. */
function measured({ plan, seconds, messages, connections }: BenchReport): boolean {
  if (seconds === 0) return false;
  return plan.mode === 'connect' || plan.mode === 'idle'
    ? connections.opened > 0
    : messages.received > 0;
}

/** What no run may have, whatever was asked. */
function faults(report: BenchReport): string[] {
  const { plan, connections, messages, failures, endedEarly, interrupted } = report;
  const found: string[] = [];
  if (interrupted && !measured(report)) return ['interrupted before anything was measured'];
  if (connections.opened === 0) return ['no connection could be opened'];
  if (endedEarly !== undefined) found.push(endedEarly);
  if (messages.wrong > 0) found.push(`wrong payloads: ${messages.wrong}`);
  if (failures.some(({ kind }) => kind === 'load')) found.push('the load did not run to its end');
  const expects = plan.mode === 'echo' || plan.mode === 'broadcast';
  if (expects && messages.received === 0) found.push('no message came back');
  if (endsNoTurn(report)) found.push('no turn of the scenario came to its end');
  return found;
}
