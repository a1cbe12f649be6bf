// What group F of the behaviour catalogue says, in its own notation: `k` is the masking key 00 00 00 00, frames run from
// the client to the server. The same list serves the other direction, without masks.

/** Octets that a connection is failed for. */
export interface RefusedRow {
  readonly title: string;
  readonly notation: string;
  readonly code: number;
  readonly rule: string;
  readonly section: string;
  readonly limit?: string;
}

/** Octets, with a Close at their end, that are in order. */
export interface AcceptedRow {
  readonly title: string;
  readonly notation: string;
  /** What answers them when messages are sent back. */
  readonly wire: readonly string[];
  readonly messages: readonly string[];
}

export const CLOSE_1000 = '88 82 k 03 e8';

const SIXTY_ONE = (count: number): string => '61'.repeat(count);
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function refusedWith(
  code: number,
  rule: string,
  section: string,
  rows: readonly (readonly [title: string, notation: string])[],
  limit?: string,
): RefusedRow[] {
  return rows.map(([title, notation]) => ({
    title: `${title} (${section}) is refused with ${code}`,
    notation,
    code,
    rule,
    section,
    ...(limit === undefined ? {} : { limit }),
  }));
}

/** Broken by the same octets in both directions. */
export const REFUSED: readonly RefusedRow[] = [
  ...refusedWith(1002, 'WS_RESERVED_BIT_SET', '§5.2', [
    ['F1 RSV1 without an extension', 'c1 81 k 61'],
    ['F1 RSV2', 'a1 81 k 61'],
    ['F1 RSV3', '91 81 k 61'],
    ['F1 all reserved bits', 'f1 81 k 61'],
    ['F1 RSV1 on a control frame', 'c9 81 k 61'],
    ['F1 RSV1 on a continuation', '01 81 k 61 c0 81 k 62'],
  ]),
  ...refusedWith(
    1002,
    'WS_OPCODE_RESERVED',
    '§5.2',
    [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [
      `F2 the reserved opcode ${opcode}`,
      `8${hex(opcode, 1)} 81 k 61`,
    ]),
  ),
  ...refusedWith(1002, 'WS_CONTROL_FRAGMENTED', '§5.5', [
    ['F3 a fragmented ping', '09 81 k 61'],
    ['F3 a fragmented pong', '0a 81 k 61'],
    ['F3 a fragmented close', '08 82 k 03 e8'],
  ]),
  ...refusedWith(1002, 'WS_CONTROL_TOO_LONG', '§5.5', [
    ['F4 a ping of 126 octets', `89 fe 00 7e k ${SIXTY_ONE(126)}`],
    ['F4 a pong of 126 octets', `8a fe 00 7e k ${SIXTY_ONE(126)}`],
    ['F4 a close of 126 octets', `88 fe 00 7e k 03 e8 ${SIXTY_ONE(124)}`],
    ['F4 a ping of one octet in the 127 length form', '89 ff 00 00 00 00 00 00 00 01 k 61'],
    ['F4 a ping of one octet in the 126 length form', '89 fe 00 01 k 61'],
  ]),
  ...refusedWith(1002, 'WS_LENGTH_NOT_MINIMAL', '§5.2', [
    ['F5 a length of 5 in 16 bits', '81 fe 00 05 k 68 65 6c 6c 6f'],
    ['F5 a length of 5 in 64 bits', '81 ff 00 00 00 00 00 00 00 05 k 68 65 6c 6c 6f'],
    ['F5 a length of 200 in 64 bits', `81 ff 00 00 00 00 00 00 00 c8 k ${SIXTY_ONE(200)}`],
    ['F5 a length of 125 in 16 bits', '82 fe 00 7d k'],
    ['F5 a length of 65535 in 64 bits', '82 ff 00 00 00 00 00 00 ff ff k'],
  ]),
  ...refusedWith(1002, 'WS_LENGTH_MSB_SET', '§5.2', [
    ['F6 a length of 2^63', '82 ff 80 00 00 00 00 00 00 00'],
  ]),
  ...refusedWith(
    1009,
    'WS_MESSAGE_TOO_BIG',
    '§7.4.1',
    [
      ['F6 a length of 2^63-1', '82 ff 7f ff ff ff ff ff ff ff'],
      ['F6 a length of 2^53', '82 ff 00 20 00 00 00 00 00 00'],
      ['F6 a length of 2^32+5', '82 ff 00 00 00 01 00 00 00 05'],
      ['F6 a length of the limit plus one', '82 ff 00 00 00 00 00 10 00 01'],
      ['F22 a frame of 96 MiB', '82 ff 00 00 00 00 06 00 00 00 k'],
    ],
    'maxMessageBytes',
  ),
  ...refusedWith(1002, 'WS_CONTINUATION_UNEXPECTED', '§5.4', [
    ['F8 a continuation without a start', '80 81 k 61'],
  ]),
  ...refusedWith(1002, 'WS_MESSAGE_INTERRUPTED', '§5.4', [
    ['F8 a data opcode inside a message', '01 81 k 61 81 81 k 62'],
  ]),
  ...refusedWith(1002, 'WS_CLOSE_PAYLOAD_LENGTH', '§5.5.1', [
    ['F10 a close payload of one octet', '88 81 k 03'],
  ]),
  ...refusedWith(
    1002,
    'WS_CLOSE_CODE_INVALID',
    '§7.4.1',
    [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535].map((code) => [
      `F11 the close code ${code}`,
      `88 82 k ${hex(code, 4)}`,
    ]),
  ),
  ...refusedWith(1007, 'WS_CLOSE_REASON_UTF8', '§5.5.1', [
    ['F14 a close reason that is not UTF-8', '88 83 k 03 e8 ff'],
  ]),
  ...refusedWith(1002, 'WS_CLOSE_CODE_INVALID', '§7.4.1', [
    ['F14 an invalid code with a bad reason', '88 83 k 03 ed ff'],
  ]),
  ...refusedWith(1007, 'WS_TEXT_UTF8', '§8.1', [
    ['F18 the octet ff in a text', '81 81 k ff'],
    ['F18 an overlong NUL in a text', '81 82 k c0 80'],
    ['F18 a surrogate in a text', '81 83 k ed a0 80'],
    ['F18 a code point past U+10FFFF in a text', '81 84 k f4 90 80 80'],
    ['F18 a form of five octets in a text', '81 85 k f8 88 80 80 80'],
    ['F18 a character that the message cuts', '81 82 k e2 82'],
    ['F20 an invalid octet in a first fragment, before the rest arrives,', '01 84 k ce ba ff 80'],
    ['F20 an invalid octet in an unfinished frame, before its end,', '81 e4 k ce ba ff ff'],
  ]),
];

