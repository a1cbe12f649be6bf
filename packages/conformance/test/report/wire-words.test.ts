import { expect, it } from 'vitest';
import type { WireRow } from '../../src/report/result.ts';
import {
  closeWords,
  eventsWords,
  eventWords,
  type FrameRow,
  frameWords,
  headerOctets,
  hexOf,
  rowLines,
  rowsAroundFault,
} from '../../src/report/wire-words.ts';
import { binary, close, continuation, frame, ping, repeat, text } from '../../src/wire/frame.ts';
import { frameRow, pongOf, textEvent, utf8 } from './support/sample-run.ts';

function frameOf(row: WireRow): FrameRow {
  if (row.kind !== 'frame') throw new TypeError('not a frame');
  return row;
}

it.each([
  ['an unfinished text', text('fragment1', { fin: false }), 'text~ "fragment1"'],
  ['an empty frame', continuation(), 'continuation'],
  ['a reserved opcode and bits', frame(3, '<00 ff>', { rsv: 4 }), 'op3 RSV1 <00 ff>'],
  ['all reserved bits but the second', ping('', { rsv: 5 }), 'ping RSV1 RSV3'],
  ['a Close with a reason', close(1002, 'no'), 'close 1002 "no"'],
  ['a Close with a code', close(3000), 'close 3000'],
  ['a Close of one octet', frame(8, '<03>'), 'close <03>'],
  ['a ping', ping('a'), 'ping "a"'],
  ['controls in text', text('a\u202eb\n'), 'text "a\\u202eb\\n"'],
  ['text with an escape, as octets', text('\x1b[2J'), 'text <1b 5b 32 4a>'],
  ['long text', text(repeat('*', 300)), `text "${'*'.repeat(40)}…" (300 octets)`],
  ['long octets', binary(repeat('<fe>', 300)), `binary <${'fe '.repeat(12)}…> (300 octets)`],
  [
    'text cut within a character',
    text(`${'a'.repeat(63)}éé`),
    `text "${'a'.repeat(40)}…" (67 octets)`,
  ],
])('says %s in words', (_what, spec, words) => {
  expect(frameWords(frameOf(frameRow('peer', spec)))).toBe(words);
});

it.each([
  ['7 bits', text('ab'), '81 02'],
  ['16 bits', binary(repeat('a', 300)), '82 7e 01 2c'],
  ['64 bits', text('a', { lengthForm: 64 }), '81 7f 00 00 00 00 00 00 00 01'],
])('knows which octets are the header: length in %s', (_form, spec, header) => {
  expect(hexOf(headerOctets(frameOf(frameRow('peer', spec))))).toBe(header);
});

it('counts the key to the header', () => {
  const header = headerOctets(frameOf(frameRow('runner', text('ab'))));
  expect(hexOf(header)).toBe('81 82 1a 2b 3c 4d');
});

it('writes rows for a terminal, and a defect in a line of its own', () => {
  const bad = frameRow('peer', text('x', { rsv: 2 }), { defect: 'sets reserved bits\x07' });
  expect(rowLines(frameRow('runner', text('fragment1', { fin: false })), 8)).toEqual([
    '> text~ "fragment1"  01 89 1a 2b 3c 4d 7c 59 …',
  ]);
  expect(rowLines(bad)).toEqual(['< text RSV2 "x"  a1 01 78', '  ^ sets reserved bits\\x07']);
  const octets = Uint8Array.of(1, 2);
  expect(
    rowLines({ kind: 'octets', by: 'peer', at: 0, length: 1, octets: octets.subarray(1) }),
  ).toEqual(['< 1 octet  02']);
});

it('shows how it began and the rows around the first defect, and says how many are between', () => {
  const before = Array.from({ length: 30 }, (_, index) => frameRow('peer', text(String(index))));
  const bad = frameRow('peer', text('bad'), { defect: 'is bad' });
  const after = before.slice(0, 5);
  const shown = rowsAroundFault([...before, bad, ...after], 6);
  expect(shown.flatMap((row) => rowLines(row, 0))).toEqual([
    '< text "0"   …',
    '< text "1"   …',
    '  28 rows are left out here',
    '< text "bad"   …',
    '  ^ is bad',
    '< text "0"   …',
    '< text "1"   …',
  ]);
});

it('shows the first and the last rows where nothing has a defect', () => {
  const rows = Array.from({ length: 9 }, (_, index) => frameRow('peer', text(String(index))));
  const gap: WireRow = { kind: 'note', at: 0, text: '40 rows are left out here', leftOut: 40 };
  const shown = rowsAroundFault([...rows.slice(0, 4), gap, ...rows.slice(4)], 5);
  expect(shown.flatMap((row) => rowLines(row, 0))).toEqual([
    '< text "0"   …',
    '  45 rows are left out here',
    '< text "6"   …',
    '< text "7"   …',
    '< text "8"   …',
  ]);
});

it('says events in words', () => {
  expect(eventWords({ event: 'message', binary: true, payload: Uint8Array.of(0, 255) })).toBe(
    'binary <00 ff>',
  );
  expect(eventsWords([pongOf(''), textEvent('a'), { event: 'mark', mark: 'A' }])).toBe(
    'pong "", text "a", nothing until pause A is over',
  );
  expect(eventsWords([])).toBe('nothing');
  expect(eventsWords(Array.from({ length: 10 }, () => pongOf('')))).toMatch(/, 2 more$/);
});

it('says what the end has to look like', () => {
  expect(closeWords({ closedByMe: false, closeCodes: [1002, 1007], requireClean: false })).toBe(
    'the peer closes first, with 1002 or 1007 or no code',
  );
  expect(closeWords({ closedByMe: null, closeCodes: [], requireClean: false })).toBe(
    'either side may close first',
  );
});

it('shows what octets say where they are text', () => {
  const head = utf8('GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n');
  const row: WireRow = { kind: 'octets', by: 'runner', at: 0, length: 300, octets: head };
  expect(rowLines(row, 4)).toEqual([
    '> 300 octets "GET / HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade…"  47 45 54 20 …',
  ]);
});

it('knows how long a payload was of which only the beginning is kept', () => {
  const event = { event: 'pong', payload: utf8('abc'), length: 70_000 } as const;
  expect(eventWords(event)).toBe('pong "abc…" (70000 octets)');
});
