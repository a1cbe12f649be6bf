import { type Profiler, Session } from 'node:inspector';
import { pathToFileURL } from 'node:url';

/** Which code counts: the library, and what it is compared with. */
const CODE = /\/packages\/[^/]+\/(?:src|dist)\/|\/node_modules\/ws\/lib\//;

/**
 * Counts which code runs, with V8's own counters. Begin before the code is imported.
 *
 * Asking is slow (milliseconds), counting is not: so it is asked once for many inputs.
 */
export class Coverage {
  readonly #targets: string;
  readonly #session = new Session();
  /** Which characters of which script have run. */
  readonly #scripts = new Map<string, Uint8Array>();
  readonly #blocks = new Set<string>();

  /** @param targets - The folder of the targets: what their own code tells apart counts as well. */
  constructor(targets: string) {
    this.#targets = `${pathToFileURL(targets).href}/`;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many blocks were reached so far. */
  get blocks(): number {
    return this.#blocks.size;
  }

  /** What ran since the last call and had never run before. It counts as known from now on. */
  take(): Fresh {
    const fresh = new Fresh();
    for (const [url, reached] of this.#ran()) {
      const known = this.#known(url, reached.length);
      for (let at = 0; at < reached.length; at += 1) {
        if (reached[at] === 1 && known[at] === 0) {
          known[at] = 1;
          fresh.add(url, at);
        }
      }
    }
    return fresh;
  }

  /** Whether any of `wanted` ran since the last call. */
  touches(wanted: Fresh): boolean {
    return [...this.#ran()].some(([url, reached]) => wanted.has(url, reached));
  }

  /** Takes out of `wanted` what ran since the last call; answers whether there was any. */
  meets(wanted: Fresh): boolean {
    let met = false;
    for (const [url, reached] of this.#ran()) {
      if (wanted.remove(url, reached)) met = true;
    }
    return met;
  }

  /** Whether all of `wanted` ran since the last call. */
  covers(wanted: Fresh): boolean {
    return wanted.isWithin(this.#ran());
  }

  /** Counts everything as new again. */
  forget(): void {
    this.#scripts.clear();
  }

  /** Which characters of which scripts ran since the last call. */
  #ran(): Map<string, Uint8Array> {
    const scripts = new Map<string, Uint8Array>();
    for (const { url, functions } of this.#answer()) {
      if (!CODE.test(url) && !url.startsWith(this.#targets)) continue;
      const length = Math.max(
        ...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset)),
      );
      const reached = new Uint8Array(length);
      // Outer ranges come before what they contain.
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          reached.fill(count > 0 ? 1 : 0, startOffset, endOffset);
          if (count > 0) this.#blocks.add(`${url} ${startOffset}`);
        }
      }
      scripts.set(url, reached);
    }
    return scripts;
  }

  #answer(): Profiler.ScriptCoverage[] {
    let scripts: Profiler.ScriptCoverage[] = [];
    // With a session of the own thread the answer is there when post() returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      scripts = answer.result;
    });
    return scripts;
  }

  #known(url: string, length: number): Uint8Array {
    const known = this.#scripts.get(url);
    if (known !== undefined && known.length >= length) return known;
    const longer = new Uint8Array(length);
    longer.set(known ?? []);
    this.#scripts.set(url, longer);
    return longer;
  }
}

/** Code that ran for the first time. */
export class Fresh {
  readonly #places = new Map<string, Set<number>>();

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  add(url: string, at: number): void {
    const places = this.#places.get(url);
    if (places === undefined) this.#places.set(url, new Set([at]));
    else places.add(at);
  }

  has(url: string, reached: Uint8Array): boolean {
    return [...(this.#places.get(url) ?? [])].some((at) => reached[at] === 1);
  }

  isWithin(ran: ReadonlyMap<string, Uint8Array>): boolean {
    return [...this.#places].every(([url, places]) => {
      const reached = ran.get(url);
      return reached !== undefined && [...places].every((at) => reached[at] === 1);
    });
  }

  /** Takes out what was reached; answers whether there was any. */
  remove(url: string, reached: Uint8Array): boolean {
    const places = this.#places.get(url);
    if (places === undefined) return false;
    let removed = false;
    for (const at of places) {
      if (reached[at] !== 1) continue;
      places.delete(at);
      removed = true;
    }
    if (places.size === 0) this.#places.delete(url);
    return removed;
  }
}
