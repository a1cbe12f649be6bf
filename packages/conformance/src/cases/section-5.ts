// Section 5: fragmentation (RFC 6455 §5.4).
import { continuation, type FrameSpec, MORE, ping, pong, text } from '../wire/frame.ts';
import { type Case, CLOSE, message, pongEvent, type ScriptCase, type WriteMode } from './case.ts';
import { kill, type ScriptCaseTable, scriptCase, send, timedClose } from './script-case.ts';

const F1 = 'fragment1';
const F2 = 'fragment2';
const F3 = 'fragment3';
const F4 = 'fragment4';
const F5 = 'fragment5';
const STRAY = 'non-continuation payload';
const HW = 'Hello, world!';

/** The same frames at once, frame by frame, octet by octet. */
const WRITES: readonly (WriteMode | undefined)[] = [undefined, 'frames', 1];

type Row = Pick<ScriptCaseTable, 'fault'> & Partial<ScriptCaseTable>;

function fails(
  number: number,
  frames: readonly FrameSpec[],
  row: Row,
  write?: WriteMode,
): ScriptCase {
  return scriptCase({
    id: `5.${number}`,
    rule: 'RFC 6455 §5.4',
    steps: [send(frames, write)],
    close: CLOSE.P,
    limit: kill(1),
    ...row,
  });
}

function echoes(
  number: number,
  frames: readonly FrameSpec[],
  row: Row,
  write?: WriteMode,
): ScriptCase {
  return scriptCase({
    id: `5.${number}`,
    rule: 'RFC 6455 §5.4',
    steps: [send(frames, write)],
    close: CLOSE.N,
    limit: timedClose(1),
    ...row,
  });
}

function threeTimes(
  first: number,
  make: (number: number, write: WriteMode | undefined) => ScriptCase,
): ScriptCase[] {
  return WRITES.map((write, index) => make(first + index, write));
}

const twice = (frames: readonly FrameSpec[]): FrameSpec[] => [...frames, ...frames];

function pausing(number: number, write?: WriteMode): ScriptCase {
  const one = [text(F1, MORE), continuation(F2, MORE), ping('pongme 1!')];
  const two = [continuation(F3, MORE), continuation(F4, MORE), ping('pongme 2!'), continuation(F5)];
  return echoes(number, [], {
    fault:
      'does not answer pings at once while a message is unfinished, or loses the message over it',
    steps: [send(one, write), { do: 'pause' }, send(two, write)],
    expect: [pongEvent('pongme 1!'), pongEvent('pongme 2!'), message(`${F1}${F2}${F3}${F4}${F5}`)],
  });
}

/** Fragmentation. */
export const SECTION_5: readonly Case[] = [
  fails(1, [ping(F1, MORE), continuation(F2)], {
    rule: 'RFC 6455 §5.5',
    fault: 'accepts a fragmented ping',
  }),
  fails(2, [pong(F1, MORE), continuation(F2)], {
    rule: 'RFC 6455 §5.5',
    fault: 'accepts a fragmented pong',
  }),
  ...threeTimes(3, (number, write) =>
    echoes(
      number,
      [text(F1, MORE), continuation(F2)],
      {
        fault: 'does not put a message of two fragments together',
        expect: [message(`${F1}${F2}`)],
      },
      write,
    ),
  ),
  ...threeTimes(6, (number, write) =>
    echoes(
      number,
      [text(F1, MORE), ping('ping payload'), continuation(F2)],
      {
        fault:
          "answers a ping only after the message's last fragment, or cannot take a ping between two fragments",
        expect: [pongEvent('ping payload'), message(`${F1}${F2}`)],
      },
      write,
    ),
  ),
  ...threeTimes(9, (number, write) =>
    fails(
      number,
      [continuation(STRAY), text(HW)],
      { fault: 'accepts a final continuation frame where no message was begun' },
      write,
    ),
  ),
  ...threeTimes(12, (number, write) =>
    fails(
      number,
      [continuation(STRAY, MORE), text(HW)],
      { fault: 'accepts an unfinished continuation frame where no message was begun' },
      write,
    ),
  ),
  fails(15, [text(F1, MORE), continuation(F2), continuation(F3, MORE), text(F4)], {
    fault: 'accepts a continuation frame behind the end of a fragmented message',
    expect: [message(`${F1}${F2}`)],
    tolerated: [[]],
  }),
  fails(16, twice([continuation(F1, MORE), text(F2, MORE), continuation(F3)]), {
    fault: 'accepts an unfinished continuation frame as the beginning of a message',
  }),
  fails(17, twice([continuation(F1), text(F2, MORE), continuation(F3)]), {
    fault: 'accepts a final continuation frame as a message of its own',
  }),
  fails(18, [text(F1, MORE), text(F2)], {
    fault: 'accepts a second text frame where the message begun goes on with continuations',
  }),
  pausing(19),
  pausing(20, 'frames'),
];
