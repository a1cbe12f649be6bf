import { expect, it } from 'vitest';
import { nearestName } from '../../src/terminal/nearest-name.ts';

const NAMES = ['list', 'to', 'send', 'close', 'kick', 'accept', 'refuse', 'help', 'quit'];

it.each([
  ['clos', 'close'],
  ['colse', 'close'],
  ['closee', 'close'],
  ['lits', 'list'],
  ['refsue', 'refuse'],
  ['ti', 'to'],
  ['xyz', undefined],
  ['', undefined],
  ['quitterie', undefined],
])('takes %j for %j', (typed, name) => {
  expect(nearestName(typed, NAMES)).toBe(name);
});
