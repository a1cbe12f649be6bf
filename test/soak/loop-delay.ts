import { openSync, readSync } from 'node:fs';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** How late the event loop is, in milliseconds. */
export interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** The 99th percentile without the time in which the system had the processor do something else (Linux; elsewhere the same). */
  readonly ownP99: number;
}

const INTERVAL = 10;
/** What the system tells of the main thread: nanoseconds on a processor, and nanoseconds of waiting for one. */
const SCHEDSTAT = '/proc/self/schedstat';

/**
 * Watches how late the event loop is, each 10 ms. A loop that is held for longer counts once for each 10 ms of it, as somebody
 * would see it who came at any moment.
 */
export class LoopDelay {
  readonly #all: RecordableHistogram = createHistogram();
  readonly #own: RecordableHistogram = createHistogram();
  readonly #schedstat = open();
  readonly #octets = Buffer.alloc(64);
  #last = performance.now();
  #waited = this.#waitedSoFar();

  constructor() {
    setInterval(() => this.#look(), INTERVAL).unref();
  }

  /** Since the last call. */
  take(): Delay {
    const delay = {
      p50: this.#all.percentile(50) / 1000,
      p99: this.#all.percentile(99) / 1000,
      longest: this.#all.max / 1000,
      ownP99: this.#own.percentile(99) / 1000,
    };
    this.restart();
    return delay;
  }

  /** Forgets what was seen, and what is going on. */
  restart(): void {
    this.#all.reset();
    this.#own.reset();
    this.#last = performance.now();
    this.#waited = this.#waitedSoFar();
  }

  #look(): void {
    const [now, waited] = [performance.now(), this.#waitedSoFar()];
    const late = Math.max(0, now - this.#last - INTERVAL);
    record(this.#all, late);
    record(this.#own, Math.max(0, late - (waited - this.#waited)));
    this.#last = now;
    this.#waited = waited;
  }

  #waitedSoFar(): number {
    if (this.#schedstat === undefined) return 0;
    const length = readSync(this.#schedstat, this.#octets, 0, this.#octets.length, 0);
    const [, waited] = this.#octets.toString('latin1', 0, length).split(' ');
    return Number(waited) / 1e6;
  }
}

function record(histogram: RecordableHistogram, late: number): void {
  for (let rest = late; rest >= 0; rest -= INTERVAL) {
    histogram.record(Math.max(1, Math.round(rest * 1000)));
  }
}

function open(): number | undefined {
  try {
    return openSync(SCHEDSTAT, 'r');
  } catch {
    return undefined;
  }
}