/** Broken by a client only: its frames are masked. */
export const REFUSED_OF_CLIENT: readonly RefusedRow[] = refusedWith(
  1002,
  'WS_MASK_MISSING',
  '§5.1',
  [
    ['F7 an unmasked text frame', '81 01 61'],
    ['F7 an unmasked ping', '89 01 61'],
  ],
);

/** Broken by a server only: its frames are not masked. */
export const REFUSED_OF_SERVER: readonly RefusedRow[] = refusedWith(
  1002,
  'WS_MASK_UNEXPECTED',
  '§5.1',
  [
    ['F7 a masked text frame', '81 81 k 61'],
    ['F7 a masked ping', '89 81 k 61'],
  ],
);

/** In order in both directions. */
export const ACCEPTED: readonly AcceptedRow[] = [
  {
    title: 'F4 a ping of 125 octets is answered (§5.5)',
    notation: `89 fd k ${SIXTY_ONE(125)} ${CLOSE_1000}`,
    wire: [`pong ${Array(125).fill('61').join(' ')}`, 'close 1000'],
    messages: [],
  },
  {
    title: 'F9 a ping between fragments is answered, and the message is whole (§5.4)',
    notation: `01 81 k 61 89 81 k 70 80 81 k 62 ${CLOSE_1000}`,
    wire: ['pong 70', 'text ab', 'close 1000'],
    messages: ['ab'],
  },
  {
    title: 'F9 a close between fragments is echoed (§5.4)',
    notation: '01 81 k 61 88 82 k 03 e8',
    wire: ['close 1000'],
    messages: [],
  },
  ...[
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014],
    ...[3000, 3999, 4000, 4999],
  ].map((code) => ({
    title: `F12 the close code ${code} is echoed (§7.4.1)`,
    notation: `88 82 k ${hex(code, 4)}`,
    wire: [`close ${code}`],
    messages: [],
  })),
  {
    title: 'F13 an empty close is answered with an empty close (§7.1.5)',
    notation: '88 80 k',
    wire: ['close'],
    messages: [],
  },
  {
    title: 'F14 a close with a reason of 123 octets is echoed (§5.5.1)',
    notation: `88 fd k 03 e8 ${SIXTY_ONE(123)}`,
    wire: ['close 1000'],
    messages: [],
  },
  {
    title: 'F15 data after a close is ignored (§5.5.1)',
    notation: '88 82 k 03 e8 81 84 k 6c 61 74 65',
    wire: ['close 1000'],
    messages: [],
  },
  {
    title: 'F15 a violation after a close is ignored (§5.5.1)',
    notation: '88 82 k 03 e8 ff ff ff ff',
    wire: ['close 1000'],
    messages: [],
  },
  {
    title: 'F16 a second close is ignored (§5.5.1)',
    notation: '88 82 k 03 e8 88 82 k 03 e9',
    wire: ['close 1000'],
    messages: [],
  },
  ...[
    ['F18 U+FFFF', 'ef bf bf', '\uffff'] as const,
    ['F18 NUL', '00', '\0'] as const,
    ['F18 a byte order mark', 'ef bb bf 61', '\ufeffa'] as const,
    ['F18 U+FFFD itself', 'ef bf bd', '\ufffd'] as const,
  ].map(([title, octets, text]) => ({
    title: `${title} is kept in a text (§8.1)`,
    notation: `81 ${hex(0x80 | Buffer.byteLength(text), 2)} k ${octets} ${CLOSE_1000}`,
    wire: [`text ${text}`, 'close 1000'],
    messages: [text],
  })),
  {
    title: 'F19 a code point over three fragments is valid (§8.1)',
    notation: `01 81 k e2 00 81 k 82 80 81 k ac ${CLOSE_1000}`,
    wire: ['text €', 'close 1000'],
    messages: ['€'],
  },
];

