import { expect, it } from 'vitest';
import {
  changeWords,
  counted,
  octetWords,
  rateWords,
  secondWords,
  shareWords,
  timeWords,
} from '../../../src/bench/report/figures.ts';

it.each([
  [0, '0 ms'],
  [0.0004, '0.40 µs'],
  [0.31, '310 µs'],
  [0.9994, '999 µs'],
  [0.9996, '1.00 ms'],
  [1.236, '1.24 ms'],
  [31.24, '31.2 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [61_500, '61.5 s'],
])('tells %d milliseconds as %s', (milliseconds, words) => {
  expect(timeWords(milliseconds)).toBe(words);
});

it.each([
  [0, '0'],
  [0.25, '0.25'],
  [12.34, '12.3'],
  [99.96, '100'],
  [98_412.4, '98,412'],
])('tells %d a second as %s', (rate, words) => {
  expect(rateWords(rate)).toBe(words);
});

it.each([
  [0, '0 B'],
  [20, '20 B'],
  [999, '999 B'],
  [999.6, '1.00 kB'],
  [1_960_000, '1.96 MB'],
  [-2_000, '-2.00 kB'],
])('tells %d octets as %s', (octets, words) => {
  expect(octetWords(octets)).toBe(words);
});

it('tells shares, changes, seconds and counts with their units', () => {
  expect([shareWords(0.62), shareWords(0.004), shareWords(1)]).toEqual(['62 %', '0.4 %', '100 %']);
  expect([changeWords(12.4), changeWords(-0.44), changeWords(0.01)]).toEqual([
    '+12 %',
    '-0.4 %',
    '0 %',
  ]);
  expect([0, 0.001, 0.05, 0.0996].map(secondWords)).toEqual(['0 s', '1 ms', '50 ms', '0.1 s']);
  expect([secondWords(9.96), secondWords(119.6), secondWords(125)]).toEqual([
    '10 s',
    '2 min',
    '2 min 5 s',
  ]);
  expect([counted(1, 'message'), counted(1_234, 'message')]).toEqual([
    '1 message',
    '1,234 messages',
  ]);
});
