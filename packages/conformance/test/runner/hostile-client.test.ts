import { once } from 'node:events';
import { connect } from 'meerkat';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { serveCases } from '../../src/runner/case-server.ts';
import type { CaseServer, ServeCasesOptions } from '../../src/runner/options.ts';

async function serve(options: ServeCasesOptions = {}): Promise<CaseServer> {
  const server = await serveCases({ port: 0, cases: ['1.1.1', '2.1', '9.1.6'], ...options });
  onTestFinished(async () => await server.close());
  return server;
}

/** Answers when the connection is over. */
async function ask(server: CaseServer, path: string): Promise<void> {
  const connection = await connect(server.url + path, {
    message(running, message) {
      running.send(message);
    },
  });
  await connection.closed;
}

describe('serveCases, with a client that means harm', () => {
  it('lets many wait for a result without a warning of Node', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const server = await serve();
    const waiting = ask(server, '/getCaseStatus?casetuple=2.1&agent=x');
    for (let at = 0; at < 15; at += 1) await ask(server, '/runCase?casetuple=1.1.1&agent=x');
    await ask(server, '/runCase?casetuple=2.1&agent=x');
    await waiting;
    expect(warnings).toEqual([]);
  });

  it('remembers 100 agents, however many come at a time', { timeout: 20_000 }, async () => {
    const refused: string[] = [];
    const server = await serve({ onRefused: (reason) => void refused.push(reason) });
    const asking = Array.from({ length: 120 }, (_, at) =>
      ask(server, `/runCase?casetuple=1.1.1&agent=agent${at}`).catch(() => {}),
    );
    await Promise.all(asking);
    await ask(server, '/updateReports?agent=agent0');
    expect(server.agents()).toHaveLength(100);
    expect(refused).toHaveLength(20);
  });

  it('runs 32 cases at a time', async () => {
    const server = await serve({ patienceMs: 60_000 });
    const sockets = Array.from(
      { length: 40 },
      () => new WebSocket(`${server.url}/runCase?casetuple=1.1.1&agent=x`),
    );
    let open = 0;
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.on('open', () => {
        open += 1;
      });
    }
    await Promise.all(sockets.slice(0, 30).map(async (socket) => await once(socket, 'open')));
    // Whoever is served after all of them tells that they had their turn.
    await ask(server, '/getCaseCount');
    await expect.poll(() => open).toBe(32);
    for (const socket of sockets) socket.terminate();
  });

  it('makes reports one after the other, and one for all who wait', async () => {
    let begun = 0;
    let atOnce = 0;
    let most = 0;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await serve({
      async onUpdateReports() {
        begun += 1;
        atOnce += 1;
        most = Math.max(most, atOnce);
        await held;
        atOnce -= 1;
      },
    });
    const first = ask(server, '/updateReports?agent=x');
    await expect.poll(() => begun).toBe(1);
    const others = Array.from({ length: 9 }, () => ask(server, '/updateReports?agent=x'));
    await ask(server, '/getCaseCount');
    release();
    await Promise.all([first, ...others]);
    expect(most).toBe(1);
    expect(begun).toBeLessThan(10);
  });
});
