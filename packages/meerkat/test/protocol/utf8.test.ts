import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8Into, Utf8Validator, utf8Length } from '../../src/protocol/utf8.ts';
import { cut, hex, join, octets, utf8 } from './support/octets.ts';
import { anyText, wellFormedText } from './support/text-arbitraries.ts';

/** Whether the validator takes `given` as a whole text. */
function isValid(given: Uint8Array): boolean {
  const validator = new Utf8Validator();
  return validator.accept(given, 0, given.length) && validator.finish();
}

/** The index of the octet that the validator refuses, given one by one; undefined when it refuses none. */
function refusedAt(given: Uint8Array): number | undefined {
  const validator = new Utf8Validator();
  for (let at = 0; at < given.length; at += 1) {
    if (!validator.accept(given, at, at + 1)) return at;
  }
  return undefined;
}

// The oracle for an unfinished text: it can still become valid if one of these makes it so, by Node's judgement. They
// are the shortest ends of a character after any lead octet.
const COMPLETIONS = ['', '80', '80 80', '80 80 80', 'a0 80', '90 80 80'].map(octets);
const canBecomeValid = (given: Uint8Array): boolean =>
  COMPLETIONS.some((completion) => isUtf8(join([given, completion])));

/** Octets on both sides of every border that RFC 3629 §4 draws. */
const EDGES = [
  ...octets('00 41 7f 80 8f 90 9f a0 bf c0 c1 c2 df'),
  ...octets('e0 e1 ec ed ee ef f0 f1 f3 f4 f5 f8 fe ff'),
];

const MIXED = 'a\0\x7f\x80é\u07ff\u0800€\ud7ff\ue000\ufeff\ufffd\uffff😀\u{10000}\u{10ffff}z';

