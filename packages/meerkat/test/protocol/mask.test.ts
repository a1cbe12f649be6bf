import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskInPlace } from '../../src/protocol/mask.ts';
import { hex, octets, pattern } from './support/octets.ts';
import { masked } from './support/reference-frame.ts';

const KEYS = [0, 0x37fa213d, -1, -0x80000000, 0x7fffffff, 0x00000001, 0xed7f06db | 0];

describe('masking (§5.3)', () => {
  it.each([
    ['Hello, of RFC 6455 §5.7', 0x37fa213d, '7f 9f 4d 51 58', 'Hello'],
    [
      'Hello World!, of a browser',
      0xed7f06db | 0,
      'a5 1a 6a b7 82 5f 51 b4 9f 13 62 fa',
      'Hello World!',
    ],
  ])('takes the mask off %s', (_what, key, payload, text) => {
    const given = octets(payload);
    maskInPlace(given, 0, given.length, key, 0);
    expect(Buffer.from(given).toString()).toBe(text);
  });

  it('agrees with the formula of §5.3 at every alignment, length, phase and key', () => {
    for (const key of KEYS) {
      for (let start = 0; start < 9; start += 1) {
        for (let length = 0; length <= 20; length += 1) {
          for (let phase = 0; phase < 4; phase += 1) {
            const given = pattern(start + length + 9);
            const wanted = given.slice();
            wanted.set(masked(given.subarray(start, start + length), key, phase), start);
            maskInPlace(given, start, start + length, key, phase);
            if (hex(given) !== hex(wanted)) {
              expect(hex(given), `key ${key}, ${start} + ${length}, phase ${phase}`).toBe(
                hex(wanted),
              );
            }
          }
        }
      }
    }
  });

  it('agrees with it in words too, wherever the view begins in its memory', () => {
    const differences: string[] = [];
    for (let offset = 0; offset < 8; offset += 1) {
      for (let start = 0; start < 9; start += 1) {
        for (let length = 120; length <= 200; length += 1) {
          const phase = (offset + start + length) & 3;
          const given = new Uint8Array(new ArrayBuffer(240), offset, start + length + 9);
          const wanted = pattern(given.length);
          given.set(wanted);
          wanted.set(masked(wanted.subarray(start, start + length), 0x37fa213d, phase), start);
          maskInPlace(given, start, start + length, 0x37fa213d, phase);
          if (Buffer.compare(given, wanted) !== 0) {
            differences.push(`${offset} + ${start} + ${length}, phase ${phase}`);
          }
        }
      }
    }
    expect(differences).toEqual([]);
  });

  it('takes a phase modulo 4', () => {
    for (const length of [9, 900]) {
      for (let phase = 0; phase < 4; phase += 1) {
        const [one, other] = [pattern(length), pattern(length)];
        maskInPlace(one, 0, length, 0x37fa213d, phase);
        maskInPlace(other, 0, length, 0x37fa213d, phase + 1_000_000);
        expect(one).toEqual(other);
      }
    }
  });

  it('is its own inverse, in whatever pieces the payload comes', () => {
    const given = fc.uint8Array({ maxLength: 64 });
    const offsets = fc.array(fc.nat(64), { maxLength: 6 });
    fc.assert(
      fc.property(given, fc.integer(), offsets, (payload, key, cuts) => {
        const walked = payload.slice();
        const ends = [...cuts.filter((at) => at < payload.length), payload.length];
        let start = 0;
        for (const end of ends.sort((one, other) => one - other)) {
          maskInPlace(walked, start, end, key, start);
          start = end;
        }
        expect(walked).toEqual(masked(payload, key));
        maskInPlace(walked, 0, walked.length, key, 0);
        expect(walked).toEqual(payload);
      }),
      { numRuns: 300 },
    );
  });
});
