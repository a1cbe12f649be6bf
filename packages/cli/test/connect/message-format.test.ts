import { describe, expect, it } from 'vitest';
import { forPipe, forTerminal, type TerminalLook } from '../../src/connect/message-format.ts';
import { paletteFor } from '../../src/terminal/palette.ts';
import { Collector } from './command.ts';

const NOON = new Date(2026, 0, 31, 12, 5, 9, 7);

function look(given: Partial<TerminalLook> = {}): TerminalLook {
  return {
    palette: paletteFor(new Collector(true), { NO_COLOR: '1' }),
    arrow: '< ',
    times: false,
    ...given,
  };
}

describe('forTerminal', () => {
  it.each([
    ['text', 'hello', '< hello\n'],
    ['text of several lines', 'a\nb\tc', '< a\n  b\tc\n'],
    ['text that looks like a prompt of ours', 'a\n> fake', '< a\n  > fake\n'],
    ['no text', '', '< (empty text)\n'],
    ['S19 control characters', '\x1b[2J\r\u202e', '< \\x1b[2J\\r\\u202e\n'],
    ['no octets', Buffer.of(), '< (empty binary)\n'],
    ['an octet', Buffer.of(0x1b), '< 1b  |.| (1 octet)\n'],
    ['a few octets', Buffer.from('\0A\xff', 'latin1'), '< 00 41 ff  |.A.| (3 octets)\n'],
    [
      'octets that take several rows',
      Buffer.from('abcdefghijklmnopq'),
      '< (17 octets)\n' +
        '  00000000  61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70  |abcdefghijklmnop|\n' +
        '  00000010  71                                               |q|\n',
    ],
  ])('shows %s', (_what, message, shown) => {
    expect(forTerminal(message, look(), NOON)).toBe(shown);
  });

  it('shows the time where it is wanted', () => {
    expect(forTerminal('a', look({ times: true }), NOON)).toBe('12:05:09.007 < a\n');
  });

  it('shows the beginning of what is very long, and says how much there is', () => {
    const text = forTerminal('x'.repeat(65_537), look(), NOON);
    expect(text.length).toBeLessThan(65_700);
    expect(text).toContain(
      '\n  … 1 characters more: send the output to a file or a pipe to get all\n',
    );
    const binary = forTerminal(Buffer.alloc(1_025), look(), NOON).split('\n');
    expect(binary).toHaveLength(1 + 64 + 1 + 1);
    expect(binary.at(-2)).toContain('… 1 octets more');
  });

  it('S19 marks what it escaped, so that it cannot be mistaken for text', () => {
    const palette = paletteFor(new Collector(true), {});
    expect(forTerminal('\x07 \\x07', look({ palette, arrow: '' }), NOON)).toBe(
      '\x1b[7m\\x07\x1b[27m \\x07\n',
    );
  });
});

describe('forPipe', () => {
  it.each([
    ['text as it is', 'a\x1b[2J', 'a\x1b[2J\n'],
    ['no text', '', '\n'],
    ['binary as hex digits', Buffer.from([0, 0x1b, 0xff]), '001bff\n'],
  ])('writes %s', (_what, message, line) => {
    expect(forPipe(message, undefined)).toBe(line);
  });

  it('writes the time in UTC, and a tab', () => {
    expect(forPipe('a', NOON)).toBe(`${NOON.toISOString()}\ta\n`);
  });
});
