import type { BenchPlan } from '../bench-plan.ts';
import type { DialTarget } from './dial-target.ts';
import type { LoadCounts } from './load-meter.ts';
import type { LoadShare } from './load-source.ts';

/** What a process that makes a load is told. Each is answered with one {@link LoadAnswer}. */
export type LoadOrder =
  | {
      readonly order: 'start';
      readonly plan: BenchPlan;
      readonly payloads: readonly Uint8Array[];
      readonly share: LoadShare;
      readonly target: DialTarget;
      readonly publishTarget: DialTarget;
    }
  /** Only to be answered. */
  | { readonly order: 'count' }
  /** All have their connections. */
  | { readonly order: 'begin' }
  /** The measured time begins. */
  | { readonly order: 'measure' }
  /** It is over: nothing more is sent. */
  | { readonly order: 'halt' }
  /** Waits for what is on its way, and ends all connections. */
  | { readonly order: 'stop' };

/** What it did since its last answer. */
export interface LoadAnswer {
  readonly counts: LoadCounts;
  /** All connections are open, or have failed. */
  readonly full: boolean;
  /** Messages never answered; of the answer to `stop`. */
  readonly missing: number;
  /** Longest time that the event loop was held in the measured time, in milliseconds; of the answer to `halt`. */
  readonly longestStall: number;
  /** Why nothing more will come of the load, through no fault of the process. */
  readonly over: string | undefined;
  /** Why it cannot go on; undefined where it can. */
  readonly failed: string | undefined;
}
