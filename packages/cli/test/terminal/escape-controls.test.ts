import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observe } from '../../../../test/support/observed.ts';
import { cut, escapeControls, oneLine } from '../../src/terminal/escape-controls.ts';

/** What a terminal may be told to do, said without the tables of the code under test. */
const DANGEROUS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u115f\u3164\ufeff\u{e0041}]/u;

describe('S19 escapeControls', () => {
  it.each([
    ['clears the screen', '\x1b[2J', '\\x1b[2J'],
    ['sets the title', '\x1b]0;pwned\x07', '\\x1b]0;pwned\\x07'],
    ['begins a C1 sequence', '\x9b31m', '\\x9b31m'],
    ['overwrites the line', 'good\rbad', 'good\\rbad'],
    ['goes back', 'bad\b\b\bgood', 'bad\\x08\\x08\\x08good'],
    ['deletes', 'a\x7f', 'a\\x7f'],
    ['ends a C string', 'a\0b', 'a\\x00b'],
    ['reverses text', 'abc\u202etxt.exe', 'abc\\u202etxt.exe'],
    ['isolates text', '\u2066a\u2069', '\\u2066a\\u2069'],
    ['marks a direction', '\u061c\u200e\u200f', '\\u061c\\u200e\\u200f'],
    ['separates lines', 'a\u2028b\u2029c', 'a\\u2028b\\u2029c'],
    ['hides', 'a\u200bb\ufeff\u00ad', 'a\\u200bb\\ufeff\\xad'],
    ['is a tag', 'a\u{e0041}', 'a\\u{e0041}'],
    ['joins nothing', 'a\u200db\u200d\u200dc', 'a\\u200db\\u200d\\u200dc'],
    ['fills', '\u115f\u1160\u3164\uffa0', '\\u115f\\u1160\\u3164\\uffa0'],
    ['is half a character', 'a\ud83db', 'a\\ud83db'],
  ])('shows what %s', (_what, text, shown) => {
    observe(escapeControls(text));
    expect(escapeControls(text)).toBe(shown);
  });

  it.each([
    'plain',
    'tab\tand\nnewline',
    'Grüße, 你好, שלום, می\u200cخواهم, 👩‍👩‍👧',
    '\\x1b[2J as text',
  ])('leaves %j alone', (text) => {
    expect(escapeControls(text)).toBe(text);
  });

  it('marks each escape, so that it differs from the same characters sent as text', () => {
    expect(escapeControls('\x1b \\x1b', (escaped) => `<${escaped}>`)).toBe('<\\x1b> \\x1b');
  });

  it('leaves nothing in any text that a terminal obeys, but newline and tab', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        expect(escapeControls(text).replace(/[\n\t]/g, '')).not.toMatch(DANGEROUS);
        expect(oneLine(text)).not.toMatch(DANGEROUS);
      }),
    );
  });
});

describe('oneLine', () => {
  it('escapes newline and tab too', () => {
    expect(oneLine('a\nb\tc\r\n')).toBe('a\\nb\\tc\\r\\n');
  });

  it('cuts what is too long, and says so', () => {
    expect(oneLine('abcdef', 3)).toBe('abc…');
    expect(oneLine('abc', 3)).toBe('abc');
  });

  it('marks each escape, and nothing else', () => {
    expect(oneLine('\\n\n\x1bx', 3, (escaped) => `<${escaped}>`)).toBe('\\n<\\n>…');
  });
});

describe('cut', () => {
  it('halves no character', () => {
    expect(cut('ab😀', 3)).toBe('ab');
    expect(cut('ab😀', 4)).toBe('ab😀');
    expect(cut('', 0)).toBe('');
  });
});
