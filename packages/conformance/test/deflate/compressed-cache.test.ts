import { describe, expect, it } from 'vitest';
import { CompressedCache } from '../../src/deflate/compressed-cache.ts';

describe('CompressedCache', () => {
  it('makes a message once, for all who ask at the same time too', async () => {
    const cache = new CompressedCache();
    let made = 0;
    const make = async (): Promise<Uint8Array> => {
      made += 1;
      await Promise.resolve();
      return new Uint8Array(10);
    };
    const [one, other] = await Promise.all([cache.get('a', make), cache.get('a', make)]);
    expect(one).toBe(other);
    expect(await cache.get('a', make)).toBe(one);
    expect(made).toBe(1);
    expect(cache.bytes).toBe(10);
  });

  it('keeps no more octets than it may, and forgets what was not asked for longest', () => {
    const cache = new CompressedCache(30);
    const made: string[] = [];
    const get = (name: string): unknown =>
      cache.get(name, () => {
        made.push(name);
        return new Uint8Array(10);
      });
    for (const name of ['a', 'b', 'c', 'a', 'd', 'a', 'c', 'b']) get(name);
    expect(made).toEqual(['a', 'b', 'c', 'd', 'b']);
    expect(cache.bytes).toBe(30);
  });

  it('does not keep a failure', async () => {
    const cache = new CompressedCache();
    await expect(cache.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(cache.get('a', () => new Uint8Array(1))).toHaveLength(1);
  });
});
