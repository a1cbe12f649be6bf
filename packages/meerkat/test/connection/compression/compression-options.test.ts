import { connect, UsageError, WebSocketServer } from 'meerkat';
import { connectionPair } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import {
  COMPRESSION_RANGES,
  type CompressionNumbers,
  type CompressionOptions,
  DEFAULT_COMPRESSION_NUMBERS,
  resolveCompression,
} from '../../../src/connection/compression/compression-options.ts';
import { zlibPool } from '../../../src/connection/compression/zlib-pool.ts';

const NAMES = Object.keys(COMPRESSION_RANGES) as (keyof CompressionNumbers)[];

const refused = (code: string) => expect.objectContaining({ name: 'UsageError', code });

describe('the options of compression', () => {
  it('have the defaults of the behaviour catalogue', () => {
    expect(resolveCompression(true, false)).toEqual({
      terms: { windowBits: 12, serverNoContextTakeover: true, clientNoContextTakeover: true },
      threshold: 1_024,
      level: 3,
      memLevel: 5,
      pool: zlibPool(4),
    });
    expect(resolveCompression({}, false)).toEqual(resolveCompression(true, false));
  });

  it('are off, on, or what is the default there', () => {
    expect(resolveCompression(undefined, false)).toBeUndefined();
    expect(resolveCompression(undefined, true)).toEqual(resolveCompression(true, false));
    expect(resolveCompression(false, true)).toBeUndefined();
  });

  it('have a default within the range of every number', () => {
    for (const name of NAMES) {
      const [least, greatest] = COMPRESSION_RANGES[name];
      expect(DEFAULT_COMPRESSION_NUMBERS[name]).toBeGreaterThanOrEqual(least);
      expect(DEFAULT_COMPRESSION_NUMBERS[name]).toBeLessThanOrEqual(greatest);
    }
  });

  it.each(NAMES)('%s takes its least and its greatest value, and nothing beyond', (name) => {
    const [least, greatest] = COMPRESSION_RANGES[name];
    for (const value of [least, greatest, undefined]) {
      expect(resolveCompression({ [name]: value } as CompressionOptions, false)).toBeDefined();
    }
    for (const wrong of [least - 1, greatest + 1, least + 0.5, Number.NaN, '9', null, 9n, {}]) {
      expect(() => resolveCompression({ [name]: wrong } as CompressionOptions, false)).toThrow(
        refused('MEERKAT_OPTION_RANGE'),
      );
    }
  });

  it.each(['serverNoContextTakeover', 'clientNoContextTakeover'] as const)(
    '%s is a boolean',
    (name) => {
      for (const value of [true, false]) {
        expect(resolveCompression({ [name]: value }, false)?.terms[name]).toBe(value);
      }
      for (const wrong of [0, 1, 'false', null, {}]) {
        expect(() => resolveCompression({ [name]: wrong as boolean }, false)).toThrow(
          refused('MEERKAT_OPTION_RANGE'),
        );
      }
    },
  );

  it.each([null, 'yes', 1, 0, '', 5n, Symbol('on'), () => true])(
    'are a boolean or an object: not %s',
    (wrong) => {
      expect(() => resolveCompression(wrong as unknown as boolean, false)).toThrow(
        refused('MEERKAT_OPTION_RANGE'),
      );
    },
  );

  it('are named in errors with what they are options of', () => {
    const attempt = (compression: object) => () => new WebSocketServer({ compression });
    expect(attempt({ level: 10 })).toThrow(/: compression\.level is 10, not .* from 0 to 9$/);
    expect(attempt({ treshold: 9 })).toThrow(/: compression\.treshold$/);
    expect(attempt({ clientNoContextTakeover: 1 })).toThrow(
      /: compression\.clientNoContextTakeover is not a boolean$/,
    );
  });

  it('have no other name, so that none is silently left at its default', () => {
    for (const name of ['treshold', 'serverMaxWindowBits', 'zlibDeflateOptions']) {
      expect(() => resolveCompression({ [name]: 9 } as CompressionOptions, false)).toThrow(
        refused('MEERKAT_OPTION_UNKNOWN'),
      );
    }
  });

  it('that are wrong are refused at once by server, client and pair', () => {
    const compression = { level: 10 };
    expect(() => new WebSocketServer({ compression })).toThrow(UsageError);
    expect(() => connect('ws://127.0.0.1:1/', { compression })).toThrow(UsageError);
    expect(() => connectionPair({ compression })).toThrow(UsageError);
    expect(() => connectionPair({}, { compression })).toThrow(UsageError);
  });

  it('share one pool of the process where they have the same concurrency', () => {
    const pool = (concurrency: number) => resolveCompression({ concurrency }, false)?.pool;
    expect(pool(4)).toBe(resolveCompression(true, false)?.pool);
    expect(pool(2)).toBe(pool(2));
    expect(pool(2)).not.toBe(pool(4));
  });
});
