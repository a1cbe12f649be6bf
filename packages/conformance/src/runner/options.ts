// What a run is told, and the defaults.
import type { AgentReport, CaseResult } from '../report/result.ts';

/** Settings of a run, for either side. Durations are milliseconds. */
export interface RunOptions {
  /** Patterns of case ids: `*` stands for anything, `5` and `5.*` for all of section 5. Default: all that fit the tested side. */
  readonly cases?: readonly string[];
  /** Patterns of case ids that are left out. */
  readonly exclude?: readonly string[];
  /** 1,000 messages a case in sections 12 and 13, where it is 100 without. */
  readonly full?: boolean;
  /** Masking keys and the like are drawn from it. 1 to 2^31-1, default 1. */
  readonly seed?: number;
  /** The pauses of 6.4, 5.19 and 5.20. Default 1,000. */
  readonly pauseMs?: number;
  /** A case is given up when no octet has moved for so long. Default 10,000. */
  readonly patienceMs?: number;
  /** Called when a case has ended, in the order they end. */
  readonly onResult?: (result: CaseResult, progress: Progress) => void;
  /** Ends the run: what has not begun is reported as not run. */
  readonly signal?: AbortSignal;
}

export interface Progress {
  readonly agent: string;
  readonly done: number;
  readonly selected: number;
}

export interface CheckServerOptions extends RunOptions {
  /** ws:, wss:, http: or https:, with path and query. */
  readonly url: string | URL;
  /** Default: the Server field of its answers, or `UnknownServer`. */
  readonly agent?: string;
  /** One connection at a time, and nothing beside the cases: for servers that cannot do more. */
  readonly serial?: boolean;
  /** Told what the run does otherwise than it was asked to, and why; a sentence. */
  readonly onNotice?: (words: string) => void;
  /** Further fields of every upgrade request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Offered as Sec-WebSocket-Protocol, for servers that demand one. */
  readonly subprotocols?: readonly string[];
  /** wss: the certificate authorities to trust in place of the known ones, PEM. */
  readonly ca?: string;
  /** wss: whether the certificate is looked at. Default true. */
  readonly rejectUnauthorized?: boolean;
  /** wss: the certificate that is shown to a server that wants one, and its key, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export interface ServeCasesOptions extends RunOptions {
  /** Default 9001; 0 for any free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Whether `/stopServer` and `shutdownOnComplete` end the run. Default false. */
  readonly allowStop?: boolean;
  /** Called for each `/updateReports`. */
  readonly onUpdateReports?: (agent: string) => void | Promise<void>;
  /** Called when a client asked for something that makes no sense, and was refused. */
  readonly onRefused?: (reason: string) => void;
}

/** The cases, served to clients. */
export interface CaseServer {
  /** `ws://127.0.0.1:9001`. */
  readonly url: string;
  readonly port: number;
  /** All agents seen so far. Cases that an agent has not run are in `notRun`. */
  agents(): readonly AgentReport[];
  /** Resolves when a client has stopped it, where that is allowed, or it was closed. */
  readonly stopped: Promise<void>;
  /** Ends it. What was running when it was called has a result when this resolves. */
  close(): Promise<void>;
}

/** Nothing could be run: the server cannot be reached, or does not open a WebSocket at all. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
}

export const DEFAULT_PAUSE_MS = 1000;
export const DEFAULT_PATIENCE_MS = 10_000;
