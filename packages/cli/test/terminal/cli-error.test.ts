import { expect, it } from 'vitest';
import { CliError } from '../../src/cli-error.ts';

it('is one harmless line, whatever it quotes', () => {
  const error = new CliError('refused: "\x1b[2J\nsecond line\u202e"', 1);
  expect(error.message).toBe('refused: "\\x1b[2J\\nsecond line\\u202e"');
  expect(error.exitCode).toBe(1);
});

it('keeps its cause', () => {
  const cause = new Error('below');
  expect(new CliError('above', 2, { cause }).cause).toBe(cause);
});
