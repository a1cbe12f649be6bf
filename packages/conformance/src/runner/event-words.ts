// Events in words: what came where something else was asked for.
import { Buffer, isUtf8 } from 'node:buffer';
import type { Event, ScriptCase } from '../cases/case.ts';
import type { CaseConnection } from './connection/case-connection.ts';
import { firstDifference } from './verdict.ts';

const SHOWN_CHARACTERS = 24;
const SHOWN_OCTETS = 12;
/** Of longer payloads the length says more than how they begin. */
const LONG_BYTES = 1000;

/** What a peer did, as the end of a sentence whose subject it is. */
export function differenceWords(
  events: readonly Event[],
  expected: readonly Event[],
  connection: CaseConnection,
  test: ScriptCase,
): string {
  // What it did next, or the runner's ping after it, may break another rule: that is not what the case is about.
  if (test.close.first === 'peer') return test.fault;
  if (connection.defect !== undefined) return connection.defect.text;
  if (isRearranged(events, expected)) return test.fault;
  const at = events.findIndex((event, index) => !isSame(event, expected[index]));
  const came = at === -1 ? undefined : events[at];
  const asked = expected[at === -1 ? events.length : at];
  if (came === undefined) {
    if (asked === undefined) return test.fault;
    return connection.closing.byMe
      ? `does not send ${eventWords(asked)}`
      : `${endOf(connection)} instead of sending ${eventWords(asked)}`;
  }
  if (asked === undefined) return `sends ${eventWords(came)} where nothing more is asked for`;
  if (came.event === 'message' && asked.event === 'message') return messageWords(came, asked);
  return `sends ${eventWords(came)} where ${eventWords(asked)} is asked for`;
}

function endOf({ closing, ended }: CaseConnection): string {
  if (!closing.received) return ended === 'reset' ? 'resets TCP' : 'ends TCP';
  const { remoteCode, remoteReason } = closing;
  if (remoteCode === null) return 'closes without a code';
  const reason = remoteReason === null || remoteReason === '' ? '' : ` (${remoteReason})`;
  return `closes with ${remoteCode}${reason}`;
}

type MessageEvent = Extract<Event, { event: 'message' }>;

function messageWords(came: MessageEvent, asked: MessageEvent): string {
  if (came.binary !== asked.binary) {
    const [got, sent] = came.binary ? ['binary', 'text'] : ['text', 'binary'];
    return `echoes ${sent} as ${got}`;
  }
  const at = firstDifference(came.payload, asked.payload);
  if (came.payload.length !== asked.payload.length) {
    return `echoes ${came.payload.length} octets of ${asked.payload.length}; they differ from octet ${at} on`;
  }
  const got = hexOf(came.payload.subarray(at, at + 1));
  return `corrupts the echo: octet ${at} is ${got}, not ${hexOf(asked.payload.subarray(at, at + 1))}`;
}

function isSame(one: Event | undefined, other: Event | undefined): boolean {
  if (one === undefined || other === undefined || one.event !== other.event) return false;
  if (one.event === 'mark' || other.event === 'mark') {
    return one.event === 'mark' && other.event === 'mark' && one.mark === other.mark;
  }
  if (one.event === 'message' && other.event === 'message' && one.binary !== other.binary) {
    return false;
  }
  return Buffer.compare(one.payload, other.payload) === 0;
}

/** All that was asked for came, in another order. */
function isRearranged(events: readonly Event[], expected: readonly Event[]): boolean {
  if (events.length !== expected.length || events.length > 100) return false;
  const left = [...events];
  for (const event of expected) {
    const at = left.findIndex((one) => isSame(one, event));
    if (at === -1) return false;
    left.splice(at, 1);
  }
  return true;
}

/** One event: `the text "fragment1"`. */
function eventWords(event: Event): string {
  if (event.event === 'mark') return `nothing until pause ${event.mark} is over`;
  const { payload } = event;
  const what = event.event === 'pong' ? 'a Pong' : event.binary ? 'a binary message' : 'a text';
  if (payload.length === 0) return `${what} without payload`;
  if (payload.length > LONG_BYTES) return `${what} of ${payload.length} octets`;
  const shown = payloadWords(payload);
  return `${what} ${shown}`;
}

function payloadWords(payload: Uint8Array): string {
  const long = payload.length > SHOWN_CHARACTERS;
  const head = payload.subarray(0, long ? SHOWN_CHARACTERS : payload.length);
  const plain = isUtf8(payload.subarray(0, SHOWN_CHARACTERS)) && !hasControls(head);
  const words = plain
    ? `"${Buffer.from(head).toString('utf8')}${long ? '…' : ''}"`
    : `${hexOf(payload.subarray(0, SHOWN_OCTETS))}${payload.length > SHOWN_OCTETS ? ' …' : ''}`;
  return long ? `${words} (${payload.length} octets)` : words;
}

function hasControls(octets: Uint8Array): boolean {
  return octets.some((octet) => octet < 32 || octet === 127);
}

function hexOf(octets: Uint8Array): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(' ');
}
