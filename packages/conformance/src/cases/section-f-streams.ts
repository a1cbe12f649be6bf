// F21 to F23: many frames, small pieces, floods, and frames in the segment of the handshake (RFC 6455 §5.4, §5.5, §10.4).
import {
  binary,
  close,
  continuation,
  type FrameSpec,
  MORE,
  octetsOf,
  ping,
  pong,
  repeat,
  text,
} from '../wire/frame.ts';
import { CLOSE, type Event, message, peerFails, pongEvent, type ScriptCase } from './case.ts';
import { causes, EITHER, numbered, type Row } from './own-case.ts';
import { send, timedClose } from './script-case.ts';

const LIMITS =
  'A peer may limit the frames of a message, and then fails the connection, with 1008 or the like.';

const MANY_FRAGMENTS: readonly Row[] = [
  {
    fault: 'does not survive a message that never ends, of empty fragments',
    steps: [
      send([text('', MORE)]),
      { do: 'flood', frames: [continuation('', MORE)], times: 200_000 },
    ],
    close: EITHER,
    limit: timedClose(0.25),
    note: LIMITS,
  },
  {
    fault: 'does not survive a message that never ends, of fragments of one octet',
    steps: [
      send([binary('', MORE)]),
      { do: 'flood', frames: [continuation('a', MORE)], times: 200_000 },
    ],
    close: EITHER,
    limit: timedClose(0.25),
    note: LIMITS,
  },
  {
    fault: 'does not put a message of 4,000 fragments of one octet together',
    steps: [
      send([text('', MORE)]),
      { do: 'flood', frames: [continuation('*', MORE)], times: 4000 },
      send([continuation()]),
    ],
    expect: [message(repeat('*', 4000))],
  },
  {
    fault: 'does not put a message together of which most fragments are empty',
    steps: [
      send([text('begin', MORE)]),
      { do: 'flood', frames: [continuation('', MORE)], times: 4000 },
      send([continuation('end')]),
    ],
    expect: [message('beginend')],
  },
];

const WORDS = ['one', 'two', '', 'three', 'four'];

const SMALL_PIECES: readonly Row[] = [
  causes(
    'does not take a frame of 4,096 octets that arrives octet by octet',
    [],
    [message(repeat('<fe 00>', 4096), true)],
    { steps: [send([binary(repeat('<fe 00>', 4096))], 1)] },
  ),
  causes(
    'unmasks wrongly where frames are cut into pieces of three octets',
    [],
    [message(repeat('abcdefg', 251)), message(repeat('<00 01 02 03 04>', 133), true)],
    {
      steps: [send([text(repeat('abcdefg', 251)), binary(repeat('<00 01 02 03 04>', 133))], 3)],
    },
  ),
  causes(
    'loses a message, or their order, when several come in one segment',
    WORDS.map((word, at) => (at % 2 === 0 ? text(word) : binary(word))),
    WORDS.map((word, at) => message(word, at % 2 === 1)),
  ),
  causes(
    'loses one of 200 messages that come in one segment',
    Array.from({ length: 200 }, (_, at) => text(`message ${at}`)),
    Array.from({ length: 200 }, (_, at) => message(`message ${at}`)),
  ),
  causes(
    'unmasks wrongly where the fragments have odd lengths',
    [1, 2, 3, 5, 7, 11, 13].map((octets, at): FrameSpec => {
      const payload = repeat('<01 80 ff>', octets);
      const more = at < 6 ? MORE : {};
      return at === 0 ? binary(payload, more) : continuation(payload, more);
    }),
    [
      message(
        new Uint8Array(
          Buffer.concat([1, 2, 3, 5, 7, 11, 13].map((octets) => repeat('<01 80 ff>', octets))),
        ),
        true,
      ),
    ],
  ),
];

const EARLY =
  'The first frames leave in the segment of the upgrade request. A client ought to wait for the answer (RFC 6455 §4.1), so a peer may drop what comes too early; a careful one does not lose octets.';

/** The first step leaves in the segment of the upgrade request. */
function early(fault: string, steps: Row['steps'], expect: readonly Event[]): Row {
  return {
    tested: 'server',
    early: true,
    fault,
    steps,
    expect,
    rule: 'RFC 6455 §4.1',
    note: EARLY,
    ...(expect.length === 0
      ? {}
      : {
          tolerated: [[]],
          close: EITHER,
          limit: timedClose(0.25),
        }),
  };
}

