// docs/reference/catalogue.md as data, and what a run of the tests says about its rows. For `npm run catalogue`.

/** One row of the catalogue. */
export interface CatalogueRow {
  readonly id: string;
  readonly input: string;
  readonly expected: string;
  /** Whether it belongs to a part that is not built yet. */
  readonly later: boolean;
}

/** What Vitest's JSON reporter writes, as far as it is used here. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly status: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly meta?: { readonly observed?: readonly string[] };
    }[];
  }[];
}

export type Verdict = 'HOLDS' | 'BROKEN' | 'LATER' | 'NO TEST';

/** A row, and what came of its tests. */
export interface JudgedRow extends CatalogueRow {
  /** What the tests observed, each once. */
  readonly got: readonly string[];
  /** How many tests ran. */
  readonly tests: number;
  /** The titles of those that failed. */
  readonly failed: readonly string[];
  readonly verdict: Verdict;
}

const ROW = /^\| ([A-Z]\d+) \| (.*) \| (.*) \|$/;
const LATER = '*Not built yet*';
/** Groups whose rows begin behind a handshake, and what that was answered with. */
const BEHIND_HANDSHAKE = 'FCR';
const HANDSHAKE = /^(?:101|200|404)$/;

/** Reads the rows of a page, in its order. */
export function readCatalogue(markdown: string): CatalogueRow[] {
  return markdown.split('\n').flatMap((line) => {
    const [, id, input, expected] = ROW.exec(line) ?? [];
    if (id === undefined || input === undefined || expected === undefined) return [];
    return [{ id, input, expected, later: expected.startsWith(LATER) }];
  });
}

/**
 * The rows that `selectors` name: ids, or letters for groups; without any, all.
 *
 * @throws Error for a selector that names none.
 */
export function selectRows(
  rows: readonly CatalogueRow[],
  selectors: readonly string[],
): CatalogueRow[] {
  const wanted = selectors.map((selector) => selector.toUpperCase());
  const names = (selector: string, { id }: CatalogueRow): boolean =>
    selector === id || selector === id[0];
  const unknown = wanted.filter((selector) => !rows.some((row) => names(selector, row)));
  if (unknown.length > 0) throw new Error(`the catalogue has no ${unknown.join(', ')}`);
  if (wanted.length === 0) return [...rows];
  return rows.filter((row) => wanted.some((selector) => names(selector, row)));
}

/** The id that a test is for: its title begins with it, or that of the nearest group that has one. */
export function rowOf(title: string, ancestors: readonly string[]): string | undefined {
  for (const name of [title, ...ancestors.toReversed()]) {
    const id = /^([HFCRSK]\d+)(?: |$)/.exec(name)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

/** Judges rows by a run of their tests. */
export function judge(rows: readonly CatalogueRow[], report: TestReport): JudgedRow[] {
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return rows.map((row) => {
    const ran = results.filter(
      ({ title, ancestorTitles, status }) =>
        (status === 'passed' || status === 'failed') && rowOf(title, ancestorTitles) === row.id,
    );
    const failed = ran.filter(({ status }) => status === 'failed').map(({ title }) => title);
    const got = new Set(ran.flatMap(({ meta }) => meta?.observed ?? []));
    if (BEHIND_HANDSHAKE.includes(row.id.charAt(0))) {
      for (const note of got) if (HANDSHAKE.test(note)) got.delete(note);
    }
    let verdict: Verdict = failed.length > 0 ? 'BROKEN' : 'HOLDS';
    if (ran.length === 0) verdict = 'NO TEST';
    if (row.later) verdict = 'LATER';
    return { ...row, got: [...got], tests: ran.length, failed, verdict };
  });
}

/** Files of tests that could not be run at all. */
export function brokenFiles(report: TestReport): string[] {
  return report.testResults
    .filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
    .map(({ name, message }) => `${name}: ${message.split('\n', 1)[0] ?? ''}`);
}

const HEAD = ['id', 'input', 'expected', 'got', 'tests', 'verdict'] as const;
const MOST_SHOWN = 10;
const LONGEST_SHOWN = 110;
const NARROWEST = 12;

/** The table as text, at most `width` characters wide where that is possible. */
export function formatTable(rows: readonly JudgedRow[], width: number): string {
  const cells = rows.map((row) => [
    row.id,
    plain(row.input),
    plain(row.expected),
    gotOf(row),
    row.verdict === 'LATER' ? '' : `${row.tests}`,
    row.verdict,
  ]);
  const [id = 0, , , , tests = 0, verdict = 0] = HEAD.map((name, column) =>
    Math.max(name.length, ...cells.map((line) => (line[column] ?? '').length)),
  );
  const text = Math.max(NARROWEST, Math.floor((width - id - tests - verdict - 10) / 3));
  const widths = [id, text, text, text, tests, verdict];
  const rule = widths.map((one) => '─'.repeat(one)).join('  ');
  const lines = cells.map((line) => layOut(line, widths));
  return [...layOut(HEAD, widths), rule, ...lines.flat()].join('\n');
}

function gotOf({ got, failed, verdict }: JudgedRow): string {
  if (verdict === 'LATER') return '';
  if (verdict === 'NO TEST') return 'nothing';
  if (failed.length > 0) return failed.map((title) => `✗ ${title}`).join('; ');
  if (got.length === 0) return 'not recorded (the tests passed)';
  const shown = [...new Set(got.map(shorten))].sort((one, other) => rank(one) - rank(other));
  const more = shown.length - MOST_SHOWN;
  return shown.slice(0, MOST_SHOWN).join('; ') + (more > 0 ? `; and ${more} more` : '');
}

const REFUSAL = /^[45]\d\d(?! octets)\b|^10[01][1-9] \(|\bclose (?!1000\b)\d{4}|^WS_[A-Z]/;

/** Refusals and close codes decide a row most often; controls never do. */
function rank(observation: string): number {
  if (observation.startsWith('(control: ')) return 2;
  return REFUSAL.test(observation) ? 0 : 1;
}

/**
 * An observation without its details: `close 1002 (the close code may not be sent: 1005)` ends before the colon, and of
 * many equal octets one is shown.
 */
function shorten(observation: string): string {
  const text = observation
    .replace(/\((?!control:)([^():]+): [^)]*\)/g, '($1)')
    .replace(/\b([\da-f]{2})(?: \1){4,}\b/g, '$1 … $1');
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN - 1)}…`;
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Markdown without its marks. */
function plain(markdown: string): string {
  return markdown.replaceAll(LATER, LATER.slice(1, -1)).replaceAll('`', '').replaceAll('\\|', '|');
}

function layOut(cells: readonly string[], widths: readonly number[]): string[] {
  const columns = cells.map((cell, column) => wrap(cell, widths[column] ?? 0));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, at) =>
    columns
      .map((lines, column) => (lines[at] ?? '').padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Nothing of a cell moves the cursor. */
function wrap(cell: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of cell.replace(/\p{Cc}/gu, '�').split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line];
}
