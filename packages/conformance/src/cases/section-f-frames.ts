// F1 to F8: single frames that break the rules of framing, and their neighbours that do not (RFC 6455 §5).
import {
  binary,
  close,
  continuation,
  type FrameSpec,
  frame,
  MORE,
  octetsOf,
  ping,
  pong,
  repeat,
  text,
} from '../wire/frame.ts';
import { CLOSE, message, peerFails, pongEvent, type ScriptCase } from './case.ts';
import { causes, closes, EITHER, fails, numbered, type Row } from './own-case.ts';
import { send, timedClose } from './script-case.ts';

const F1 = 'fragment1';
const F2 = 'fragment2';
const RSV1 = { rsv: 4 } as const;
const RSV2 = { rsv: 2 } as const;
const RSV3 = { rsv: 1 } as const;

/** A Close with reserved bits: whoever ignores them gives the code back. */
function reservedClose(rsv: number): FrameSpec {
  return { ...close(3000), rsv };
}

const RESERVED_BITS: readonly Row[] = [
  fails('accepts a ping with RSV1', [ping('a', RSV1)]),
  fails('accepts a ping with RSV2', [ping('a', RSV2)]),
  fails('accepts a pong with RSV3', [pong('a', RSV3)]),
  fails('ignores RSV1 on a Close frame', [reservedClose(4)]),
  fails('ignores RSV3 on a Close frame', [reservedClose(1)]),
  fails('accepts a continuation with RSV1', [text(F1, MORE), continuation(F2, RSV1)]),
  fails('accepts a continuation with RSV2', [
    binary(F1, MORE),
    continuation(F2, { ...MORE, ...RSV2 }),
    continuation(),
  ]),
  fails('accepts an empty binary message with RSV1', [binary('', RSV1)]),
  fails('accepts RSV1 on the first of several fragments', [
    text(F1, { ...MORE, ...RSV1 }),
    continuation(F2),
  ]),
  fails('accepts all three reserved bits on a ping in the middle of a message', [
    text(F1, MORE),
    ping('', { rsv: 7 }),
    continuation(F2),
  ]),
];

const RESERVED_OPCODES: readonly Row[] = [
  fails('takes a reserved data opcode for a continuation', [
    text(F1, MORE),
    frame(3, F2),
    continuation('fragment3'),
  ]),
  fails('ignores a reserved control opcode between two fragments', [
    text(F1, MORE),
    frame(11, 'reserved'),
    continuation(F2),
  ]),
  fails('accepts an unfinished frame with a reserved opcode', [
    frame(7, F1, MORE),
    continuation(F2),
  ]),
  fails('accepts a reserved opcode on a frame of 65536 octets', [frame(6, repeat('*', 65_536))]),
];

const FRAGMENTED_CONTROL: readonly Row[] = [
  // Whoever ignores the missing FIN gives the code back.
  fails('accepts a fragmented Close', [{ ...close(3000), ...MORE }, continuation()]),
  fails('accepts an unfinished ping inside a fragmented message', [
    text(F1, MORE),
    ping('', MORE),
    continuation(F2),
  ]),
  fails('accepts an unfinished empty pong', [pong('', MORE)]),
];

const CONTROL_LENGTHS: readonly Row[] = [
  fails('accepts a pong whose payload is longer than 125 octets', [pong(repeat('<fe>', 126))]),
  fails('accepts a ping of 65536 octets', [ping(repeat('<fe>', 65_536))]),
  fails('waits for the payload of a ping that announces 2^62 octets', [
    ping('', { announces: 2n ** 62n }),
  ]),
  closes(
    'accepts a Close of 126 octets, with a code that may come back',
    [frame(8, Buffer.concat([close(3000).payload, repeat('*', 124)]))],
    CLOSE.B,
  ),
  causes(
    'does not ignore a pong of 125 octets that nobody asked for',
    [pong(repeat('<fe>', 125)), ping('after')],
    [pongEvent('after')],
  ),
];

const SHORTEST =
  'The shortest form "MUST be used" by whoever sends (RFC 6455 §5.2); what a receiver does with another is left open, and a careful one fails the connection.';

