// F18 to F20: text is UTF-8, wherever it is cut and however soon it can be known to be wrong (RFC 6455 §8.1).
import {
  binary,
  continuation,
  type FrameSpec,
  MORE,
  octetsOf,
  ping,
  repeat,
  text,
} from '../wire/frame.ts';
import { CLOSE, type Event, message, pongEvent, type ScriptCase, type Step } from './case.ts';
import { causes, fails, numbered, type Row } from './own-case.ts';
import { kill, send } from './script-case.ts';

const BOM = octetsOf('<ef bb bf>');
/** U+1F980. */
const CRAB = octetsOf('<f0 9f a6 80>');
const EURO = octetsOf('<e2 82 ac>');

function joined(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map(octetsOf)));
}

function kept(what: string, payload: Uint8Array): Row {
  return causes(`does not give ${what} back unchanged`, [text(payload)], [message(payload)]);
}

function refused(what: string, frames: readonly FrameSpec[], more: Partial<Row> = {}): Row {
  return fails(`accepts ${what}`, frames, { close: CLOSE.U, ...more });
}

/** The bad octet comes after so many good ones: checks that go in strides have borders. */
function lateOctet(before: number): Row {
  const payload = joined(repeat('*', before), '<ff>', repeat('*', 40));
  return refused(`text that is not UTF-8 after ${before} octets that are`, [text(payload)]);
}

const TEXTS: readonly Row[] = [
  kept('text with NUL in it', joined('a', '<00>', 'b')),
  kept('a byte order mark, which is a character of the message,', joined(BOM, 'a')),
  kept('text that is nothing but a byte order mark', BOM),
  kept('U+FFFF', joined('a', '<ef bf bf>')),
  kept('U+FFFD, the replacement character, where it was sent,', joined('a', '<ef bf bd>', 'b')),
  causes(
    'drops a byte order mark that is split over two fragments',
    [text(BOM.subarray(0, 1), MORE), continuation(joined(BOM.subarray(1), 'a'))],
    [message(joined(BOM, 'a'))],
  ),
  causes(
    'treats a binary message as text',
    [binary('<ff fe c0 80>')],
    [message(octetsOf('<ff fe c0 80>'), true)],
  ),
  kept('65536 octets of three-octet characters', joined(repeat(EURO, 65_535), 'a')),
  lateOctet(31),
  lateOctet(64),
  lateOctet(127),
  lateOctet(65_535),
  refused('text that ends in the middle of a code point', [text(joined('ok', '<e2 82>'))]),
  refused('text of 65536 octets that ends in the middle of a code point', [
    text(joined(repeat('*', 65_535), '<c3>')),
  ]),
  refused('text whose last fragment ends in the middle of a code point', [
    text('ok', MORE),
    continuation('<f0 9f a6>'),
  ]),
  refused('text that ends in the middle of a code point, with an empty last fragment', [
    text(joined('ok', '<e2 82>'), MORE),
    continuation(),
  ]),
  refused('a continuation octet at the beginning of a fragment, where nothing is unfinished', [
    text('ok', MORE),
    continuation('<82 ac>'),
  ]),
  refused('a code point that a new one interrupts at a border of fragments', [
    text('<e2 82>', MORE),
    continuation('<e2 82 ac>'),
  ]),
  refused(
    'text that begins with the rest of a code point which the binary message before it ended in',
    [binary('<e2 82>'), text('<ac>')],
    { expect: [message(octetsOf('<e2 82>'), true)], tolerated: [[]] },
  ),
];

const SPLIT: readonly Row[] = [
  causes(
    'refuses a code point of three octets that is split over three fragments',
    [
      text(EURO.subarray(0, 1), MORE),
      continuation(EURO.subarray(1, 2), MORE),
      continuation(EURO.subarray(2)),
    ],
    [message(EURO)],
  ),
  causes(
    'refuses a code point of four octets that is split over four fragments with pings between them',
    [
      text(CRAB.subarray(0, 1), MORE),
      ping('1'),
      continuation(CRAB.subarray(1, 2), MORE),
      ping('2'),
      continuation(CRAB.subarray(2, 3), MORE),
      ping('3'),
      continuation(CRAB.subarray(3)),
    ],
    [pongEvent('1'), pongEvent('2'), pongEvent('3'), message(CRAB)],
  ),
  causes(
    'forgets over an empty fragment that a code point is unfinished',
    [text(EURO.subarray(0, 2), MORE), continuation('', MORE), continuation(EURO.subarray(2))],
    [message(EURO)],
  ),
  causes(
    'refuses code points that arrive octet by octet',
    [],
    [message(joined(CRAB, EURO, CRAB))],
    {
      steps: [send([text(joined(CRAB, EURO, CRAB))], 1)],
    },
  ),
  causes(
    'takes a ping for the rest of an unfinished code point',
    [text(EURO.subarray(0, 1), MORE), ping('<ff fe>'), continuation(EURO.subarray(1))],
    [pongEvent(octetsOf('<ff fe>')), message(EURO)],
  ),
];

const STILL_OPEN: Event = { event: 'mark', mark: 'A' };
const AT_ONCE =
  'A careful peer fails the connection before A, as soon as the text is wrong (RFC 6455 §8.1); one that waits for the end of the message is tolerated.';

/** Wrong from the first step; the second is sent to whoever has not noticed. */
function failsFast(where: string, wrong: readonly Step[], rest: Step): Row {
  return {
    fault: `notices only at the end of the message that text is not UTF-8 ${where}`,
    steps: [...wrong, { do: 'pause', mark: 'A' }, rest],
    tolerated: [[STILL_OPEN]],
    close: CLOSE.U,
    limit: kill(1),
    note: AT_ONCE,
  };
}

function inFragment(where: string, payload: string): Row {
  const end = send([continuation('end')]);
  return failsFast(where, [send([text(octetsOf(payload), MORE)])], end);
}

function inUnfinishedFrame(where: string, beginning: string, length: number): Row {
  const start = octetsOf(beginning);
  const whole = text(joined(start, repeat('*', length - start.length)));
  return failsFast(where, [{ do: 'part', frame: whole, from: 0, to: start.length }], {
    do: 'part',
    frame: whole,
    from: start.length,
    to: length,
  });
}

const FAIL_FAST: readonly Row[] = [
  inFragment('in its first fragment', '<ce ba ff 80>'),
  inUnfinishedFrame('in a frame that is not complete', '<ce ba ff ff>', 100),
  inUnfinishedFrame('in a frame of 65536 octets that is not complete', '<ce ba c0>', 65_536),
  inFragment('since a surrogate begins (ed a0)', '<6f 6b ed a0>'),
  inFragment('since an overlong form begins (e0 80)', '<6f 6b e0 80>'),
  inFragment('since a code point beyond U+10FFFF begins (f4 90)', '<6f 6b f4 90>'),
  inFragment('since an octet comes that never occurs (f5)', '<6f 6b f5>'),
  failsFast(
    'where two fragments meet',
    [send([text('<6f 6b e2>', MORE), continuation('<28>', MORE)])],
    send([continuation('end')]),
  ),
];

/** F18 to F20. */
export const TEXT: readonly ScriptCase[] = [
  ...numbered('F18', '§8.1', TEXTS),
  ...numbered('F19', '§5.6', SPLIT),
  ...numbered('F20', '§8.1', FAIL_FAST),
];