describe('checking UTF-8 (§8.1, RFC 3629)', () => {
  it.each([
    ['a single continuation octet', '80', 0],
    ['a lead octet of an overlong two-octet form', 'c0 80', 0],
    ['another one', 'c1 bf', 0],
    ['an overlong three-octet form', 'e0 9f bf', 1],
    ['an overlong four-octet form', 'f0 8f bf bf', 1],
    ['a high surrogate, U+D800', 'ed a0 80', 1],
    ['a low surrogate, U+DFFF', 'ed bf bf', 1],
    ['U+110000, above the last code point', 'f4 90 80 80', 1],
    ['a lead octet of five', 'f8 88 80 80 80', 0],
    ['the octet ff', 'ff', 0],
    ['a character cut by another one', 'e2 82 41', 2],
    ['a character cut in its last octet', 'f0 9f 98 c3', 3],
    ['a fault behind good text', '41 c3 a9 e2 82 ac 80', 6],
  ])('refuses %s at the very octet: %s', (_what, given, at) => {
    expect(refusedAt(octets(given))).toBe(at);
    expect(isValid(octets(given))).toBe(false);
  });

  it.each(['c3', 'e2', 'e2 82', 'f0', 'f0 9f', 'f0 9f 98', '41 e0', 'ed', 'f4'])(
    'refuses %s only at the end, since the character could go on',
    (given) => {
      expect(refusedAt(octets(given))).toBeUndefined();
      expect(isValid(octets(given))).toBe(false);
    },
  );

  it.each([
    ['nothing', ''],
    ['NUL', '00'],
    ['a byte order mark', 'ef bb bf 61'],
    ['U+FFFF, a noncharacter', 'ef bf bf'],
    ['U+10FFFF, the last code point', 'f4 8f bf bf'],
    ['the first and the last of two octets', 'c2 80 df bf'],
    ['the first and the last of three octets', 'e0 a0 80 ef bf bf'],
    ['what surrounds the surrogates', 'ed 9f bf ee 80 80'],
    ['the text of Autobahn 6.5.1', 'ce ba e1 bd b9 cf 83 ce bc ce b5'],
  ])('accepts %s', (_what, given) => {
    expect(isValid(octets(given))).toBe(true);
  });

  it('agrees with Node on every sequence of one and of two octets, and on when it is lost', () => {
    const differences: string[] = [];
    for (let value = 0; value < 0x1_0000; value += 1) {
      const pair = Uint8Array.of(value >> 8, value);
      const single = pair.subarray(0, 1);
      const lost = canBecomeValid(single) ? (canBecomeValid(pair) ? undefined : 1) : 0;
      if (isValid(pair) !== isUtf8(pair) || isValid(single) !== isUtf8(single)) {
        differences.push(hex(pair));
      } else if (refusedAt(pair) !== lost) differences.push(`${hex(pair)} at ${refusedAt(pair)}`);
    }
    expect(differences).toEqual([]);
  });

  it('agrees with Node on every sequence of three octets', () => {
    const differences: string[] = [];
    const validator = new Utf8Validator();
    const given = new Uint8Array(3);
    for (let first = 0; first < 256; first += 1) {
      // Behind ASCII, and behind what cannot begin a character, a few stand for all: the pairs above are complete.
      const begins = first >= 0x80 && canBecomeValid(Uint8Array.of(first));
      const others = begins ? [...Array(256).keys()] : EDGES;
      given[0] = first;
      for (const second of others) {
        given[1] = second;
        for (const third of others) {
          given[2] = third;
          const complete = validator.accept(given, 0, 3);
          const valid = validator.finish() && complete;
          if (valid !== isUtf8(given)) differences.push(hex(given));
        }
      }
    }
    expect(differences).toEqual([]);
  });

  it('refuses the third octet exactly when Node can make no text of it, behind every good pair', () => {
    const differences: string[] = [];
    for (let pair = 0xc000; pair < 0xf500; pair += 1) {
      if (!canBecomeValid(Uint8Array.of(pair >> 8, pair))) continue;
      for (const third of EDGES) {
        const given = Uint8Array.of(pair >> 8, pair, third);
        if (refusedAt(given) !== (canBecomeValid(given) ? undefined : 2)) {
          differences.push(hex(given));
        }
      }
    }
    expect(differences).toEqual([]);
  });

  it('agrees with Node on sequences of four octets with octets from every range', () => {
    const differences: string[] = [];
    const given = new Uint8Array(4);
    for (const first of EDGES) {
      for (const second of EDGES) {
        for (const third of EDGES) {
          for (const fourth of EDGES) {
            given.set([first, second, third, fourth]);
            if (isValid(given) !== isUtf8(given)) differences.push(hex(given));
          }
        }
      }
    }
    expect(differences).toEqual([]);
  });

  it('agrees with Node on whatever octets, and refuses at the octet that loses them', () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 6 }), wellFormedText(4).map(utf8));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const given = join(pieces);
        expect(isValid(given)).toBe(isUtf8(given));
        const prefixes = [...given.keys()].map((at) => given.subarray(0, at + 1));
        const lost = prefixes.findIndex((prefix) => !canBecomeValid(prefix));
        expect(refusedAt(given)).toBe(lost < 0 ? undefined : lost);
      }),
      { numRuns: 200 },
    );
  });

  it('takes a text cut at any two points', () => {
    const whole = utf8(MIXED);
    for (let first = 0; first <= whole.length; first += 1) {
      for (let second = first; second <= whole.length; second += 1) {
        const validator = new Utf8Validator();
        const pieces = cut(whole, [first, second]);
        expect(pieces.every((piece) => validator.accept(piece, 0, piece.length))).toBe(true);
        expect(validator.finish()).toBe(true);
      }
    }
  });

  it('says the same where the platform checks what is long, wherever it is cut or damaged', () => {
    const asPlatform = (given: Uint8Array, start: number, end: number) =>
      isUtf8(given.subarray(start, end));
    // Around the length from which the platform is asked.
    const whole = utf8(MIXED.repeat(8));
    const damages = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.constantFrom(...EDGES)), {
      maxLength: 2,
    });
    const cuts = fc.array(fc.nat(whole.length), { maxLength: 3 });
    fc.assert(
      fc.property(damages, cuts, fc.nat(3), (damaged, at, before) => {
        const given = whole.slice();
        for (const [index, octet] of damaged) given[index] = octet;
        const walking = new Utf8Validator();
        const asking = new Utf8Validator(asPlatform);
        for (const piece of cut(given, at)) {
          const placed = join([new Uint8Array(before).fill(0xff), piece, Uint8Array.of(0xff)]);
          const accepted = walking.accept(placed, before, before + piece.length);
          expect(asking.accept(placed, before, before + piece.length)).toBe(accepted);
          if (!accepted) return;
        }
        expect(asking.finish()).toBe(walking.finish());
      }),
      { numRuns: 2_000 },
    );
  });

  it('asks the platform only for what is long, and only for whole characters', () => {
    const asked: string[] = [];
    const validator = new Utf8Validator((given, start, end) => {
      asked.push(hex(given.subarray(start, end)));
      return isUtf8(given.subarray(start, end));
    });
    const long = 'a'.repeat(130);
    expect(validator.accept(octets('61 f0 9f'), 0, 3)).toBe(true);
    expect(asked).toEqual([]);
    const rest = join([octets('98 80'), utf8(long), octets('f0 9f 98')]);
    expect(validator.accept(rest, 0, rest.length)).toBe(true);
    expect(asked).toEqual([hex(utf8(long))]);
    expect(validator.accept(octets('80'), 0, 1)).toBe(true);
    expect(validator.finish()).toBe(true);
  });

  it('is ready for the next text after the end of one that was cut', () => {
    const validator = new Utf8Validator();
    validator.accept(octets('f4'), 0, 1);
    expect(validator.finish()).toBe(false);
    expect(validator.accept(octets('e0 a0 80 41'), 0, 4)).toBe(true);
    expect(validator.finish()).toBe(true);
  });

  it('looks only at what is between start and end', () => {
    const validator = new Utf8Validator();
    expect(validator.accept(octets('ff c3 a9 ff'), 1, 3)).toBe(true);
    expect(validator.finish()).toBe(true);
  });
});

