import { describe, expect, it } from 'vitest';
import { copyOctets } from '../../src/protocol/octets.ts';

describe('copyOctets', () => {
  it('copies the octets from start to before end', () => {
    expect(copyOctets(Uint8Array.of(1, 2, 3, 4), 1, 3)).toEqual(Uint8Array.of(2, 3));
  });

  it('copies nothing where start is end', () => {
    expect(copyOctets(Uint8Array.of(1, 2), 1, 1)).toEqual(new Uint8Array(0));
  });

  it.each([
    ['a Uint8Array', Uint8Array.of(1, 2, 3)],
    ['a Buffer, whose slice() would be a view', Buffer.of(1, 2, 3)],
  ])('gives memory of its own, of just that size, for %s', (_of, source) => {
    const copy = copyOctets(source, 0, 2);
    source[0] = 9;
    expect(copy).toEqual(Uint8Array.of(1, 2));
    expect(copy.buffer.byteLength).toBe(2);
  });
});
