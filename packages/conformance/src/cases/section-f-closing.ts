// F9 to F16 and F24: Close frames, where they come, what they carry and what comes after them (RFC 6455 §5.5.1, §7).
import {
  binary,
  close,
  continuation,
  type FrameSpec,
  frame,
  MORE,
  octetsOf,
  ping,
  repeat,
  text,
} from '../wire/frame.ts';
import { CLOSE, closeWith, message, peerFails, pongEvent, type ScriptCase } from './case.ts';
import { causes, closes, numbered, type Row } from './own-case.ts';
import { kill, send } from './script-case.ts';

const F1 = 'fragment1';
const F2 = 'fragment2';
const EURO = octetsOf('<e2 82 ac>');
const FIVE = ['one', 'two', 'three', 'four', 'five'];

/** Fragments of a binary message with a ping behind each but the last. */
function interleaved(payloads: readonly Uint8Array[]): FrameSpec[] {
  const last = payloads.length - 1;
  return payloads.flatMap((payload, at) => {
    const more = at < last ? MORE : {};
    const part = at === 0 ? binary(payload, more) : continuation(payload, more);
    return at < last ? [part, ping(`after ${at}`)] : [part];
  });
}

function interleavedEvents(payloads: readonly Uint8Array[]): Row['expect'] {
  const pongs = payloads.slice(1).map((_, at) => pongEvent(`after ${at}`));
  return [...pongs, message(new Uint8Array(Buffer.concat(payloads)), true)];
}

const PARTS = FIVE.map((word) => octetsOf(word));
const LARGE_PARTS = [65_535, 65_536, 125, 126].map((octets) => repeat('<fe 00>', octets));
const TINY_PARTS = [0, 1, 0, 2, 0].map((octets) => repeat('<fe>', octets));

const BETWEEN_FRAGMENTS: readonly Row[] = [
  {
    fault: 'answers a ping only when the message around it is complete',
    steps: [
      send([text(F1, MORE), ping('now')]),
      { do: 'await', events: 1 },
      send([continuation(F2)]),
    ],
    expect: [pongEvent('now'), message(`${F1}${F2}`)],
  },
  causes(
    'cannot take pings between the fragments of a binary message',
    interleaved(PARTS),
    interleavedEvents(PARTS) ?? [],
  ),
  causes(
    'cannot take pings between the fragments of a binary message that arrives octet by octet',
    [],
    interleavedEvents(PARTS) ?? [],
    { steps: [send(interleaved(PARTS), 1)] },
  ),
  causes(
    'cannot take pings between fragments of 65535, 65536, 125 and 126 octets',
    interleaved(LARGE_PARTS),
    interleavedEvents(LARGE_PARTS) ?? [],
  ),
  causes(
    'cannot take pings between fragments of which some are empty',
    interleaved(TINY_PARTS),
    interleavedEvents(TINY_PARTS) ?? [],
  ),
  closes(
    'does not answer a Close between two fragments as any other',
    [text(F1, MORE), close(1000)],
    CLOSE.N1,
  ),
  closes(
    'does not answer a Close with the code 3000 inside a binary message',
    [binary(F1, MORE), continuation(F2, MORE), close(3000)],
    closeWith(3000),
  ),
];

const ONE_OCTET: readonly Row[] = ['<03>', '<00>'].map((payload) =>
  closes(
    'accepts a Close with a payload of one octet, which cannot hold a code',
    [frame(8, payload)],
    CLOSE.B,
  ),
);

/** Those the numbers 7.9.* leave out. */
const NEVER_SENT = [1, 500, 998, 1015];
const NOT_ASSIGNED = [1017, 1050, 1500, 1999, 2001, 2500, 2998];

const BAD_CODES: readonly Row[] = [
  ...NEVER_SENT.map((code) =>
    closes(`accepts the close code ${code}, which must not be sent`, [close(code)], CLOSE.B),
  ),
  ...NOT_ASSIGNED.map((code) =>
    closes(
      `accepts the close code ${code}, which is kept for versions to come and not assigned`,
      [close(code)],
      CLOSE.B,
      { rule: 'RFC 6455 §7.4.2' },
    ),
  ),
];

const REGISTERED = [
  [1012, 'Service Restart'],
  [1013, 'Try Again Later'],
  [1014, 'Bad Gateway'],
] as const;

const GOOD_CODES: readonly Row[] = [
  ...REGISTERED.map(([code, name]) =>
    closes(
      `takes the close code ${code} (${name}), which is registered, for a broken rule`,
      [close(code)],
      closeWith(code),
      {
        rule: 'RFC 6455 §11.7',
        note: 'It was registered after RFC 6455; nobody breaks a rule by sending it.',
      },
    ),
  ),
  ...[3001, 3500, 4500, 4998].map((code) =>
    closes(`does not accept the close code ${code}`, [close(code)], closeWith(code), {
      rule: 'RFC 6455 §7.4.2',
    }),
  ),
];

