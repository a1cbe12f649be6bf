import { expect, it } from 'vitest';
import { sparkline } from '../../../src/bench/view/sparkline.ts';

it.each<[number[], number, string]>([
  [[0, 1, 2, 3, 4, 5, 6, 7], 8, '▁▂▃▄▅▆▇█'],
  [[5, 5], 8, '██'],
  [[0, 0], 8, '▁▁'],
  [[1, 2, 3, 4], 2, '▆█'],
  [[], 8, ''],
  [[1], 0, ''],
  [[1], -3, ''],
])('draws %j in %d columns as %s', (values, columns, text) => {
  expect(sparkline(values, columns)).toBe(text);
});
