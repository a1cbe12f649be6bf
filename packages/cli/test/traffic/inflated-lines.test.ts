import { expect, it } from 'vitest';
import { inflatedLines, notInflatedLine } from '../../src/traffic/inflated-lines.ts';

function lines(
  kind: 'text' | 'binary',
  octets: Buffer,
  compressedLength: number,
  complete = true,
): string[] {
  return inflatedLines(kind, { octets, compressedLength, complete });
}

it('A7 shows text in quotes, with nothing in it that a terminal obeys', () => {
  expect(lines('text', Buffer.from('a"\x1b[2J\n€'), 9)).toEqual([
    'inflated: text, 10 octets: "a\\"\\x1b[2J\\n€"',
  ]);
  expect(lines('text', Buffer.alloc(0), 0)).toEqual(['inflated: text, 0 octets: ""']);
});

it('A7 shows binary in rows', () => {
  expect(lines('binary', Buffer.from([0, 0x41]), 4)).toEqual([
    'inflated: binary, 2 octets',
    '  00000000  00 41                                             |.A|',
  ]);
  expect(lines('binary', Buffer.alloc(0), 0)).toEqual(['inflated: binary, 0 octets']);
});

it('A7 shows a long text in pieces that cut no character', () => {
  const text = `${'x'.repeat(4_095)}€${'y'.repeat(10)}`;
  expect(lines('text', Buffer.from(text), 200)).toEqual([
    `inflated: text, 4108 octets; 1 to 4096: "${'x'.repeat(4_095)}"`,
    'inflated, 4097 to 4108 of 4108: "€yyyyyyyyyy"',
  ]);
});

it('A7 shows 64 KiB of a message, and says that there is more', () => {
  const text = lines('text', Buffer.alloc(65_537, 'x'), 2_048);
  expect(text).toHaveLength(17);
  expect(text.at(-2)).toMatch(/^inflated, 61441 to 65536 of 65537: "x+"$/);
  expect(text.at(-1)).toBe('inflated: 1 octet more, not shown');
  expect(lines('text', Buffer.alloc(65_536, 'x'), 2_048)).toHaveLength(16);
  const binary = lines('binary', Buffer.alloc(70_000), 70_000);
  expect(binary).toHaveLength(1 + 4_096 + 1);
  expect(binary.at(-1)).toBe('inflated: 4464 octets more, not shown');
});

it('C9 shows little of what was next to nothing on the wire', () => {
  const bomb = lines('text', Buffer.alloc(65_536, 'x'), 10);
  expect(bomb).toEqual([
    `inflated: text, 65536 octets; 1 to 1344: "${'x'.repeat(1_344)}"`,
    'inflated: 64192 octets more, not shown',
  ]);
});

it('A7 says that there is more where only the beginning is known', () => {
  expect(lines('text', Buffer.from('€ and €').subarray(0, 8), 9, false)).toEqual([
    'inflated: text, at least 8 octets; 1 to 8: "€ and "',
    'inflated: the rest, not shown',
  ]);
  const long = lines('text', Buffer.alloc(5_000, 'x'), 4_000, false);
  expect(long[1]).toMatch(/^inflated, 4097 to 5000 of at least 5000: "x+"$/);
  expect(lines('binary', Buffer.from([0]), 9, false)).toEqual([
    'inflated: binary, at least 1 octet',
    expect.stringMatching(/^ {2}00000000 {2}00 /),
    'inflated: the rest, not shown',
  ]);
});

it('A7 says why a message is not shown', () => {
  expect(notInflatedLine('long')).toBe('not inflated: it would be longer than 1048576 octets');
  expect(notInflatedLine('busy')).toBe('not inflated: too much at once');
  expect(notInflatedLine('context')).toMatch(/^not inflated: it may refer to one before it/);
});
