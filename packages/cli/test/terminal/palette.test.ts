import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { hasColours, paletteFor } from '../../src/terminal/palette.ts';

const terminal = Object.assign(new Writable(), { isTTY: true });
const pipe = new Writable();

describe('hasColours', () => {
  it.each([
    ['a terminal', terminal, {}, true],
    ['a pipe', pipe, {}, false],
    ['NO_COLOR=1', terminal, { NO_COLOR: '1' }, false],
    ['NO_COLOR=0, as any value that is not empty', terminal, { NO_COLOR: '0' }, false],
    ['an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['FORCE_COLOR=1 in a pipe', pipe, { FORCE_COLOR: '1' }, true],
    ['an empty FORCE_COLOR in a pipe', pipe, { FORCE_COLOR: '' }, true],
    ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['FORCE_COLOR=false', terminal, { FORCE_COLOR: 'false' }, false],
    ['FORCE_COLOR over NO_COLOR', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('%s: %#', (_case, stream, env, colours) => {
    expect(hasColours(stream, env)).toBe(colours);
  });
});

describe('paletteFor', () => {
  it('ends each look that it begins', () => {
    expect(paletteFor(terminal, {}).red('a')).toBe('\x1b[31ma\x1b[39m');
    expect(paletteFor(terminal, {}).bold('a')).toBe('\x1b[1ma\x1b[22m');
  });

  it('adds nothing to nothing, and nothing where there are no colours', () => {
    expect(paletteFor(terminal, {}).red('')).toBe('');
    expect(paletteFor(pipe, {}).red('a')).toBe('a');
  });
});
