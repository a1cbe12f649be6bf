import { createHash, randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../src/connection/node-primitives.ts';
import { maskKeys, type Primitives, plainPrimitives } from '../../src/protocol/primitives.ts';
import { hex, pattern } from './support/octets.ts';
import { masked } from './support/reference-frame.ts';
import { anyText } from './support/text-arbitraries.ts';

const plain = plainPrimitives((octets) => {
  randomFillSync(octets);
});
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeStrictly(octets: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(octets);
  } catch {
    return undefined;
  }
}

/** Octets that are often UTF-8 or nearly so. */
const almostText = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      anyText(40).map((text) => new Uint8Array(Buffer.from(text))),
    ),
    { maxLength: 4 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

// One suite for every implementation: whoever brings another one adds a row.
describe.each<[string, Primitives]>([
  ['plain', plain],
  ["Node's", nodePrimitives],
])('%s primitives', (_name, primitives) => {
  // Some implementations take a Buffer another way than a bare Uint8Array.
  const memories = [
    (octets: Uint8Array) => octets.slice(),
    (octets: Uint8Array) => Buffer.from(octets),
  ];

  it('mask as §5.3 says, in whatever part of the memory, from whatever phase', () => {
    for (const memory of memories) {
      for (const length of [0, 1, 3, 4, 5, 31, 32, 33, 1_000, 5_000]) {
        for (let start = 0; start < 5; start += 1) {
          for (let phase = 0; phase < 4; phase += 1) {
            const octets = memory(pattern(start + length + 5));
            const wanted = pattern(start + length + 5);
            wanted.set(masked(wanted.subarray(start, start + length), -559038737, phase), start);
            primitives.maskInPlace(octets, start, start + length, -559038737, phase);
            expect(Buffer.compare(octets, wanted), `${start} + ${length}, phase ${phase}`).toBe(0);
          }
        }
      }
    }
  });

  it('decode UTF-8 as a strict TextDecoder that keeps the byte order mark', () => {
    fc.assert(
      fc.property(almostText, fc.nat(3), (text, before) => {
        for (const memory of memories) {
          const octets = memory(new Uint8Array([...pattern(before), ...text, 0xff]));
          const decoded = primitives.decodeUtf8(octets, before, before + text.length);
          expect(decoded).toBe(decodeStrictly(text));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('read octets as the characters of the same numbers', () => {
    for (const memory of memories) {
      const octets = memory(Uint8Array.from({ length: 10_000 }, (_, at) => at & 0xff));
      const text = Buffer.from(octets).toString('latin1');
      for (const [start, end] of [
        [0, 0],
        [1, 2],
        [0, 256],
        [7, 4_103],
        [1, 10_000],
      ] as const) {
        expect(primitives.latin1(octets, start, end)).toBe(text.slice(start, end));
      }
    }
  });

  it.each([
    ['nothing', '', ''],
    ['a byte order mark', 'efbbbf61', '\ufeffa'],
    ['U+FFFD itself', 'efbfbd', '\ufffd'],
    ['an octet that is none', '61ff', undefined],
    ['U+FFFD and an octet that is none', 'efbfbdff', undefined],
    ['a surrogate', 'eda080', undefined],
    ['a cut character', 'e282', undefined],
  ])('decode %s', (_what, given, text) => {
    const octets = new Uint8Array(Buffer.from(given, 'hex'));
    expect(primitives.decodeUtf8(octets, 0, octets.length)).toBe(text);
  });

  it.each([7, 8, 9, 10, 19, 20, 21, 22, 4_094, 4_095, 4_096, 4_097, 20_000])(
    'decode, encode and check %i octets, of ASCII and of what is almost ASCII',
    (length) => {
      const ascii = 'The quick brown fox. '.repeat(1_000).slice(0, length);
      const almost = `${ascii.slice(0, length - 2)}é`;
      for (const memory of memories) {
        for (const text of [ascii, almost]) {
          const octets = memory(new Uint8Array(Buffer.from(`\0${text}é`)));
          const end = 1 + length;
          expect(primitives.decodeUtf8(octets, 1, end)).toBe(text);
          expect(primitives.isUtf8(octets, 1, end)).toBe(true);
          expect(primitives.isUtf8(octets, 1, end + 1)).toBe(false);
          expect(primitives.decodeUtf8(octets, 1, end + 1)).toBeUndefined();
          const written = memory(new Uint8Array(length + 2).fill(0xee));
          expect(primitives.encodeUtf8Into(text, written, 1)).toBe(length);
          expect(Buffer.from(written).toString('latin1')).toBe(
            `\xee${Buffer.from(text).toString('latin1')}\xee`,
          );
        }
      }
    },
  );

  it('check UTF-8 as a strict TextDecoder', () => {
    fc.assert(
      fc.property(almostText, fc.nat(3), (text, before) => {
        for (const memory of memories) {
          const octets = memory(new Uint8Array([...pattern(before), ...text, 0xff]));
          const valid = decodeStrictly(text) !== undefined;
          expect(primitives.isUtf8(octets, before, before + text.length)).toBe(valid);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('encode and measure text as TextEncoder does, lone surrogates as U+FFFD', () => {
    fc.assert(
      fc.property(anyText(40), fc.nat(3), (text, at) => {
        const wanted = new TextEncoder().encode(text);
        expect(primitives.utf8Length(text)).toBe(wanted.length);
        for (const memory of memories) {
          const octets = memory(new Uint8Array(at + wanted.length + 1).fill(0xee));
          expect(primitives.encodeUtf8Into(text, octets, at)).toBe(wanted.length);
          expect(hex(octets)).toBe(
            hex(new Uint8Array([...new Uint8Array(at).fill(0xee), ...wanted, 0xee])),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('digest with SHA-1 as node:crypto does', () => {
    for (const length of [0, 1, 55, 56, 60, 63, 64, 65, 119, 120, 128]) {
      const text = 'x'.repeat(length);
      expect(primitives.sha1Base64(text)).toBe(createHash('sha1').update(text).digest('base64'));
    }
  });

  it('give masking keys that are int32 and, 5,000 in a row, all but free of repetition', () => {
    const keys = Array.from({ length: 5_000 }, () => primitives.maskKey());
    expect(keys.every((key) => (key | 0) === key)).toBe(true);
    // Two of 5,000 are alike with a probability of 0.3 %, three pairs practically never.
    expect(new Set(keys).size).toBeGreaterThan(4_997);
  });

  it('fill octets with what was not there before', () => {
    const octets = new Uint8Array(32);
    primitives.fillRandom(octets);
    expect(octets.some((octet) => octet !== 0)).toBe(true);
  });
});

describe('a source of masking keys (§5.3, §10.3)', () => {
  it('asks for entropy once in 1,024 keys, and hands out every part of it once, in order', () => {
    let asked = 0;
    let value = 0;
    const next = maskKeys((octets) => {
      asked += 1;
      const words = new Int32Array(octets.buffer, octets.byteOffset, octets.length / 4);
      for (let at = 0; at < words.length; at += 1) words[at] = value++;
    });
    expect(asked).toBe(0);
    const keys = Array.from({ length: 2_049 }, next);
    expect(keys).toEqual([...Array(2_049).keys()]);
    expect(asked).toBe(3);
  });

  it('uses all 32 bits', () => {
    const next = maskKeys((octets) => octets.fill(0xff));
    expect(next()).toBe(-1);
  });
});
