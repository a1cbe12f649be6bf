import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectRange } from '../../src/serve/byte-range.ts';

const SIZE = 23;

describe('selectRange', () => {
  it.each([
    ['bytes=0-4', 0, 4],
    ['bytes=0-0', 0, 0],
    ['bytes=22-22', 22, 22],
    ['bytes=5-', 5, 22],
    ['bytes=5-1000', 5, 22],
    ['bytes=0-99999999999999999999999', 0, 22],
    ['Bytes=0-4', 0, 4], // "range units are case-insensitive" (RFC 9110 §14.1)
    ['bytes=00-04', 0, 4],
    ['bytes=-5', 18, 22],
    ['bytes=-23', 0, 22],
    ['bytes=-24', 0, 22], // longer than the file: all of it (RFC 9110 §14.1.2)
    ['bytes=-99999999999999999999999', 0, 22],
  ])('S10 honours %s', (header, start, end) => {
    expect(selectRange(header, SIZE)).toEqual({ start, end });
  });

  it.each(['bytes=999-', 'bytes=23-', 'bytes=23-25', 'bytes=99999999999999999999999-', 'bytes=-0'])(
    'S10 cannot satisfy %s',
    (header) => {
      expect(selectRange(header, SIZE)).toBe('unsatisfiable');
    },
  );

  it.each([
    'bytes=5-2',
    'abc',
    'lines=',
    'lines=1-2',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=1',
    '',
    'bytes=0-1,3-4',
    'bytes=0-1,',
    'bytes=0x0-0x4',
    'bytes=1e0-4',
    'bytes=+0-4',
    'bytes=0--4',
    'bytes=0.0-4',
    'bytes=0-4-',
    'bytes = 0-4',
    'bytes=0 -4',
    'bytes=0-4\n',
    'bytes=٣-٤',
    'bytes=5-2,0-4',
    `bytes=${'0-1,'.repeat(999)}0-1`,
  ])('S10 ignores %s', (header) => {
    expect(selectRange(header, SIZE)).toBe('whole');
  });

  it('gives the whole without a header', () => {
    expect(selectRange(undefined, SIZE)).toBe('whole');
  });

  it('S10 has nothing to give of an empty file', () => {
    expect(selectRange('bytes=0-', 0)).toBe('unsatisfiable');
    expect(selectRange('bytes=0-0', 0)).toBe('unsatisfiable');
    expect(selectRange('bytes=-5', 0)).toBe('whole');
  });

  it('S10 never reaches out of the file, whatever is sent', () => {
    const part = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.bigInt().map(String),
      fc.constant(''),
    );
    fc.assert(
      fc.property(part, part, fc.nat(), (first, last, size) => {
        const range = selectRange(`bytes=${first}-${last}`, size);
        if (typeof range === 'string') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
        expect(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
