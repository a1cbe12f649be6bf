import type { BenchFailure } from '../bench-report.ts';
import { OUR_LIMITS } from './failure-words.ts';

/** What tells whether a load was at its own end before the server was at its. */
export interface LoadStrain {
  /** Of the busiest process: share of one core. */
  readonly cpu: number;
  /** Cores that the server used; undefined where that is not known. */
  readonly serverCpu: number | undefined;
  /** Messages sent late, and sent in all. */
  readonly late: number;
  readonly sent: number;
  readonly failures: readonly BenchFailure[];
}

/** A load process that uses more of its core than this may be what limits, */
const BUSY = 0.9;
/** unless the server is as busy as this; */
const SERVER_BUSY = 0.85;
/** where nothing is known of the server: */
const BUSY_ALONE = 0.95;
/** Share of messages that may be late. */
const LATE = 0.01;

/** Why the figures say more of the load than of the server; undefined when they do not. */
export function bottleneck(strain: LoadStrain): string | undefined {
  const { cpu, serverCpu, late, sent, failures } = strain;
  const limit = failures.find(({ detail }) => OUR_LIMITS.some((code) => detail.startsWith(code)));
  if (limit !== undefined) return `${limit.detail} (${limit.count} times)`;
  const died = failures.find(({ kind }) => kind === 'load');
  if (died !== undefined) return died.detail;
  const used = `a process of the load used ${percent(cpu)} of its core`;
  const more = 'more --processes can load the server more';
  if (serverCpu === undefined) {
    if (cpu > BUSY_ALONE) return `${used}: ${more}; with --pid the server's own use would tell`;
  } else if (cpu > BUSY && serverCpu < SERVER_BUSY) {
    return `${used} while the server used ${percent(serverCpu)} of one: ${more}`;
  }
  if (sent > 0 && late / sent > LATE) {
    return `${percent(late / sent)} of the messages were sent more than 1 ms after their time: the rate is more than this load can keep up`;
  }
  return undefined;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