/** Accepting it is tolerated, with the echo or the pong that follows from it. */
function notShortest(what: string, frames: readonly FrameSpec[], row: Pick<Row, 'tolerated'>): Row {
  return {
    fault: `accepts ${what}`,
    steps: [send([...frames, ping('after')])],
    close: EITHER,
    limit: timedClose(0.25),
    note: SHORTEST,
    ...row,
  };
}

/** A message that comes back, with the pong before or after it: an echo may take its time. */
function echoed(payload: string | Uint8Array, isBinary = false): Pick<Row, 'tolerated'> {
  const echo = message(payload, isBinary);
  const after = pongEvent('after');
  return {
    tolerated: [
      [echo, after],
      [after, echo],
    ],
  };
}

const NOT_SHORTEST: readonly Row[] = [
  notShortest('a length of 5 in 16 bits', [text('hello', { lengthForm: 16 })], echoed('hello')),
  notShortest('a length of 5 in 64 bits', [text('hello', { lengthForm: 64 })], echoed('hello')),
  notShortest('a length of 0 in 16 bits', [text('', { lengthForm: 16 })], echoed('')),
  notShortest('a length of 0 in 64 bits', [binary('', { lengthForm: 64 })], echoed('', true)),
  notShortest(
    'a length of 125 in 16 bits',
    [binary(repeat('<fe>', 125), { lengthForm: 16 })],
    echoed(repeat('<fe>', 125), true),
  ),
  notShortest(
    'a length of 200 in 64 bits',
    [text(repeat('*', 200), { lengthForm: 64 })],
    echoed(repeat('*', 200)),
  ),
  notShortest(
    'a length of 65535 in 64 bits',
    [binary(repeat('<fe>', 65_535), { lengthForm: 64 })],
    echoed(repeat('<fe>', 65_535), true),
  ),
  notShortest(
    'a continuation with its length of 9 in 16 bits',
    [text(F1, MORE), continuation(F2, { lengthForm: 16 })],
    echoed(`${F1}${F2}`),
  ),
  notShortest('a ping with its length of 1 in 16 bits', [ping('a', { lengthForm: 16 })], {
    tolerated: [[pongEvent('a'), pongEvent('after')]],
  }),
  notShortest('a ping with its length of 1 in 64 bits', [ping('a', { lengthForm: 64 })], {
    tolerated: [[pongEvent('a'), pongEvent('after')]],
  }),
];

const HUGE = peerFails(1009, 1002);
const NOBODY =
  'No peer can hold so much, and one that waits for it waits for ever (RFC 6455 §10.4); both 1009 and 1002 will do.';
const OR_WAITS =
  'A peer may allow messages of that size, and then waits for the rest until TCP ends; it must not take what has come for the whole.';

/** What is announced, the octets that come of it, and then the end of TCP. */
function announcedInVain(fault: string, frames: readonly FrameSpec[]): Row {
  return {
    fault,
    steps: [send(frames), { do: 'fin' }],
    close: EITHER,
    limit: timedClose(1),
    note: OR_WAITS,
  };
}

const ANNOUNCED: readonly Row[] = [
  ...[
    ['a length of 2^63, whose most significant bit must be 0', 2n ** 63n],
    ['a length of 2^64-1, whose most significant bit must be 0', 2n ** 64n - 1n],
    ['a length of 2^63+5, whose most significant bit must be 0', 2n ** 63n + 5n],
  ].map(([what, announces]): Row => {
    const bad = binary('hello', { announces: announces as bigint });
    return fails(`accepts ${what}`, [bad], { close: HUGE });
  }),
  fails(
    'waits for a frame that announces 2^63-1 octets',
    [binary('', { announces: 2n ** 63n - 1n })],
    {
      rule: 'RFC 6455 §10.4',
      close: HUGE,
      note: NOBODY,
    },
  ),
  fails('waits for a frame that announces 2^53 octets', [binary('', { announces: 2n ** 53n })], {
    rule: 'RFC 6455 §10.4',
    close: HUGE,
    note: NOBODY,
  }),
  fails(
    'lets the lengths of two fragments overflow 63 bits',
    [binary('hello', MORE), continuation('', { announces: 2n ** 63n - 3n })],
    { rule: 'RFC 6455 §10.4', close: HUGE, note: NOBODY },
  ),
  announcedInVain('cuts a length of 2^32+5 to 32 bits', [
    text('hello', { announces: 2n ** 32n + 5n }),
  ]),
  announcedInVain('takes a length of 2^31 for a negative number', [
    text('hello', { announces: 2n ** 31n }),
  ]),
  announcedInVain('lets the lengths of two fragments overflow 32 bits', [
    text('hello', MORE),
    continuation('!!', { announces: 2n ** 32n - 3n }),
  ]),
];

