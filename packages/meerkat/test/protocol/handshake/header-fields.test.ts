import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HeaderFields,
  isFieldValue,
  isToken,
  isTokenCode,
  splitList,
  trimBlanks,
} from '../../../src/protocol/handshake/header-fields.ts';

const MEBI = 2 ** 20;

describe('header fields (RFC 9110 §5)', () => {
  const fields = new HeaderFields([
    'Host',
    'a',
    'CONNECTION',
    'keep-alive',
    'connection',
    'Upgrade',
    'Empty',
    '',
  ]);

  it('are found in any case, each line by itself, in order', () => {
    expect(fields.all('connection')).toEqual(['keep-alive', 'Upgrade']);
    expect(fields.all('Connection')).toEqual(['keep-alive', 'Upgrade']);
    expect(fields.all('host')).toEqual(['a']);
    expect(fields.all('empty')).toEqual(['']);
    expect(fields.all('absent')).toEqual([]);
  });

  it('are single when they stand there exactly once', () => {
    expect(fields.single('host')).toBe('a');
    expect(fields.single('empty')).toBe('');
    expect(fields.single('connection')).toBeUndefined();
    expect(fields.single('absent')).toBeUndefined();
  });

  it('are combined as RFC 9110 §5.3 says', () => {
    expect(fields.combined('connection')).toBe('keep-alive, Upgrade');
    expect(fields.combined('empty')).toBe('');
    expect(fields.combined('absent')).toBeUndefined();
  });

  it('are counted by lines, repeated ones too', () => {
    expect(fields.lines).toBe(4);
    expect(new HeaderFields([]).lines).toBe(0);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])(
    'may be called %s like a property of every object',
    (name) => {
      expect(fields.all(name)).toEqual([]);
      expect(new HeaderFields([name, 'x']).single(name)).toBe('x');
    },
  );

  it('leave out a name without a value', () => {
    expect(new HeaderFields(['a', 'b', 'c']).all('c')).toEqual([]);
  });

  it('do not take a value for a name', () => {
    expect(new HeaderFields(['a', 'host', 'host', 'b']).all('host')).toEqual(['b']);
  });

  it.each([
    ['in a list', ['Connection', 'keep-alive, Upgrade'], true],
    ['in any case', ['Connection', 'uPGRADE'], true],
    ['on a second line', ['Connection', 'close', 'Connection', 'upgrade'], true],
    ['among empty elements', ['Connection', ',,Upgrade,'], true],
    ['between blanks and tabs', ['Connection', 'a \t,\t upgrade \t'], true],
    ['as part of another token', ['Connection', 'Upgradex, xupgrade'], false],
    ['with a parameter', ['Connection', 'upgrade;q=1'], false],
    ['in another field', ['Upgrade', 'upgrade'], false],
    ['in no field at all', [], false],
  ])('hold a token %s: %j is %s', (_where, raw, wanted) => {
    expect(new HeaderFields(raw).hasToken('connection', 'upgrade')).toBe(wanted);
  });
});

describe('lists', () => {
  it.each([
    ['', ['']],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    [' a ,\tb\t', ['a', 'b']],
    [',a,,b,', ['', 'a', '', 'b', '']],
    ['a b', ['a b']],
    ['\u00a0a\n', ['\u00a0a\n']],
  ])('%j is %j: only spaces and tabs are blanks', (value, elements) => {
    expect(splitList(value)).toEqual(elements);
  });

  // Where time grew with the square of the length, these would take hours: see CVE-2021-32640.
  it.each([
    ['blanks', ' '.repeat(MEBI)],
    ['blanks between two words', `b${' '.repeat(MEBI)}x`],
    ['blanks and commas by turns', ' ,'.repeat(MEBI)],
    ['commas', ','.repeat(MEBI)],
  ])('of a million %s are split', (_what, value) => {
    expect(splitList(value).join('').length).toBeLessThanOrEqual(MEBI + 2);
  });

  it('are split and trimmed as one regular expression would do it', () => {
    const value = fc.string({
      unit: fc.constantFrom(' ', '\t', ',', 'a', '\n', '"'),
      maxLength: 20,
    });
    fc.assert(
      fc.property(value, (given) => {
        const wanted = given.split(',').map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ''));
        expect(splitList(given)).toEqual(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['', ''],
    [' ', ''],
    ['\t a b \t', 'a b'],
    ['\na\n', '\na\n'],
  ])('have elements without blanks around them: %j is %j', (value, trimmed) => {
    expect(trimBlanks(value)).toBe(trimmed);
  });
});

describe('tokens (RFC 9110 §5.6.2)', () => {
  it('are made of these characters, of all 65536', () => {
    const codes = [...Array(65_536).keys()].filter(isTokenCode);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const wanted = `!#$%&'*+-.^_\`|~0123456789${letters}${letters.toLowerCase()}`;
    expect(String.fromCharCode(...codes)).toBe([...wanted].sort().join(''));
  });

  it.each([
    ['', false],
    ['chat', true],
    ['__proto__', true],
    ['a b', false],
    [' ab', false],
    ['ab ', false],
    ['a;b', false],
    ['a/b', false],
    ['"a"', false],
    ['é', false],
    ['a\r\n', false],
    ['a\0', false],
  ])('%j: %s', (value, wanted) => {
    expect(isToken(value)).toBe(wanted);
  });
});

describe('values that may be sent (RFC 9110 §5.5)', () => {
  it.each([
    ['', true],
    ['a b\tc', true],
    ['!"#~', true],
    ['caf\xe9', true],
    ['\x80\xff', true],
    ['a\u0100', false],
    [' a', false],
    ['a\t', false],
    ['a\r\nX: y', false],
    ['a\nb', false],
    ['a\rb', false],
    ['a\0b', false],
    ['a\x7fb', false],
    ['€', false],
  ])('%j: %s', (value, wanted) => {
    expect(isFieldValue(value)).toBe(wanted);
  });
});
