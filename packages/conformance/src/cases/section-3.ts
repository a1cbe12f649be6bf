// Section 3: reserved bits without an extension that gives them a meaning (RFC 6455 §5.2).
import { binary, type FrameSpec, frame, octetsOf, ping, text } from '../wire/frame.ts';
import { type Case, CLOSE, message, type ScriptCase, type WriteMode } from './case.ts';
import { kill, type ScriptCaseTable, scriptCase, send } from './script-case.ts';

const HW = 'Hello, world!';

function reserved(number: number, bad: FrameSpec, extra: Partial<ScriptCaseTable>): ScriptCase {
  const bits = [4, 2, 1].flatMap((bit, at) => ((bad.rsv & bit) === 0 ? [] : [`RSV${at + 1}`]));
  return scriptCase({
    id: `3.${number}`,
    rule: 'RFC 6455 §5.2',
    fault: `accepts a frame with ${bits.join(' and ')} though no extension was agreed on`,
    steps: [send([bad])],
    close: CLOSE.P,
    limit: kill(1),
    ...extra,
  });
}

/** The bad frame comes between a good message and a ping. */
function between(number: number, rsv: number, write?: WriteMode): ScriptCase {
  const bad = text(HW, { rsv });
  return reserved(number, bad, {
    steps: [send([text(HW), bad, ping()], write)],
    expect: [message(HW)],
    tolerated: [[]],
  });
}

/** Reserved bits. */
export const SECTION_3: readonly Case[] = [
  reserved(1, text(HW, { rsv: 1 }), {}),
  between(2, 2),
  between(3, 3, 'frames'),
  between(4, 4, 1),
  reserved(5, binary(octetsOf('<00 ff fe fd fc fb 00 ff>'), { rsv: 5 }), {}),
  reserved(6, binary(HW, { rsv: 6 }), {}),
  reserved(7, frame(8, '', { rsv: 7 }), {
    fault: 'takes a Close frame with reserved bits for a valid one, or ignores it',
    strictCodes: [1002],
  }),
];
