import { describe, expect, it } from 'vitest';
import { allCases } from '../../src/cases/all-cases.ts';
import { PatternError, selectCases } from '../../src/cases/select-cases.ts';

function ids(patterns?: readonly string[], exclude?: readonly string[]): string[] {
  return selectCases('server', patterns, exclude).cases.map((one) => one.id);
}

describe('selectCases', () => {
  it('chooses all that fit the side when nothing is said', () => {
    expect(selectCases('server').cases).toEqual(allCases('server'));
    expect(selectCases('client', [], []).cases).toEqual(allCases('client'));
    expect(selectCases('client').tested).toBe('client');
  });

  it.each([
    ['5', 20],
    ['5.*', 20],
    ['5.1*', 11],
    ['5.1', 1],
    ['6.4', 4],
    ['6.4.*', 4],
    ['6.2', 4],
    ['6.2*', 4 + 7 + 8 + 34 + 7],
    ['1', 16],
    ['1*', 16 + 1 + 90 + 126],
    ['13.7', 18],
    ['*', allCases('server').length],
  ])('takes %s for %i cases', (pattern, count) => {
    expect(ids([pattern])).toHaveLength(count);
  });

  it('takes a letter for a whole section, with a star or without, in either case', () => {
    const all = allCases('server')
      .map((one) => one.id)
      .filter((id) => id.startsWith('F'));
    expect(ids(['F'])).toEqual(all);
    expect(ids(['F*'])).toEqual(all);
    expect(ids(['f'])).toEqual(all);
  });

  it('takes F2 for the group F2, not for F20', () => {
    expect(ids(['F2'])).toEqual(['F2.1', 'F2.2', 'F2.3', 'F2.4']);
    expect(ids(['F2*'])).toContain('F20.1');
  });

  it('keeps the order of the list and takes no case twice', () => {
    expect(ids(['7.1.1', '5.9', '5.10', '5.9', '5.*10'])).toEqual(['5.9', '5.10', '7.1.1']);
  });

  it('leaves out what is excluded', () => {
    expect(ids(['5'], ['5.1*', '5.20'])).toEqual([
      '5.2',
      '5.3',
      '5.4',
      '5.5',
      '5.6',
      '5.7',
      '5.8',
      '5.9',
    ]);
    expect(ids(undefined, ['12', '13'])).not.toContain('12.1.1');
  });

  it('lets an exclusion name cases of the other side', () => {
    expect(ids(['7.1.1'], ['F7.8'])).toEqual(['7.1.1']);
  });

  it.each([['5.99'], ['8'], ['6.40'], ['5.x'], ['.'], ['[1-5]'], ['']])(
    'refuses %j, which fits nothing, by its name',
    (pattern) => {
      const refused = expect(() => ids(['1', pattern]));
      refused.toThrow(PatternError);
      expect(() => ids(['1', pattern])).toThrow(JSON.stringify(pattern));
      expect(() => ids(['1'], [pattern])).toThrow(PatternError);
    },
  );

  it('says so when a pattern fits the other side only', () => {
    expect(() => ids(['F7.8'])).toThrow(/clients only/);
  });

  it('refuses to run nothing', () => {
    expect(() => ids(['5.1'], ['5'])).toThrow(PatternError);
  });
});
