import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageWords } from '../../src/console/message-words.ts';
import { paletteFor } from '../../src/terminal/palette.ts';
import { Collector } from '../connect/command.ts';

const palette = paletteFor(new Collector(false), {});
const inPipe = { palette, forPerson: false };
const forPerson = { palette, forPerson: true };

describe('messageWords', () => {
  it.each([
    ['hello', ': hello'],
    ['', ' an empty text'],
    ['two\r\nlines\tand a tab', ': two\\r\\nlines\\tand a tab'],
    ['\x1b[2J\x9b5A\u202e\u2028\ud800', ': \\x1b[2J\\x9b5A\\u202e\\u2028\\ud800'],
  ])('S19 shows %j in one harmless line, to people and programs', (text, words) => {
    expect(messageWords(text, inPipe)).toBe(words);
    expect(messageWords(text, forPerson)).toBe(words);
  });

  it('marks what was escaped where there are colours', () => {
    const colours = paletteFor(new Collector(true), { FORCE_COLOR: '1' });
    expect(messageWords('a\nb\\n', { palette: colours, forPerson: true })).toBe(
      ': a\x1b[7m\\n\x1b[27mb\\n',
    );
  });

  it('cuts a long text for people, not for programs', () => {
    const text = 'x'.repeat(5_000);
    expect(messageWords(text, inPipe)).toBe(`: ${text}`);
    expect(messageWords(text, forPerson)).toBe(`: ${'x'.repeat(4_096)}… 904 characters more`);
  });

  it.each([
    [[], ' 0 octets', ' 0 octets'],
    [[0x41], ' 1 octet: 41  |A|', ' 1 octet: 41'],
    [[1, 2, 0x41], ' 3 octets: 01 02 41  |..A|', ' 3 octets: 010241'],
  ])('shows the octets %j', (octets, toPerson, toProgram) => {
    expect(messageWords(Buffer.from(octets), forPerson)).toBe(toPerson);
    expect(messageWords(Buffer.from(octets), inPipe)).toBe(toProgram);
  });

  it('shows many octets in rows, and the first 256 of more', () => {
    const seventeen = messageWords(Buffer.alloc(17, 0x41), forPerson).split('\n');
    expect(seventeen).toEqual([
      ' 17 octets:',
      `  00000000  ${'41 '.repeat(16)} |${'A'.repeat(16)}|`,
      `  00000010  41${' '.repeat(45)}  |A|`,
    ]);
    const rows = messageWords(Buffer.alloc(1_000), forPerson).split('\n');
    expect(rows).toHaveLength(18);
    expect(rows.at(-1)).toBe('  … 744 octets more');
    expect(messageWords(Buffer.alloc(1_000), inPipe)).toBe(` 1000 octets: ${'00'.repeat(1_000)}`);
  });

  it('S19 gives one line without control characters for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, person) => {
        const words = messageWords(text, { palette, forPerson: person });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left
        expect(words).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
      }),
    );
  });
});
