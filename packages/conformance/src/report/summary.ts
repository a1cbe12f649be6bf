// The result of one agent as lines for a terminal.
import {
  type FaultGroup,
  faultGroups,
  findingGroups,
  idList,
  noteGroups,
  notRunGroups,
  type SaidOfCases,
} from './fault-groups.ts';
import { headLines } from './head-words.ts';
import { type AgentReport, type CaseResult, outcomeOf } from './result.ts';
import { compareCaseIds, sectionOf, sectionTitle } from './sections.ts';
import { cutLine, widthOf, wrapText } from './text-lines.ts';
import { visibleText } from './visible-text.ts';
import { eventsWords, rowLines, rowsAroundFault } from './wire-words.ts';

/** What a part of a line is, for whoever colours it. */
export type SummaryKind =
  | 'heading'
  | 'pass'
  | 'non-strict'
  | 'info'
  | 'unimplemented'
  | 'fail'
  | 'sent'
  | 'received'
  | 'quiet';

export interface SummaryOptions {
  /** No line is longer; at least 40 are assumed. */
  readonly columns: number;
  /** Groups of cases with the same fault that are shown. Default: 20. */
  readonly maxFailures?: number;
  /** Gives the text back as it is shown; its width may not change. */
  readonly colour: (kind: SummaryKind, text: string) => string;
  /** Messages a case in sections 12 and 13, which is said where these were run. */
  readonly deflateMessages?: number;
}

const DEFAULT_MAX_FAILURES = 20;
const MIN_COLUMNS = 40;
const SHOWN_ROWS = 10;
const SHOWN_CLOSINGS = 3;
const SHOWN_NOTES = 10;
/** Faults that are told in a line each, behind those that are shown. */
const TOLD_FAULTS = 100;
/** Messages a case that the original sends. */
const FULL_MESSAGES = 1000;

type Column = 'pass' | 'non-strict' | 'info' | 'unimplemented' | 'fail' | 'missing';
const COLUMNS: readonly (readonly [Column, string])[] = [
  ['pass', 'ok'],
  ['non-strict', 'non-strict'],
  ['info', 'info'],
  ['unimplemented', 'unimpl.'],
  ['fail', 'failed'],
  ['missing', 'not run'],
];

type Counts = Record<Column, number>;

/** Lines that say what a run came to: counts, what is wrong and in which cases, findings, notes, and what was not run. */
export function summaryLines(agent: AgentReport, options: SummaryOptions): string[] {
  const writer = new SummaryWriter(agent, options);
  return writer.lines();
}

class SummaryWriter {
  readonly #agent: AgentReport;
  readonly #columns: number;
  readonly #maxFailures: number;
  readonly #colour: SummaryOptions['colour'];
  readonly #deflateMessages: number | undefined;
  readonly #order: ReadonlyMap<string, number>;
  readonly #lines: string[] = [];

  constructor(agent: AgentReport, options: SummaryOptions) {
    this.#agent = agent;
    this.#columns = Math.max(options.columns, MIN_COLUMNS);
    this.#maxFailures = options.maxFailures ?? DEFAULT_MAX_FAILURES;
    this.#colour = options.colour;
    this.#deflateMessages = options.deflateMessages;
    const ids = [...agent.results, ...agent.notRun].map(({ id }) => id).sort(compareCaseIds);
    this.#order = new Map(ids.map((id, index) => [id, index]));
  }

  lines(): string[] {
    const { agent, url } = this.#agent;
    this.#say('heading', visibleText(url === null ? agent : `${agent}  ${url}`));
    this.#table();
    this.#deflate();
    this.#faults();
    this.#said(
      'fail',
      'Found by a stricter look, and no part of the verdicts:',
      findingGroups(this.#agent),
    );
    this.#said('quiet', 'Notes:', noteGroups(this.#agent));
    this.#said('fail', 'Not run:', notRunGroups(this.#agent));
    return this.#lines;
  }

