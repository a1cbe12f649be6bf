// The tables of the page: sections × agents, and cases × agents.
import { escapeHtml } from './escape-html.ts';
import { differs, type ReportColumn } from './report-columns.ts';
import type { RunReport } from './result.ts';
import { compareCaseIds, sectionOf, sectionTitle } from './sections.ts';
import type { CellOutcome, VerdictCell } from './verdict.ts';

interface CaseRow {
  readonly id: string;
  readonly description: string;
  readonly cells: readonly (VerdictCell | undefined)[];
}

/** Everything that the tables show. */
export interface TableRows {
  readonly columns: readonly ReportColumn[];
  readonly sections: ReadonlyMap<string, readonly CaseRow[]>;
}

const OUTCOMES: readonly (readonly [CellOutcome, string])[] = [
  ['pass', 'pass'],
  ['info', 'info'],
  ['non-strict', 'non-strict'],
  ['unimplemented', 'unimplemented'],
  ['fail', 'fail'],
  ['missing', 'missing'],
];

const SIGNS: Readonly<Record<CellOutcome, string>> = {
  pass: '✓',
  info: 'i',
  'non-strict': '~',
  unimplemented: '–',
  fail: '✗',
  missing: '?',
};

/** All cases that any column has, in the order of the case list. */
export function tableRows(run: RunReport, columns: readonly ReportColumn[]): TableRows {
  const descriptions = new Map<string, string>();
  for (const { results } of run.agents) {
    for (const { id, description } of results) descriptions.set(id, description);
  }
  const ids = [...new Set(columns.flatMap((column) => column.ids))].sort(compareCaseIds);
  const sections = new Map<string, CaseRow[]>();
  for (const id of ids) {
    const cells = columns.map((column) => column.cell(id));
    const row: CaseRow = { id, description: descriptions.get(id) ?? '', cells };
    const section = sectionOf(id);
    const rows = sections.get(section);
    if (rows === undefined) sections.set(section, [row]);
    else rows.push(row);
  }
  return { columns, sections };
}

/** One block for each agent: what it came to in all. */
export function agentCards({ columns, sections }: TableRows): string {
  const rows = [...sections.values()].flat();
  return columns
    .map((column, at) => {
      const counts = countCells(rows, at);
      return `<li><h3>${escapeHtml(column.name)}</h3><p class="quiet">${escapeHtml(column.about)}</p>${bar(counts)}<p>${countWords(counts)}</p></li>`;
    })
    .join('\n');
}

/** Sections × agents. */
export function summaryTable({ columns, sections }: TableRows): string {
  const heads = columns.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const rows = [...sections].map(([section, cases]) => {
    const cells = columns.map((_, at) => {
      const counts = countCells(cases, at);
      return `<td><div>${bar(counts)}<span>${countWords(counts)}</span></div></td>`;
    });
    return `<tr><th scope="row"><a href="#section-${escapeHtml(section)}">${sectionName(section)}</a></th>${cells.join('')}</tr>`;
  });
  return `<table class="sections"><thead><tr><th scope="col">Section</th>${heads}</tr></thead>\n<tbody>${rows.join('\n')}</tbody></table>`;
}

/** Cases × agents, a body for each section. */
export function casesTable({ columns, sections }: TableRows): string {
  const heads = columns.map(({ name }) => {
    const shown = escapeHtml(name);
    return `<th scope="col"><span title="${shown}">${shown}</span></th>`;
  });
  const bodies = [...sections].map(([section, cases]) => {
    const span = columns.length + 2;
    const head = `<tr class="section" id="section-${escapeHtml(section)}"><th scope="rowgroup" colspan="${span}"><div>${sectionName(section)}</div></th></tr>`;
    const rows = cases.map((row) => caseRow(row, columns));
    return `<tbody>${head}\n${rows.join('\n')}</tbody>`;
  });
  return `<table class="cases"><thead><tr><th scope="col">Case</th><th scope="col" class="words"><span>What is sent and expected</span></th>${heads.join('')}</tr></thead>
${bodies.join('\n')}</table>`;
}

function caseRow(row: CaseRow, columns: readonly ReportColumn[]): string {
  const { id, description, cells } = row;
  const outcomes = new Set(cells.map((cell) => cell?.outcome));
  const kinds = [
    ...(outcomes.has('fail') || outcomes.has('missing') ? ['failed'] : []),
    ...(outcomes.has('non-strict') || outcomes.has('unimplemented') ? ['soft'] : []),
    ...(differs(cells) ? ['differing'] : []),
  ];
  const tds = cells.map((cell, at) => verdictTd(id, cell, columns[at]));
  const shown = escapeHtml(id);
  return `<tr data-is="${kinds.join(' ')}"><th scope="row">${shown}</th><td class="words"><span>${escapeHtml(description)}</span></td>${tds.join('')}</tr>`;
}

function verdictTd(
  id: string,
  cell: VerdictCell | undefined,
  column: ReportColumn | undefined,
): string {
  if (cell === undefined) return '<td class="none"><span class="hidden">not asked for</span></td>';
  const { outcome, label, both } = cell;
  const plain = outcome === 'pass' || outcome === 'missing';
  const verdicts =
    both === '' ? '' : plain ? `<span class="hidden"> ${both}</span>` : `<small>${both}</small>`;
  const words = `<b><i aria-hidden="true">${SIGNS[outcome]}</i>${label}</b>${verdicts}`;
  if (column?.index === undefined) return `<td class="${outcome}"><span>${words}</span></td>`;
  const name = `<span class="hidden">case ${escapeHtml(id)}: </span>`;
  return `<td class="${outcome}"><a href="#case-${escapeHtml(id)}/${column.index}">${name}${words}</a></td>`;
}

function sectionName(section: string): string {
  const title = sectionTitle(section);
  return `${escapeHtml(section)}${title === '' ? '' : ` <span>${escapeHtml(title)}</span>`}`;
}

type Counts = ReadonlyMap<CellOutcome, number>;

function countCells(rows: readonly CaseRow[], at: number): Counts {
  const counts = new Map<CellOutcome, number>();
  for (const { cells } of rows) {
    const outcome = cells[at]?.outcome;
    if (outcome !== undefined) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  return counts;
}

function countWords(counts: Counts): string {
  const parts = OUTCOMES.flatMap(([outcome, word]) => {
    const count = counts.get(outcome) ?? 0;
    return count === 0 ? [] : [`<span class="count ${outcome}">${count} ${word}</span>`];
  });
  return parts.length === 0 ? '<span class="quiet">none</span>' : parts.join(' ');
}

/** The counts as a bar. The words beside it say the same. */
function bar(counts: Counts): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let x = 0;
  const parts = OUTCOMES.flatMap(([outcome]) => {
    const count = counts.get(outcome) ?? 0;
    if (count === 0) return [];
    const part = `<rect class="${outcome}" x="${x}" width="${count}" height="1"/>`;
    x += count;
    return [part];
  });
  return `<svg class="bar" viewBox="0 0 ${Math.max(total, 1)} 1" preserveAspectRatio="none" aria-hidden="true">${parts.join('')}</svg>`;
}
