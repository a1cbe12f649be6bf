import { expect, it } from 'vitest';
import { listIds, peerLabel } from '../../src/console/peer-label.ts';

it.each([
  [1, '127.0.0.1', 59668, '#1 127.0.0.1:59668'],
  [2, '::1', 4711, '#2 [::1]:4711'],
  [3, 'fe80::1%eth0', 1, '#3 [fe80::1%eth0]:1'],
  [4, undefined, undefined, '#4'],
  [5, '', undefined, '#5'],
  [6, '10.0.0.1', undefined, '#6 10.0.0.1'],
])('D4 calls client %i at %j:%j %s', (id, address, port, label) => {
  expect(peerLabel(id, address, port)).toBe(label);
});

it('names the first of many', () => {
  expect(listIds([1, 2, 3])).toBe('#1, #2, #3');
  expect(listIds([1, 2, 3], 2)).toBe('#1, #2 and 1 more');
});
