import { Buffer } from 'node:buffer';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { corpus } from '../../src/cases/corpora.ts';
import { CompressedCache } from '../../src/deflate/compressed-cache.ts';
import { inflate } from '../../src/deflate/inflate.ts';
import { MessageDeflater } from '../../src/deflate/message-deflater.ts';

const END = Buffer.from('0000ffff010000ffff', 'hex');

describe('MessageDeflater', () => {
  it('compresses an empty message to 00 (RFC 7692 §7.2.3.6), and "Hello" twice as in §7.2.3.2', async () => {
    const deflater = new MessageDeflater({ contextTakeover: true, windowBits: 15 });
    const payloads: string[] = [];
    for (const text of ['', 'Hello', 'Hello']) {
      payloads.push(Buffer.from(await deflater.deflate(Buffer.from(text))).toString('hex'));
    }
    expect(payloads).toEqual(['00', 'f248cdc9c90700', 'f200110000']);
  });

  it('compresses every message by itself without takeover', async () => {
    const deflater = new MessageDeflater({ contextTakeover: false, windowBits: 15 });
    for (let round = 0; round < 3; round += 1) {
      const payload = await deflater.deflate(Buffer.from('Hello'));
      expect(Buffer.from(payload).toString('hex')).toBe('f248cdc9c90700');
    }
  });

  it.each([8, 9, 10, 11, 12, 13, 14, 15])(
    'keeps to a window of %i bits, with takeover',
    async (windowBits) => {
      const deflater = new MessageDeflater({ contextTakeover: true, windowBits });
      let history: Uint8Array = new Uint8Array(0);
      let farthest = 0;
      for (let round = 0; round < 12; round += 1) {
        const { octets } = corpus('html').slice([100, 20_000, 3_000][round % 3] as number, round);
        const payload = await deflater.deflate(octets);
        const result = inflate(payload, { history, maxBytes: 1 << 20, tail: true });
        expect(result.defect).toBeUndefined();
        expect(Buffer.compare(result.octets, octets)).toBe(0);
        farthest = Math.max(farthest, result.maxDistance);
        history = Buffer.concat([history, octets]);
      }
      expect(farthest).toBeLessThanOrEqual(2 ** windowBits);
      expect(farthest).toBeGreaterThan(2 ** windowBits / 4);
    },
  );

  it('gives the same octets from a cache, with and without takeover', async () => {
    const cache = new CompressedCache();
    for (const contextTakeover of [true, false]) {
      const one = new MessageDeflater({ contextTakeover, windowBits: 15 }, cache);
      const other = new MessageDeflater({ contextTakeover, windowBits: 15 }, cache);
      const plain = new MessageDeflater({ contextTakeover, windowBits: 15 });
      for (let round = 0; round < 5; round += 1) {
        const { octets, key } = corpus('json').slice(20_000, round);
        const payload = await one.deflate(octets, key);
        expect(await other.deflate(octets, key)).toBe(payload);
        expect(Buffer.compare(await plain.deflate(octets, key), payload)).toBe(0);
      }
    }
    expect(cache.bytes).toBeGreaterThan(0);
  });

  it('never takes from a cache what depends on other messages before it, or on another window', async () => {
    const cache = new CompressedCache();
    const { octets, key } = corpus('json').slice(4_096, 0);
    const direction = { contextTakeover: true, windowBits: 15 };
    const first = new MessageDeflater(direction, cache);
    const later = new MessageDeflater(direction, cache);
    const nameless = new MessageDeflater(direction, cache);
    const small = new MessageDeflater({ ...direction, windowBits: 9 }, cache);
    const alone = await first.deflate(octets, key);
    await later.deflate(Buffer.from('something else'), 'something else');
    await nameless.deflate(Buffer.from('something else'));
    const payloads = [await later.deflate(octets, key), await nameless.deflate(octets, key)];
    for (const payload of [...payloads, await small.deflate(octets, key)]) {
      expect(payload).not.toBe(alone);
    }
    const dictionary = Buffer.from('something else');
    for (const payload of payloads) {
      const back = inflateRawSync(Buffer.concat([payload, END]), { dictionary });
      expect(Buffer.compare(back, octets)).toBe(0);
    }
  });
});
