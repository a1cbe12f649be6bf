import type { BenchPlan } from './bench-plan.ts';

/** How long something took: milliseconds, from a histogram of three significant digits. */
export interface LatencySummary {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly stdDev: number;
  readonly max: number;
  /** By the percentile: 50, 75, 90, 95, 99, 99.9, 99.99. */
  readonly percentiles: Readonly<Record<string, number>>;
  /** The curve for a plot: percentile (0 to 100) and milliseconds, ascending. */
  readonly curve: readonly (readonly [number, number])[];
}

/** What a run is doing; a run goes through them in this order. */
export type BenchPhase = 'opening' | 'warm-up' | 'measuring' | 'ending';

/** What happened between two points in time. */
export interface BenchSample {
  /** Seconds since the load began (warm-up counts), at its end. */
  readonly at: number;
  /** Whether it is counted in the totals: neither ramp nor warm-up. */
  readonly measured: boolean;
  readonly open: number;
  /** Handshakes done a second. */
  readonly handshakes: number;
  /** Messages a second. */
  readonly sent: number;
  readonly received: number;
  /** Where the rate has stages: messages, or turns of a scenario, that were to be sent a second. */
  readonly target?: number | undefined;
  readonly failures: number;
  /** Milliseconds; undefined where nothing came. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
  /** Of all processes that make the load, the busiest: share of one core, 0 to 1. */
  readonly loadCpu: number;
  /** Of the server, where a pid was given: cores in use, and octets of memory. */
  readonly serverCpu: number | undefined;
  readonly serverRss: number | undefined;
}

/** What came of one stage of the rate. */
export interface BenchStage {
  /** A second, at its beginning and at its end, as asked for. */
  readonly from: number;
  readonly to: number;
  /** How long it lasted: less than asked for when it was interrupted. */
  readonly seconds: number;
  /** In broadcast mode what was published; of a scenario turns that began. */
  readonly sentPerSecond: number;
  /** In broadcast mode deliveries; of a scenario turns that came to their end. */
  readonly receivedPerSecond: number;
  /** Milliseconds, of what came back in it; undefined where nothing did. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
}

/** What went wrong, and how often. */
export interface BenchFailure {
  /** `connect`, `handshake`, `closed`, `payload`, `expect`, `timeout`, … */
  readonly kind: string;
  readonly detail: string;
  readonly count: number;
}

/** What a process that makes a load used in the measured time. Shares of it, 0 to 1. */
export interface LoadProcessUse {
  /** Of one core. */
  readonly cpu: number;
  /** In which it could have run, and no processor was free for it; undefined where the system does not say. */
  readonly starved: number | undefined;
  /** The longest its event loop was held, in milliseconds. */
  readonly longestStall: number;
}

/** What a run came to; `--json` writes exactly this. Rates count the measured time only. */
export interface BenchReport {
  readonly format: 'meerkat-bench';
  readonly version: 1;
  readonly meerkat: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly platform: string;
  };
  /** Without the values of header fields, and without a key. */
  readonly plan: BenchPlan;
  /** Seconds measured: less than asked for when it was interrupted. */
  readonly seconds: number;
  readonly interrupted: boolean;
  /** Why it was over before its time, where nobody interrupted it: no connection was left, or none could be opened. */
  readonly endedEarly?: string | undefined;
  readonly connections: {
    readonly opened: number;
    /** Dials that came to nothing. */
    readonly refused: number;
    /** Ended by the server, or by an error, before we ended them. */
    readonly lost: number;
    /** Most that were open at a time. */
    readonly peak: number;
    /** Of those that were opened: with which the server agreed on compression. */
    readonly compressed: number;
  };
  /** In the measured time. In broadcast mode `received` are deliveries. Octets of payload. */
  readonly messages: {
    readonly sent: number;
    readonly received: number;
    readonly sentPerSecond: number;
    readonly receivedPerSecond: number;
    readonly bytesPerSecond: number;
    /**
     * Sent, and never answered: on their way when their connection was lost, or still when the load had been over for 2 s. In
     * broadcast mode deliveries. Each counts as a failure.
     */
    readonly missing: number;
    /** Other octets came back than were expected. */
    readonly wrong: number;
  };
  readonly handshakesPerSecond: number;
  /**
   * From the time at which the message was to be sent (rate) or was sent (depth, broadcast) until it was back; of a
   * scenario, one turn of it.
   */
  readonly latency: LatencySummary | undefined;
  /** From the dial to the 101. */
  readonly handshake: LatencySummary | undefined;
  readonly failures: readonly BenchFailure[];
  readonly samples: readonly BenchSample[];
  /** Where the rate has stages: those that began, but for such that take no time. */
  readonly stages?: readonly BenchStage[] | undefined;
  /** The load itself. */
  readonly load: {
    readonly processes: readonly LoadProcessUse[];
    /** What waits for the time of a message: a core that looks at the clock, or a timer; undefined where nothing has a time. */
    readonly timer: 'spin' | 'timer' | undefined;
    /** Messages, or turns of a scenario, that began later than `lateAfter` milliseconds after their time (rate). */
    readonly late: number;
    /** As long as it takes what waits, with some room: what is later was kept back by something else. */
    readonly lateAfter: number;
    /** By how many more turns of a scenario were due in the measured time than began in it: all users were busy (rate). */
    readonly dropped: number;
    /** Why the figures say more of the load than of the server; undefined when they do not. */
    readonly bottleneck: string | undefined;
  };
  /** Where a pid was given. */
  readonly server:
    | {
        readonly pid: number;
        /** Cores in use. */
        readonly cpu: number;
        /** Microseconds of processor time, user and system, for each message received back (echo), delivery, or handshake. */
        readonly cpuMicrosPerMessage: number | undefined;
        /** What one fully used core would do a second: 1e6 / cpuMicrosPerMessage. */
        readonly capacity: number | undefined;
        /** Octets. */
        readonly rssBefore: number;
        readonly rssAfter: number;
        readonly rssPeak: number;
        /** (rss with all open - before) / connections; undefined where it did not grow by well more than it moves anyway. */
        readonly rssPerConnection: number | undefined;
      }
    | undefined;
}

/** What stands between two runs, or between a run and what was asked of it: a line each. */
export interface BenchVerdict {
  readonly name: string;
  readonly passed: boolean;
  /** "p99 31.2 ms > 20 ms" */
  readonly words: string;
}