/** Octets that are a whole frame with the masking key 00 00 00 00, and so say what they look like. */
function plain(hex: string): Row['steps'][number] {
  return { do: 'octets', octets: octetsOf(`<${hex}>`) };
}

function unmasked(fault: string, frames: readonly FrameSpec[], more: Partial<Row> = {}): Row {
  return fails(fault, frames, { tested: 'server', ...more });
}

function masked(fault: string, frames: readonly FrameSpec[], more: Partial<Row> = {}): Row {
  return fails(fault, frames, { tested: 'client', ...more });
}

const NOT = { masked: false } as const;
const YES = { masked: true } as const;

const MASKS: readonly Row[] = [
  unmasked('accepts a text frame that is not masked', [text('hello', NOT)]),
  unmasked('accepts an empty binary frame that is not masked', [binary('', NOT)]),
  unmasked('accepts a ping that is not masked', [ping('a', NOT)]),
  unmasked('accepts a Close that is not masked', [], { steps: [plain('88 02 0bb8')] }),
  unmasked('accepts a continuation that is not masked', [text(F1, MORE), continuation(F2, NOT)]),
  unmasked('looks at the mask of the first frame only', [text('hello'), text('hello', NOT)], {
    expect: [message('hello')],
    tolerated: [[]],
  }),
  {
    tested: 'server',
    fault: 'does not take a masking key of four zeros for a key like any other',
    steps: [plain('81 85 00000000 68656c6c6f'), send([ping('after')])],
    expect: [message('hello'), pongEvent('after')],
    close: CLOSE.N,
  },
  masked('accepts a text frame that is masked', [text('hello', YES)]),
  masked('accepts an empty binary frame that is masked', [binary('', YES)]),
  masked('accepts a ping that is masked', [ping('a', YES)]),
  masked('accepts a Close that is masked', [], { steps: [plain('88 82 00000000 0bb8')] }),
  masked('accepts a continuation that is masked', [text(F1, MORE), continuation(F2, YES)]),
  masked('looks at the mask of the first frame only', [text('hello'), text('hello', YES)], {
    expect: [message('hello')],
    tolerated: [[]],
  }),
];

const CONTINUATIONS: readonly Row[] = [
  fails('accepts an empty final continuation where no message was begun', [continuation()]),
  fails('accepts an empty unfinished continuation where no message was begun', [
    continuation('', MORE),
    continuation('hello'),
  ]),
  fails(
    'accepts a continuation after a message that was complete',
    [text('hello'), continuation('more')],
    {
      expect: [message('hello')],
      tolerated: [[]],
    },
  ),
  fails('accepts a text frame inside an unfinished binary message', [binary(F1, MORE), text(F2)]),
  fails('accepts the beginning of a second message inside the first', [
    text(F1, MORE),
    text(F2, MORE),
    continuation('fragment3'),
  ]),
  fails(
    'forgets over a ping that a message is unfinished',
    [text(F1, MORE), ping('between'), binary(F2)],
    { expect: [pongEvent('between')], tolerated: [[]] },
  ),
];

/** F1 to F8. */
export const FRAMES: readonly ScriptCase[] = [
  ...numbered('F1', '§5.2', RESERVED_BITS),
  ...numbered('F2', '§5.2', RESERVED_OPCODES),
  ...numbered('F3', '§5.5', FRAGMENTED_CONTROL),
  ...numbered('F4', '§5.5', CONTROL_LENGTHS),
  ...numbered('F5', '§5.2', NOT_SHORTEST),
  ...numbered('F6', '§5.2', ANNOUNCED),
  ...numbered('F7', '§5.1', MASKS),
  ...numbered('F8', '§5.4', CONTINUATIONS),
];
