import type { Palette } from '../../terminal/palette.ts';
import type { BenchPhase } from '../bench-report.ts';
import {
  coreWords,
  counted,
  countWords,
  octetWords,
  rateWords,
  shareWords,
  timeWords,
} from '../report/figures.ts';
import { isAboutHandshakes, planPhrases, receivedNoun, urlWords } from '../report/plan-words.ts';
import { lineWidth } from './line-width.ts';
import type { ProgressState, RecentFigures } from './progress-state.ts';
import { sparkline } from './sparkline.ts';

/** Columns of the words that begin a line. */
const LABEL = 13;
const GAP = '   ';
const MAX_BAR = 40;
const MIN_BAR = 4;
const MAX_SPARKS = 40;
const MIN_SPARKS = 6;
/** From here on the one process that makes the load may be what is slow. */
const BUSY = 0.9;

const PHASES: Readonly<Record<BenchPhase, string>> = {
  opening: 'opening',
  'warm-up': 'warming up',
  measuring: 'measuring',
  ending: 'ending',
};

/**
 * A run as a block of lines, none wider than `columns`. What does not fit is left out from the end of a line. There are as many lines
 * at all times, so that the block does not jump.
 */
export function liveLines(state: ProgressState, columns: number, palette: Palette): string[] {
  const { plan, recent } = state;
  const { dim, bold } = palette;
  const lines = [
    fitting([bold(cutTo(urlWords(plan), columns)), ...planPhrases(plan).map(dim)], columns, GAP),
    progressLine(state, columns, palette),
    line('connections', connectionFacts(state, recent, palette), columns, palette),
  ];
  if (!isAboutHandshakes(plan)) {
    lines.push(messageLine(state, recent, columns, palette));
    const label = plan.mode === 'scenario' ? 'one turn' : 'latency';
    lines.push(line(label, latencyFacts(recent), columns, palette));
  } else {
    const sparks = sparkline(state.rates, Math.min(MAX_SPARKS, columns - LABEL));
    lines.push(line('handshakes', [sparks], columns, palette));
  }
  lines.push(line('this program', loadFacts(state, recent, palette), columns, palette));
  if (plan.pid !== undefined) lines.push(line('server', serverFacts(recent), columns, palette));
  return lines;
}

/** The same in one line for what is no terminal. */
export function plainLine(state: ProgressState): string {
  const { recent, plan, failures } = state;
  const place = `${PHASES[state.phase]}, ${clock(state)}`;
  if (recent === undefined) return place;
  const facts = [`${countWords(recent.open)} open`];
  if (isAboutHandshakes(plan)) facts.push(`${rateWords(recent.handshakes)} handshakes/s`);
  else facts.push(`${rateWords(recent.received)} ${receivedNoun(plan)}/s received`);
  if (recent.p99 !== undefined) facts.push(`p99 ${timeWords(recent.p99)}`);
  if (recent.max !== undefined) facts.push(`max ${timeWords(recent.max)}`);
  facts.push(counted(failures, 'failure'));
  if (recent.serverCpu !== undefined) facts.push(`server ${coreWords(recent.serverCpu)}`);
  return `${place}: ${facts.join(', ')}`;
}

function progressLine(state: ProgressState, columns: number, { cyan, dim, bold }: Palette): string {
  const label = PHASES[state.phase];
  const words = clock(state);
  const room = Math.min(MAX_BAR, columns - LABEL - words.length - 1);
  const share = state.total === 0 ? 0 : Math.min(1, state.elapsed / state.total);
  const full = Math.round(share * room);
  const head = bold(label.padEnd(LABEL));
  if (room < MIN_BAR) return fitting([`${head}${words}`], columns, GAP);
  return `${head}${cyan('█'.repeat(full))}${dim('░'.repeat(room - full))} ${words}`;
}

