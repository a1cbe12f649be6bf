import { onTestFinished } from 'vitest';
import { FROM_SOURCE, Program } from '../../../../test/support/program.ts';

/** What the process of a resource server holds; memory in octets. */
export interface Resources {
  readonly connections: number;
  /** Sockets that its HTTP server accepted and that are not closed. */
  readonly sockets: number;
  /** Messages that its handler was called with. */
  readonly handled: number;
  /** Octets that those sockets read. */
  readonly received: number;
  /** 0 where no descriptor was left to find out. */
  readonly rss: number;
  /** The most that was seen while messages at `/slow` were handled. */
  readonly highestRss: number;
  /** Heap and external memory in use, garbage not counted. */
  readonly held: number;
  /** Timers of ours that are due. */
  readonly timers: number;
  /** Handles, and timers of others, that keep the process alive. */
  readonly handles: number;
  readonly listeners: number;
}

/** A server in a process of its own: `test/support/resource-server.ts`. */
export interface ResourceServer {
  readonly port: number;
  /** Measures now. */
  measure(): Promise<Resources>;
  /** Measures again and again until that holds. */
  measureUntil(holds: (measures: Resources) => boolean): Promise<Resources>;
  /** Lets the handler at `/slow` go on. */
  release(): Promise<Resources>;
}

/** How its process runs. */
export interface ProcessOptions {
  /** Most files that it may have open. @default as many as the system lets it */
  readonly files?: number;
  /** Makes its heap comparable over time, and the server slow. @default false */
  readonly compileOnce?: boolean;
}

/**
 * Runs one until the test ends.
 *
 * @param options - Of its WebSocketServer.
 */
export async function resourceServer(
  options: object = {},
  { files, compileOnce = false }: ProcessOptions = {},
): Promise<ResourceServer> {
  const file = 'test/support/resource-server.ts';
  const args = [JSON.stringify(options), ...(compileOnce ? ['compile-once'] : [])];
  const program = files === undefined ? Program.source(file, args) : limited(files, file, args);
  onTestFinished(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  const [, port] = await program.prints(/^port (\d+)$/m);
  let line = 0;
  const say = async (command: string): Promise<Resources> => {
    line += 1;
    program.write(`${command}\n`);
    const [, json = ''] = await program.prints(new RegExp(`^${line} (.*)\n`, 'm'));
    return JSON.parse(json) as Resources;
  };
  const measure = (): Promise<Resources> => say('measure');
  return {
    port: Number(port),
    measure,
    async measureUntil(holds) {
      for (;;) {
        const measures = await measure();
        if (holds(measures)) return measures;
      }
    },
    release: () => say('release'),
  };
}

function limited(files: number, file: string, args: readonly string[]): Program {
  const command = [process.execPath, ...FROM_SOURCE, file];
  return new Program('sh', ['-c', `ulimit -n ${files} && exec "$@"`, 'sh', ...command, ...args]);
}
