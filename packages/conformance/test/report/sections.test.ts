import { expect, it } from 'vitest';
import { compareCaseIds, sectionOf, sectionTitle } from '../../src/report/sections.ts';

it('orders ids by their numbers, and letters behind them', () => {
  const ids = ['10.1.1', '5.10', 'F5.1', '5.9', 'C1', '1.1.1', 'F10', '5', 'F2', '5.9.1'];
  expect(ids.sort(compareCaseIds)).toEqual([
    '1.1.1',
    '5',
    '5.9',
    '5.9.1',
    '5.10',
    '10.1.1',
    'C1',
    'F2',
    'F5.1',
    'F10',
  ]);
});

it.each([
  ['5.6', '5'],
  ['12.1.1', '12'],
  ['F5.1', 'F'],
  ['', ''],
])('%j is in section %j', (id, section) => {
  expect(sectionOf(id)).toBe(section);
});

it('has a title for each section, and none for others', () => {
  expect(sectionTitle('6')).toBe('UTF-8');
  expect(sectionTitle('constructor')).toBe('');
});