/** For `it.each`, whose `$title` would stand in quotes. */
export function titled<Row extends { readonly title: string }>(
  rows: readonly Row[],
): (readonly [title: string, row: Row])[] {
  return rows.map((row) => [row.title, row]);
}

/** The octets that a client sends. */
export function fromClient(notation: string): Buffer {
  return Buffer.from(tokens(notation).join('').replaceAll('k', '00000000'), 'hex');
}

/** The same as a server would send them: no mask bits, no keys. The keys of the catalogue leave payloads as they are. */
export function fromServer(notation: string): Buffer {
  const rest = tokens(notation);
  const octets: string[] = [];
  while (rest.length > 0) {
    octets.push(...rest.splice(0, 1));
    const [second] = rest.splice(0, 1);
    if (second === undefined) break;
    const form = Number.parseInt(second, 16) & 0x7f;
    octets.push(hex(form, 2));
    const extended = rest.splice(0, form === 127 ? 8 : form === 126 ? 2 : 0);
    octets.push(...extended);
    if (rest[0] === 'k') rest.shift();
    const length = extended.length === 0 ? form : Number.parseInt(extended.join(''), 16);
    octets.push(...rest.splice(0, length));
  }
  return Buffer.from(octets.join(''), 'hex');
}

function tokens(notation: string): string[] {
  return notation.match(/k|[0-9a-f]{2}/g) ?? [];
}
