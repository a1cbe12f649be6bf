/** What is done: see {@link BenchPlan}. */
export type BenchMode = 'echo' | 'broadcast' | 'connect' | 'idle' | 'scenario';

/**
 * What `meerkat bench` was asked to do. Plain data: it travels to the processes that make the load, and stands in the
 * report. Times in milliseconds, sizes in octets.
 */
export interface BenchPlan {
  /** `ws:` or `wss:`; in broadcast mode where subscribers connect. */
  readonly url: string;
  /**
   * - `echo`: every connection keeps `depth` messages on their way, or, with `rate`, sends when its time has come.
   * - `broadcast`: one more connection publishes at `publishUrl` (at `url` where that is undefined); the others, all of
   *   them, are to get what it sends. With `rate` it publishes that many messages a second.
   * - `connect`: connections are opened and closed, `connections` at a time, for the duration.
   * - `idle`: connections are opened and kept.
   * - `scenario`: every connection goes through the steps of `scenario`, again and again.
   */
  readonly mode: BenchMode;
  /** In all, over all processes. */
  readonly connections: number;
  /** Over how long they are opened, evenly; 0: as fast as `connecting` allows. */
  readonly ramp: number;
  /** Handshakes that may be under way at a time. */
  readonly connecting: number;
  /** Longest time from the dial to the 101. */
  readonly connectTimeout: number;
  /** Messages of a connection that are on their way (echo). */
  readonly depth: number;
  /**
   * Messages a second, all connections together, sent at fixed times whatever comes back; undefined: as fast as `depth` allows. With
   * `stages` the highest of them.
   */
  readonly rate: number | undefined;
  /** How the rate changes; undefined where it stays. */
  readonly stages?: readonly RateStage[] | undefined;
  /** Messages that are on their way (broadcast without `rate`). */
  readonly window: number;
  readonly publishUrl: string | undefined;
  /** Of payloads, taken in turn. */
  readonly sizes: readonly number[];
  /** Where files are sent: which, in the order of `sizes`. Their octets are not part of a plan. */
  readonly payloads?: readonly BenchPayload[] | undefined;
  readonly text: boolean;
  /** How a connection is ended: with a closing handshake, or at once, with a reset. */
  readonly closing: 'handshake' | 'abrupt';
  /** Offers permessage-deflate, without context takeover on either side. */
  readonly compression: boolean;
  /** How long is measured. */
  readonly duration: number;
  /** How long the load runs before that. */
  readonly warmUp: number;
  /** Processes that make the load. */
  readonly processes: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly subprotocols: readonly string[];
  /** PEM of authorities to trust instead of those of Node. */
  readonly ca: string | undefined;
  /** PEM of the certificate that is shown to a server that wants one, and of its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Any certificate will do. */
  readonly insecure: boolean;
  /** The server's process, on this machine, whose processor time and memory are read. */
  readonly pid: number | undefined;
  readonly scenario: Scenario | undefined;
}

/** In `duration` milliseconds the rate goes evenly to `target` a second; in none it is there at once. It begins at 0. */
export interface RateStage {
  readonly duration: number;
  readonly target: number;
}

/** A file that is sent as it is. */
export interface BenchPayload {
  /** Its name, without folders. */
  readonly file: string;
  readonly bytes: number;
  /** The first digits of its SHA-256, in hex. */
  readonly sha256: string;
}

/** What one user does, step by step. */
export interface Scenario {
  readonly name: string;
  /** Done once, and again after the connection was lost: what it opens is kept from turn to turn. Without it each turn has a connection of its own. */
  readonly before?: readonly ScenarioStep[];
  /** One turn. */
  readonly steps: readonly ScenarioStep[];
}

/**
 * One thing that a user does. In texts `${user}`, `${iteration}` (turns of this user), `${pass}` (of the innermost `repeat`),
 * all three from 1, `${env.NAME}` and what was captured in this turn stand for their values; `$${` for `${`.
 */
export type ScenarioStep =
  | { readonly connect: ScenarioConnect }
  | { readonly send: ScenarioMessage }
  /** Waits for a message; it fails when another comes first, unless `skip` is set, or none within `timeout`. */
  | { readonly expect: ScenarioExpectation }
  /** Waits: milliseconds, or evenly spread between two. */
  | { readonly wait: number | readonly [number, number] }
  | { readonly close: { readonly code?: number; readonly reason?: string } }
  | { readonly repeat: { readonly times: number; readonly steps: readonly ScenarioStep[] } };

/** A dial, beside what all of them have in common. */
export interface ScenarioConnect {
  /** Path and query, in place of those of the URL. */
  readonly path?: string;
  readonly subprotocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message: text, JSON (sent as text), octets in hex, or so many octets. */
export type ScenarioMessage =
  | { readonly text: string }
  | { readonly json: unknown }
  | { readonly hex: string }
  | { readonly size: number; readonly binary?: boolean };

/** What is expected of the next message. */
export interface ScenarioExpectation {
  /** The whole text. */
  readonly text?: string;
  /** Of the text, as a regular expression; its named groups are captured. */
  readonly match?: string;
  /** Every field of it is in the JSON that comes, with this value. */
  readonly json?: unknown;
  /** From the JSON that comes: the name of a variable, and where its value stands: `session.users.0.id`. */
  readonly capture?: Readonly<Record<string, string>>;
  readonly hex?: string;
  /** The octets sent last. */
  readonly echo?: boolean;
  /** The close code that ends the connection. */
  readonly close?: number;
  /** Milliseconds. @default 5_000 */
  readonly timeout?: number;
  /** Messages that do not fit are passed over. */
  readonly skip?: boolean;
}
