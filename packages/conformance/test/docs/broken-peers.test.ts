// docs/reference/broken-peers.md: the tables of faults as a page. That the tables are right is shown by the tests in ../broken.
import { describe, expect, it } from 'vitest';
import { cell, expectGenerated, read, table } from '../../../../test/support/doc-page.ts';
import { CLIENT_FAULTS, type ClientFaultRow } from '../broken/client-faults.ts';
import { CLOSING_FAULTS, ECHO_FAULTS, FRAME_FAULTS, UTF8_FAULTS } from '../broken/common-faults.ts';
import { type FaultRow, isIn } from '../broken/fault-row.ts';
import { SERVER_FAULTS, type ServerFaultRow } from '../broken/server-faults.ts';

type Row = FaultRow & ServerFaultRow & ClientFaultRow;

const PAGE = 'docs/reference/broken-peers.md';
const EITHER = { ...UTF8_FAULTS, ...FRAME_FAULTS, ...ECHO_FAULTS, ...CLOSING_FAULTS };

/** Neighbours as a range: `F8.1`, `F8.2`, `F8.3` are `F8.1-F8.3`. */
function inShort(ids: readonly string[]): string {
  const runs: { first: string; last: string }[] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run.last, id)) run.last = id;
    else runs.push({ first: id, last: id });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(', ');
}

function follows(one: string, next: string): boolean {
  const split = (id: string) => [id.slice(0, id.lastIndexOf('.')), Number(id.split('.').at(-1))];
  const [group, number] = split(one);
  const [nextGroup, nextNumber] = split(next);
  return group !== '' && group === nextGroup && nextNumber === Number(number) + 1;
}

/** No more than was run: of a whole section that is to fail, the cases that the row has of it. */
function ofThoseRun(row: Row, patterns: readonly string[] = []): string[] {
  const ids = patterns.flatMap((pattern) =>
    isIn(row.cases, pattern) ? [pattern] : row.cases.filter((id) => isIn([pattern], id)),
  );
  return ids.sort(inOrder);
}

const LETTERS = 'FCHK';

/** Sections with numbers, then those with letters; by number within. */
function inOrder(one: string, other: string): number {
  const key = (id: string) => id.replace(/^[A-Z]/, (letter) => `${100 + LETTERS.indexOf(letter)}.`);
  return key(one).localeCompare(key(other), 'en', { numeric: true });
}

function caughtBy(row: Row): string {
  if (row.refusedAtOnce === true) return 'the run itself, which does not begin';
  const fails = inShort(ofThoseRun(row, row.fails));
  const parts = [
    row.finding === undefined ? fails : `${fails} (${row.finding})`,
    ...listed('NON-STRICT', ofThoseRun(row, row.nonStrict)),
    ...listed('UNIMPLEMENTED', ofThoseRun(row, row.unimplemented)),
    ...listed('without a result', ofThoseRun(row, row.notRun)),
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing, as it should be' : parts.join('; ');
}

function listed(what: string, ids: readonly string[]): string[] {
  return ids.length === 0 ? [] : [`${what}: ${inShort(ids)}`];
}

function rowsOf(faults: Readonly<Record<string, Row>>): readonly string[] {
  const rows = Object.values(faults).map((row) => [row.words, caughtBy(row)].map(cell));
  return table(['it', 'is caught by'], rows);
}

function only<Faults extends object>(faults: Faults): Readonly<Record<string, Row>> {
  return Object.fromEntries(Object.entries(faults).filter(([name]) => !(name in EITHER)));
}

describe(PAGE, () => {
  it('shows the faults of either side, of servers and of clients', () => {
    expectGenerated(PAGE, 'either side', rowsOf(EITHER));
    expectGenerated(PAGE, 'servers', rowsOf(only(SERVER_FAULTS)));
    expectGenerated(PAGE, 'clients', rowsOf(only(CLIENT_FAULTS)));
  });

  it('says how many there are', () => {
    const [servers, clients] = [SERVER_FAULTS, CLIENT_FAULTS].map(
      (faults) => Object.keys(faults).length,
    );
    expect(read(PAGE)).toContain(`${servers} servers and ${clients} clients`);
  });

  it('names no fault twice', () => {
    for (const faults of [SERVER_FAULTS, CLIENT_FAULTS]) {
      const words = Object.values(faults).map((row) => row.words);
      expect(new Set(words).size).toBe(words.length);
    }
  });
});
