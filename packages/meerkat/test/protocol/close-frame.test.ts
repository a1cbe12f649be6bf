import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCloseCodeOnTheWire } from '../../src/protocol/close-code.ts';
import {
  buildClose,
  cutReason,
  MAX_REASON_BYTES,
  parseClose,
} from '../../src/protocol/close-frame.ts';
import type { ProtocolError } from '../../src/protocol/protocol-error.ts';
import type { UsageError } from '../../src/protocol/usage-error.ts';
import { misuse, violation } from './support/faults.ts';
import { hex, octets } from './support/octets.ts';
import { testPrimitives } from './support/recording-endpoint.ts';
import { wellFormedText } from './support/text-arbitraries.ts';

const parse = (payload: string | Uint8Array) => {
  const given = typeof payload === 'string' ? octets(payload) : payload;
  return parseClose(given, 0, given.length, testPrimitives);
};
const build = (code: number, reason = '') => buildClose(code, reason, testPrimitives);
const EVERY_CODE = [...Array(65_536).keys()];

describe('reading the payload of a Close frame (§5.5.1)', () => {
  it.each([
    ['nothing: code 1005 stands for "no status" (§7.1.5)', '', 1005, ''],
    ['a code alone, in network order', '03 e8', 1000, ''],
    ['a code and a reason', '03 e9 62 79 65', 1001, 'bye'],
    ['a reason of several octets a character', '0f a0 e2 82 ac', 4000, '€'],
    [
      'a reason that begins with a byte order mark, which is kept',
      '03 e8 ef bb bf 61',
      1000,
      '\ufeffa',
    ],
  ])('takes %s', (_what, payload, code, reason) => {
    expect(parse(payload)).toEqual({ code, reason });
  });

  it.each([
    ['one octet: half a code (§5.5.1)', '03', 'WS_CLOSE_PAYLOAD_LENGTH', 1002],
    [
      'code 1005, "MUST NOT be set as a status code" (§7.4.1)',
      '03 ed',
      'WS_CLOSE_CODE_INVALID',
      1002,
    ],
    ['a reason that is not UTF-8', '03 e8 ff', 'WS_CLOSE_REASON_UTF8', 1007],
    ['a reason that ends inside a character', '03 e8 e2 82', 'WS_CLOSE_REASON_UTF8', 1007],
    ['a bad code before a bad reason', '03 ed ff', 'WS_CLOSE_CODE_INVALID', 1002],
  ] as const)('refuses %s', (_what, payload, code, closeCode) => {
    expect(() => parse(payload)).toThrow(violation(code));
    expect(() => parse(payload)).toThrow(expect.objectContaining({ closeCode }));
  });

  it('takes a reason of 123 octets, the most that fits', () => {
    const reason = 'r'.repeat(123);
    expect(parse(octets(`03 e8 ${'72'.repeat(123)}`))).toEqual({ code: 1000, reason });
  });

  it('takes exactly the codes that may stand on the wire, of all 65536 (§7.4)', () => {
    const payload = new Uint8Array(2);
    const faults = new Set<unknown>();
    const taken = EVERY_CODE.filter((code) => {
      payload.set([code >> 8, code]);
      try {
        return parse(payload).code === code;
      } catch (error) {
        faults.add((error as ProtocolError).code);
        return false;
      }
    });
    expect(taken).toEqual(EVERY_CODE.filter(isCloseCodeOnTheWire));
    expect([...faults]).toEqual(['WS_CLOSE_CODE_INVALID']);
  });

  it('looks only at what is between start and end', () => {
    const surrounded = octets('ff 03 e8 6f 6b ff');
    expect(parseClose(surrounded, 1, 5, testPrimitives)).toEqual({ code: 1000, reason: 'ok' });
    expect(parseClose(surrounded, 3, 3, testPrimitives)).toEqual({ code: 1005, reason: '' });
    expect(() => parseClose(surrounded, 1, 2, testPrimitives)).toThrow(
      violation('WS_CLOSE_PAYLOAD_LENGTH'),
    );
  });
});

