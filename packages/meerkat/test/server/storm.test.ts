import { readFileSync } from 'node:fs';
import { setTimeout as later } from 'node:timers/promises';
import { type Connection, connect } from 'meerkat';
import { expect, it, onTestFinished } from 'vitest';
import { manyOrAll } from '../../../../test/support/long.ts';
import { Program } from '../../../../test/support/program.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import type { Wave } from '../support/storm-clients.ts';
import type { StormServerOptions, StormServerState } from '../support/storm-server.ts';

const CLIENTS = manyOrAll(1_000, 5_000, 'clients that come back at once');
const LISTENERS = (['own', 'http'] as const).slice(0, manyOrAll(1, 2, 'listeners in a storm'));
const PROCESSES = 2;
/** Clients that are in before the others come back. */
const EARLIER = 100;
/** Of each process, as long as there is no storm. */
const AT_ONCE = 50;
/** Milliseconds from one round of their pings to the next. */
const PING_PAUSE = 20;
/** What a client waits for its handshake, in milliseconds. */
const HANDSHAKE_TIMEOUT = 10_000;

/** A program of this folder's neighbour, which ends with the test. */
function program(name: string, args: readonly string[]): Program {
  const started = Program.source(`packages/meerkat/test/support/${name}.ts`, args);
  onTestFinished(async () => {
    started.kill('SIGKILL');
    await started.exited;
  });
  return started;
}

/** A server in a process of its own. */
class Server {
  readonly #program: Program;
  readonly port: number;
  #asked = 0;

  private constructor(started: Program, port: number) {
    this.#program = started;
    this.port = port;
  }

  static async start(options: StormServerOptions): Promise<Server> {
    const started = program('storm-server', [JSON.stringify(options)]);
    const [, port] = await started.prints(/^port (\d+)$/m);
    return new Server(started, Number(port));
  }

  async state(): Promise<StormServerState> {
    this.#asked += 1;
    this.#program.write(`${this.#asked}\n`);
    const [, json = ''] = await this.#program.prints(new RegExp(`^${this.#asked} (.*)\n`, 'm'));
    return JSON.parse(json) as StormServerState;
  }

  get pid(): number {
    return this.#program.pid;
  }

  async kill(): Promise<void> {
    this.#program.kill('SIGKILL');
    await this.#program.exited;
  }
}

/** Milliseconds in which a process could not go on because the processors had others to serve, where the system tells (Linux). */
function waitedForProcessor(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Lets all clients come, and waits for what became of them. */
async function wave(crowds: readonly Program[], number: number, atOnce: number): Promise<Wave> {
  for (const crowd of crowds) crowd.write(`${atOnce}\n`);
  const waves = await Promise.all(
    crowds.map(async (crowd) => {
      const [, json = ''] = await crowd.prints(new RegExp(`^wave ${number} (.*)\n`, 'm'));
      return JSON.parse(json) as Wave;
    }),
  );
  return {
    served: waves.reduce((sum, { served }) => sum + served, 0),
    allIn: Math.max(...waves.map(({ allIn }) => allIn)),
    longest: Math.max(...waves.map(({ longest }) => longest)),
    failures: Object.assign({}, ...waves.map(({ failures }) => failures)) as Wave['failures'],
  };
}

/** Pings all of them, round after round, until `over`: answers how many rounds there were, and the longest that a Pong took. */
async function pingAll(
  clients: readonly Connection<undefined>[],
  over: () => boolean,
): Promise<{ rounds: number; longest: number }> {
  let rounds = 0;
  let longest = 0;
  while (!over()) {
    longest = Math.max(longest, ...(await Promise.all(clients.map((client) => client.ping()))));
    rounds += 1;
    await later(PING_PAUSE);
  }
  return { rounds, longest };
}

/** Lets all come back at once to a server that has just started, while others are in already. */
async function storm(
  server: Server,
  crowds: readonly Program[],
  number: number,
  name: string,
): Promise<void> {
  const earlier = await Promise.all(
    Array.from({ length: EARLIER }, () =>
      connect(`ws://127.0.0.1:${server.port}/`, { message() {} }),
    ),
  );
  onTestFinished(async () => {
    for (const client of earlier) client.terminate();
    await Promise.all(earlier.map((client) => client.closed));
  });
  const pids = [server.pid, ...crowds.map(({ pid }) => pid)];
  const waitedBefore = pids.map(waitedForProcessor);
  const before = await server.state();
  let over = false;
  const pinging = pingAll(earlier, () => over);
  const back = await wave(crowds, number, CLIENTS).finally(() => {
    over = true;
  });
  const waits = pids.map((pid, at) => waitedForProcessor(pid) - (waitedBefore[at] ?? 0));
  // What others took of the machine is not ours: from server and clients at most.
  const waited = (waits[0] ?? 0) + Math.max(...waits.slice(1));
  const { rounds, longest } = await pinging;
  const after = await server.state();

  console.log(
    [
      `${name}: ${CLIENTS} in after ${back.allIn.toFixed(0)} ms`,
      `longest handshake ${back.longest.toFixed(0)} ms`,
      `server ${(((after.cpu - before.cpu) / CLIENTS) * 1000).toFixed(0)} µs each`,
      `longest Pong meanwhile ${longest.toFixed(0)} ms of ${rounds} rounds`,
      `waited for a processor ${waited.toFixed(0)} ms`,
    ].join(', '),
  );
  expect(back.failures).toEqual({});
  expect(back.served).toBe(CLIENTS);
  expect(back.longest - waited).toBeLessThan(HANDSHAKE_TIMEOUT);
  expect(rounds).toBeGreaterThan(0);
  expect(longest - waited).toBeLessThan(HANDSHAKE_TIMEOUT);
  expect(earlier.filter(({ state }) => state !== 'open')).toEqual([]);
  expect(after).toMatchObject({ connections: EARLIER + CLIENTS, ended: 0 });
}

it.each(LISTENERS)(
  `${CLIENTS} clients of a server that was killed come back to the next one at once, and are in: listener %s`,
  async (listener) => {
    expectNothingUnhandled();
    let server = await Server.start({ port: 0, listener, hook: false });
    const { port } = server;
    const crowds = Array.from({ length: PROCESSES }, () =>
      program('storm-clients', [`${port}`, `${CLIENTS / PROCESSES}`]),
    );
    await Promise.all(crowds.map((crowd) => crowd.prints(/^ready$/m)));
    expect((await wave(crowds, 1, AT_ONCE)).failures).toEqual({});

    for (const [at, hook] of [false, true].entries()) {
      await server.kill();
      await Promise.all(crowds.map((crowd) => crowd.prints(new RegExp(`^cut ${at + 1}$`, 'm'))));
      server = await Server.start({ port, listener, hook });
      await storm(server, crowds, at + 2, `${listener}${hook ? ', a hook that thinks' : ''}`);
    }
  },
  180_000,
);
