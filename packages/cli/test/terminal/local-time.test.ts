import { expect, it } from 'vitest';
import { localTime } from '../../src/terminal/local-time.ts';

it('tells the time of day to the millisecond', () => {
  expect(localTime(new Date(2026, 0, 2, 3, 4, 5, 6))).toBe('03:04:05.006');
  expect(localTime(new Date(2026, 11, 31, 23, 59, 59, 999))).toBe('23:59:59.999');
});
