import { type CaseResult, outcomeOf, type Progress, sectionTitle } from '@meerkat/conformance';
import type { CliContext } from '../cli-context.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { Output } from '../terminal/output.ts';
import { type Palette, paletteFor } from '../terminal/palette.ts';
import { StatusLine } from '../terminal/status-line.ts';
import { type SectionCount, Tally } from './tally.ts';

/** Failures of an agent that are shown as they come; the summary has them all. */
const MAX_FAILURES_SHOWN = 25;
/** Characters of an agent's name: it may be what a server says of itself. */
const MAX_NAME = 40;
/** Cases that are named while they are the last. */
const MAX_NAMED = 3;

/** What of a run is shown while it lasts, on standard error. */
export interface RunProgress {
  /** A case has ended. */
  ended(result: CaseResult, progress: Progress): void;
  /** Prints whole lines beside it. */
  print(lines: string): void;
  /** Shows nothing any more. */
  close(): void;
}

/** How a run is shown. */
export interface ProgressSetup {
  /** Of the selected cases, in the order of the list. */
  readonly ids: readonly string[];
  /** A line for each case. */
  readonly verbose: boolean;
}

/** One line that is rewritten, on a terminal; elsewhere a line for each section, and failures as they come. */
export function showProgress(setup: ProgressSetup, context: CliContext): RunProgress {
  const { stderr, env } = context;
  const rewrites = stderr.isTTY === true && env['TERM'] !== 'dumb';
  return rewrites ? new TerminalProgress(setup, context) : new PlainProgress(setup, context);
}

/** The agents that have been seen, each with what was counted. */
class Tallies {
  readonly #ids: readonly string[];
  readonly #tallies = new Map<string, Tally>();

  constructor(ids: readonly string[]) {
    this.#ids = ids;
  }

  of(agent: string): Tally {
    const known = this.#tallies.get(agent);
    if (known !== undefined) return known;
    const tally = new Tally(this.#ids);
    this.#tallies.set(agent, tally);
    return tally;
  }
}

class TerminalProgress implements RunProgress {
  readonly #tallies: Tallies;
  readonly #verbose: boolean;
  readonly #palette: Palette;
  readonly #status: StatusLine;

  constructor({ ids, verbose }: ProgressSetup, { stderr, env }: CliContext) {
    this.#tallies = new Tallies(ids);
    this.#verbose = verbose;
    this.#palette = paletteFor(stderr, env);
    this.#status = new StatusLine(stderr);
  }

  ended(result: CaseResult, { agent }: Progress): void {
    const tally = this.#tallies.of(agent);
    tally.add({ id: result.id, outcome: outcomeOf(result) });
    if (this.#verbose) this.print(caseLine(result, this.#palette));
    const failed = tally.failed > 0 ? this.#palette.red(`${tally.failed} failed`) : '';
    this.#status.set(
      [`${name(agent)}: ${tally.done} of ${tally.selected}`, failed, toDo(tally)].filter(
        (part) => part !== '',
      ),
    );
  }

  print(lines: string): void {
    this.#status.above(lines);
  }

  close(): void {
    this.#status.close();
  }
}

class PlainProgress implements RunProgress {
  readonly #tallies: Tallies;
  readonly #verbose: boolean;
  readonly #palette: Palette;
  readonly #errors: Output;
  #agent: string | undefined;

  constructor({ ids, verbose }: ProgressSetup, { stderr, env }: CliContext) {
    this.#tallies = new Tallies(ids);
    this.#verbose = verbose;
    this.#palette = paletteFor(stderr, env);
    this.#errors = new Output(stderr);
  }

  ended(result: CaseResult, { agent }: Progress): void {
    const tally = this.#tallies.of(agent);
    const outcome = outcomeOf(result);
    const section = tally.add({ id: result.id, outcome });
    let lines = '';
    if (this.#verbose || (outcome === 'fail' && tally.failed <= MAX_FAILURES_SHOWN)) {
      lines += caseLine(result, this.#palette);
    } else if (outcome === 'fail' && tally.failed === MAX_FAILURES_SHOWN + 1) {
      lines += 'more failures are in the summary\n';
    }
    if (section !== undefined) lines += `${sectionLine(section)}\n`;
    if (lines === '') return;
    if (this.#agent !== agent) lines = `${name(agent)}\n${lines}`;
    this.#agent = agent;
    this.print(lines);
  }

  print(lines: string): void {
    this.#errors.offer(lines);
  }

  close(): void {}
}

function name(agent: string): string {
  return oneLine(agent, MAX_NAME);
}

/** What has not ended: the last cases by their ids, before that their sections. */
function toDo({ pending, pendingSections }: Tally): string {
  if (pending.length === 0) return '';
  if (pending.length <= MAX_NAMED) return `to go: ${pending.join(', ')}`;
  const [first = '', ...others] = pendingSections;
  return others.length === 0
    ? `to go: section ${first}`
    : `to go: sections ${[first, ...others].join(' ')}`;
}

function caseLine(result: CaseResult, palette: Palette): string {
  const { id, behavior, behaviorClose } = result;
  if (outcomeOf(result) !== 'fail') {
    return `${id} ${behavior}: ${oneLine(result.description)}\n`;
  }
  const verdict = behavior === 'FAILED' ? behavior : behaviorClose;
  const because = behavior === 'FAILED' ? result.result : result.resultClose;
  const passes = verdict === 'OK' || verdict === 'INFORMATIONAL';
  const [finding] = result.findings;
  const words = passes && finding !== undefined ? [finding.code, finding.text] : [verdict, because];
  return `${palette.red(`${id} ${words[0]}`)}: ${oneLine(words[1] ?? '')}\n`;
}

function sectionLine({ section, selected, outcomes }: SectionCount): string {
  const counts = [
    [outcomes.pass, 'passed'],
    [outcomes['non-strict'], 'non-strict'],
    [outcomes.info, 'informational'],
    [outcomes.unimplemented, 'not implemented'],
    [outcomes.fail, 'failed'],
  ] as const;
  const words = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const title = sectionTitle(section);
  const head = title === '' ? `section ${section}` : `section ${section}, ${title}`;
  return `${head}: ${selected} ${selected === 1 ? 'case' : 'cases'}, ${words.join(', ')}`;
}
