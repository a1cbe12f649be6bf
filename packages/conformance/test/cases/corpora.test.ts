import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CORPORA, type CorpusKind, corpus } from '../../src/cases/corpora.ts';
import { MessageDeflater } from '../../src/deflate/message-deflater.ts';

/** Octets, what the original compresses to in messages of 16, 256, 4096 and 131072, and the content of this version. */
const KINDS: readonly (readonly [CorpusKind, number, readonly number[], string])[] = [
  ['json', 194_056, [0.29, 0.07, 0.05, 0.04], '5a33d8596ba7bb68'],
  ['picture', 263_222, [1.1, 0.97, 0.86, 0.85], '4285385498dc2111'],
  ['book', 222_218, [0.73, 0.48, 0.4, 0.39], 'a38c752c449a39db'],
  ['html', 263_647, [0.42, 0.08, 0.06, 0.06], '82d6b67b4f160f00'],
  ['pdf', 1_042_328, [1.08, 0.97, 0.78, 0.76], '1dc48957a5261106'],
];

/** Messages looked at for a ratio, at most. */
const MESSAGES = 600;

async function ratioOf(kind: CorpusKind, size: number): Promise<number> {
  const deflater = new MessageDeflater({ contextTakeover: true, windowBits: 15 });
  const count = Math.min(MESSAGES, Math.ceil(corpus(kind).octets.length / size));
  let compressed = 0;
  let plain = 0;
  for (let n = 0; n < count; n += 1) {
    const { octets } = corpus(kind).slice(size, n);
    plain += octets.length;
    compressed += (await deflater.deflate(octets)).length;
  }
  return compressed / plain;
}

describe.each(KINDS)('the corpus %s', (kind, bytes, ratios, hash) => {
  it('has its size, and is the same on every machine', () => {
    const { octets } = corpus(kind);
    expect(octets).toHaveLength(bytes);
    const found = createHash('sha256').update(octets).digest('hex').slice(0, 16);
    expect(`${CORPORA} ${found}`).toBe(`meerkat-1 ${hash}`);
  });

  it('compresses as the original of its kind', async () => {
    for (const [index, size] of [16, 256, 4096, 131_072].entries()) {
      const ratio = await ratioOf(kind, size);
      const wanted = ratios[index] as number;
      expect(Math.abs(ratio - wanted)).toBeLessThan(0.03 + wanted * 0.25);
    }
  });

  it('is cut into messages that follow each other, around its end', () => {
    const { octets, slice } = {
      octets: corpus(kind).octets,
      slice: corpus(kind).slice.bind(corpus(kind)),
    };
    const size = 60_001;
    const messages = Array.from({ length: 24 }, (_none, n) => slice(size, n).octets);
    const joined = Buffer.concat(messages);
    const twice = Buffer.concat(Array.from({ length: 9 }, () => octets)).subarray(0, joined.length);
    expect(Buffer.compare(joined, twice)).toBe(0);
  });

  it('names equal messages equally, and different ones differently', () => {
    const { slice } = { slice: corpus(kind).slice.bind(corpus(kind)) };
    const contents = new Map<string, string>();
    for (let n = 0; n < 300; n += 1) {
      for (const size of [4_096, 4_097]) {
        const { octets, key } = slice(size, n);
        const digest = createHash('sha1').update(octets).digest('hex');
        expect(contents.get(key) ?? digest).toBe(digest);
        contents.set(key, digest);
      }
    }
  });
});

describe('the corpora of text', () => {
  it.each(['json', 'html', 'book'] as const)('%s is UTF-8 within the basic plane', (kind) => {
    const { octets } = corpus(kind);
    expect(isUtf8(octets)).toBe(true);
    expect(Buffer.from(octets).toString('utf8')).not.toMatch(/[\ud800-\udfff]/);
  });

  it('are cut by code points', () => {
    const { octets } = corpus('html');
    expect(octets.some((octet) => octet > 0x7f)).toBe(true);
    const text = Buffer.from(octets).toString('utf8');
    for (let n = 0; n < 600; n += 1) {
      const part = Buffer.from(corpus('html').slice(1_001, n).octets).toString('utf8');
      const from = (1_001 * n) % text.length;
      expect(part).toBe((text + text).slice(from, from + 1_001));
    }
  });

  it('has a JSON that can be read, and a book that begins with a byte order mark', () => {
    const { octets } = corpus('json');
    expect(JSON.parse(Buffer.from(octets).toString('utf8')).colony.length).toBeGreaterThan(800);
    expect([...corpus('book').octets.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  });
});
