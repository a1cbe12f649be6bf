import { expect, it } from 'vitest';
import { wrap } from '../../src/terminal/wrap.ts';

it.each([
  ['one two three', 7, '', ['one two', 'three']],
  ['one two three', 9, '  ', ['  one two', '  three']],
  ['one', 1, '', ['one']],
  ['unbreakable', 4, '  ', ['  unbreakable']],
  ['a unbreakable b', 4, '', ['a', 'unbreakable', 'b']],
  ['', 10, '  ', ['  ']],
])('wraps %j at %i', (text, width, indent, lines) => {
  expect(wrap(text, width, indent)).toEqual(lines);
});