const NO_CODE: readonly Row[] = [
  {
    fault:
      'does not answer a Close without a code after a message, or answers 1005, which must not be sent',
    steps: [send([text('hello')]), { do: 'await', events: 1 }, send([close()])],
    expect: [message('hello')],
    close: CLOSE.N1,
    rule: 'RFC 6455 §7.1.5',
  },
];

const REASON_UTF8 = 'RFC 6455 §5.5.1';

function badReason(what: string, code: number, reason: string): Row {
  const frames = [close(code, octetsOf(reason))];
  return closes(`accepts ${what}`, frames, CLOSE.BU, { rule: REASON_UTF8 });
}

function goodReason(what: string, reason: Uint8Array): Row {
  return closes(`does not accept ${what}`, [close(1000, reason)], CLOSE.N1, { rule: REASON_UTF8 });
}

const REASONS: readonly Row[] = [
  badReason('a close reason with the octet ff', 1000, '<6f 6b ff>'),
  badReason('a close reason that ends in the middle of a code point', 1000, '<6f 6b e2 82>'),
  badReason('a close reason with a surrogate', 3000, '<ed a0 80>'),
  badReason('a close reason in an overlong form', 1000, '<c0 80>'),
  badReason('a bad close code with a reason that is not UTF-8', 1005, '<ff>'),
  goodReason('a close reason of 41 euro signs, 123 octets', repeat(EURO, 123)),
  goodReason('a close reason with NUL, U+FEFF and U+FFFF', octetsOf('<00 ef bb bf ef bf bf>')),
];

const AFTER_CLOSE: readonly Row[] = [
  closes(
    'looks at what comes after a Close: a frame with reserved bits',
    [close(1000), text('late', { rsv: 7 })],
    CLOSE.N1,
  ),
  closes(
    'looks at what comes after a Close: a frame that announces 2^62 octets',
    [close(1000), binary('', { announces: 2n ** 62n })],
    CLOSE.N1,
  ),
  closes('looks at what comes after a Close: octets that are no frame', [], CLOSE.N1, {
    steps: [send([close(1000)]), { do: 'octets', octets: octetsOf('<ff ff ff ff>') }],
  }),
  closes(
    'looks at what comes after a Close: text that is not UTF-8',
    [close(1000), text('<ff>')],
    CLOSE.N1,
  ),
];

const SECOND_CLOSE: readonly Row[] = [
  closes('answers the second of two Close frames, or both', [close(1000), close(3000)], CLOSE.N1),
  closes('looks at a second Close, whose code is bad', [close(3000), close(1005)], closeWith(3000)),
];

/** A peer that is told so may still send a Close; whatever code it takes is right. */
const ANY_FAILURE = peerFails(1000, 1001, 1002, 1011);

function cutOff(where: string, steps: Row['steps']): Row {
  return {
    fault: `keeps the connection when the other side ends TCP ${where}`,
    steps: [...steps, { do: 'fin' }],
    close: ANY_FAILURE,
    limit: kill(1),
  };
}

const ENDED_TCP: readonly Row[] = [
  cutOff('without having sent anything', []),
  cutOff('in the middle of a header', [{ do: 'octets', octets: octetsOf('<82>') }]),
  {
    ...cutOff('in the middle of a length', [{ do: 'octets', octets: octetsOf('<82 fe 01>') }]),
    tested: 'server',
  },
  {
    ...cutOff('in the middle of a length', [{ do: 'octets', octets: octetsOf('<82 7e 01>') }]),
    tested: 'client',
  },
  cutOff('in the middle of a payload', [send([text('hello', { announces: 100n })])]),
  cutOff('in the middle of a fragmented message', [send([text(F1, MORE), continuation(F2, MORE)])]),
];

/** F9 to F16, and F24. */
export const CLOSING: readonly ScriptCase[] = [
  ...numbered('F9', '§5.4', BETWEEN_FRAGMENTS),
  ...numbered('F10', '§5.5.1', ONE_OCTET),
  ...numbered('F11', '§7.4.1', BAD_CODES),
  ...numbered('F12', '§7.4.1', GOOD_CODES),
  ...numbered('F13', '§7.1.5', NO_CODE),
  ...numbered('F14', '§5.5.1', REASONS),
  ...numbered('F15', '§5.5.1', AFTER_CLOSE),
  ...numbered('F16', '§5.5.1', SECOND_CLOSE),
];

/** F24. */
export const CUT_OFF: readonly ScriptCase[] = numbered('F24', '§7.2', ENDED_TCP);
