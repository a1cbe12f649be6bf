import { constants } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_LIMITS,
  LIMIT_RANGES,
  type Limits,
  maxCompressedBytes,
  resolveLimits,
} from '../../src/protocol/limits.ts';
import { misuse } from './support/faults.ts';

const NAMES = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];

describe('limits', () => {
  it('are safe on the open internet by default', () => {
    expect(resolveLimits()).toEqual({
      maxMessageBytes: 1_048_576,
      maxFramesPerMessage: 131_072,
      maxControlFramesPerSecond: 1_000,
      controlFrameBurst: 2_000,
    });
  });

  it('have a range each, and the default is in it', () => {
    expect(Object.keys(LIMIT_RANGES)).toEqual(NAMES);
    expect(resolveLimits(DEFAULT_LIMITS)).toEqual(DEFAULT_LIMITS);
  });

  it('take messages of up to the longest string that V8 can make', () => {
    expect(LIMIT_RANGES.maxMessageBytes[1]).toBe(constants.MAX_STRING_LENGTH);
  });

  it.each(NAMES)('take whole numbers from 1 to the end of the range for %s', (name) => {
    const [, greatest] = LIMIT_RANGES[name];
    for (const value of [1, greatest]) expect(resolveLimits({ [name]: value })[name]).toBe(value);
    for (const value of [0, -1, greatest + 1, 1.5, Number.NaN, Infinity]) {
      expect(() => resolveLimits({ [name]: value })).toThrow(misuse('MEERKAT_OPTION_RANGE'));
    }
  });

  it('let a compressed message be as long as zlib can make it, and stay a safe integer', () => {
    for (const octets of [0, 1, 100, 16_384, 100_000]) {
      const noise = randomBytes(octets);
      for (const memLevel of [1, 5, 9]) {
        for (const level of [0, 1, 6, 9]) {
          const compressed = deflateRawSync(noise, { level, memLevel, windowBits: 9 });
          expect(compressed.length).toBeLessThanOrEqual(maxCompressedBytes(octets));
        }
      }
    }
    expect(maxCompressedBytes(1_048_576)).toBe(1_048_576 + 131_072 + 1_024);
    const greatest = maxCompressedBytes(LIMIT_RANGES.maxMessageBytes[1]);
    expect(greatest).toBeGreaterThan(LIMIT_RANGES.maxMessageBytes[1]);
    expect(greatest).toBeLessThan(2 ** 30);
  });

  it('refuse a misspelt name, so that no limit is silently left at its default', () => {
    const misspelt = { maxMessageByte: 10 } as Partial<Limits>;
    expect(() => resolveLimits(misspelt)).toThrow(misuse('MEERKAT_OPTION_UNKNOWN'));
  });
});
