import { Buffer } from 'node:buffer';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { corpus } from '../../src/cases/corpora.ts';
import { inflate } from '../../src/deflate/inflate.ts';

const MAX = 1 << 20;
const hex = (digits: string): Buffer => Buffer.from(digits.replace(/\s/g, ''), 'hex');
const TAIL = hex('0000ffff');

function message(digits: string, history?: Uint8Array) {
  return inflate(hex(digits), { maxBytes: MAX, tail: true, history });
}

describe('inflate', () => {
  it.each([
    ['one block with fixed codes (RFC 7692 §7.2.3.1)', 'f248cdc9c90700', 'Hello'],
    ['a stored block (§7.2.3.3)', '000500faff48656c6c6f00', 'Hello'],
    ['two blocks (§7.2.3.5)', 'f248050000 00ffffcac9c90700', 'Hello'],
    ['an empty message (§7.2.3.6)', '00', ''],
    ['a match', 'ca48cdc9c957c800910000', 'hello hello'],
  ])('reads %s', (_name, digits, expected) => {
    const result = message(digits);
    expect(Buffer.from(result.octets).toString()).toBe(expected);
    expect(result.defect).toBeUndefined();
    expect(result.finalBlock).toBe(false);
  });

  it('reads a final block, alone and with one behind it (RFC 7692 §7.2.3.4)', () => {
    for (const digits of ['f348cdc9c9070000', 'f348cdc9c90700', 'f348cdc9c90700f248cdc9c90700']) {
      const result = message(digits);
      expect(result.defect).toBeUndefined();
      expect(result.finalBlock).toBe(true);
      expect(Buffer.from(result.octets).toString()).toMatch(/^(Hello){1,2}$/);
    }
    expect(Buffer.from(message('f348cdc9c90700f248cdc9c90700').octets).toString()).toBe(
      'HelloHello',
    );
  });

  it('reads a message that refers to the one before (RFC 7692 §7.2.3.2), and says how far', () => {
    const result = message('f200110000', Buffer.from('Hello'));
    expect(Buffer.from(result.octets).toString()).toBe('Hello');
    expect(result).toMatchObject({ maxDistance: 5, intoHistory: 4 });
  });

  it.each([
    ['a reserved block type', 'ffffffff', 0, 0, /type 3/],
    ['lengths of a stored block that differ', '000500fafe68656c6c6f00', 1, 0, /5 and 261/],
    ['a distance behind the beginning', '4a0442000000', 1, 3, /distance of 2/],
    ['a length code that does not exist', '62180300', 1, 3, /length code 286/],
    ['a distance code that does not exist', '4a043e0000', 1, 3, /distance code 30/],
    ['too many codes', '04e09324499224499200', 0, 0, /over-subscribed/],
    ['too few codes', '04003600', 0, 0, /incomplete/],
    ['a repetition of nothing', '040002240000', 3, 5, /repeats none/],
    ['too many symbols', 'fc00000000', 0, 0, /288/],
    ['a block without an end', '04c081000000000010feab010000', 0, 0, /without a code for its end/],
    ['octets behind a final block', 'cb48cdc9c90700deadbeef', 7, 0, /type 3/],
  ])('names %s, with octet and bit', (_name, digits, at, bit, text) => {
    const { defect } = message(digits);
    expect(defect).toMatchObject({ at, bit, text: expect.stringMatching(text) });
    expect(defect?.cutOff).toBeUndefined();
  });

  it.each([
    ['no octet', ''],
    ['a block without its end', 'ca48cdc9'],
    ['a tail that was left on', 'ca48cdc9c907000000ffff'],
    ['a stored block that is too short', '00ff0000ff616263'],
  ])('says that %s is cut off, and gives what there is', (_name, digits) => {
    expect(message(digits).defect).toMatchObject({ cutOff: true });
  });

  it('stops at the limit, to the octet', () => {
    const zeros = deflateRawSync(Buffer.alloc(10_000));
    expect(inflate(zeros, { maxBytes: 10_000 }).defect).toBeUndefined();
    const result = inflate(zeros, { maxBytes: 9_999 });
    expect(result.defect?.tooLarge).toBe(true);
    expect(result.octets).toHaveLength(9_999);
    const plain = deflateRawSync(Buffer.from('abcdefgh'), { level: 0 });
    expect(inflate(plain, { maxBytes: 7 })).toMatchObject({ defect: { tooLarge: true } });
    expect(Buffer.from(inflate(plain, { maxBytes: 8 }).octets).toString()).toBe('abcdefgh');
    const literals = deflateRawSync(Buffer.from('abcdefgh'));
    expect(Buffer.from(inflate(literals, { maxBytes: 3 }).octets).toString()).toBe('abc');
  });

  it.each([9, 10, 12, 15])(
    'finds no larger distance than zlib makes with %i bits',
    (windowBits) => {
      for (const kind of ['json', 'html', 'book'] as const) {
        const octets = corpus(kind).octets.subarray(0, 131_072);
        const result = inflate(deflateRawSync(octets, { windowBits }), {
          maxBytes: MAX,
          windowBits,
        });
        expect(Buffer.compare(result.octets, octets)).toBe(0);
        expect(result.maxDistance).toBeLessThanOrEqual(2 ** windowBits - 262);
        expect(result.maxDistance).toBeGreaterThan(2 ** windowBits - 1_000);
        expect(result.beyond).toBeUndefined();
      }
    },
  );

  it('tells of the first distance that is behind a window', () => {
    // zlib has no match for the very first octet.
    const start = Buffer.from('the first of all sentences');
    const data = deflateRawSync(
      Buffer.concat([Buffer.from('>'), start, Buffer.alloc(600, 'x'), start]),
    );
    const result = inflate(data, { maxBytes: MAX, windowBits: 9 });
    expect(result.beyond).toMatchObject({ distance: 626, at: 627 });
    expect(result.lostByCalls).toBe(false);
    expect(inflate(data, { maxBytes: MAX, windowBits: 10 }).beyond).toBeUndefined();
  });

  it('knows what a reader loses that keeps the window only between two calls of zlib', () => {
    const sentence = Buffer.from('the first of all sentences');
    const before = Buffer.from(corpus('pdf').octets.subarray(100, 100 + 16_384 - 626));
    const across = deflateRawSync(Buffer.concat([before, sentence, Buffer.alloc(600), sentence]));
    expect(inflate(across, { maxBytes: MAX, windowBits: 9 }).lostByCalls).toBe(true);
    const history = Buffer.concat([Buffer.from('>'), sentence, Buffer.alloc(600, 'y')]);
    const reaching = deflateRawSync(sentence, { dictionary: history });
    const result = inflate(reaching, { maxBytes: MAX, windowBits: 9, history });
    expect(result).toMatchObject({ lostByCalls: true, intoHistory: 626 });
  });

  it('reads what zlib writes, at every level and strategy', () => {
    const sizes = fc.integer({ min: 0, max: 3_000 });
    const parts = fc.array(fc.tuple(fc.uint8Array({ maxLength: 80 }), sizes), { maxLength: 6 });
    fc.assert(
      fc.property(
        parts,
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 4 }),
        (given, level, strategy) => {
          const plain = Buffer.concat(
            given.map(([part, size]) => Buffer.alloc(part.length === 0 ? 0 : size, part)),
          );
          const result = inflate(deflateRawSync(plain, { level, strategy }), { maxBytes: MAX });
          expect(result.defect).toBeUndefined();
          expect(Buffer.compare(result.octets, plain)).toBe(0);
        },
      ),
    );
  });

  it('accepts and refuses what zlib does, of octets that were changed', () => {
    const base = [
      deflateRawSync(corpus('json').octets.subarray(0, 2_000)),
      deflateRawSync(corpus('picture').octets.subarray(1_000, 1_400)),
      deflateRawSync(Buffer.from('a short one with fixed codes, fixed codes')),
    ];
    const change = fc.tuple(fc.nat(2), fc.nat(1_000), fc.nat(255), fc.nat(1_000), fc.nat(255));
    let refused = 0;
    fc.assert(
      fc.property(change, ([which, at, value, other, second]) => {
        const data = Buffer.from(base[which] as Buffer);
        data[at % data.length] = value;
        data[other % 40] = second;
        const result = inflate(data, { maxBytes: MAX });
        let expected: Buffer | undefined;
        try {
          expected = inflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH });
        } catch {
          refused += 1;
        }
        if (expected === undefined) {
          expect(result.defect).toBeDefined();
          expect(result.defect?.cutOff).toBeUndefined();
        } else if (!result.finalBlock) {
          expect(result.defect === undefined || result.defect.cutOff === true).toBe(true);
          expect(Buffer.compare(result.octets, expected)).toBe(0);
        } else {
          // zlib ends at a final block.
          expect(Buffer.compare(result.octets.subarray(0, expected.length), expected)).toBe(0);
        }
      }),
      { numRuns: 2_000, seed: 20 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it('throws at no octets at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (data, tail) => {
        expect(inflate(data, { maxBytes: 5_000, tail }).octets.length).toBeLessThanOrEqual(5_000);
      }),
      { numRuns: 1_000 },
    );
    expect(inflate(TAIL, { maxBytes: 10 }).defect).toMatchObject({ cutOff: true });
  });
});
