// What the loop's streams of zlib give is what a stream for each message gives.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonLike, mixedOctets, Random } from '../../../../../test/support/sample-messages.ts';
import { deflateOnLoop } from '../../../src/connection/compression/loop-deflater.ts';
import {
  deflateAlone,
  type InflateFault,
  inflateAlone,
  inflateNow,
} from '../../../src/connection/compression/raw-deflate.ts';

const MOST = 16_384;
const TAIL_BYTES = 4;

const settings = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
});

/** Octets up to a length, of every kind, and short ones as often as long ones. */
function octets(most: number): fc.Arbitrary<Buffer> {
  const length = fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: most }),
    fc.constant(most),
  );
  return fc
    .tuple(fc.integer({ min: 1, max: 2 ** 31 }), length, fc.constantFrom('json', 'mixed', 'noise'))
    .map(([seed, count, kind]) => {
      const random = new Random(seed);
      if (kind === 'json') return Buffer.from(jsonLike(random, count)).subarray(0, count);
      if (kind === 'mixed') return Buffer.from(mixedOctets(random, count));
      return Buffer.from(Array.from({ length: count }, () => random.below(256)));
    });
}

const dictionary = fc.option(
  octets(32_768).filter(({ length }) => length > 0),
  { nil: undefined },
);

/** What can be compared: the octets of a result hold only until the next one. */
function kept(result: Buffer | InflateFault): string {
  return typeof result === 'string' ? result : result.toString('latin1');
}

function expectSame(compressed: Buffer, before: Buffer | undefined, most: number): void {
  const shared = kept(inflateNow(compressed, before, most));
  const alone = kept(inflateAlone(compressed, before, most));
  // Too much and broken: which of both is seen first depends on how much is inflated at a time.
  if (shared === 'size' && alone === 'data') return;
  expect(shared === alone, `${shared.slice(0, 20)} / ${alone.slice(0, 20)}`).toBe(true);
}

describe('on the loop', () => {
  it('each message that becomes shorter is compressed to the same octets, and any to what it was', () => {
    fc.assert(
      fc.property(octets(MOST), settings, (message, given) => {
        const shared = deflateOnLoop(message, given);
        const alone = deflateAlone(message, undefined, given);
        if (alone.length < message.length - TAIL_BYTES) {
          expect(shared?.equals(alone)).toBe(true);
        } else if (shared !== undefined) {
          // How it cuts what does not become shorter depends on the room that zlib is given at a time.
          expect(kept(inflateAlone(shared, undefined, MOST)) === kept(message)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('each message is inflated to the same, with a dictionary and without, or with another one', () => {
    const input = fc.tuple(octets(MOST), dictionary, dictionary, settings);
    const most = fc.oneof(fc.constant(MOST), fc.integer({ min: 1, max: MOST }));
    fc.assert(
      fc.property(input, most, ([message, before, other, given], limit) => {
        const compressed = deflateAlone(message, before, given);
        expectSame(compressed, before, limit);
        expectSame(compressed, other, limit);
        expectSame(compressed, undefined, limit);
      }),
      { numRuns: 200 },
    );
  });

  it('whatever is broken, cut, put together or made up is inflated to the same', () => {
    const whole = fc
      .tuple(octets(3_000), dictionary, settings)
      .map(([message, before, given]) => deflateAlone(message, before, given));
    const broken = fc
      .tuple(whole, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
      .map(([compressed, changes]) => {
        for (const [at, octet] of changes) {
          if (compressed.length > 0) compressed[at % compressed.length] = octet;
        }
        return compressed;
      });
    const final = fc
      .constantFrom('cb48cdc9c90700', 'f348cdc9c90700', '0300')
      .map((hex) => Buffer.from(hex, 'hex'));
    const cut = fc
      .tuple(broken, fc.nat())
      .map(([all, end]) => all.subarray(0, end % (all.length + 1)));
    const madeUp = fc.uint8Array({ maxLength: 60 }).map((made) => Buffer.from(made));
    const anything = fc
      .array(fc.oneof(whole, broken, cut, final, madeUp), { minLength: 1, maxLength: 4 })
      .map((parts) => Buffer.concat(parts));
    fc.assert(fc.property(anything, dictionary, fc.integer({ min: 1, max: MOST }), expectSame), {
      numRuns: 300,
    });
  });
});
