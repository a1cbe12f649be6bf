import type { Connection, Message } from 'meerkat';
import { onTestFinished } from 'vitest';
import { Program } from './program.ts';

/** An example that runs, and where it answers. */
export interface RunningExample {
  readonly program: Program;
  /** What it printed when it listened: its WebSocket URL. */
  readonly url: string;
  /** The same host and port, for ordinary requests. */
  readonly http: string;
}

/** Ends `program` when the test ends: with SIGKILL whatever state it is in, unless it has children to end. */
export function untilTestEnds(program: Program, signal: NodeJS.Signals = 'SIGKILL'): Program {
  onTestFinished(async () => {
    program.kill(signal);
    await program.exited;
  });
  return program;
}

/** Runs `examples/NAME.ts` on a free port, until the test ends. */
export async function runExample(
  name: string,
  env: NodeJS.ProcessEnv = {},
  args: readonly string[] = [],
): Promise<RunningExample> {
  const program = untilTestEnds(Program.source(`examples/${name}.ts`, args, { PORT: '0', ...env }));
  const url = await listeningUrl(program);
  return { program, url, http: new URL('/', url.replace(/^ws/, 'http')).href };
}

/** The first WebSocket URL that a program prints; of echo-server.ts, which prints an address, the one at its port. */
export async function listeningUrl(program: Program): Promise<string> {
  const [, url, port] = await program.prints(/(wss?:\/\/\S+)\n|port: (\d+)/);
  return url ?? `ws://localhost:${port}/websocket`;
}

/** The next message; undefined when there is none any more. The loop is left, so that `closed` does not wait for it. */
export async function nextMessage<Data>(
  connection: Connection<Data>,
): Promise<Message | undefined> {
  for await (const message of connection) return message;
  return undefined;
}
