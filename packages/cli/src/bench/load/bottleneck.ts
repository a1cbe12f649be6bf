import type { BenchFailure, LoadProcessUse } from '../bench-report.ts';
import { OUR_LIMITS } from './failure-words.ts';

/** What tells whether a load was at its own end before the server was at its. */
export interface LoadStrain {
  /** Seconds measured. */
  readonly seconds: number;
  readonly processes: readonly LoadProcessUse[];
  /** Processors of this machine that the load may use. */
  readonly cores: number;
  /** Cores that the server used; undefined where that is not known. */
  readonly serverCpu: number | undefined;
  /** What has a time at which it is to happen: messages, or turns of a scenario; undefined where nothing has. */
  readonly timed: TimedStrain | undefined;
  readonly failures: readonly BenchFailure[];
}

/** How a load kept to its times. */
export interface TimedStrain {
  readonly what: 'message' | 'turn';
  /** What happened, and of that what was later than `lateAfter` milliseconds. */
  readonly done: number;
  readonly late: number;
  readonly lateAfter: number;
  /** What did not happen. */
  readonly dropped: number;
}

/** A load process that uses more of its core than this may be what limits, */
const BUSY = 0.9;
/** unless the server is as busy as this; */
const SERVER_BUSY = 0.85;
/** where nothing is known of the server: */
const BUSY_ALONE = 0.95;
/** Share of messages that may be late. */
const LATE = 0.01;
/** A process that uses less of its core has not too much to do, */
const AT_EASE = 0.5;
/** and what makes it late is others, if it waited for a processor for this share of the time at least. */
const HELD_UP = 0.005;
/** Share of the time for which a process may wait for a processor, */
const STARVED = 0.2;
/** where nothing is known of the server, which may be what has it; */
const STARVED_ALONE = 0.5;
/** and the seconds of which that can be said: a moment is soon waited for. */
const LONG_ENOUGH = 0.5;
/** Share of all processors that is as much as all of them. */
const ALL_IN_USE = 0.85;

/** Why the figures say more of the load than of the server; undefined when they do not. */
export function bottleneck(strain: LoadStrain): string | undefined {
  const { processes, serverCpu, timed, failures } = strain;
  const limit = failures.find(({ detail }) => OUR_LIMITS.some((code) => detail.startsWith(code)));
  if (limit !== undefined) return `${limit.detail} (${limit.count} times)`;
  const died = failures.find(({ kind }) => kind === 'load');
  if (died !== undefined) return died.detail;
  if (serverCpu !== undefined && serverCpu >= SERVER_BUSY) return undefined;
  const cpu = Math.max(0, ...processes.map((process) => process.cpu));
  if (cpu > (serverCpu === undefined ? BUSY_ALONE : BUSY)) return tooBusy(cpu, serverCpu);
  return timed === undefined ? starvation(strain) : behind(timed, strain, cpu);
}

function tooBusy(cpu: number, serverCpu: number | undefined): string {
  const used = `a process of the load used ${percent(cpu)} of its core`;
  const more = 'more --processes can load the server more';
  return serverCpu === undefined
    ? `${used}: ${more}; with --pid the server's own use would tell`
    : `${used} while the server used ${percent(serverCpu)} of one: ${more}`;
}

/** Of a load that sends as soon as it may, and was not let run. */
function starvation({ seconds, processes, cores, serverCpu }: LoadStrain): string | undefined {
  const starved = longestWait(processes) ?? 0;
  const allowed = serverCpu === undefined ? STARVED_ALONE : STARVED;
  if (starved <= allowed || seconds < LONG_ENOUGH) return undefined;
  const waited = `a process of the load waited for a processor for ${percent(starved)} of the time`;
  if (serverCpu === undefined) {
    return `${waited}: others had it; with --pid it would be known whether that was the server`;
  }
  const together = processes.reduce((sum, { cpu }) => sum + cpu, serverCpu);
  return together > cores * ALL_IN_USE
    ? `${waited}, while the server used ${percent(serverCpu)} of one: this machine has too few for both`
    : `${waited}, while the server used ${percent(serverCpu)} of one. Neither was busy: other programs had the processors`;
}

/** Of a load that has its times. */
function behind(
  { what, done, late, lateAfter, dropped }: TimedStrain,
  { processes, serverCpu }: LoadStrain,
  cpu: number,
): string | undefined {
  const due = done + dropped;
  if (dropped > due * LATE) {
    return `more users are needed: ${due} ${what}s were due and ${done} began, since every user was still busy with an earlier one`;
  }
  if (late <= done * LATE) return undefined;
  const begun = what === 'turn' ? 'began' : 'were sent';
  const behindTime = `${percent(late / done)} of the ${what}s ${begun} more than ${lateAfter} ms after their time`;
  const starved = longestWait(processes);
  if (cpu < AT_EASE && (starved ?? 1) > HELD_UP) {
    const others = serverCpu === undefined ? 'others, perhaps the server,' : 'other programs';
    return `${behindTime}, though no process of the load used more than ${percent(cpu)} of its core: ${others} had the processors`;
  }
  return what === 'turn'
    ? `${behindTime}, since no user was free: more users are needed`
    : `${behindTime}: the rate is more than this load can keep up`;
}

/** Of all processes; undefined where that is not known. */
function longestWait(processes: readonly LoadProcessUse[]): number | undefined {
  const known = processes.flatMap(({ starved }) => (starved === undefined ? [] : [starved]));
  return known.length === 0 ? undefined : Math.max(...known);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
