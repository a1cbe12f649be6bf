// What a case is: data. The runner carries it out and compares; nothing here knows a socket.
import type { DeflateDemand, DeflateDirection } from '../deflate/agreement.ts';
import type { FrameSpec } from '../wire/frame.ts';

/** Which side of a connection is tested. */
export type Tested = 'server' | 'client';

/**
 * How the octets of a step reach the socket: all frames at once, one write a frame with a turn of the event loop between
 * two, or pieces of so many octets with a turn between.
 */
export type WriteMode = 'together' | 'frames' | number;

/** What the runner does, one after the other. */
export type Step =
  | {
      readonly do: 'send';
      readonly frames: readonly FrameSpec[];
      /** Default: `together`. */
      readonly write?: WriteMode;
    }
  /** Sends part of one frame's payload, `from` to `to`; its header goes with the first part. */
  | {
      readonly do: 'part';
      readonly frame: FrameSpec;
      readonly from: number;
      readonly to: number;
    }
  /** Sends octets as they are: nothing is added, nothing masked. */
  | { readonly do: 'octets'; readonly octets: Uint8Array }
  /**
   * Waits for the case's pause (a second by default). Where `mark` is given, the connection being still open after it is
   * an event of that name.
   */
  | { readonly do: 'pause'; readonly mark?: string }
  /** Waits until so many events were recorded, or the connection is over. */
  | { readonly do: 'await'; readonly events: number }
  /** Sends the frames again and again, `times` or until the connection is over; slower only where the peer does not read. */
  | {
      readonly do: 'flood';
      readonly frames: readonly FrameSpec[];
      readonly times: number;
      /** `false`: what comes meanwhile is not read. */
      readonly reading?: boolean;
    }
  /** Ends our direction of TCP without a Close frame. */
  | { readonly do: 'fin' };

/** What the peer must cause, in this order. Pings of the peer are answered and are no events. */
export type Event =
  | { readonly event: 'message'; readonly binary: boolean; readonly payload: Uint8Array }
  | { readonly event: 'pong'; readonly payload: Uint8Array }
  | { readonly event: 'mark'; readonly mark: string };

/** What the end of the connection must look like. */
export interface CloseRule {
  /** Who must close first: a peer that drops TCP without a Close frame closes first too. */
  readonly first: 'runner' | 'peer' | 'any';
  /** Codes that the peer's Close may carry. No code and no Close frame are accepted as well. */
  readonly codes: readonly number[];
  /** Whether both Close frames must be seen, and TCP be dropped by the server. */
  readonly clean: boolean;
  /** A code outside of `codes` is a wrong behaviour too. */
  readonly codeIsBehavior?: boolean;
  /** A runner that had to close first shows a wrong behaviour too. */
  readonly orderIsBehavior?: boolean;
  /** Both verdicts are INFORMATIONAL, whatever happens. */
  readonly informational?: boolean;
}

/** The close classes of sections 1 to 13, by their letters. */
export const CLOSE: Readonly<Record<'N' | 'N1' | 'P' | 'U' | 'B' | 'BU' | 'I', CloseRule>> = {
  /** The runner closes; none or 1000; clean. */
  N: { first: 'runner', codes: [1000], clean: true },
  /** As N, and a wrong code is a wrong behaviour. */
  N1: { first: 'runner', codes: [1000], clean: true, codeIsBehavior: true },
  /** The peer fails the connection for a broken rule. */
  P: { first: 'peer', codes: [1002], clean: false },
  /** The peer fails the connection for text that is not UTF-8. */
  U: { first: 'peer', codes: [1007], clean: false, orderIsBehavior: true },
  /** The runner sends a bad Close. */
  B: { first: 'runner', codes: [1002], clean: false, codeIsBehavior: true },
  /** The runner sends a Close with a reason that is not UTF-8. */
  BU: { first: 'runner', codes: [1002, 1007], clean: false, codeIsBehavior: true },
  /** Whatever happens. */
  I: { first: 'any', codes: [], clean: false, informational: true },
};

/** E(c): the runner closes with `code`, which may come back. */
export function closeWith(code: number): CloseRule {
  return { first: 'runner', codes: [1000, code], clean: true, codeIsBehavior: true };
}

/** The peer fails the connection, with one of these codes if with a Close frame. For cases of our own. */
export function peerFails(...codes: number[]): CloseRule {
  return { first: 'peer', codes, clean: false, codeIsBehavior: true };
}

/** The timer of the original: it sets what is late, not when a case is given up. */
export interface Limit {
  /** `kill`: the runner fails the connection; `close`: it begins the closing handshake. */
  readonly action: 'kill' | 'close';
  readonly seconds: number;
}

interface CaseHead {
  /** `5.6` as in the Autobahn|Testsuite; cases of our own begin with a letter: `F5.1`. */
  readonly id: string;
  /** What is sent and what should happen, in one or two plain sentences. */
  readonly description: string;
  /** Where it is said, for example `RFC 6455 §5.4`. */
  readonly rule: string;
  /**
   * What is wrong with a peer that fails the case, in words its author can act on: "answers a ping only after the message's
   * last fragment". It begins with a verb whose subject is the peer.
   */
  readonly fault: string;
  /** Which side it tests; without this either. */
  readonly tested?: Tested;
}

