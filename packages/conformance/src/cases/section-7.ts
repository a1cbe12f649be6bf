// Section 7: closing (RFC 6455 §5.5.1, §7).
import {
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
import { type Case, CLOSE, type CloseRule, closeWith, message, type ScriptCase } from './case.ts';
import { describeScript } from './describe-script.ts';
import { kill, scriptCase, send } from './script-case.ts';

const HW = 'Hello World!';
const NOT_UTF8 = octetsOf('<cebae1bdb9cf83cebcceb5eda080656469746564>');

function closing(
  id: string,
  frames: readonly FrameSpec[],
  end: CloseRule,
  fault: string,
  rule = '§5.5.1',
): ScriptCase {
  return scriptCase({
    id,
    rule: `RFC 6455 ${rule}`,
    fault,
    steps: [send(frames)],
    close: end,
    limit: kill(1),
  });
}

/** Whether the peer finishes its echo before it answers the Close. */
function busyClosing(): ScriptCase {
  const script = () => {
    const long = repeat('BAsd7&jh23', 262_144);
    const first = message(long);
    const second = message(HW);
    return {
      steps: [send([text(long), text(HW), close(1000), ping()])],
      expect: [first, second],
      tolerated: [[first], [], [second]],
    };
  };
  return {
    kind: 'script',
    id: '7.1.6',
    description: describeScript(script(), CLOSE.I),
    rule: 'RFC 6455 §5.5.1',
    fault: 'does not echo both messages that came before the Close',
    script,
    close: CLOSE.I,
    limit: kill(1),
  };
}

/** A code that may be sent, by itself. */
function valid(code: number, index: number): ScriptCase {
  const fault = `does not accept the close code ${code}`;
  return closing(`7.7.${index + 1}`, [close(code)], closeWith(code), fault, '§7.4.1');
}

/** A code that must not be sent, by itself. */
function invalid(code: number, index: number): ScriptCase {
  const fault = `accepts the close code ${code}, which must not be sent`;
  return closing(`7.9.${index + 1}`, [close(code)], CLOSE.B, fault, '§7.4');
}

function undefinedCode(code: number, index: number): ScriptCase {
  const fault = `does something unusual on the close code ${code}, which is in no range at all`;
  return closing(`7.13.${index + 1}`, [close(code)], CLOSE.I, fault, '§7.4.2');
}

const VALID = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const INVALID = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];

/** Closing. */
export const SECTION_7: readonly Case[] = [
  scriptCase({
    id: '7.1.1',
    rule: 'RFC 6455 §7.1.1',
    fault: 'does not close cleanly after an echo',
    steps: [send([text(HW)])],
    expect: [message(HW)],
    close: CLOSE.N1,
    limit: kill(1),
  }),
  closing(
    '7.1.2',
    [close(1000), close()],
    CLOSE.N1,
    'does not ignore a second Close frame, or does not answer the first',
  ),
  closing('7.1.3', [close(1000), ping()], CLOSE.N1, 'answers a ping that comes after the Close'),
  closing(
    '7.1.4',
    [close(1000), text(HW)],
    CLOSE.N1,
    'does not ignore a message that comes after the Close',
  ),
  closing(
    '7.1.5',
    [text('fragment1', MORE), close(1000), continuation('fragment2')],
    CLOSE.N1,
    'does not close when the Close comes in the middle of a fragmented message, or reads on after it',
  ),
  busyClosing(),
  closing('7.3.1', [close()], CLOSE.N1, 'does not answer a Close frame without a code'),
  closing(
    '7.3.2',
    [frame(8, '<61>')],
    CLOSE.B,
    'accepts a Close frame with a payload of one octet, which cannot hold a code',
  ),
  closing('7.3.3', [close(1000)], CLOSE.N1, 'does not answer a Close frame with the code 1000'),
  closing(
    '7.3.4',
    [close(1000, HW)],
    CLOSE.N1,
    'does not answer a Close frame with a code and a reason',
  ),
  closing(
    '7.3.5',
    [close(1000, repeat('*', 123))],
    CLOSE.N1,
    'does not accept the longest reason there may be, 123 octets',
  ),
  closing(
    '7.3.6',
    [close(1000, repeat('*', 124))],
    CLOSE.B,
    'accepts a Close frame whose payload is longer than 125 octets',
    '§5.5',
  ),
  closing('7.5.1', [close(1000, NOT_UTF8)], CLOSE.BU, 'accepts a close reason that is not UTF-8'),
  ...VALID.map(valid),
  ...INVALID.map(invalid),
  ...[5000, 65_535].map(undefinedCode),
];
