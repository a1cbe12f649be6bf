import type { BenchPlan, RateStage } from '../bench-plan.ts';
import type { DialTarget } from './dial-target.ts';
import type { LoadMeter } from './load-meter.ts';

/** The part of a plan that one process takes on. */
export interface LoadShare {
  /** Which of the processes, from 0. */
  readonly index: number;
  /** The first of its connections, counted over all processes, and how many. */
  readonly first: number;
  readonly connections: number;
  /** Handshakes under way at a time. */
  readonly connecting: number;
  /** Messages a second; undefined for as many as come back. */
  readonly rate: number | undefined;
  /** The part of the plan's that is its own. */
  readonly stages?: readonly RateStage[] | undefined;
}

/** What a load is made from. */
export interface LoadSetup {
  readonly plan: BenchPlan;
  /** The octets of `plan.payloads`; none where payloads are made up. */
  readonly payloads: readonly Uint8Array[];
  readonly share: LoadShare;
  /** Where `plan.url` leads, and `plan.publishUrl` in broadcast mode. */
  readonly target: DialTarget;
  readonly publishTarget: DialTarget;
  readonly meter: LoadMeter;
  /** How long is waited for what is on its way at the end, and then for the end of the connections, in milliseconds. */
  readonly patience: number;
}

/**
 * One kind of load in one process. It counts in the meter what it does: connections opened (`handshake()`), refused and
 * lost, with `open` the number there are now; messages `sent` and `received`, payload `bytes`, `wrong` ones; and times.
 */
export interface LoadSource {
  /** Opens its connections. Resolves when each is open or has failed; a load that needs no start of its own runs from here on. */
  open(): Promise<void>;
  /** Why nothing more will come of it; undefined, or none, where something may. */
  over?(): string | undefined;
  /** All processes have their connections: what waits for that begins. */
  begin(): void;
  /** Sends nothing more; the measured time is over. */
  halt(): void;
  /**
   * After `halt()`, or instead of it: waits a moment for what is on its way, and ends all connections.
   *
   * @returns How many messages were never answered. Never rejects.
   */
  stop(): Promise<number>;
}
