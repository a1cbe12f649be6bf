import { Fifo } from '../fifo.ts';

/** Work that happens beside the loop. It calls `done` once, later. */
export type PoolJob = (done: () => void) => void;

/**
 * Lets so many jobs of zlib run beside the event loop at a time; the others wait in their order. Node's threads, four by
 * default, are shared with the file system and with name lookups.
 */
export class ZlibPool {
  readonly #concurrency: number;
  readonly #waiting = new Fifo<PoolJob>();
  #running = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Jobs that run, and jobs that wait. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length };
  }

  run(job: PoolJob): void {
    if (this.#running < this.#concurrency) this.#start(job);
    else this.#waiting.push(job);
  }

  #start(job: PoolJob): void {
    this.#running += 1;
    job(() => {
      this.#running -= 1;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(next);
    });
  }
}

const pools = new Map<number, ZlibPool>();

/** The process's pool for this many jobs at a time: servers and clients with the same number share one. */
export function zlibPool(concurrency: number): ZlibPool {
  const existing = pools.get(concurrency);
  if (existing !== undefined) return existing;
  const pool = new ZlibPool(concurrency);
  pools.set(concurrency, pool);
  return pool;
}