describe('UTF-8 in plain JavaScript', () => {
  const decode = (given: Uint8Array) => decodeUtf8(given, 0, given.length);
  const encode = (text: string) => {
    const room = new Uint8Array(utf8Length(text));
    expect(encodeUtf8Into(text, room, 0)).toBe(room.length);
    return room;
  };

  it('decodes each code point that there is, and encodes it again', () => {
    const differences: string[] = [];
    for (let point = 0; point <= 0x10ffff; point += 1) {
      if (point === 0xd800) point = 0xe000;
      const text = String.fromCodePoint(point);
      const encoded = new Uint8Array(4);
      const length = encodeUtf8Into(text, encoded, 0);
      if (length !== utf8Length(text) || decodeUtf8(encoded, 0, length) !== text) {
        differences.push(point.toString(16));
      }
    }
    expect(differences).toEqual([]);
  });

  it('keeps a byte order mark, as text', () => {
    expect(decode(octets('ef bb bf 61'))).toBe('\ufeffa');
  });

  it('decodes to undefined what is not UTF-8', () => {
    expect(decode(octets('61 ff'))).toBeUndefined();
    expect(decode(octets('61 e2 82'))).toBeUndefined();
  });

  it.each([
    ['a high one at the end', 'a\ud83d', '61 ef bf bd'],
    ['a low one first', '\ude00a', 'ef bf bd 61'],
    ['two high ones before a low one', '\ud83d\ud83d\ude00', 'ef bf bd f0 9f 98 80'],
    ['the wrong way round', '\ude00\ud83d', 'ef bf bd ef bf bd'],
    ['a high one before a letter', '\ud83da', 'ef bf bd 61'],
  ])('encodes a lone surrogate as U+FFFD: %s', (_what, text, encoded) => {
    expect(hex(encode(text))).toBe(encoded);
  });

  it('encodes and measures as TextEncoder does, whatever UTF-16 units', () => {
    fc.assert(
      fc.property(anyText(30), (text) => {
        expect(hex(encode(text))).toBe(hex(new TextEncoder().encode(text)));
      }),
      { numRuns: 400 },
    );
  });

  it('writes where it is told, and nothing else', () => {
    const room = new Uint8Array(8).fill(0xee);
    expect(encodeUtf8Into('é€', room, 2)).toBe(5);
    expect(hex(room)).toBe('ee ee c3 a9 e2 82 ac ee');
  });
});
