// What group C of the behaviour catalogue says of single streams, in the notation of the frame rows: `k` is the masking
// key 00 00 00 00, frames run from the client to the server. The same list serves the other direction, without masks.

/** Compressed messages that are in order, or what zlib makes of what is not. */
export interface InflatedRow {
  readonly title: string;
  readonly notation: string;
  /** Text as a string, binary messages in hex with blanks. */
  readonly messages: readonly string[];
}

/** Octets that a connection is failed for. */
export interface RefusedMessageRow {
  readonly title: string;
  readonly notation: string;
  readonly code: number;
  readonly rule: string;
  readonly section: string;
}

export const INFLATED: readonly InflatedRow[] = [
  row('C1 a compressed message (RFC 7692 §7.2.3.1)', 'c1 87 k ca 48 cd c9 c9 07 00', 'hello'),
  row('C1 the same with the zero octet left out', 'c1 86 k ca 48 cd c9 c9 07', 'hello'),
  row('C1 a compressed binary message', 'c2 87 k ca 48 cd c9 c9 07 00', '68 65 6c 6c 6f'),
  row('C1 an empty payload', 'c1 80 k', ''),
  row('C1 a single zero octet (RFC 7692 §7.2.3.6)', 'c1 81 k 00', ''),
  row('C1 a message with its tail left on', 'c1 8b k ca 48 cd c9 c9 07 00 00 00 ff ff', 'hello'),
  row('C1 a message in two fragments', '41 82 k ca 48 80 85 k cd c9 c9 07 00', 'hello'),
  row(
    'C1 a message in a fragment for each octet',
    '41 81 k ca 00 81 k 48 00 81 k cd 00 81 k c9 00 81 k c9 00 81 k 07 80 81 k 00',
    'hello',
  ),
  row(
    'C1 a message in fragments of which some are empty',
    '41 80 k 00 87 k ca 48 cd c9 c9 07 00 00 80 k 80 80 k',
    'hello',
  ),
  row(
    'C1 a message with a ping between its fragments',
    '41 82 k ca 48 89 80 k 80 85 k cd c9 c9 07 00',
    'hello',
  ),
  row(
    'C1 a block without compression (RFC 7692 §7.2.3.3)',
    'c1 8b k 00 05 00 fa ff 48 65 6c 6c 6f 00',
    'Hello',
  ),
  row(
    'C1 a message in two blocks (RFC 7692 §7.2.3.5)',
    'c1 8d k f2 48 05 00 00 00 ff ff ca c9 c9 07 00',
    'Hello',
  ),
  row(
    'C1 a message that is not compressed between two that are',
    'c1 87 k ca 48 cd c9 c9 07 00 81 82 k 68 69 c1 87 k f2 48 cd c9 c9 07 00',
    'hello',
    'hi',
    'Hello',
  ),
  row(
    'C3 a final block, and then a second message',
    'c1 87 k cb 48 cd c9 c9 07 00 c1 87 k ca 48 cd c9 c9 07 00',
    'hello',
    'hello',
  ),
  row(
    'C4 a final block with a zero octet behind it (RFC 7692 §7.2.3.4)',
    'c1 88 k f3 48 cd c9 c9 07 00 00',
    'Hello',
  ),
  row(
    'C4 a final block with another message behind it in the same frame',
    'c1 8e k cb 48 cd c9 c9 07 00 ca 48 cd c9 c9 07 00',
    'hellohello',
  ),
  row(
    'C4 a final block with a block behind it that refers to what is before it',
    'c1 8b k cb 48 cd c9 c9 07 00 02 12 00 00',
    'hellohel',
  ),
  // The tail that every message is given ends up inside the block that was cut: what zlib reads there is made up, and
  // always the same.
  row('C5 a message of which three octets are missing', 'c1 84 k ca 48 cd c9', 'helh'),
  row('C5 a message of which four octets are missing', 'c1 83 k ca 48 cd', 'heh'),
  row('C5 a message of which six octets are missing', 'c1 81 k ca', 'h'),
  row(
    'C5 a message of which three octets are missing, and the one after it whole,',
    'c1 84 k ca 48 cd c9 c1 87 k ca 48 cd c9 c9 07 00',
    'helh',
    'hello',
  ),
  row(
    'C5 a block without compression of which four octets are missing',
    'c2 86 k 00 05 00 fa ff 48',
    '48 00 00 ff ff',
  ),
];

export const REFUSED: readonly RefusedMessageRow[] = [
  ...refused(1007, 'WS_DEFLATE_INVALID', 'RFC 7692 §7.2.2', [
    ['C2 garbage in a binary message', 'c2 84 k ff ff ff ff'],
    ['C2 garbage in a text', 'c1 84 k ff ff ff ff'],
    ['C2 a distance that is too far', 'c2 83 k 03 82 00'],
    ['C2 lengths of a block without compression that do not agree', 'c2 85 k 00 05 00 00 00'],
    ['C2 a distance that is too far, in fragments', '42 81 k 03 00 81 k 82 80 81 k 00'],
    ['C4 garbage behind a final block', 'c1 8b k cb 48 cd c9 c9 07 00 de ad be ef'],
    [
      'C5 a block without compression of which three octets are missing',
      'c2 87 k 00 05 00 fa ff 48 65',
    ],
  ]),
  ...refused(1002, 'WS_RESERVED_BIT_SET', '§5.2', [
    ['C6 RSV1 on a continuation', '41 82 k ca 48 c0 85 k cd c9 c9 07 00'],
    ['C6 RSV1 on a ping', 'c9 81 k 00'],
    ['C6 RSV1 on a pong', 'ca 81 k 00'],
    ['C6 RSV1 on a close', 'c8 82 k 03 e8'],
    ['C6 RSV2 on a compressed message', 'e1 87 k ca 48 cd c9 c9 07 00'],
    ['C6 RSV3 on a compressed message', 'd1 87 k ca 48 cd c9 c9 07 00'],
  ]),
  ...refused(1007, 'WS_TEXT_UTF8', '§8.1', [
    ['C7 a text that is not UTF-8 once it is inflated', 'c1 84 k fa ff 0f 00'],
    ['C7 the same in two fragments', '41 82 k fa ff 80 82 k 0f 00'],
    // 'h' and the first two octets of '€'
    ['C7 a text that ends inside a character', 'c1 88 k 00 03 00 fc ff 68 e2 82'],
    ['C7 a truncated text that is left with half a character', 'c1 87 k 00 03 00 fc ff 68 e2'],
  ]),
];

function row(title: string, notation: string, ...messages: readonly string[]): InflatedRow {
  return { title, notation, messages };
}

function refused(
  code: number,
  rule: string,
  section: string,
  rows: readonly (readonly [title: string, notation: string])[],
): RefusedMessageRow[] {
  return rows.map(([title, notation]) => ({ title, notation, code, rule, section }));
}
