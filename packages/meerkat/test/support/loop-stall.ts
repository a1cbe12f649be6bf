import { openSync, readSync } from 'node:fs';

/** What the system tells of the main thread: nanoseconds on a processor, and nanoseconds of waiting for one. */
const SCHEDSTAT = '/proc/self/schedstat';

/**
 * Watches how long the event loop is held at a time. Where the system tells (Linux), the time in which somebody else had
 * the processor does not count: it is not ours to shorten.
 */
export class LoopStall {
  readonly #schedstat = open();
  readonly #octets = Buffer.alloc(64);
  #last = 0;
  #waited = 0;
  #longest = 0;

  constructor() {
    this.reset();
    setInterval(() => this.#look(), 1).unref();
  }

  /** The longest since {@link reset}, in milliseconds. */
  get longest(): number {
    this.#look();
    return this.#longest;
  }

  reset(): void {
    this.#look();
    this.#longest = 0;
  }

  #look(): void {
    const [now, waited] = [performance.now(), this.#waitedSoFar()];
    this.#longest = Math.max(this.#longest, now - this.#last - (waited - this.#waited));
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

function open(): number | undefined {
  try {
    return openSync(SCHEDSTAT, 'r');
  } catch {
    return undefined;
  }
}
