import { getRandomValues } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../src/connection/node-primitives.ts';
import { plainPrimitives } from '../../src/protocol/primitives.ts';

const plain = plainPrimitives((octets) => {
  getRandomValues(octets as Uint8Array<ArrayBuffer>);
});

/** Octets in the middle of memory that must not be touched, as a Buffer or as a plain Uint8Array. */
const placed = fc.record({
  octets: fc.uint8Array({ maxLength: 300 }),
  before: fc.nat(9),
  after: fc.nat(9),
  buffer: fc.boolean(),
});

function place({
  octets,
  before,
  after,
  buffer,
}: typeof placed extends fc.Arbitrary<infer T> ? T : never) {
  const memory = new Uint8Array(before + octets.length + after).fill(0xee);
  memory.set(octets, before);
  const view = buffer ? Buffer.from(memory.buffer) : memory;
  return { memory, view, start: before, end: before + octets.length };
}

/** Text with everything that UTF-8 makes difficult, lone surrogates too. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(
      fc.constantFrom('a', '\0', 'é', '€', '\ufeff', '\ufffd', '\uffff', '🦔', '\ud800', '\udfff'),
      {
        maxLength: 60,
      },
    )
    .map((parts) => parts.join('')),
);

/** Octets that are often, but not always, UTF-8. */
const almostUtf8 = fc
  .tuple(text, fc.option(fc.tuple(fc.nat(400), fc.nat(255))))
  .map(([value, damage]) => {
    const octets = Uint8Array.from(Buffer.from(value));
    if (damage !== null && octets.length > 0) octets[damage[0] % octets.length] = damage[1];
    return octets;
  });

describe('nodePrimitives do what the plain ones do', () => {
  it('maskInPlace', () => {
    fc.assert(
      fc.property(placed, fc.integer(), fc.nat(3), (given, key, phase) => {
        const fast = place(given);
        const reference = place(given);
        nodePrimitives.maskInPlace(fast.view, fast.start, fast.end, key, phase);
        plain.maskInPlace(reference.view, reference.start, reference.end, key, phase);
        expect(fast.memory).toEqual(reference.memory);
        nodePrimitives.maskInPlace(fast.view, fast.start, fast.end, key, phase);
        expect(fast.memory).toEqual(place(given).memory);
      }),
    );
  });

  it('decodeUtf8', () => {
    fc.assert(
      fc.property(almostUtf8, placed, (octets, where) => {
        const { view, start, end } = place({ ...where, octets });
        expect(nodePrimitives.decodeUtf8(view, start, end)).toBe(
          plain.decodeUtf8(view, start, end),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['nothing', '', ''],
    ['U+FFFD itself', 'ef bf bd', '\ufffd'],
    ['a byte order mark', 'ef bb bf 61', '\ufeffa'],
    ['an octet that cannot be', 'ff', undefined],
    ['an octet that cannot be, beside U+FFFD', 'ef bf bd ff', undefined],
    ['a character that is cut', 'e2 82', undefined],
    ['a surrogate', 'ed a0 80', undefined],
    ['an overlong form', 'c0 80', undefined],
    ['U+10FFFF', 'f4 8f bf bf', '\u{10ffff}'],
    ['past U+10FFFF', 'f4 90 80 80', undefined],
  ])('decodeUtf8 of %s (§8.1)', (_what, hex, expected) => {
    const octets = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(nodePrimitives.decodeUtf8(octets, 0, octets.length)).toBe(expected);
    expect(plain.decodeUtf8(octets, 0, octets.length)).toBe(expected);
  });

  it('utf8Length and encodeUtf8Into', () => {
    fc.assert(
      fc.property(text, fc.nat(9), fc.boolean(), (value, at, buffer) => {
        const length = plain.utf8Length(value);
        expect(nodePrimitives.utf8Length(value)).toBe(length);
        const [fast, reference] = [0, 1].map(() => {
          const memory = new Uint8Array(at + length + 5).fill(0xee);
          return buffer ? Buffer.from(memory.buffer) : memory;
        }) as [Uint8Array, Uint8Array];
        expect(nodePrimitives.encodeUtf8Into(value, fast, at)).toBe(length);
        expect(plain.encodeUtf8Into(value, reference, at)).toBe(length);
        expect(Buffer.compare(fast, reference)).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('sha1Base64', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 300 }), (text) => {
        expect(nodePrimitives.sha1Base64(text)).toBe(plain.sha1Base64(text));
      }),
    );
  });

  it('maskKey gives 32 bits, another each time', () => {
    for (const { maskKey } of [nodePrimitives, plain]) {
      const keys = Array.from({ length: 5_000 }, maskKey);
      expect(keys.every((key) => Number.isInteger(key) && (key | 0) === key)).toBe(true);
      expect(new Set(keys).size).toBeGreaterThan(4_990);
      // No bit stands still.
      expect(keys.reduce((all, key) => all | key, 0)).toBe(-1);
      expect(keys.reduce((all, key) => all & key, -1)).toBe(0);
    }
  });

  it('fillRandom fills all of a view, and nothing else', () => {
    const memory = new Uint8Array(40);
    nodePrimitives.fillRandom(memory.subarray(4, 36));
    expect([...memory.subarray(0, 4), ...memory.subarray(36)]).toEqual(Array(8).fill(0));
    expect(new Set(memory.subarray(4, 36)).size).toBeGreaterThan(8);
  });
});
