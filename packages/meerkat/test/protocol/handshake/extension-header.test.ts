import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExtensionOffer,
  formatExtensions,
  parseExtensions,
  unofferedExtension,
} from '../../../src/protocol/handshake/extension-header.ts';
import { isToken } from '../../../src/protocol/handshake/header-fields.ts';
import { misuse } from '../support/faults.ts';
import { anyText } from '../support/text-arbitraries.ts';

const MEBI = 2 ** 20;

const offer = (name: string, ...parameters: ExtensionOffer['parameters']): ExtensionOffer => ({
  name,
  parameters,
});

describe('reading Sec-WebSocket-Extensions (§9.1)', () => {
  it.each<[string, ExtensionOffer[]]>([
    ['foo', [offer('foo')]],
    ['deflate-stream', [offer('deflate-stream')]],
    [
      'mux; max-channels=4; flow-control, deflate-stream',
      [offer('mux', ['max-channels', '4'], ['flow-control', true]), offer('deflate-stream')],
    ],
    ['private-extension', [offer('private-extension')]],
    ['foo, bar; baz=2', [offer('foo'), offer('bar', ['baz', '2'])]],
    [
      'permessage-deflate; client_max_window_bits',
      [offer('permessage-deflate', ['client_max_window_bits', true])],
    ],
    [
      'permessage-deflate; server_max_window_bits="10"',
      [offer('permessage-deflate', ['server_max_window_bits', '10'])],
    ],
    ['a;b="c\\d\\e"', [offer('a', ['b', 'cde'])]],
    ['a;b="\\c"', [offer('a', ['b', 'c'])]],
    ['a;x;x;x=1', [offer('a', ['x', true], ['x', true], ['x', '1'])]],
    ['a, a', [offer('a'), offer('a')]],
    ['\t a \t;\t b \t=\t c \t,\t d \t', [offer('a', ['b', 'c']), offer('d')]],
    ['a;b="c" ; d', [offer('a', ['b', 'c'], ['d', true])]],
    ['__proto__; constructor=1', [offer('__proto__', ['constructor', '1'])]],
  ])('takes %j', (value, offers) => {
    expect(parseExtensions(value)).toEqual(offers);
  });

  it.each([
    ['nothing', ''],
    ['blanks', ' \t'],
    ['separators', ';;;'],
    ['no name', ';a'],
    ['an empty element', 'a,,b'],
    ['an empty element at the end', 'a,'],
    ['an empty element at the beginning', ',a'],
    ['an empty parameter', 'a;'],
    ['an empty parameter in between', 'a;;b'],
    ['no value behind =', 'a;b='],
    ['no name before =', 'a;=b'],
    ['= behind the name', 'a=b'],
    ['two =', 'a;b=c=d'],
    ['two words', 'a b'],
    ['two words as a value', 'a;b=c d'],
    ['an empty quoted value: unquoted it must be a token', 'a;b=""'],
    ['a quoted value that is no token', 'a;b="c d"'],
    ['a quoted value with a quoted comma', 'a;b="c,d"'],
    ['a quoted value with a quoted quote', 'a;b="\\""'],
    ['a quoted value that does not end', 'a;b="c'],
    ['a quoted value that ends in a backslash', 'a;b="c\\'],
    ['a quoted value whose end is escaped', 'a;b="c\\"'],
    ['something behind a quoted value', 'a;b="c"d'],
    ['a quoted name', '"a"'],
    ['a quoted parameter', 'a;"b"'],
    ['a line feed', 'a\n'],
    ['NUL', 'a\0'],
    ['characters beyond ASCII', 'ä'],
    ['a character that looks like a letter in its low octet', '\u0161'],
  ])('refuses %s: %j', (_what, value) => {
    expect(parseExtensions(value)).toBeUndefined();
  });

  it('takes 500 offers', () => {
    expect(parseExtensions(Array(500).fill('x; a=1').join(', '))).toHaveLength(500);
  });

  it('leaves Object.prototype as it was', () => {
    parseExtensions('__proto__; __proto__=1, constructor; prototype=2');
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  // Where time grew with the square of the length, these would take hours.
  it.each([
    ['blanks', ' '.repeat(MEBI), false],
    ['blanks behind a name', `a${' '.repeat(MEBI)}`, true],
    ['blanks between two words', `a${' '.repeat(MEBI)}b`, false],
    ['letters', 'a'.repeat(MEBI), true],
    ['parameters', `a${';b'.repeat(MEBI / 4)}`, true],
    ['offers', `a${',b'.repeat(MEBI / 4)}`, true],
    ['escaped letters', `a;b="${'\\c'.repeat(MEBI)}"`, true],
    ['escaped letters without an end', `a;b="${'\\c'.repeat(MEBI)}`, false],
    ['quotes', '"'.repeat(MEBI), false],
    ['commas', ','.repeat(MEBI), false],
  ])('takes one pass over up to a million %s', (_what, value, valid) => {
    expect(parseExtensions(value) !== undefined).toBe(valid);
  });

  it('never throws, and gives nothing but tokens, whatever the value', () => {
    const grammar = fc.string({ unit: fc.constantFrom(...'ab;,="\\ \t\u0161'), maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(grammar, anyText(20)), (value) => {
        for (const { name, parameters } of parseExtensions(value) ?? []) {
          expect(isToken(name)).toBe(true);
          for (const [key, given] of parameters) {
            expect(isToken(key)).toBe(true);
            expect(given === true || isToken(given)).toBe(true);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('agrees with the grammar of §9.1, written as a regular expression', () => {
    const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    const quoted = `"(?:\\\\?[!#$%&'*+.^_\`|~0-9A-Za-z-])+"`;
    const blanks = '[ \\t]*';
    const parameter = `;${blanks}${token}${blanks}(?:=${blanks}(?:${token}|${quoted})${blanks})?`;
    const extension = `${blanks}${token}${blanks}(?:${parameter})*`;
    const reference = new RegExp(`^${extension}(?:,${extension})*$`);
    const value = fc.string({ unit: fc.constantFrom(...'aab;;,,=="" \\'), maxLength: 12 });
    fc.assert(
      fc.property(value, (given) => {
        expect(parseExtensions(given) !== undefined).toBe(reference.test(given));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('writing Sec-WebSocket-Extensions', () => {
  it.each<[ExtensionOffer[], string]>([
    [[offer('foo')], 'foo'],
    [[offer('foo', ['a', true], ['b', '1']), offer('bar')], 'foo; a; b=1, bar'],
  ])('writes %j as %j', (offers, value) => {
    expect(formatExtensions(offers)).toBe(value);
  });

  it.each<[string, ExtensionOffer]>([
    ['a name that is no token', offer('foo bar')],
    ['an empty name', offer('')],
    ['a name with a line break', offer('foo\r\nSet-Cookie: a=b')],
    ['a parameter that is no token', offer('foo', ['a;b', true])],
    ['a value that is no token', offer('foo', ['a', '1\r\n\r\n'])],
    ['an empty value', offer('foo', ['a', ''])],
  ])('refuses %s', (_what, bad) => {
    expect(() => formatExtensions([offer('good'), bad])).toThrow(misuse('MEERKAT_HANDSHAKE_VALUE'));
  });

  it('is read back as it was written, whatever tokens', () => {
    const token = fc.string({
      unit: fc.constantFrom(...'abzAZ09-_.!~'),
      minLength: 1,
      maxLength: 6,
    });
    const parameter = fc.tuple(token, fc.oneof(token, fc.constant<true>(true)));
    const offers = fc.array(
      fc.record({ name: token, parameters: fc.array(parameter, { maxLength: 3 }) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(offers, (given) => {
        expect(parseExtensions(formatExtensions(given))).toEqual(given);
      }),
      { numRuns: 200 },
    );
  });
});

describe('what was agreed on', () => {
  it.each<[string, string[], string[], string | undefined]>([
    ['nothing', [], [], undefined],
    ['nothing of what was offered', [], ['a'], undefined],
    ['what was offered', ['b', 'a'], ['a', 'b'], undefined],
    ['one of two offers of the same', ['a'], ['a', 'a'], undefined],
    ['something else', ['a', 'c'], ['a', 'b'], 'c'],
    ['something in another case', ['A'], ['a'], 'A'],
    ['the same twice', ['a', 'a'], ['a', 'b'], 'a'],
    ['both of two offers of the same', ['a', 'a'], ['a', 'a'], 'a'],
    ['a name like a property of every object', ['constructor'], ['a'], 'constructor'],
  ])('is %s: %j of %j', (_what, agreed, offered, wanted) => {
    const offers = (names: string[]) => names.map((name) => offer(name));
    expect(unofferedExtension(offers(agreed), offers(offered))).toBe(wanted);
  });
});
