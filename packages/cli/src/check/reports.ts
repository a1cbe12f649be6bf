import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CaseFileWriter,
  type CaseResult,
  type HtmlOptions,
  htmlReport,
  indexJson,
  junitXml,
  type RunReport,
  type Tested,
} from '@meerkat/conformance';
import { CliError } from '../cli-error.ts';
import type { CheckFlags } from './check-flags.ts';
import { openReportFile, type ReportFile } from './report-file.ts';

/** What the reports are told. */
export interface ReportsSetup {
  readonly tested: Tested;
  readonly html: HtmlOptions;
  /** Where a report named `-` goes. */
  readonly stdout: (report: string) => Promise<void>;
}

interface Target {
  readonly file: ReportFile;
  readonly make: (run: RunReport) => string;
}

const STDOUT = '-';

/** The reports that the command line asks for. */
export class Reports {
  readonly #targets: readonly Target[];
  readonly #folder: CaseFileWriter | undefined;
  readonly #setup: ReportsSetup;

  private constructor(
    targets: readonly Target[],
    folder: CaseFileWriter | undefined,
    setup: ReportsSetup,
  ) {
    this.#targets = targets;
    this.#folder = folder;
    this.#setup = setup;
  }

  /**
   * Finds out whether each can be written, and leaves what is there as it is.
   *
   * @throws {@link CliError} with exit code 2 for one that cannot.
   */
  static async open(flags: CheckFlags, setup: ReportsSetup): Promise<Reports> {
    const makers: readonly (readonly [string | undefined, Target['make']])[] = [
      [flags.json, indexJson],
      [flags.junit, (run) => junitXml(run, { strict: flags.strict === true })],
      [flags.html, (run) => htmlReport(run, setup.html)],
    ];
    const targets: Target[] = [];
    try {
      for (const [path, make] of makers) {
        if (path === undefined) continue;
        const file = path === STDOUT ? stdoutFile(setup) : await openReportFile(path);
        targets.push({ file, make });
      }
      return new Reports(targets, await openFolder(flags.reportDir, setup.tested), setup);
    } catch (error) {
      for (const { file } of targets) await file.close();
      throw error;
    }
  }

  /** Takes note of a case that has ended: its own file is written at once. */
  caseEnded(agent: string, result: CaseResult): void {
    this.#folder?.add(agent, result);
  }

  /** Writes what can be written again; the rest waits for the end of the run. */
  async update(run: RunReport): Promise<void> {
    await this.#write(run, ({ rewritable }) => rewritable);
  }

  /** Writes all. @throws {@link CliError} with exit code 2 where one cannot be written. */
  async finish(run: RunReport): Promise<void> {
    await this.#write(run, () => true);
  }

  /** Leaves no empty files behind. */
  async close(): Promise<void> {
    for (const { file } of this.#targets) await file.close();
  }

  async #write(run: RunReport, now: (file: ReportFile) => boolean): Promise<void> {
    for (const { file, make } of this.#targets) if (now(file)) await file.write(make(run));
    await this.#folder?.finish(run, this.#setup.html).catch((error: Error) => {
      throw new CliError(`--report-dir: ${error.message}`, 2, { cause: error });
    });
  }
}

/** Whether a report goes to standard output. @throws {@link CliError} where two do. */
export function hasReportOnStdout({ json, junit, html }: CheckFlags): boolean {
  const there = [json, junit, html].filter((path) => path === STDOUT).length;
  if (there > 1) throw new CliError('only one report can go to standard output', 2);
  return there === 1;
}

function stdoutFile({ stdout }: ReportsSetup): ReportFile {
  return { rewritable: false, write: stdout, close: async () => {} };
}

async function openFolder(
  directory: string | undefined,
  tested: Tested,
): Promise<CaseFileWriter | undefined> {
  if (directory === undefined) return undefined;
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw new CliError(`--report-dir: ${(error as Error).message}`, 2, { cause: error });
  }
  await (await openReportFile(join(directory, 'index.json'))).close();
  return new CaseFileWriter(directory, tested);
}
