import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a process used so far. */
export interface ProcessUse {
  /** Seconds of processor time, user and system, of all its threads. */
  readonly cpu: number;
  /** Octets in memory. */
  readonly rss: number;
}

/** Reads what another process of this machine uses, from Linux's /proc. */
export class ServerProcess {
  readonly pid: number;
  readonly #ticks: number;
  readonly #pageSize: number;

  /** @throws where there is no such process, or no /proc to read. */
  constructor(pid: number) {
    this.pid = pid;
    if (process.platform !== 'linux') {
      throw new Error(
        `the processor time of process ${pid} cannot be read: that needs Linux's /proc, this is ${process.platform}`,
      );
    }
    this.#ticks = configured('CLK_TCK', 100);
    this.#pageSize = configured('PAGESIZE', 4_096);
    if (this.read() === undefined) throw new Error(`there is no process ${pid}`);
  }

  /** Undefined when it is gone. */
  read(): ProcessUse | undefined {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
      // The name of the program, in parentheses, may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const [, pages = '0'] = readFileSync(`/proc/${this.pid}/statm`, 'latin1').split(' ');
      return {
        cpu: (Number(fields[11]) + Number(fields[12])) / this.#ticks,
        rss: Number(pages) * this.#pageSize,
      };
    } catch {
      return undefined;
    }
  }
}

function configured(name: string, usual: number): number {
  try {
    const value = Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
    return value > 0 ? value : usual;
  } catch {
    return usual; // a system without getconf, as small containers are
  }
}
