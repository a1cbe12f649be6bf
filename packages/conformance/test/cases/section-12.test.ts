import { describe, expect, it } from 'vitest';
import { SECTION_12 } from '../../src/cases/section-12.ts';

const SIZES = [
  ...[16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072],
  ...[8192, 16_384, 32_768, 65_536, 131_072, 131_072, 131_072, 131_072],
];
const FRAGMENTS = [
  ...Array.from({ length: 10 }, () => undefined),
  ...[256, 256, 256, 256, 256, 1024, 4096, 32_768],
];

describe('section 12', () => {
  it('has 90 cases in five groups of 18, in their order', () => {
    const ids = [1, 2, 3, 4, 5].flatMap((kind) =>
      SIZES.map((_size, row) => `12.${kind}.${row + 1}`),
    );
    expect(SECTION_12.map((one) => one.id)).toEqual(ids);
  });

  it('sends the sizes and fragments of the table, text as text', () => {
    for (const [index, one] of SECTION_12.entries()) {
      const { octets } = one.message(3);
      const units = one.binary ? octets.length : Buffer.from(octets).toString('utf8').length;
      expect([one.id, units, one.fragmentBytes]).toEqual([
        one.id,
        SIZES[index % 18],
        FRAGMENTS[index % 18],
      ]);
      expect(one.binary).toBe(/^12\.[235]\./.test(one.id));
    }
  });

  it('sends 100 messages, 1,000 if asked for, and offers the same everywhere', () => {
    for (const one of SECTION_12) {
      expect(one).toMatchObject({ kind: 'rounds', count: 100, fullCount: 1000 });
      expect(one.deflate).toEqual({
        offer: 'permessage-deflate; client_no_context_takeover; client_max_window_bits',
        answers: [{ clientNoContextTakeover: false }],
      });
    }
  });

  it('has the limits of the table', () => {
    const seconds = SECTION_12.slice(0, 18).map((one) => one.limit.seconds);
    expect(seconds).toEqual([60, 60, 120, 240, ...Array.from({ length: 14 }, () => 480)]);
    expect(SECTION_12.every((one) => one.limit.action === 'close')).toBe(true);
  });
});
