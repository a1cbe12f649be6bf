// What the tables of section F are made with.
import type { FrameSpec } from '../wire/frame.ts';
import { CLOSE, type CloseRule, type Event, peerFails, type ScriptCase } from './case.ts';
import { type ScriptCaseTable, scriptCase, send, timedClose } from './script-case.ts';

/** Either side may end it: the events decide. */
export const EITHER: CloseRule = { first: 'any', codes: [], clean: false };

/** What makes a group of cases: they are numbered in their order, `F5.1`, `F5.2` … */
export type Row = Omit<ScriptCaseTable, 'id' | 'rule' | 'close' | 'limit'> &
  Partial<ScriptCaseTable>;

/**
 * Numbers the rows of a group.
 *
 * @param group - For example `F5`.
 * @param rule - The section of RFC 6455 that holds where a row names no other: `§5.2`.
 */
export function numbered(group: string, rule: string, rows: readonly Row[]): ScriptCase[] {
  return rows.map((row, index) =>
    scriptCase({
      id: `${group}.${index + 1}`,
      rule: `RFC 6455 ${rule}`,
      close: CLOSE.N,
      limit: timedClose(2),
      ...row,
    }),
  );
}

type More = Partial<Row>;

/** The peer has to fail the connection with 1002; nothing else may come. */
export function fails(fault: string, frames: readonly FrameSpec[], more: More = {}): Row {
  return { fault, steps: [send(frames)], close: peerFails(1002), limit: timedClose(1), ...more };
}

/** The peer has to cause these events, and the runner closes. */
export function causes(
  fault: string,
  frames: readonly FrameSpec[],
  expect: readonly Event[],
  more: More = {},
): Row {
  return { fault, steps: [send(frames)], expect, ...more };
}

/** The runner sends a Close, and whatever else, and gets its answer by this rule. */
export function closes(
  fault: string,
  frames: readonly FrameSpec[],
  close: CloseRule,
  more: More = {},
): Row {
  return { fault, steps: [send(frames)], close, ...more };
}
