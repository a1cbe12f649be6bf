import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutLine, widthOf, wrapText } from '../../src/report/text-lines.ts';

it('breaks at blanks, and within a word that is longer than a line', () => {
  expect(wrapText('one two three four five six', 20, '- ', '  ')).toEqual([
    '- one two three four',
    '  five six',
  ]);
  expect(wrapText(`see ${'x'.repeat(30)} there`, 20, '', '  ')).toEqual([
    'see',
    `  ${'x'.repeat(18)}`,
    `  ${'x'.repeat(12)} there`,
  ]);
});

it('counts two columns for characters that may take them', () => {
  expect(widthOf('日本')).toBe(4);
  expect(widthOf('a…é')).toBe(3);
  expect(wrapText('日'.repeat(12), 20, '', '')).toEqual(['日'.repeat(10), '日日']);
});

it('keeps within the columns and loses nothing, whatever the text', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '日', '🦦'), maxLength: 120 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 20, max: 60 }), (text, columns) => {
      const lines = wrapText(text, columns, '> ', '    ');
      expect(lines.filter((line) => widthOf(line) > columns)).toEqual([]);
      expect(lines.join('').replace(/[> ]/g, '')).toBe(text.replace(/ /g, ''));
    }),
  );
});

it('cuts a line, and says so', () => {
  expect(cutLine('12345678', 8)).toBe('12345678');
  expect(cutLine('123456789', 8)).toBe('1234567…');
});
