import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha1 } from '../../src/protocol/sha1.ts';
import { hex, pattern, utf8 } from './support/octets.ts';

const bySha1OfNode = (given: Uint8Array): string => hex(createHash('sha1').update(given).digest());

describe('SHA-1', () => {
  it.each([
    ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '84983e441c3bd26ebaae4aa1f95129e5e54670f1',
    ],
  ])('digests %j as FIPS 180 does', (text, digest) => {
    expect(hex(sha1(utf8(text))).replaceAll(' ', '')).toBe(digest);
  });

  it('agrees with Node at every length from 0 to 200, so at every padding', () => {
    for (let length = 0; length <= 200; length += 1) {
      const given = pattern(length);
      expect(hex(sha1(given)), `${length} octets`).toBe(bySha1OfNode(given));
    }
  });

  it('agrees with Node on whatever octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (given) => {
        expect(hex(sha1(given))).toBe(bySha1OfNode(given));
      }),
      { numRuns: 200 },
    );
  });
});
