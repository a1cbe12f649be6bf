import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hang } from '../../src/terminal/hang.ts';
import { Screen } from './screen.ts';

it('leaves short lines, pipes and tiny terminals alone', () => {
  expect(hang('short\n', 60)).toBe('short\n');
  expect(hang('x'.repeat(100), undefined)).toBe('x'.repeat(100));
  expect(hang('x'.repeat(100), 10)).toBe('x'.repeat(100));
});

it('indents what would be wrapped, deeper than its line', () => {
  expect(hang(`  ${'x'.repeat(30)}\nend`, 20)).toBe(
    `  ${'x'.repeat(18)}\n    ${'x'.repeat(12)}\nend`,
  );
});

it('counts no looks, and two columns for what may be wide', () => {
  const red = `\x1b[31m${'x'.repeat(20)}\x1b[39m`;
  expect(hang(red, 20)).toBe(red);
  expect(hang('宽'.repeat(11), 20)).toBe(`${'宽'.repeat(10)}\n  宽`);
});

it('S19 lets no text choose what stands at the left edge', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ a-z]{0,200}$/), (text) => {
      const rows = Screen.of(hang(`#${text}`, 30).replaceAll('\n', '\r\n'), 30).lines;
      for (const row of rows.slice(1)) expect(row.slice(0, 2).trim()).toBe('');
    }),
  );
});
