// Section 4: reserved opcodes (RFC 6455 §5.2).
import { frame, ping, text } from '../wire/frame.ts';
import { type Case, CLOSE, message, type ScriptCase, type WriteMode } from './case.ts';
import { kill, scriptCase, send } from './script-case.ts';

const HW = 'Hello, world!';
const RESERVED = 'reserved opcode payload';

function alone(id: string, opcode: number, payload = ''): ScriptCase {
  return scriptCase({
    id,
    rule: 'RFC 6455 §5.2',
    fault: `does not fail the connection on the reserved opcode ${opcode}`,
    steps: [send([frame(opcode, payload)])],
    close: CLOSE.P,
    limit: kill(1),
  });
}

/** The bad frame comes between a good message and a ping. */
function between(id: string, opcode: number, payload = '', write?: WriteMode): ScriptCase {
  return scriptCase({
    id,
    rule: 'RFC 6455 §5.2',
    fault: `does not fail the connection on the reserved opcode ${opcode} behind a message`,
    steps: [send([text(HW), frame(opcode, payload), ping()], write)],
    expect: [message(HW)],
    tolerated: [[]],
    close: CLOSE.P,
    limit: kill(1),
  });
}

/** Opcodes 3 to 7 and 11 to 15. */
export const SECTION_4: readonly Case[] = [
  alone('4.1.1', 3),
  alone('4.1.2', 4, RESERVED),
  between('4.1.3', 5),
  between('4.1.4', 6, HW),
  between('4.1.5', 7, HW, 1),
  alone('4.2.1', 11),
  alone('4.2.2', 12, RESERVED),
  between('4.2.3', 13),
  between('4.2.4', 14, HW),
  between('4.2.5', 15, HW, 1),
];
