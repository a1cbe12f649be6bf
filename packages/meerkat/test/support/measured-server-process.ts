import type { WebSocketServerOptions } from 'meerkat';
import { onTestFinished } from 'vitest';
import { Program } from '../../../../test/support/program.ts';

/** What a measured server tells. */
export interface Measured {
  readonly connections: number;
  /** Octets on V8's heap and beside it. */
  readonly kept: number;
  /** Octets of memory that the system gave to the process. */
  readonly rss: number;
  /** The longest that the event loop was held, in milliseconds. */
  readonly stall: number;
  /** Messages handed over, and octets of them. */
  readonly messages: number;
  readonly octets: number;
  /** How many connections ended with each code. */
  readonly closes: Readonly<Record<string, number>>;
}

/** An echo server in a process of its own, which ends with the test. */
export class MeasuredServer {
  readonly port: number;
  readonly #program: Program;
  #asked = 0;

  private constructor(program: Program, port: number) {
    this.#program = program;
    this.port = port;
  }

  static async start(options: WebSocketServerOptions<undefined> = {}): Promise<MeasuredServer> {
    const program = Program.source('packages/meerkat/test/support/measured-server.ts', [
      JSON.stringify(options),
    ]);
    onTestFinished(async () => {
      program.kill('SIGKILL');
      await program.exited;
    });
    const [, port] = await program.prints(/port (\d+)\n/);
    return new MeasuredServer(program, Number(port));
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /**
   * Asks it, one question at a time.
   *
   * @param command - `collect` frees what nobody needs first, `reset` begins to count anew.
   */
  async ask(command: 'measure' | 'collect' | 'reset'): Promise<Measured> {
    this.#asked += 1;
    this.#program.write(`${this.#asked} ${command}\n`);
    const [, answer = ''] = await this.#program.prints(new RegExp(`^${this.#asked} (.*)\n`, 'm'));
    return JSON.parse(answer) as Measured;
  }

  /** Asks until something holds; the test's own time limit ends it. */
  async until(holds: (measured: Measured) => boolean): Promise<Measured> {
    for (;;) {
      const measured = await this.ask('measure');
      if (holds(measured)) return measured;
    }
  }
}
