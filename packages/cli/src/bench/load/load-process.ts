// A process that makes a load. It is started by ../run-bench.ts, and does what it is told over the channel to it.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LoadMeter } from './load-meter.ts';
import type { LoadAnswer, LoadOrder } from './load-orders.ts';
import type { LoadSource } from './load-source.ts';
import { openLoad } from './open-load.ts';

/** How often the event loop is looked at, in milliseconds. */
const RESOLUTION = 10;

/** See `LoadSetup.patience`. */
const PATIENCE = 2_000;

const meter = new LoadMeter();
const stalls = monitorEventLoopDelay({ resolution: RESOLUTION });
let source: LoadSource | undefined;
let full = false;
let failed: string | undefined;

// Ctrl-C, the end of a terminal and `timeout` reach whole groups of processes: who started us says what comes of it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(1)); // nobody is there to be told anything
process.on('message', (order: LoadOrder) => void obey(order)); // it catches everything

async function obey(order: LoadOrder): Promise<void> {
  try {
    answer(await carryOut(order));
  } catch (error) {
    failed = error instanceof Error ? error.message : String(error);
    answer({});
  }
}

async function carryOut(order: LoadOrder): Promise<Partial<LoadAnswer>> {
  switch (order.order) {
    case 'start': {
      const { order: _start, ...setup } = order;
      source = await openLoad({ ...setup, meter, patience: PATIENCE });
      meter.take(); // what it took to get ready is none of the load
      source.open().then(isFull, isBroken);
      return {};
    }
    case 'count':
      return {};
    case 'begin':
      source?.begin();
      return {};
    case 'measure': {
      stalls.enable();
      meter.measuredFrom = performance.now();
      return {};
    }
    case 'halt': {
      source?.halt();
      stalls.disable();
      const longest = stalls.max / 1e6 - RESOLUTION;
      return { longestStall: Math.max(0, longest) };
    }
    case 'stop':
      return { missing: (await source?.stop()) ?? 0 };
  }
}

function isFull(): void {
  full = true;
}

function isBroken(error: Error): void {
  failed = error.stack ?? error.message;
}

function answer(what: Partial<LoadAnswer>): void {
  const { missing = 0, longestStall = 0 } = what;
  process.send?.({
    counts: meter.take(),
    full,
    missing,
    longestStall,
    over: source?.over?.(),
    failed,
  } satisfies LoadAnswer);
}
