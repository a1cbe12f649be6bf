// From what was recorded to the two verdicts of the case list's §3.
import { Buffer } from 'node:buffer';
import type { CloseRule, Event } from '../cases/case.ts';
import type { Behavior, BehaviorClose } from '../report/result.ts';
import type { CaseConnection } from './connection/case-connection.ts';

export interface Judged<Verdict> {
  readonly verdict: Verdict;
  /** One sentence of reason. */
  readonly words: string;
}

/** How a list of events stands to another that is expected. */
export type Match = 'equal' | 'begins' | 'differs';

/** `begins`: it is a part of the expected list, from its start. */
export function compareEvents(
  events: readonly Event[],
  expected: readonly Event[],
  compare?: 'length',
): Match {
  if (events.length > expected.length) return 'differs';
  for (const [at, event] of events.entries()) {
    const other = expected[at];
    if (other === undefined || !sameEvent(event, other, compare)) return 'differs';
  }
  return events.length === expected.length ? 'equal' : 'begins';
}

function sameEvent(one: Event, other: Event, compare?: 'length'): boolean {
  if (one.event === 'mark') return other.event === 'mark' && one.mark === other.mark;
  if (other.event === 'mark' || one.event !== other.event) return false;
  if (one.event === 'message' && other.event === 'message' && one.binary !== other.binary) {
    return false;
  }
  if (one.payload.length !== other.payload.length) return false;
  return compare === 'length' || Buffer.compare(one.payload, other.payload) === 0;
}

/** The first octet that differs. */
export function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at += 1) if (one[at] !== other[at]) return at;
  return shorter;
}

/** Why the connection did not end as it should: `null` when both Close frames were seen and TCP was dropped by its owner. */
export function whyNotClean(connection: CaseConnection): string | null {
  if (!connection.closing.received) {
    // It may have answered, with a Close that is none.
    if (connection.defect !== undefined) return `the peer ${connection.defect.text}`;
    return connection.droppedByMe
      ? 'the peer did not answer the Close frame'
      : 'the peer dropped TCP without a Close frame';
  }
  if (!connection.closing.sent) return 'TCP ended before the Close frame was answered';
  if (connection.droppedByMe) return 'the server did not drop TCP after the closing handshake';
  return null;
}

/** The verdict on the end of a connection that was opened. The first row that applies wins. */
export function judgeClose(
  connection: CaseConnection,
  rule: CloseRule,
  fault: string,
): Judged<BehaviorClose> {
  if (rule.informational === true) {
    return {
      verdict: 'INFORMATIONAL',
      words: `Nothing is asked of the end: ${endWords(connection)}.`,
    };
  }
  if (rule.first === 'peer' && connection.closing.byMe) {
    return {
      verdict: 'FAILED',
      words: `The peer ${fault}, and did not fail the connection: ${endWords(connection)}.`,
    };
  }
  if (rule.first === 'runner' && !connection.closing.byMe) {
    return {
      verdict: 'FAILED',
      words: `The peer should not have closed first: ${endWords(connection)}.`,
    };
  }
  const unclean = whyNotClean(connection);
  if (rule.clean && unclean !== null) {
    return { verdict: 'UNCLEAN', words: `The connection did not end cleanly: ${unclean}.` };
  }
  if (!codeFits(connection, rule)) {
    const codes = rule.codes.length === 0 ? 'none' : rule.codes.join(' or ');
    const echoed =
      connection.failedByMe && connection.closing.remoteCode === connection.closing.localCode;
    // A case that has failed is ended with another code than one that has not: what comes back is no second fault.
    const why = echoed ? ': it is the one that the runner sent, since the case had failed' : '';
    const words = `The peer's Close carries ${connection.closing.remoteCode}, where ${codes} is asked for${why}.`;
    return { verdict: 'WRONG CODE', words };
  }
  if (connection.role === 'client' && connection.droppedByMe) {
    return {
      verdict: 'FAILED BY CLIENT',
      words: `The runner had to drop TCP: ${unclean ?? 'it stayed open'}.`,
    };
  }
  return { verdict: 'OK', words: `${capital(endWords(connection))}.` };
}

/** Whether the code of the peer's Close, if there is one, is among those of the rule. */
function codeFits(connection: CaseConnection, rule: CloseRule): boolean {
  const code = connection.closing.remoteCode;
  return code === null || rule.first === 'any' || rule.codes.includes(code);
}

/** Adds to a verdict on the events what the close rule says about behaviour. */
export function withCloseRule(
  judged: Judged<Behavior>,
  connection: CaseConnection,
  rule: CloseRule,
  fault: string,
): Judged<Behavior> {
  if (judged.verdict === 'FAILED' || rule.informational === true) return judged;
  if (rule.codeIsBehavior === true && !codeFits(connection, rule)) {
    const words = `answers with the close code ${connection.closing.remoteCode}, where ${rule.codes.join(' or ')} is asked for`;
    return { verdict: 'FAILED', words };
  }
  if (rule.orderIsBehavior === true && connection.closing.byMe) {
    return { verdict: 'FAILED', words: fault };
  }
  return judged;
}

function endWords(connection: CaseConnection): string {
  const peer = connection.closing.received
    ? `the peer sent a Close ${connection.closing.remoteCode === null ? 'without a code' : `with ${connection.closing.remoteCode}`}`
    : connection.ended === 'reset'
      ? 'the peer reset TCP without a Close'
      : connection.droppedByMe
        ? 'the peer sent no Close'
        : 'the peer dropped TCP without a Close';
  if (connection.defect !== undefined)
    return `the runner failed the connection, since the peer ${connection.defect.text}`;
  if (!connection.closing.byMe) return connection.closing.received ? `${peer} first` : peer;
  return `the runner closed first, and ${peer}`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
