import { createHook } from 'node:async_hooks';
import { fromHex } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { History } from '../../../src/connection/compression/history.ts';
import { deflateOnLoop } from '../../../src/connection/compression/loop-deflater.ts';
import { inflateOnLoop } from '../../../src/connection/compression/loop-inflater.ts';
import { deflateAlone } from '../../../src/connection/compression/raw-deflate.ts';
import { noise } from '../packed.ts';

const SETTINGS = { level: 6, memLevel: 8, windowBits: 15 };
const MOST = 16_384;
const HELLO = fromHex('ca 48 cd c9 c9 07 00');
const BROKEN = fromHex('ff ff ff ff');

function compress(message: Uint8Array, dictionary?: Buffer): Buffer {
  return deflateAlone(message, dictionary, SETTINGS);
}

function hello(): string | undefined {
  return inflateOnLoop(HELLO, undefined, MOST)?.toString();
}

describe('the inflater of the loop', () => {
  it('is there', () => {
    expect(hello()).toBe('hello');
  });

  it('C2 refuses a distance that is too far, whatever was inflated before for others', () => {
    const other = noise(16_000, 1);
    for (const dictionary of [undefined, noise(32_768, 2)]) {
      for (const distant of ['03 82 00', 'ca 40 30 01 00', 'ca 00 11 00 00']) {
        const inflated = inflateOnLoop(compress(other, dictionary), dictionary, MOST);
        expect(typeof inflated !== 'string' && inflated?.equals(other)).toBe(true);
        expect(inflateOnLoop(fromHex(distant), undefined, MOST)).toBe('data');
      }
    }
  });

  it('C12 refuses what refers to the message before it, at each distance', () => {
    const before = noise(700, 3);
    for (let length = 10; length < before.length; length += 30) {
      const repeated = Buffer.from(before.subarray(-length));
      const referring = compress(repeated, before);
      expect(inflateOnLoop(compress(before), undefined, MOST)).toEqual(before);
      expect(inflateOnLoop(referring, undefined, MOST)).toBe('data');
      expect(inflateOnLoop(referring, before, MOST)).toEqual(repeated);
      expect(inflateOnLoop(referring, undefined, MOST)).toBe('data');
    }
  });

  it('refuses what refers one octet farther than to the first of its dictionary', () => {
    const referring = fromHex('ca 00 11 00 00'); // an "h", and four octets from five back
    expect(inflateOnLoop(referring, Buffer.from('ello'), MOST)?.toString()).toBe('hello');
    expect(inflateOnLoop(referring, Buffer.from('llo'), MOST)).toBe('data');
  });

  it('goes on after broken data, however often', () => {
    for (let round = 0; round < 200; round += 1) {
      expect(inflateOnLoop(BROKEN, undefined, MOST)).toBe('data');
      expect(hello()).toBe('hello');
    }
  });

  it.each([1, 100, 1_023, 16_383, MOST])('makes %i octets and not one more', (length) => {
    for (const message of [Buffer.alloc(length), noise(length, length)]) {
      const compressed = compress(message);
      if (compressed.length > MOST) continue;
      expect(inflateOnLoop(compressed, undefined, length)).toEqual(message);
      expect(inflateOnLoop(compressed, undefined, length - 1)).toBe('size');
      expect(hello()).toBe('hello');
    }
  });

  it('leaves to others what becomes larger than 16 KiB, if it may', () => {
    const large = compress(Buffer.alloc(MOST + 1));
    expect(inflateOnLoop(large, undefined, MOST)).toBe('size');
    expect(inflateOnLoop(large, undefined, MOST + 1)).toBeUndefined();
    expect(inflateOnLoop(compress(noise(MOST + 1, 5)), undefined, MOST)).toBeUndefined();
    expect(hello()).toBe('hello');
  });

  it.each([
    ['octets', 'cb 48 cd c9 c9 07 00 00'],
    ['another block', 'cb 48 cd c9 c9 07 00 ca 48 cd c9 c9 07 00'],
    ['nonsense', 'cb 48 cd c9 c9 07 00 de ad be ef'],
  ])('leaves to others what has %s behind a final block', (_what, hex) => {
    expect(inflateOnLoop(fromHex(hex), undefined, MOST)).toBeUndefined();
    expect(hello()).toBe('hello');
  });

  it('C3 takes a message that ends with a final block, and the next one', () => {
    expect(inflateOnLoop(fromHex('cb 48 cd c9 c9 07 00'), undefined, MOST)?.toString()).toBe(
      'hello',
    );
    expect(hello()).toBe('hello');
  });

  it.each([1, 2, 255, 256, 4_096, 32_767, 32_768])(
    'lets a message refer to each octet of a dictionary of %i',
    (length) => {
      const before = noise(length, length);
      const history = new History(15);
      history.push(before);
      const message = Buffer.concat([before.subarray(0, 200), before.subarray(-200)]);
      const compressed = compress(message, history.octets);
      expect(inflateOnLoop(compressed, history.octets, MOST)).toEqual(message);
    },
  );

  it('is not disturbed by an async hook that inflates as well, when data are broken', () => {
    const heard: (string | undefined)[] = [];
    let inside = false;
    const before = (): void => {
      if (inside) return;
      inside = true;
      heard.push(hello());
      inside = false;
    };
    const hook = createHook({ before }).enable();
    onTestFinished(() => void hook.disable());
    const result = inflateOnLoop(BROKEN, undefined, MOST);
    hook.disable();
    expect(result).toBe('data');
    expect(heard).toEqual(['hello']);
    expect(hello()).toBe('hello');
  });
});

describe('the deflaters of the loop', () => {
  const settings = { level: 3, memLevel: 5, windowBits: 12 };

  it('refer to nothing of the message before', () => {
    const message = noise(3_000, 6);
    for (let round = 0; round < 3; round += 1) {
      const compressed = deflateOnLoop(message, settings);
      expect(compressed?.length).toBeGreaterThan(2_900);
      expect(inflateOnLoop(compressed ?? BROKEN, undefined, MOST)).toEqual(message);
    }
  });

  it('are the same afterwards, with more settings than they keep', () => {
    const message = Buffer.from('meerkat '.repeat(100));
    for (let round = 0; round < 2; round += 1) {
      for (let windowBits = 9; windowBits <= 15; windowBits += 1) {
        for (const level of [1, 3, 6, 9]) {
          const given = { level, memLevel: 9, windowBits };
          expect(deflateOnLoop(message, given)).toEqual(deflateAlone(message, undefined, given));
        }
      }
    }
  });

  it('leave larger messages to others', () => {
    expect(deflateOnLoop(Buffer.alloc(MOST), settings)).toBeInstanceOf(Buffer);
    expect(deflateOnLoop(Buffer.alloc(MOST + 1), settings)).toBeUndefined();
  });

  it('give octets that stay as they are', () => {
    const [one, other] = [noise(500, 7), noise(500, 8)];
    const first = deflateOnLoop(one, settings);
    deflateOnLoop(other, settings);
    expect(inflateOnLoop(first ?? BROKEN, undefined, MOST)).toEqual(one);
  });
});
