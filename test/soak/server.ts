// The server of the soak: a process that tells what it holds.
import { readdirSync } from 'node:fs';
import { setTimeout as later } from 'node:timers/promises';
import { type Faults, faultsSoFar } from './faults.ts';
import { type Delay, LoopDelay } from './loop-delay.ts';
import { answerWith } from './processes.ts';
import { Site, type SiteOptions } from './site.ts';

/** What the process holds, after everything that nobody needs was collected; memory in octets. */
export interface Look {
  readonly connections: number;
  /** Connections that its listener counts: WebSockets, and those of node:http. */
  readonly accepted: number;
  readonly held: number;
  readonly rss: number;
  /** Milliseconds of processor time so far. */
  readonly cpu: number;
  readonly opened: number;
  /** Of all connections, those that node:http was given. */
  readonly sockets: number;
  readonly endings: Readonly<Record<string, number>>;
  /** What keeps the process alive, by kind. */
  readonly handles: Readonly<Record<string, number>>;
  readonly descriptors: number;
  readonly listeners: number;
  readonly timers: number;
  readonly topics: number;
  /** Since the last look, without the look itself. */
  readonly delay: Delay;
  readonly faults: Faults;
}

/** Milliseconds until all are to be gone that have left. */
const PATIENCE = 10_000;

let site: Site | undefined;
const loop = new LoopDelay();

/** @param expected - Connections that stay. Others have left, but it may not have heard of that yet. */
async function look(expected: number): Promise<Look | undefined> {
  if (site === undefined) return undefined;
  const delay = loop.take();
  const deadline = performance.now() + PATIENCE;
  const one = site;
  const stay = async (): Promise<boolean> =>
    one.connections > expected || (expected === 0 && (await accepted(one)) > 0);
  while ((await stay()) && performance.now() < deadline) await later(20);
  const { user, system } = process.cpuUsage();
  const { connections, opened, sockets, timers, endings, http, topics } = site;
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  const listeners = [process, http].flatMap((one) =>
    one.eventNames().map((name) => one.listenerCount(name as string)),
  );
  const told = {
    connections,
    accepted: await accepted(site),
    held: await held(),
    rss: process.memoryUsage.rss(),
    cpu: (user + system) / 1000,
    opened,
    sockets,
    endings: { ...endings },
    handles,
    descriptors: descriptors(),
    listeners: listeners.reduce((sum, count) => sum + count, 0),
    timers,
    topics: topics.names().length,
    delay,
    faults: faultsSoFar(),
  };
  loop.restart();
  return told;
}

function accepted({ http }: Site): Promise<number> {
  return new Promise((resolve) => {
    http.getConnections((_error, count) => resolve(count));
  });
}

/** Memory outside of the heap is counted down some time after it was let go of: the least of several looks is what is held. */
async function held(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < 4; at += 1) {
    globalThis.gc?.();
    await later(20);
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** 0 where the system does not tell. */
function descriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

// Node makes them when somebody first looks at them: handles that would seem to be left over.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

answerWith({
  async listen(options: SiteOptions): Promise<number> {
    site = new Site(options);
    return await site.listen();
  },
  look,
  end: () => site?.close(),
});
