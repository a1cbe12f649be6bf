import fc from 'fast-check';
import { expect, it } from 'vitest';
import { octetRows } from '../../src/traffic/octet-rows.ts';

it('A7 shows offset, hex and ASCII, 16 octets a row, a gap in the middle', () => {
  expect(octetRows(Buffer.from('The quick\r\n brown'), 0x20e)).toEqual([
    '0000020e  54 68 65 20 71 75 69 63  6b 0d 0a 20 62 72 6f 77  |The quick.. brow|',
    '0000021e  6e                                                |n|',
  ]);
});

it('A7 has as many digits as an offset needs', () => {
  expect(octetRows(Uint8Array.of(1), 2 ** 32 + 5)[0]).toMatch(/^100000005 {2}01 /);
  expect(octetRows(Uint8Array.of(1), 2 ** 53 - 1)[0]).toMatch(/^1fffffffffffff {2}01 /);
});

it.each([1, 5, 8, 9, 16, 17, 40])('S20 stars ranges in %i octets, and nothing else', (length) => {
  const octets = new Uint8Array(length).fill(0x41);
  fc.assert(
    fc.property(fc.nat(length), fc.nat(length), (one, other) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)];
      const rows = octetRows(octets, 0, [[start, end]]);
      const ascii = rows.map((row) => /\|(.*)\|$/.exec(row)?.[1]).join('');
      const hex = rows.flatMap((row) => row.slice(10, 58).trim().split(/ +/));
      const expected = Array.from(octets, (_octet, at) => at >= start && at < end);
      expect([...ascii].map((character) => character === '*')).toEqual(expected);
      expect(hex.map((digits) => digits === '**')).toEqual(expected);
      for (const row of rows) expect(row.indexOf('|')).toBe(60);
    }),
  );
});
