import {
  type BaselineChange,
  type BaselineComparison,
  outcomeOf,
  type PassRule,
  type RunReport,
  type SummaryKind,
  summaryLines,
} from '@meerkat/conformance';
import type { OutputStream } from '../cli-context.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { type Palette, paletteFor } from '../terminal/palette.ts';

/** Where a terminal does not say how wide it is, and in pipes. */
const DEFAULT_COLUMNS = 100;
/** Changes that are listed, of each kind. */
const MAX_CHANGES = 40;

/** What a run came to, agent by agent, and against a baseline; for `stream`. */
export function summaryText(
  run: RunReport,
  baseline: BaselineComparison | undefined,
  stream: OutputStream,
  env: Readonly<NodeJS.ProcessEnv>,
): string {
  const palette = paletteFor(stream, env);
  const columns = stream.isTTY === true ? stream.columns || DEFAULT_COLUMNS : DEFAULT_COLUMNS;
  const parts: (readonly string[])[] = run.agents.map((agent) =>
    summaryLines(agent, {
      columns,
      colour: (kind, text) => painted(palette, kind, text),
      deflateMessages: run.deflateMessages,
    }),
  );
  if (baseline !== undefined) parts.push(baselineLines(baseline, palette));
  return parts.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

/** Why the exit code is not 0. */
export function failureWords(run: RunReport, { strict, baseline }: PassRule): string {
  const words: string[] = [];
  const say = (count: number, what: string): void => {
    if (count > 0) words.push(`${count} ${count === 1 ? 'case' : 'cases'} ${what}`);
  };
  if (baseline !== undefined) {
    say(baseline.worse.length, 'got worse');
    say(baseline.missing.length, 'of the baseline did not run');
    return words.join(', ');
  }
  const outcomes = run.agents.flatMap(({ results }) => results.map(outcomeOf));
  const count = (wanted: string): number => outcomes.filter((outcome) => outcome === wanted).length;
  say(count('fail'), 'failed');
  if (strict === true) {
    say(count('non-strict'), 'non-strict');
    say(count('unimplemented'), 'not implemented');
  }
  const notRun = run.agents.reduce((sum, agent) => sum + agent.notRun.length, 0);
  say(notRun, 'did not run');
  return words.join(', ');
}

function painted(palette: Palette, kind: SummaryKind, text: string): string {
  switch (kind) {
    case 'heading':
      return palette.bold(text);
    case 'pass':
      return palette.green(text);
    case 'non-strict':
    case 'unimplemented':
      return palette.yellow(text);
    case 'fail':
      return palette.red(text);
    case 'sent':
    case 'info':
      return palette.cyan(text);
    case 'received':
      return text;
    case 'quiet':
      return palette.dim(text);
  }
}

function baselineLines(
  { worse, better, missing }: BaselineComparison,
  palette: Palette,
): readonly string[] {
  if (worse.length + better.length + missing.length === 0) return ['As in the baseline.'];
  return [
    ...changeLines(palette.red('Worse than in the baseline:'), worse),
    ...changeLines(palette.red('In the baseline, and not run now:'), missing),
    ...changeLines(palette.green('Better than in the baseline:'), better),
  ];
}

function changeLines(title: string, changes: readonly BaselineChange[]): readonly string[] {
  if (changes.length === 0) return [];
  const lines = changes.slice(0, MAX_CHANGES).map(({ agent, id, before, now, findings }) => {
    const found = findings.length > 0 ? `, ${findings.join(', ')}` : '';
    return `  ${id} of ${oneLine(agent)}: ${before ?? 'absent'} -> ${now ?? 'not run'}${found}`;
  });
  const left = changes.length - lines.length;
  return [title, ...lines, ...(left > 0 ? [`  and ${left} more`] : [])];
}
