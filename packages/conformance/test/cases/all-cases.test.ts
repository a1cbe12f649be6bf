import { describe, expect, it } from 'vitest';
import { allCases, CASE_LIST } from '../../src/cases/all-cases.ts';
import type { Case } from '../../src/cases/case.ts';

const server = allCases('server');
const client = allCases('client');
const every = new Map<string, Case>([...server, ...client].map((one) => [one.id, one]));

function numbered(cases: readonly Case[]): Case[] {
  return cases.filter((one) => /^\d/.test(one.id));
}

/** `5.9` before `5.10`. */
function inOrder(one: string, other: string): boolean {
  const left = one.split('.').map(Number);
  const right = other.split('.').map(Number);
  for (const [index, number] of left.entries()) {
    const against = right[index] ?? -1;
    if (number !== against) return number < against;
  }
  return left.length < right.length;
}

describe('the list of cases', () => {
  it.each([
    [1, 16],
    [2, 11],
    [3, 7],
    [4, 10],
    [5, 20],
    [6, 145],
    [7, 37],
    [9, 54],
    [10, 1],
    [12, 90],
    [13, 126],
  ])('has in section %i %i cases, for either side', (section, count) => {
    for (const cases of [server, client]) {
      expect(cases.filter((one) => one.id.startsWith(`${section}.`))).toHaveLength(count);
    }
  });

  it('has 517 cases with numbers, the same for both sides, and ours behind them', () => {
    expect(numbered(server)).toHaveLength(517);
    expect(numbered(client)).toEqual(numbered(server));
    expect(server.slice(0, 517)).toEqual(numbered(server));
    expect(client.slice(0, 517)).toEqual(numbered(client));
  });

  it('has every id once', () => {
    for (const cases of [server, client]) {
      expect(new Set(cases.map((one) => one.id)).size).toBe(cases.length);
    }
  });

  it('gives an id that both sides have to one case only', () => {
    const other = new Map(client.map((one) => [one.id, one]));
    for (const one of server) expect(other.get(one.id) ?? one, one.id).toBe(one);
  });

  it('is in the order of the numbers', () => {
    for (const cases of [server, client]) {
      const ids = cases.map((one) => one.id);
      const wrong = ids.slice(1).filter((id, index) => {
        const before = ids[index] ?? '';
        const [letter] = id;
        if (/^\d/.test(id)) return !inOrder(before, id);
        return before[0] === letter && !inOrder(before.slice(1), id.slice(1));
      });
      expect(wrong).toEqual([]);
    }
  });

  it('has the ids that the reference leaves out nowhere', () => {
    const gaps = /^(7\.(2|4|6|8|10|11|12)|9\.(9|10)|8|11)\./;
    expect([...every.keys()].filter((id) => gaps.test(id))).toEqual([]);
  });

  it('has the letters of each side', () => {
    const letters = (cases: readonly Case[]) =>
      [...new Set(cases.slice(517).map((one) => one.id[0]))].join('');
    expect(letters(server)).toBe('FCH');
    expect(letters(client)).toBe('FCK');
  });

  it('says its version', () => {
    expect(CASE_LIST).toMatch(/^25\.10\.1\+\d+$/);
  });
});

describe('the words of a case', () => {
  it.each([...every.values()].map((one) => [one.id, one] as const))('%s are whole', (_id, one) => {
    expect(one.description).toMatch(/^[A-Z][^\n]+\.$/);
    expect(one.rule).toMatch(/^RFC \d{4} §\d/);
    // A verb whose subject is the peer, without a full stop.
    expect(one.fault).toMatch(/^[a-z]+(s|es)? [^\n]*[^.\n]$/);
    if ('limit' in one) expect(one.limit.seconds).toBeGreaterThan(0);
  });
});