function clock(state: ProgressState): string {
  const { plan, recent, stage } = state;
  const time = `${state.elapsed.toFixed(0)} of ${state.total.toFixed(0)} s`;
  if (stage === undefined) return time;
  return `${time}, stage ${stage} of ${plan.stages?.length ?? 0}: ${rateWords(recent?.target ?? 0)}/s due`;
}

function connectionFacts(
  { failures }: ProgressState,
  recent: RecentFigures | undefined,
  { red }: Palette,
): string[] {
  const opened = [
    `${countWords(recent?.open ?? 0)} open`,
    `${rateWords(recent?.handshakes ?? 0)} handshakes/s`,
  ];
  const failed = counted(failures, 'failure');
  // What does not fit is left out: not that something failed.
  return failures > 0 ? [red(failed), ...opened] : [...opened, failed];
}

function messageLine(
  state: ProgressState,
  recent: RecentFigures | undefined,
  columns: number,
  palette: Palette,
): string {
  const { plan } = state;
  const [sent, received] = [recent?.sent ?? 0, recent?.received ?? 0];
  const facts = [
    `${palette.bold(`${rateWords(received)}/s`)} received`,
    `${rateWords(sent)}/s sent`,
  ];
  // Of a scenario the sizes are not known.
  if (plan.mode !== 'scenario' && plan.sizes.length > 0) {
    const size = plan.sizes.reduce((sum, octets) => sum + octets, 0) / plan.sizes.length;
    facts.push(`${octetWords(received * size)}/s`);
  }
  const text = line(plan.mode === 'broadcast' ? 'deliveries' : 'messages', facts, columns, palette);
  const room = Math.min(MAX_SPARKS, columns - lineWidth(text) - GAP.length);
  const sparks = room < MIN_SPARKS ? '' : sparkline(state.rates, room);
  return sparks === '' ? text : `${text}${GAP}${palette.cyan(sparks)}`;
}

function latencyFacts(recent: RecentFigures | undefined): string[] {
  const { p50, p99, max } = recent ?? {};
  if (p50 === undefined && p99 === undefined && max === undefined) return ['nothing came back'];
  const shown = (value: number | undefined): string =>
    value === undefined ? '–' : timeWords(value);
  return [`p50 ${shown(p50)}`, `p99 ${shown(p99)}`, `max ${shown(max)}`, 'in the last second'];
}

function loadFacts(
  { plan }: ProgressState,
  recent: RecentFigures | undefined,
  { yellow }: Palette,
): string[] {
  const share = recent?.loadCpu ?? 0;
  const which = plan.processes > 1 ? ' (busiest process)' : '';
  const words = `${shareWords(share)} of a core${which}`;
  return share >= BUSY ? [yellow(words), yellow('it may be the bottleneck')] : [words];
}

function serverFacts(recent: RecentFigures | undefined): string[] {
  const { serverCpu, serverRss } = recent ?? {};
  if (serverCpu === undefined && serverRss === undefined) return ['not known'];
  return [
    ...(serverCpu === undefined ? [] : [coreWords(serverCpu)]),
    ...(serverRss === undefined ? [] : [`${octetWords(serverRss)} of memory`]),
  ];
}

function line(
  label: string,
  [first = '', ...others]: readonly string[],
  columns: number,
  { dim }: Palette,
): string {
  return fitting([`${dim(label.padEnd(LABEL))}${first}`, ...others], columns, GAP);
}

/** As many parts as there is room for; the first is cut where it alone is too wide. */
function fitting([first = '', ...others]: readonly string[], columns: number, gap: string): string {
  let text = lineWidth(first) > columns ? cutTo(plain(first), columns) : first;
  for (const part of others) {
    const longer = `${text}${gap}${part}`;
    if (lineWidth(longer) > columns) break;
    text = longer;
  }
  return text;
}

function cutTo(text: string, columns: number): string {
  let cut = text;
  while (lineWidth(cut) > columns) cut = cut.slice(0, -1);
  return cut;
}

function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a look begins with
  return text.replace(/\x1b\[[0-9;]*m/g, '');
}
