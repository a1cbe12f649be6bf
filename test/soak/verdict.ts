import type { CrowdReport } from './crowds.ts';
import type { Faults } from './faults.ts';
import type { Delay } from './loop-delay.ts';
import type { SoakOptions } from './options.ts';
import type { Look } from './server.ts';
import { STAYING } from './site.ts';
import type { VisitorReport } from './visitors.ts';

/** What was seen at one time, in a moment of silence. */
export interface Row {
  /** Milliseconds since the load is complete. */
  readonly at: number;
  /** Milliseconds that the row is about. */
  readonly lasted: number;
  readonly look: Look;
  readonly crowds: CrowdReport;
  readonly visitors: VisitorReport;
  /** The delay of a process that does nothing. */
  readonly beside: Delay;
}

/** Everything that was seen. */
export interface Record {
  readonly options: SoakOptions;
  /** The server before anybody came. */
  readonly before: Look;
  readonly rows: readonly Row[];
  /** The server when everybody had left. */
  readonly after: Look;
  /** Whether its process ended by itself when it was closed. */
  readonly ended: boolean;
  readonly faults: Faults;
}

/** One thing that had to hold. */
export interface Finding {
  readonly passed: boolean;
  readonly text: string;
}

/** Milliseconds of which no more than one in a hundred may be late. */
const MOST_DELAY = 50;
/** So late is an idle process where a machine has too much to do, in milliseconds. */
const BUSY_MACHINE = 15;
/** How far the heap may be from what it was once it was warm. */
const HEAP_RANGE = 0.05;
/** The first five minutes warm up: code is compiled, and stays on the heap. Of a shorter run, the first half. */
const WARM_UP = 300_000;
const MIB = 1_048_576;

/** When it counts as warm, in milliseconds. */
export function warmAt(milliseconds: number): number {
  return Math.min(WARM_UP, milliseconds / 2);
}

/** What held and what did not. */
export function judge(record: Record): Finding[] {
  const { options, rows } = record;
  const warm = rows.filter(({ at }) => at >= warmAt(options.milliseconds));
  return [
    heapStays(warm),
    staysOnTime(warm),
    allStay(record),
    nothingLeft(record),
    ...listenerIsUsed(record),
    noFaults(record),
  ];
}

function heapStays(warm: readonly Row[]): Finding {
  const [first, ...others] = warm.map(({ look }) => look.held);
  if (first === undefined || others.length === 0) {
    return { passed: false, text: 'heap: it was looked at too seldom to tell' };
  }
  const [least, most] = [Math.min(...others) / first - 1, Math.max(...others) / first - 1];
  const passed = least >= -HEAP_RANGE && most <= HEAP_RANGE;
  const text = `heap: ${(first / MIB).toFixed(1)} MiB when warm, then ${percent(least)} to ${percent(most)} (±5 %)`;
  return { passed, text };
}

/** Rows in which even a process that does nothing was late say nothing about the server. */
function staysOnTime(warm: readonly Row[]): Finding {
  const calm = warm.filter(({ beside }) => beside.p99 < BUSY_MACHINE);
  const worst = (rows: readonly Row[], of: (row: Row) => number): string =>
    `${Math.max(0, ...rows.map(of)).toFixed(1)} ms`;
  const passed = calm.every(({ look }) => Math.min(look.delay.p99, look.delay.ownP99) < MOST_DELAY);
  const figures = (rows: readonly Row[]): string =>
    [
      `p99 at most ${worst(rows, ({ look }) => look.delay.p99)}`,
      `${worst(rows, ({ look }) => look.delay.ownP99)} without the time that others had the processor`,
      `${worst(rows, ({ beside }) => beside.p99)} in an idle process`,
    ].join(', ');
  const busy = warm.length - calm.length;
  const judged = calm.length === 0 ? 'no row can tell' : figures(calm);
  const left =
    busy === 0
      ? ''
      : `; the machine was too busy to tell in ${busy} of ${warm.length} rows: ${figures(warm)}`;
  return { passed, text: `event loop: ${judged} (< 50 ms)${left}` };
}

/** Whoever was to stay did, and nobody else was there in a moment of silence. */
function allStay({ options, rows, after }: Record): Finding {
  const wrong = rows.filter(({ look }) => look.connections !== options.connections);
  const early = Object.entries(after.endings).filter(
    ([key]) => STAYING.some((path) => key.startsWith(`${path} `)) && !key.endsWith(' close 1000'),
  );
  const strange = Object.entries(after.endings).filter(([key]) =>
    / (?:handler|pongTimeout|terminated) /.test(key),
  );
  if (wrong.length === 0 && early.length === 0 && strange.length === 0) {
    return { passed: true, text: `connections: ${options.connections} stayed, 0 unexpected ends` };
  }
  const counts = wrong.map(({ look }) => look.connections);
  const ends = [...early, ...strange].map(([key, count]) => `${count} × ${key}`);
  return { passed: false, text: `connections: ${[...counts, ...ends].join(', ')}` };
}

/** All is as it was before anybody came. */
function nothingLeft({ before, after, ended }: Record): Finding {
  const left: string[] = [];
  for (const [kind, count] of Object.entries(after.handles)) {
    const more = count - (before.handles[kind] ?? 0);
    if (more > 0) left.push(`${more} × ${kind}`);
  }
  for (const name of ['connections', 'accepted', 'listeners', 'timers', 'topics'] as const) {
    const more = after[name] - before[name];
    if (more > 0) left.push(`${more} ${name}`);
  }
  const descriptors = after.descriptors - before.descriptors;
  if (descriptors > 0) left.push(`${descriptors} descriptors`);
  if (!ended) left.push('a process that does not end');
  const text =
    left.length === 0
      ? 'afterwards: handles, descriptors, listeners, timers and topics as before'
      : `afterwards: ${left.join(', ')} too many`;
  return { passed: left.length === 0, text };
}

/** Who accepted was who was meant to. */
function listenerIsUsed({ options, after }: Record): Finding[] {
  if (options.listener !== 'own' || options.transport !== 'handle') return [];
  const { opened, sockets } = after;
  const text = `own listener: ${opened} WebSockets; node:http was given ${sockets} connections`;
  return [{ passed: sockets < opened, text }];
}

function noFaults({ faults }: Record): Finding {
  const all = Object.entries(faults);
  const count = all.reduce((sum, [, times]) => sum + times, 0);
  const lines = all.map(([text, times]) => `\n    ${times} × ${text}`);
  return {
    passed: count === 0,
    text: `messages, answers and ends: ${count} not as they had to be${lines.join('')}`,
  };
}

function percent(share: number): string {
  return `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`;
}
