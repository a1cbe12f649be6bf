// A folder with a report: index.json, index.html, and a file for each case.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tested } from '../cases/case.ts';
import { type AgentName, AgentNames, caseFileName } from './agent-names.ts';
import { caseFile } from './case-file.ts';
import { type HtmlOptions, htmlReport } from './html.ts';
import { indexJson } from './index-json.ts';
import type { AgentReport, CaseResult, RunReport } from './result.ts';
import { compareCaseIds } from './sections.ts';

/**
 * Writes the file of each case when it ends, so that a run that is cut short leaves what it has seen. Which place a case has among
 * the selected ones is only in the files when the run is complete.
 */
export class CaseFileWriter {
  readonly #directory: string;
  readonly #tested: Tested;
  readonly #names = new AgentNames();
  readonly #named = new Map<string, AgentName>();
  /** Files are written one after the other; the first error is kept. */
  #written: Promise<void>;

  /** @param directory - Made when it is not there. */
  constructor(directory: string, tested: Tested) {
    this.#directory = directory;
    this.#tested = tested;
    this.#written = makeFolder(directory);
    this.#written.catch(() => {}); // finish() throws it
  }

  /** Begins to write a case's file. An error comes out of {@link finish}. */
  add(agent: string, result: CaseResult): void {
    const { slug } = this.#nameOf(agent);
    const path = join(this.#directory, caseFileName(slug, result.id));
    this.#written = this.#written.then(() =>
      writeFile(path, caseFile({ agent, tested: this.#tested }, result)),
    );
    this.#written.catch(() => {}); // finish() throws it
  }

  /** Writes the rest of the folder. */
  async finish(run: RunReport, options?: HtmlOptions): Promise<void> {
    await this.#written;
    await writeReportFolder(this.#directory, run, options);
  }

  #nameOf(agent: string): AgentName {
    const known = this.#named.get(agent);
    if (known !== undefined) return known;
    const name = this.#names.add(agent);
    this.#named.set(agent, name);
    return name;
  }
}

/** Writes a whole run into a folder, which is made when it is not there. Files with the same names are replaced. */
export async function writeReportFolder(
  directory: string,
  run: RunReport,
  options: HtmlOptions = {},
): Promise<void> {
  await makeFolder(directory);
  const names = new AgentNames();
  for (const agent of run.agents) await writeCases(directory, agent, names.add(agent.agent).slug);
  await writeFile(join(directory, 'index.json'), indexJson(run));
  await writeFile(join(directory, 'index.html'), htmlReport(run, options));
}

async function writeCases(directory: string, agent: AgentReport, slug: string): Promise<void> {
  const ids = [...agent.results, ...agent.notRun].map(({ id }) => id).sort(compareCaseIds);
  const positions = new Map(ids.map((id, index) => [id, index + 1]));
  for (const result of agent.results) {
    const path = join(directory, caseFileName(slug, result.id));
    await writeFile(path, caseFile(agent, result, positions.get(result.id)));
  }
}

async function makeFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
}
