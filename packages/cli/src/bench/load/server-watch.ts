import type { ServerUse } from './run-totals.ts';
import { type ProcessUse, ServerProcess } from './server-process.ts';

/** What the server used while it was loaded. */
export class ServerWatch {
  readonly pid: number;
  readonly before: ProcessUse;
  /** With all connections open; after the hold in idle mode. */
  open: ProcessUse;
  /** At the end of the measured time, or when it was last seen. */
  after: ProcessUse;
  /** Seconds of processor time in the measured time. */
  cpuMeasured = 0;
  rssPeak: number;
  readonly #process: ServerProcess;
  #from: ProcessUse | undefined;
  #last: ProcessUse;
  #lastAt = performance.now();

  /** @throws see {@link ServerProcess}. */
  constructor(pid: number) {
    this.pid = pid;
    this.#process = new ServerProcess(pid);
    const use = this.#process.read() ?? { cpu: 0, rss: 0 };
    this.before = use;
    this.open = use;
    this.after = use;
    this.#last = use;
    this.rssPeak = use.rss;
  }

  /** What it used since this was last asked; undefined when it is gone. */
  since(): ServerUse | undefined {
    const now = performance.now();
    const use = this.#process.read();
    if (use === undefined) return undefined;
    const cpu = ((use.cpu - this.#last.cpu) * 1_000) / Math.max(1, now - this.#lastAt);
    this.#last = use;
    this.#lastAt = now;
    this.#see(use);
    return { cpu, rss: use.rss };
  }

  allOpen(): void {
    this.open = this.#process.read() ?? this.open;
    this.#see(this.open);
  }

  measure(): void {
    this.#from = this.#process.read();
  }

  /** @param held - Whether its memory now is what open connections take. */
  measured(held: boolean): void {
    const use = this.#process.read() ?? this.after;
    this.#see(use);
    if (held) this.open = use;
    if (this.#from !== undefined) this.cpuMeasured = use.cpu - this.#from.cpu;
  }

  #see(use: ProcessUse): void {
    this.after = use;
    this.rssPeak = Math.max(this.rssPeak, use.rss);
  }
}
