import type { AgreedTerms, Case, CloseRule, Event, Script } from '../cases/case.ts';
import type { Behavior, BehaviorClose, CaseResult, Finding, KeptEvent } from '../report/result.ts';
import { firstOctets } from '../wire/first-octets.ts';
import type { CaseConnection } from './connection/case-connection.ts';
import { type Judged, whyNotClean } from './verdict.ts';
import type { WireLog } from './wire-log.ts';

/** A connection on which a case can begin, and how it came about. */
export interface OpenedCase {
  readonly connection: CaseConnection;
  /** UTC, ISO 8601. */
  readonly started: string;
  readonly httpRequest: string;
  readonly httpResponse: string;
  /** Whether permessage-deflate was agreed on. */
  readonly compressed: boolean;
  readonly agreed?: AgreedTerms | undefined;
  /** What is to be said of the agreement, apart from the verdicts. */
  readonly findings: readonly Finding[];
  /** The script, where it had to be made before: its first step left with the request. */
  readonly script?: Script | undefined;
  readonly early?: boolean;
}

interface Judgement {
  readonly behavior: Judged<Behavior>;
  readonly behaviorClose: Judged<BehaviorClose>;
  readonly expected: readonly (readonly Event[])[];
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly close: CloseRule;
}

/** The longest head that a report keeps. */
const SHOWN_HEAD = 16_384;
/** Of an event's payload a report shows 64 octets; keeping 16 MiB of each case would not do. */
const KEPT_PAYLOAD = 1024;
const KEPT_EVENTS = 200;

function shortened(events: readonly Event[]): readonly KeptEvent[] {
  return events.slice(0, KEPT_EVENTS).map((event) => {
    if (event.event === 'mark' || event.payload.length <= KEPT_PAYLOAD) return event;
    const { length } = event.payload;
    return { ...event, payload: firstOctets(event.payload, KEPT_PAYLOAD), length };
  });
}

export function caseResult(test: Case, opened: OpenedCase, judgement: Judgement): CaseResult {
  const { connection } = opened;
  const unclean = whyNotClean(connection);
  const { behavior, behaviorClose } = judgement;
  return {
    ...headOf(test),
    behavior: behavior.verdict,
    behaviorClose: behaviorClose.verdict,
    result: behavior.words,
    resultClose: behaviorClose.words,
    findings: [...opened.findings, ...judgement.findings],
    notes: judgement.notes,
    started: opened.started,
    duration: Math.max(1, Math.round(connection.log.now)),
    expected: judgement.expected.map(shortened),
    received: shortened(connection.events),
    expectedClose: {
      closedByMe: judgement.close.first === 'any' ? null : judgement.close.first === 'runner',
      closeCodes: judgement.close.codes,
      requireClean: judgement.close.clean,
    },
    closedByMe: connection.closing.byMe,
    failedByMe: connection.failedByMe,
    droppedByMe: connection.droppedByMe,
    wasClean: unclean === null,
    wasNotCleanReason: unclean,
    timeouts: {
      openHandshake: false,
      closeHandshake: connection.droppedByMe && !connection.closing.received,
      serverConnectionDrop: connection.droppedByMe && connection.closing.received,
    },
    localCloseCode: connection.closing.localCode,
    localCloseReason: connection.closing.localReason,
    remoteCloseCode: connection.closing.remoteCode,
    remoteCloseReason: connection.closing.remoteReason,
    httpRequest: opened.httpRequest.slice(0, SHOWN_HEAD),
    httpResponse: opened.httpResponse.slice(0, SHOWN_HEAD),
    log: connection.log.rows,
    outgoing: { ...connection.outgoing },
    incoming: { ...connection.incoming },
  };
}

/** What did not get as far as a connection. */
export interface NotOpened {
  /** What is wrong, as a sentence part whose subject is the peer. */
  readonly words: string;
  readonly started: string;
  readonly httpRequest: string;
  readonly httpResponse: string;
  readonly timedOut: boolean;
  readonly log: WireLog;
}

/** The opening handshake did not complete: both verdicts are FAILED, whatever the case. */
export function notOpenedResult(test: Case, { words, log, ...opening }: NotOpened): CaseResult {
  return {
    ...headOf(test),
    behavior: 'FAILED',
    behaviorClose: 'FAILED',
    result: words,
    resultClose: /^HTTP\/1\.\d 101\b/.test(opening.httpResponse)
      ? 'The runner did not take the answer.'
      : 'The opening handshake did not complete.',
    findings: [],
    notes: [],
    started: opening.started,
    duration: 0,
    expected: [],
    received: [],
    expectedClose: { closedByMe: null, closeCodes: [], requireClean: false },
    closedByMe: false,
    failedByMe: false,
    droppedByMe: false,
    wasClean: false,
    wasNotCleanReason: 'the opening handshake did not complete',
    timeouts: {
      openHandshake: opening.timedOut,
      closeHandshake: false,
      serverConnectionDrop: false,
    },
    localCloseCode: null,
    localCloseReason: null,
    remoteCloseCode: null,
    remoteCloseReason: null,
    httpRequest: opening.httpRequest.slice(0, SHOWN_HEAD),
    httpResponse: opening.httpResponse.slice(0, SHOWN_HEAD),
    log: log.rows,
    outgoing: null,
    incoming: null,
  };
}

function headOf(test: Case): Pick<CaseResult, 'id' | 'description' | 'rule'> {
  return { id: test.id, description: test.description, rule: test.rule };
}