function awaited(frames: readonly FrameSpec[], events: number): Row['steps'] {
  return [send(frames), { do: 'await', events }];
}

const WITH_THE_REQUEST: readonly Row[] = [
  early(
    'loses a message that comes in one segment with the upgrade request',
    awaited([text('hello')], 1),
    [message('hello')],
  ),
  early(
    'loses one of three messages that come in one segment with the upgrade request',
    awaited([text('one'), binary('two'), text('three')], 3),
    [message('one'), message('two', true), message('three')],
  ),
  early(
    'loses a ping that comes in one segment with the upgrade request',
    awaited([ping('early')], 1),
    [pongEvent('early')],
  ),
  early(
    'loses a message of 70,000 octets that begins in the segment of the upgrade request',
    awaited([binary(repeat('<fe>', 70_000))], 1),
    [message(repeat('<fe>', 70_000), true)],
  ),
  early(
    'loses the first half of a message that comes with the upgrade request',
    [
      send([text('fragment1', MORE)]),
      send([continuation('fragment2')]),
      { do: 'await', events: 1 },
    ],
    [message('fragment1fragment2')],
  ),
  {
    ...early(
      'ignores a bad frame that comes in one segment with the upgrade request',
      [send([text('hello', { rsv: 7 })])],
      [],
    ),
    close: peerFails(1002),
    limit: timedClose(1),
    rule: 'RFC 6455 §5.2',
  },
  {
    ...early(
      'does not answer a Close that comes in one segment with the upgrade request',
      [send([close(1000)])],
      [],
    ),
    close: CLOSE.N1,
    rule: 'RFC 6455 §5.5.1',
  },
];

const PINGS = 48;
const LATEST =
  'RFC 6455 §5.5.3 lets a peer answer only the latest of several pings; fewer Pongs than pings are tolerated.';

/** Any number of equal pongs from one on. */
function fewer(payload: string | Uint8Array): readonly (readonly Event[])[] {
  const all = Array.from({ length: PINGS }, () => pongEvent(payload));
  return Array.from({ length: PINGS - 1 }, (_, at) => all.slice(0, at + 1));
}

function manyPings(fault: string, payload: string | Uint8Array, steps: Row['steps']): Row {
  return {
    fault,
    steps,
    expect: Array.from({ length: PINGS }, () => pongEvent(payload)),
    tolerated: fewer(payload),
    note: LATEST,
  };
}

const FULL = repeat('<fe>', 125);

const MANY_CONTROL_FRAMES: readonly Row[] = [
  manyPings(`does not answer ${PINGS} pings in one segment`, '', [
    send(Array.from({ length: PINGS }, () => ping())),
  ]),
  manyPings(`does not answer ${PINGS} pings while nobody reads its pongs`, FULL, [
    { do: 'flood', frames: [ping(FULL)], times: PINGS, reading: false },
  ]),
  {
    fault: 'does not answer a ping behind 200 pongs that nobody asked for',
    steps: [send([...Array.from({ length: 200 }, () => pong('unasked')), ping('after')])],
    expect: [pongEvent('after')],
    rule: 'RFC 6455 §5.5.3',
  },
  {
    fault: 'does not survive a flood of pings while nobody reads its pongs',
    steps: [{ do: 'flood', frames: [ping(FULL)], times: 40_000, reading: false }],
    close: EITHER,
    ignorePongs: true,
    limit: timedClose(1),
    rule: 'RFC 6455 §10.4',
    note: 'Pongs may be left out, and whoever floods may be turned away.',
  },
  causes(
    'does not give the octets of a ping back as they are, NUL and all',
    [ping('<00 61 00 ff 00>')],
    [pongEvent(octetsOf('<00 61 00 ff 00>'))],
  ),
];

/** F21 to F23. */
export const STREAMS: readonly ScriptCase[] = [
  ...numbered('F21', '§5.4', MANY_FRAGMENTS),
  ...numbered('F22', '§5.2', [...SMALL_PIECES, ...WITH_THE_REQUEST]),
  ...numbered('F23', '§5.5.2', MANY_CONTROL_FRAMES),
];
