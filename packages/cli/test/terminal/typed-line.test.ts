import { describe, expect, it } from 'vitest';
import { readTypedLine, takeWord } from '../../src/terminal/typed-line.ts';

describe('readTypedLine', () => {
  it.each([
    ['hello', { text: 'hello' }],
    ['', { text: '' }],
    [' /list', { text: ' /list' }],
    ['//etc/hosts', { text: '/etc/hosts' }],
    ['//', { text: '/' }],
    ['/list', { command: 'list', rest: '' }],
    ['/LIST', { command: 'list', rest: '' }],
    ['/', { command: '', rest: '' }],
    ['/send 3  two  blanks ', { command: 'send', rest: '3  two  blanks' }],
    ['/close\t1 4000 bye', { command: 'close', rest: '1 4000 bye' }],
  ])('reads %j', (line, meaning) => {
    expect(readTypedLine(line)).toEqual(meaning);
  });
});

describe('takeWord', () => {
  it.each([
    ['3 hello  there', ['3', 'hello  there']],
    ['  3', ['3', '']],
    ['', ['', '']],
  ])('takes the first word off %j', (rest, parts) => {
    expect(takeWord(rest)).toEqual(parts);
  });
});