  #table(): void {
    const sections = countSections(this.#agent);
    const total = countOf(this.#agent);
    const used = COLUMNS.filter(([column]) => column === 'pass' || total[column] > 0);
    const rows: (readonly [string, Counts])[] = [...sections, ['all', total]];
    const names = rows.map(([section]) => `${section.padEnd(4)}${sectionTitle(section)}`.trimEnd());
    const widths = used.map(([, head]) => Math.max(head.length, 4) + 2);
    const room = this.#columns - 2 - widths.reduce((sum, width) => sum + width, 0);
    const longest = Math.max(...names.map(widthOf), 4);
    if (room < Math.min(longest, 16)) {
      for (const [index, [, counts]] of rows.entries()) this.#narrowRow(names[index] ?? '', counts);
      return;
    }
    const width = Math.min(longest, room);
    const head = used.map(([, title], index) => title.padStart(widths[index] ?? 0)).join('');
    this.#lines.push(this.#colour('quiet', `  ${' '.repeat(width)}${head}`));
    for (const [index, [, counts]] of rows.entries()) {
      const name = cutLine(names[index] ?? '', width);
      const cells = used.map(([column], at) => this.#cell(column, counts[column], widths[at] ?? 0));
      this.#lines.push(`  ${name.padEnd(width)}${cells.join('')}`.trimEnd());
    }
  }

  #cell(column: Column, count: number, width: number): string {
    if (count === 0 && column !== 'pass') return ' '.repeat(width);
    const text = String(count).padStart(width);
    return this.#colour(column === 'missing' ? 'fail' : column, text);
  }

  #narrowRow(name: string, counts: Counts): void {
    const parts = COLUMNS.filter(([column]) => counts[column] > 0);
    const words = parts.map(([column, title]) => `${counts[column]} ${title}`).join(', ');
    this.#wrapped(undefined, `${name}: ${words}`, '  ', '    ');
  }

