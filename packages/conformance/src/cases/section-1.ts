// Section 1: message sizes (RFC 6455 §5.2).
import { binary, type FrameSpec, repeat, text } from '../wire/frame.ts';
import { type Case, CLOSE, message, type ScriptCase, type WriteMode } from './case.ts';
import { kill, scriptCase, send } from './script-case.ts';

const SIZES: readonly (readonly [octets: number, seconds: number, write?: WriteMode])[] = [
  [0, 1],
  [125, 1],
  [126, 1],
  [127, 1],
  [128, 1],
  [65535, 10],
  [65536, 10],
  [65536, 10, 997],
];

function sizes(
  group: string,
  kind: string,
  pattern: string,
  make: (payload: Uint8Array) => FrameSpec,
): ScriptCase[] {
  return SIZES.map(([octets, seconds, write], index) => {
    const payload = repeat(pattern, octets);
    const pieces = write === undefined ? '' : ` that arrives in pieces of ${write} octets`;
    return scriptCase({
      id: `${group}.${index + 1}`,
      rule: 'RFC 6455 §5.2',
      fault: `does not echo a ${kind} message of ${octets} octets${pieces}`,
      steps: [send([make(payload)], write)],
      expect: [message(payload, kind === 'binary')],
      close: CLOSE.N,
      limit: kill(seconds),
    });
  });
}

/** Message sizes at the borders of the length encodings. */
export const SECTION_1: readonly Case[] = [
  ...sizes('1.1', 'text', '*', text),
  ...sizes('1.2', 'binary', '<fe>', binary),
];
