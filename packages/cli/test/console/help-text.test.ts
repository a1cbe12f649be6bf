import { expect, it } from 'vitest';
import { helpLines } from '../../src/console/help-text.ts';
import { COMMANDS } from '../../src/console/operator-command.ts';

it('names every command, each in one line that fits a terminal', () => {
  const lines = helpLines(undefined);
  for (const { name } of COMMANDS) {
    expect(lines.filter((line) => line.startsWith(`  /${name}`))).toHaveLength(1);
  }
  expect(lines.filter((line) => line.length > 110)).toEqual([]);
});

it('tells all about one command', () => {
  const close = COMMANDS.find(({ name }) => name === 'close');
  expect(helpLines(close)).toEqual([
    '/close ID|all [CODE [REASON]]',
    '  closes politely, with 1000 unless told otherwise',
    '  also /c',
  ]);
});
