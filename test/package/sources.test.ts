import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../support/program.ts';

/** Rows of the founding documents that work, and so have a test whose title opens with their id. */
const ROWS = [
  ...['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7', 'A8', 'A10', 'A12'],
  ...['B1', 'B3', 'B4', 'B5', 'B6', 'B7', 'B8', 'B9'],
  ...['G1', 'G2', 'G3', 'G4', 'G5', 'G6'],
  ...['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8'],
];

/** The first word of each title: behind `it(`, `describe(`, `describeOnTerminal(` …, or `it.each(…)(`. */
const FIRST_WORD = /(?:\b(?:it|test|describe\w*)|[\])`])\(\s*['"`]([A-Z]\d{1,2}) /g;

function firstWordsIn(source: string): string[] {
  return [...source.matchAll(FIRST_WORD)].map(([, word = '']) => word);
}

function testFiles(): string[] {
  const folders = [
    'test',
    ...readdirSync(join(root, 'packages')).map((one) => `packages/${one}/test`),
  ];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => join(root, folder, String(name)))
      .filter((name) => name.endsWith('.test.ts') && !name.endsWith('sources.test.ts')),
  );
}

it('every row of the founding documents that works has a test with its id', () => {
  const named = new Set(testFiles().flatMap((file) => firstWordsIn(readFileSync(file, 'utf8'))));
  expect(ROWS.filter((row) => !named.has(row))).toEqual([]);
});

it('a title counts in every form in which tests are written, and nothing else does', () => {
  const source = `
    it('A1 plain', () => {});
    it.each([1, 2])('A2 %i', () => {});
    it.each([
      ['B1 no title'],
    ])(
      'A3 on a line of its own', () => {});
    describeOnTerminal('A4 a suite', () => {});
    it('covers A5 somewhere', () => {});
    it('A6: a colon', () => {});
    // it is about A7
    expect(rows).toEqual(['A8 a value']);
  `;
  expect(firstWordsIn(source)).toEqual(['A1', 'A2', 'A3', 'A4']);
});