/** What one connection does. */
export interface Script {
  readonly steps: readonly Step[];
  /** The whole list of events until TCP is gone. */
  readonly expect: readonly Event[];
  /** Lists that are tolerated: allowed by the RFC, but not what a careful implementation does (NON-STRICT). */
  readonly tolerated?: readonly (readonly Event[])[];
}

/** permessage-deflate in a case. */
export interface DeflateTerms {
  /** Server tests: the value of our Sec-WebSocket-Extensions. */
  readonly offer: string;
  /** Client tests: what is accepted and demanded, the first that an offer allows. */
  readonly answers: readonly DeflateDemand[];
}

/** What was agreed on, for what either side sends. */
export interface AgreedTerms {
  readonly runner: DeflateDirection;
  readonly peer: DeflateDirection;
}

/** Frames and what must come of them. */
export interface ScriptCase extends CaseHead {
  readonly kind: 'script';
  /**
   * Made when the case runs: some scripts are 16 MiB. Where compression was agreed on, `agreed` says what: what may be sent
   * depends on it.
   */
  readonly script: (agreed?: AgreedTerms) => Script;
  readonly close: CloseRule;
  readonly limit: Limit;
  /** `length`: the verdict looks at a message's type and length only (section 9); a wrong octet is a finding apart. */
  readonly compare?: 'length';
  /** Pongs are no events: how many come is the peer's choice. */
  readonly ignorePongs?: boolean;
  /** Compression is negotiated; without an agreement the case is UNIMPLEMENTED. */
  readonly deflate?: DeflateTerms;
  /** Server tests: the first step leaves in the segment of the upgrade request. */
  readonly early?: boolean;
  /** Codes of the peer's Close that are accepted in a stricter look at it, shown apart. */
  readonly strictCodes?: readonly number[];
}

/** Messages, each sent when the echo of the one before is in. */
export interface RoundsCase extends CaseHead {
  readonly kind: 'rounds';
  readonly binary: boolean;
  readonly limit: Limit;
  /** How many, where nothing else is asked for: 1,000 in section 9, 100 in 12 and 13. */
  readonly count: number;
  /** How many with `--full`. */
  readonly fullCount: number;
  /** The message of the n-th round, from 0: `key` names equal content, for whoever wants to keep what it compressed to. */
  readonly message: (n: number) => { readonly octets: Uint8Array; readonly key: string };
  readonly deflate?: DeflateTerms;
  /** Cuts the compressed octets into frames of this size. */
  readonly fragmentBytes?: number;
}

/** What a server does with a raw request; the first row that matches is the verdict, no row is FAILED. */
export type RequestOutcome = {
  readonly verdict: 'OK' | 'NON-STRICT' | 'INFORMATIONAL';
  /** Why, where the verdict is not OK. */
  readonly because?: string;
} & (
  | {
      /** 101, with a correct answer; the connection then echoes. */
      readonly opens: true;
      /** Set where nothing may be agreed on: the answer has no Sec-WebSocket-Extensions. */
      readonly extensions?: 'none';
    }
  | {
      /** Refused with one of these; `[400, 499]` is a range. */
      readonly status: readonly (number | readonly [number, number])[];
      /** Header fields that have to be in the answer, lower case; a value, or `*` for any. */
      readonly fields?: Readonly<Record<string, string>>;
    }
  | { /** Closed without an answer. */ readonly drops: true }
);

/**
 * A raw request to a server under test.
 *
 * In `request` these are replaced: `{path}` the path of the URL, `{host}` its host with port, `{key}` a fresh
 * Sec-WebSocket-Key, `{origin}` the server's own origin, `{headers}` the user's extra header lines, each with its line end and
 * only what the request does not have itself, `{and}` what begins a further parameter: `?` or `&`. Each character is one octet.
 */
export interface RequestCase extends CaseHead {
  readonly kind: 'request';
  readonly tested: 'server';
  readonly request: string;
  /** Sent in pieces of so many octets, a turn of the loop between; default whole. */
  readonly pieces?: number;
  readonly outcomes: readonly RequestOutcome[];
  /** Exactly one answer: whatever is pipelined behind a refused request must not be answered. */
  readonly oneAnswer?: boolean;
}

/**
 * A raw answer to a client under test. `{accept}` is the right Sec-WebSocket-Accept, `{key}` the client's key, `{protocol}` and
 * `{extensions}` what the client offered, `{accept-lower}` the Accept in lower case, `{agreed}` a line that picks the first
 * subprotocol, where any was offered. Each character is one octet.
 *
 * Octets behind the head are frames: the message of the echo. Where there are none, the runner sends one.
 */
export interface AnswerCase extends CaseHead {
  readonly kind: 'answer';
  readonly tested: 'client';
  readonly answer: string;
  readonly pieces?: number;
  /**
   * `fails`: the client must drop TCP without sending a frame, or with one Close. `opens`: the connection works, an
   * echo goes round.
   */
  readonly expect: 'fails' | 'opens';
  /** What the other outcome is: FAILED unless said here. */
  readonly otherwise?: 'NON-STRICT' | 'INFORMATIONAL';
}

export type Case = ScriptCase | RoundsCase | RequestCase | AnswerCase;

/** An event of the peer, for expectations. */
export function message(payload: string | Uint8Array, binary = false): Event {
  return { event: 'message', binary, payload: toOctets(payload) };
}

export function pongEvent(payload: string | Uint8Array = ''): Event {
  return { event: 'pong', payload: toOctets(payload) };
}

function toOctets(payload: string | Uint8Array): Uint8Array {
  return typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
}
