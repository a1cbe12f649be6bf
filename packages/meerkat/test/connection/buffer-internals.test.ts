import { describe, expect, it } from 'vitest';
import { findInternals } from '../../src/connection/buffer-internals.ts';

// A text of all lengths that a character can have, in the middle of memory that is something else.
const TEXT = 'Grüße, €5, 🦔';
const LENGTH = Buffer.byteLength(TEXT);

function room(): Uint8Array {
  return new Uint8Array(new ArrayBuffer(LENGTH + 10), 3, LENGTH + 5).fill(0xee);
}

describe.each([
  ['of this Node', findInternals(Buffer.prototype)],
  ['that are missing', findInternals({})],
])('internals of Buffer %s', (_which, { utf8Slice, latin1Slice, utf8Write }) => {
  it('write text into a Uint8Array, and answer how many octets that were', () => {
    const octets = room();
    expect(utf8Write.call(octets, TEXT, 2)).toBe(LENGTH);
    expect(Buffer.from(octets.subarray(2, -3)).toString()).toBe(TEXT);
    expect([...octets.subarray(0, 2), ...octets.subarray(-3)]).toEqual(Array(5).fill(0xee));
  });

  it('make text of a part of a Uint8Array', () => {
    const octets = room();
    octets.set(Buffer.from(TEXT), 2);
    expect(utf8Slice.call(octets, 2, 2 + LENGTH)).toBe(TEXT);
    expect(utf8Slice.call(octets, 0, 3)).toBe('\ufffd\ufffdG');
    expect(latin1Slice.call(octets, 1, 4)).toBe('îGr');
  });
});

describe('internals of Buffer', () => {
  it('are there, on every Node we know', () => {
    const { utf8Slice, latin1Slice, utf8Write } = findInternals(Buffer.prototype);
    expect(Buffer.prototype).toMatchObject({ utf8Slice, latin1Slice, utf8Write });
  });
});