describe('making the payload of a Close frame (§5.5.1)', () => {
  it.each([
    [1000, '', '03 e8'],
    [1001, 'bye', '03 e9 62 79 65'],
    [4999, '€', '13 87 e2 82 ac'],
    [1005, '', ''],
  ])('makes %i %j as %j', (code, reason, payload) => {
    expect(hex(build(code, reason))).toBe(payload);
  });

  it('sends a lone surrogate as U+FFFD, so that the reason is UTF-8', () => {
    expect(hex(build(1000, '\ud800'))).toBe('03 e8 ef bf bd');
  });

  it('takes a reason of 123 octets, the most that fits a control frame (§5.5)', () => {
    expect(build(1000, 'r'.repeat(123))).toHaveLength(125);
    expect(build(1000, '€'.repeat(41))).toHaveLength(125);
  });

  it.each([
    ['a reason without a code before it', 1005, 'bye'],
    ['code 1006, which is only reported locally (§7.4.1)', 1006, ''],
    ['code 999', 999, ''],
    ['code 5000', 5000, ''],
    ['half a code', 1000.5, ''],
    ['no number', Number.NaN, ''],
    ['a reason of 124 octets', 1000, 'r'.repeat(124)],
    ['a reason of 42 characters and 126 octets', 1000, '€'.repeat(42)],
  ])('refuses %s', (_what, code, reason) => {
    expect(() => build(code, reason)).toThrow(misuse('MEERKAT_CLOSE_ARGUMENT'));
  });

  it('makes a payload for exactly the codes that may stand on the wire, and 1005', () => {
    const faults = new Set<unknown>();
    const made = EVERY_CODE.filter((code) => {
      try {
        return build(code).length === (code === 1005 ? 0 : 2);
      } catch (error) {
        faults.add((error as UsageError).code);
        return false;
      }
    });
    const allowed = EVERY_CODE.filter((code) => code === 1005 || isCloseCodeOnTheWire(code));
    expect(made).toEqual(allowed);
    expect([...faults]).toEqual(['MEERKAT_CLOSE_ARGUMENT']);
  });

  it.each([1, {}, null, new Uint8Array(2)])('refuses a reason that is no string: %j', (reason) => {
    expect(() => build(1000, reason as never)).toThrow(misuse('MEERKAT_CLOSE_ARGUMENT'));
  });

  it('is read back as it was made, whatever code and reason', () => {
    const code = fc.oneof(
      fc.integer({ min: 1000, max: 1003 }),
      fc.integer({ min: 1007, max: 1014 }),
      fc.integer({ min: 3000, max: 4999 }),
    );
    const reason = wellFormedText(60).filter((text) => Buffer.byteLength(text) <= MAX_REASON_BYTES);
    fc.assert(
      fc.property(code, reason, (sentCode, sentReason) => {
        expect(parse(build(sentCode, sentReason))).toEqual({ code: sentCode, reason: sentReason });
      }),
      { numRuns: 100 },
    );
  });
});

describe('cutting a reason to the 123 octets that fit (§5.5)', () => {
  it.each([
    ['a short one is left as it is', 'bye', 'bye'],
    ['none is left as it is', '', ''],
    ['one that just fits is left as it is', 'r'.repeat(123), 'r'.repeat(123)],
    ['one octet too many is cut off', 'r'.repeat(124), 'r'.repeat(123)],
    ['a character that does not fit whole is left out', `${'r'.repeat(121)}€!`, 'r'.repeat(121)],
    ['so is a surrogate pair', `${'r'.repeat(120)}😀`, 'r'.repeat(120)],
    ['characters of three octets: 41 of them', '€'.repeat(100), '€'.repeat(41)],
  ])('%s', (_rule, reason, fitting) => {
    expect(cutReason(reason, testPrimitives)).toBe(fitting);
  });
});