  #deflate(): void {
    const ran = this.#agent.results.some(({ id }) => ['12', '13'].includes(sectionOf(id)));
    const count = this.#deflateMessages;
    if (!ran || count === undefined) return;
    const more = count < FULL_MESSAGES ? `, ${FULL_MESSAGES} with --full` : '';
    this.#wrapped(
      'quiet',
      `Sections 12 and 13 ran with ${count} messages a case${more}.`,
      '  ',
      '  ',
    );
  }

  #faults(): void {
    const groups = faultGroups(this.#agent);
    const absent = groups.filter(({ outcome }) => outcome === 'unimplemented');
    const faults = groups.filter(({ outcome }) => outcome !== 'unimplemented');
    const shown = faults.slice(0, this.#maxFailures);
    for (const group of shown) this.#fault(group);
    this.#told(faults.slice(shown.length));
    for (const group of absent) this.#fault(group);
    if (shown.some(hasUnfinished))
      this.#wrapped('quiet', '~ FIN is not set: more of the message follows.', '  ', '  ');
  }

  /** Without the octets. */
  #told(groups: readonly FaultGroup[]): void {
    if (groups.length === 0) return;
    this.#lines.push('');
    this.#say('fail', groups.length === 1 ? '1 more fault:' : `${groups.length} more faults:`);
    for (const group of groups.slice(0, TOLD_FAULTS)) {
      this.#wrapped(undefined, this.#groupWords(group), '  ', '    ');
    }
    const left = groups.slice(TOLD_FAULTS);
    if (left.length === 0) return;
    const ids = left.flatMap(({ results }) => results.map(({ id }) => id)).sort(compareCaseIds);
    this.#wrapped(undefined, `and ${left.length} more: ${this.#ids(ids)}`, '  ', '    ');
  }

  #fault(group: FaultGroup): void {
    this.#lines.push('');
    this.#wrapped(group.outcome, this.#groupWords(group), '', '  ');
    const closings = [...group.closings];
    for (const [closing, cases] of closings.slice(0, SHOWN_CLOSINGS)) {
      const where = cases.length === group.results.length ? '' : ` (${this.#ids(cases)})`;
      this.#wrapped('quiet', `${visibleText(closing)}${where}`, '  ', '    ');
    }
    const left = closings.length - SHOWN_CLOSINGS;
    if (left > 0) this.#wrapped('quiet', `and ${left} other ends`, '  ', '  ');
    const [first] = group.results;
    if (first !== undefined && group.outcome !== 'unimplemented') this.#example(first, group);
  }

  #groupWords(group: FaultGroup): string {
    const words = visibleText(group.words).replace(/\.$/, '');
    const rule = group.rule === '' || words.includes(group.rule) ? '' : ` (${group.rule})`;
    return `${LABELS[group.outcome]}: ${words}${rule}: ${this.#ids(group.results.map(({ id }) => id))}`;
  }

  /** What the first case of a group sent and got. */
  #example(result: CaseResult, group: FaultGroup): void {
    const [expected] = result.expected;
    if (group.results.length > 1) this.#wrapped('quiet', `in ${result.id}:`, '  ', '  ');
    if (expected !== undefined && result.behavior !== 'OK') {
      this.#wrapped(undefined, `expected  ${eventsWords(expected)}`, '    ', '              ');
      this.#wrapped(
        undefined,
        `received  ${eventsWords(result.received)}`,
        '    ',
        '              ',
      );
    }
    for (const row of rowsAroundFault(result.log, SHOWN_ROWS)) {
      const kind = row.kind === 'note' ? 'quiet' : row.by === 'runner' ? 'sent' : 'received';
      for (const line of headLines(row, result) ?? rowLines(row)) {
        this.#lines.push(this.#colour(kind, cutLine(`    ${line}`, this.#columns)));
      }
    }
  }

  #said(kind: SummaryKind, title: string, groups: readonly SaidOfCases[]): void {
    if (groups.length === 0) return;
    this.#lines.push('');
    this.#say(kind === 'quiet' ? 'heading' : kind, title);
    const shown = groups.slice(0, Math.max(SHOWN_NOTES, this.#maxFailures));
    for (const { words, ids } of shown) {
      this.#wrapped(
        undefined,
        `${visibleText(words).replace(/\.$/, '')}: ${this.#ids(ids)}`,
        '  ',
        '    ',
      );
    }
    const left = groups.length - shown.length;
    if (left > 0) this.#wrapped('quiet', `and ${left} more`, '  ', '  ');
  }

  #ids(ids: readonly string[]): string {
    return idList(ids, this.#order);
  }

  #say(kind: SummaryKind, text: string): void {
    this.#wrapped(kind, text, '', '  ');
  }

  #wrapped(kind: SummaryKind | undefined, text: string, first: string, rest: string): void {
    for (const line of wrapText(text, this.#columns, first, rest)) {
      this.#lines.push(kind === undefined ? line : this.#colour(kind, line));
    }
  }
}

const LABELS: Readonly<Record<FaultGroup['outcome'], string>> = {
  fail: 'Failed',
  unimplemented: 'Unimplemented',
  'non-strict': 'Non-strict',
};

function hasUnfinished({ results: [first] }: FaultGroup): boolean {
  if (first === undefined) return false;
  return rowsAroundFault(first.log, SHOWN_ROWS).some((row) => row.kind === 'frame' && !row.fin);
}

function countSections(agent: AgentReport): (readonly [string, Counts])[] {
  const sections = new Map<string, AgentReport>();
  const partOf = (id: string): AgentReport =>
    sections.get(sectionOf(id)) ?? { ...agent, results: [], notRun: [] };
  for (const result of agent.results) {
    const part = partOf(result.id);
    sections.set(sectionOf(result.id), { ...part, results: [...part.results, result] });
  }
  for (const absent of agent.notRun) {
    const part = partOf(absent.id);
    sections.set(sectionOf(absent.id), { ...part, notRun: [...part.notRun, absent] });
  }
  return [...sections]
    .sort(([one], [other]) => compareCaseIds(one, other))
    .map(([section, part]) => [section, countOf(part)] as const);
}

function countOf(agent: AgentReport): Counts {
  const counts: Counts = {
    pass: 0,
    'non-strict': 0,
    info: 0,
    unimplemented: 0,
    fail: 0,
    missing: agent.notRun.length,
  };
  for (const result of agent.results) counts[outcomeOf(result)] += 1;
  return counts;
}
