import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  count,
  duration,
  percent,
  quantity,
  readDuration,
  readSize,
  size,
  sizes,
} from '../../src/bench/quantities.ts';

describe('a quantity with its unit', () => {
  it.each([
    ['0', 0],
    ['20us', 0.02],
    ['1.5ms', 1.5],
    ['500ms', 500],
    ['10s', 10_000],
    ['0.5s', 500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['10', undefined],
    ['', undefined],
    ['s', undefined],
    ['-1s', undefined],
    ['1 day', undefined],
    ['1e3s', undefined],
    ['1s2', undefined],
  ])('the time %j is %j ms', (text, milliseconds) => {
    expect(readDuration(text)).toBe(milliseconds);
  });

  it.each([
    ['20', 20],
    ['1k', 1_024],
    ['1K', 1_024],
    ['16KiB', 16_384],
    ['16 kb', 16_384],
    ['1m', 1_048_576],
    ['1_000', 1_000],
    ['0.5k', 512],
    ['0.3k', undefined],
    ['1g', undefined],
    ['', undefined],
    ['k', undefined],
    ['-1', undefined],
  ])('the size %j is %j octets', (text, octets) => {
    expect(readSize(text)).toBe(octets);
  });
});

describe('the value of an option', () => {
  it('is read', () => {
    expect(duration(0, 1_000, 'up to 1s')('1s')).toBe(1_000);
    expect(count(1, 10_000)('10k')).toBe(10_000);
    expect(quantity('0.5')).toBe(0.5);
    expect(quantity('50k')).toBe(50_000);
    expect(sizes('20,1k', [1])).toEqual([1, 20, 1_024]);
    expect(size('8k')).toBe(8_192);
    expect(percent('2.5%')).toBe(0.025);
  });

  it.each<[string, () => unknown, string]>([
    ['a time without unit', () => duration(0, 1, '')('10'), 'It is a time with its unit, such as'],
    [
      'a time that is too long',
      () => duration(0, 1_000, 'a time up to 1s')('2s'),
      'It is a time up to 1s.',
    ],
    ['too many', () => count(1, 10)('11'), 'It is a whole number from 1 to 10; 10k is 10000.'],
    ['none', () => count(1, 10)('0'), 'It is a whole number from 1 to 10'],
    ['a rate of nothing', () => quantity('0'), 'It is a number above 0'],
    ['a rate that is no number', () => quantity('fast'), 'It is a number above 0'],
    ['an empty message', () => sizes('0'), 'It is octets, 1 to 16m'],
    ['a message that is too large', () => sizes('1k,17m'), 'It is octets, 1 to 16m'],
    ['a size of nothing', () => size('x'), 'It is octets, such as 4k or 1m.'],
    [
      'a share without its sign',
      () => percent('10'),
      'It is per cent of what it was, such as 10%.',
    ],
    ['a share above all', () => percent('101%'), 'It is per cent of what it was'],
  ])('%s is refused', (_what, read, words) => {
    expect(read).toThrow(InvalidArgumentError);
    expect(read).toThrow(words);
  });
});
