// What a run comes to. Everything a report shows is in here; the words of section 3 and 6 of the case list are kept.
import type { Event, Tested } from '../cases/case.ts';

export type Behavior = 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'FAILED' | 'UNIMPLEMENTED';

export type BehaviorClose =
  | 'OK'
  | 'FAILED'
  | 'UNCLEAN'
  | 'WRONG CODE'
  | 'FAILED BY CLIENT'
  | 'INFORMATIONAL';

/** What the original does not look at. A finding changes no verdict, and fails the run. */
export type FindingCode =
  /** An echo has the right length and wrong octets. */
  | 'CONTENT'
  /** A Close frame with reserved bits is answered as if it were none. */
  | 'RESERVED_BITS_IGNORED'
  /** A compressed message reaches further back than the window that was agreed on. */
  | 'WINDOW'
  /** The extension's answer (or a client's frames) does not fit what was offered. */
  | 'NEGOTIATION'
  /** Compressed data that is not DEFLATE. */
  | 'DEFLATE'
  /** A context that was to be dropped is used. */
  | 'CONTEXT'
  /** After this case the server did not answer any more, or had lost its other connections. */
  | 'DIED'
  /** Nothing came in answer to an invalid Close, or a Close as invalid: TCP had to be dropped by the runner. */
  | 'NO_ANSWER_TO_CLOSE'
  /** The answer came, but after the original's time limit. */
  | 'LATE'
  /** Octets after the end: behind a Close frame, or behind an answer. */
  | 'OCTETS_AFTER_THE_END';

export interface Finding {
  readonly code: FindingCode;
  /** What is wrong, as a sentence whose subject is the peer: "corrupts the echo: octet 70000 is 01, not fe". */
  readonly text: string;
  /** For example `RFC 7692 §7.1.2.1`. */
  readonly rule?: string;
}

/** A line of what crossed the wire. Payloads and octets are cut; `length` is the whole payload's. */
export type WireRow =
  | {
      readonly kind: 'frame';
      readonly by: 'runner' | 'peer';
      /** Milliseconds from the opened connection. */
      readonly at: number;
      readonly opcode: number;
      readonly fin: boolean;
      readonly rsv: number;
      readonly masked: boolean;
      /** The masking key in hex, where there is one. */
      readonly key?: string;
      readonly length: number;
      /** The first 64 octets of the unmasked payload. */
      readonly payload: Uint8Array;
      /** The first 64 octets as they were on the wire, header and all. */
      readonly octets: Uint8Array;
      /** What is wrong with it, if it is the peer's and breaks a rule. */
      readonly defect?: string;
    }
  | {
      /** Octets that are not a frame (yet): raw steps, parts of a frame, heads. */
      readonly kind: 'octets';
      readonly by: 'runner' | 'peer';
      readonly at: number;
      readonly length: number;
      readonly octets: Uint8Array;
    }
  | {
      /** What happened besides: a pause, an end of TCP, a time limit. */
      readonly kind: 'note';
      readonly at: number;
      readonly text: string;
      /** Rows that were left out here, where the log had become too long. */
      readonly leftOut?: number;
    };

/** Octets of compression, application and wire; sections 12 and 13. */
export interface Traffic {
  readonly wireOctets: number;
  readonly payloadOctets: number;
  readonly appOctets: number;
  readonly frames: number;
  readonly messages: number;
}

/** An event as a report keeps it: of a long payload only the beginning. */
export type KeptEvent = Event & {
  /** Octets of the whole payload, where it was cut. */
  readonly length?: number;
};

export interface CaseResult {
  readonly id: string;
  readonly description: string;
  readonly rule: string;
  readonly behavior: Behavior;
  readonly behaviorClose: BehaviorClose;
  /** One sentence of reason for each verdict; the first is in words that the peer's author can act on. */
  readonly result: string;
  readonly resultClose: string;
  /** Stricter than the verdicts: see {@link FindingCode}. */
  readonly findings: readonly Finding[];
  /** Worth knowing, and not held against anyone: "never compresses: the ratio is 1.0". */
  readonly notes: readonly string[];
  /** UTC, ISO 8601. */
  readonly started: string;
  /** Milliseconds from the opened connection to the end of TCP, an integer; 0 where it never opened. */
  readonly duration: number;
  /** The list that is expected, then those that are tolerated. Here and in `received` long payloads and lists are cut. */
  readonly expected: readonly (readonly KeptEvent[])[];
  readonly received: readonly KeptEvent[];
  /** What the end had to look like: see the case's close rule. */
  readonly expectedClose: {
    readonly closedByMe: boolean | null;
    readonly closeCodes: readonly number[];
    readonly requireClean: boolean;
  };
  readonly closedByMe: boolean;
  readonly failedByMe: boolean;
  readonly droppedByMe: boolean;
  readonly wasClean: boolean;
  readonly wasNotCleanReason: string | null;
  readonly timeouts: {
    readonly openHandshake: boolean;
    readonly closeHandshake: boolean;
    readonly serverConnectionDrop: boolean;
  };
  readonly localCloseCode: number | null;
  readonly localCloseReason: string | null;
  readonly remoteCloseCode: number | null;
  readonly remoteCloseReason: string | null;
  /** The opening handshake as it was on the wire, each octet one character; cut at 16 KiB. */
  readonly httpRequest: string;
  readonly httpResponse: string;
  readonly log: readonly WireRow[];
  readonly outgoing: Traffic | null;
  readonly incoming: Traffic | null;
}

/** One server, or one agent that is a client. */
export interface AgentReport {
  /** Its name: given, or from the Server header, or `UnknownServer`. */
  readonly agent: string;
  readonly tested: Tested;
  /** The URL that was tested; of a client where it came from is not kept. */
  readonly url: string | null;
  /** In the order of the case list, whatever order they ran in. */
  readonly results: readonly CaseResult[];
  /** Selected cases without a result, and why. */
  readonly notRun: readonly { readonly id: string; readonly reason: string }[];
}

/** A whole run. */
export interface RunReport {
  readonly generator: string;
  /** Which list of cases: compare reports only for the same one. */
  readonly caseList: string;
  /** Which made-up corpora sections 12 and 13 use. */
  readonly corpora: string;
  /** Messages a case in sections 12 and 13. */
  readonly deflateMessages: number;
  /** Masking keys and Sec-WebSocket-Keys are drawn from it. */
  readonly seed: number;
  readonly started: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly agents: readonly AgentReport[];
}

/** The four ways a case can come out, for whoever counts: `fail` is what makes the exit code 1. */
export type Outcome = 'pass' | 'non-strict' | 'info' | 'unimplemented' | 'fail';

const FAILING: ReadonlySet<BehaviorClose> = new Set([
  'FAILED',
  'UNCLEAN',
  'WRONG CODE',
  'FAILED BY CLIENT',
]);

/** The worse of both verdicts, findings included. */
export function outcomeOf(
  result: Pick<CaseResult, 'behavior' | 'behaviorClose' | 'findings'>,
): Outcome {
  if (result.behavior === 'FAILED' || FAILING.has(result.behaviorClose)) return 'fail';
  if (result.findings.length > 0) return 'fail';
  return verdictOutcome(result.behavior);
}

function verdictOutcome(behavior: Behavior): Outcome {
  switch (behavior) {
    case 'OK':
      return 'pass';
    case 'NON-STRICT':
      return 'non-strict';
    case 'INFORMATIONAL':
      return 'info';
    case 'UNIMPLEMENTED':
      return 'unimplemented';
    case 'FAILED':
      return 'fail';
  }
}
