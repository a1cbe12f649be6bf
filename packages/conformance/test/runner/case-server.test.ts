import { once } from 'node:events';
import { connect as dialTcp } from 'node:net';
import { connect } from 'meerkat';
import { afterEach, describe, expect, it } from 'vitest';
import { serveCases } from '../../src/runner/case-server.ts';
import type { CaseServer, ServeCasesOptions } from '../../src/runner/options.ts';

const servers: CaseServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(options: ServeCasesOptions = {}): Promise<CaseServer> {
  const server = await serveCases({ port: 0, cases: ['2.1', '2.2', '7.1.1'], ...options });
  servers.push(server);
  return server;
}

/** All messages that a path of the control protocol sends, and how it ends. */
async function ask(server: CaseServer, path: string): Promise<{ said: unknown[]; code: number }> {
  const connection = await connect(server.url + path);
  const said: unknown[] = [];
  for await (const message of connection) said.push(message);
  const { code } = await connection.closed;
  return { said, code };
}

/** Runs a case as a good client does. */
async function run(server: CaseServer, query: string): Promise<void> {
  const connection = await connect(`${server.url}/runCase?${query}`, {
    message(running, message) {
      running.send(message);
    },
  });
  await connection.closed;
}

async function statusOf(server: CaseServer, path: string, head = ''): Promise<number> {
  const socket = dialTcp(server.port, '127.0.0.1');
  socket.setEncoding('latin1');
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  const fields = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
  const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  socket.write(head === '' ? `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}${key}\r\n` : head);
  await once(socket, 'close');
  return Number(text.split(' ', 2)[1]);
}

describe('the control protocol', () => {
  it('says how many cases are selected, then closes without a code', async () => {
    const server = await serve();
    expect(await ask(server, '/getCaseCount')).toEqual({ said: ['3'], code: 1005 });
  });

  it('describes a case by its place, from 1, and by its id', async () => {
    const server = await serve();
    const byPlace = await ask(server, '/getCaseInfo?case=3');
    const byId = await ask(server, '/getCaseInfo?casetuple=7.1.1');
    const [info] = byPlace.said;
    expect(JSON.parse(String(info))).toMatchObject({ id: '7.1.1' });
    expect(byId).toEqual(byPlace);
  });

  it('runs a case, keeps its result under the agent, and tells it', async () => {
    const server = await serve();
    await run(server, 'case=3&agent=a%20client');
    await ask(server, '/updateReports?agent=a%20client');
    expect(server.agents()).toMatchObject([
      {
        agent: 'a client',
        tested: 'client',
        results: [{ id: '7.1.1', behavior: 'OK', behaviorClose: 'OK' }],
        notRun: [{ id: '2.1' }, { id: '2.2' }],
      },
    ]);
    const status = await ask(server, '/getCaseStatus?case=3&agent=a%20client');
    expect(status.said).toEqual(['{"behavior":"OK"}']);
  });

  it('lets whoever asks for a result wait until there is one', async () => {
    const server = await serve();
    const status = ask(server, '/getCaseStatus?casetuple=2.2&agent=late');
    await run(server, 'casetuple=2.2&agent=late');
    expect((await status).said).toEqual(['{"behavior":"OK"}']);
  });

  it('keeps agents apart, and the last result of each case', async () => {
    const server = await serve();
    for (const agent of ['one', 'two', 'one']) await run(server, `case=1&agent=${agent}`);
    for (const agent of ['one', 'two']) await ask(server, `/updateReports?agent=${agent}`);
    const seen = server.agents().map(({ agent, results }) => [agent, results.length]);
    expect(seen).toEqual([
      ['one', 1],
      ['two', 1],
    ]);
  });

  it('tells whoever runs it that reports are wanted, with which agent', async () => {
    const wanted: string[] = [];
    const server = await serve({ onUpdateReports: (agent) => void wanted.push(agent) });
    expect(await ask(server, '/updateReports?agent=x')).toEqual({ said: [], code: 1005 });
    expect(wanted).toEqual(['x']);
  });

  it('stops on request only where that was allowed', async () => {
    const server = await serve();
    expect(await statusOf(server, '/stopServer')).toBe(403);
    const other = await serve({ allowStop: true });
    await ask(other, '/stopServer');
    await other.stopped;
    const third = await serve({ allowStop: true });
    await ask(third, '/updateReports?agent=x&shutdownOnComplete=true');
    await third.stopped;
  });

  it('does not stop on the word of a web page', async () => {
    const server = await serve({ allowStop: true });
    const fields = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://example.com\r\n';
    const head = `GET /stopServer HTTP/1.1\r\nHost: x\r\n${fields}${key}\r\n`;
    expect(await statusOf(server, '', head)).toBe(403);
    expect(await ask(server, '/getCaseCount')).toEqual({ said: ['3'], code: 1005 });
  });

  it.each([
    ['a place that is none', '/runCase?case=4&agent=x'],
    ['place 0', '/runCase?case=0&agent=x'],
    ['an id that is not selected', '/runCase?casetuple=9.1.1&agent=x'],
    ['no case', '/runCase?agent=x'],
    ['both a place and an id', '/runCase?case=1&casetuple=2.1&agent=x'],
    ['a case twice', '/runCase?case=1&case=2&agent=x'],
    ['no agent', '/runCase?case=1'],
    ['an empty agent', '/runCase?case=1&agent='],
    ['a name of Object', '/runCase?casetuple=__proto__&agent=x'],
  ])('refuses %s with 500, without a trace', async (_what, path) => {
    const reasons: string[] = [];
    const server = await serve({ onRefused: (reason) => void reasons.push(reason) });
    expect(await statusOf(server, path)).toBe(500);
    expect(server.agents()).toEqual([]);
    expect(reasons).toHaveLength(1);
  });

  it('refuses other paths with 404, and what is no upgrade with 400', async () => {
    const server = await serve();
    expect(await statusOf(server, '/other')).toBe(404);
    expect(await statusOf(server, '', 'GET /getCaseCount HTTP/1.1\r\nHost: x\r\n\r\n')).toBe(400);
    expect(await statusOf(server, '', 'POST /getCaseCount HTTP/1.1\r\nHost: x\r\n\r\n')).toBe(400);
  });

  it('gives up a client that does not end its request', async () => {
    const server = await serve({ patienceMs: 50 });
    const socket = dialTcp(server.port, '127.0.0.1');
    socket.write('GET /getCaseCount HTTP/1.1\r\n');
    await once(socket, 'close');
    expect(server.agents()).toEqual([]);
  });

  it('says of a client that leaves in the middle of a case what it did', async () => {
    const server = await serve();
    const connection = await connect(`${server.url}/runCase?case=3&agent=x`);
    for await (const _message of connection) connection.terminate();
    await ask(server, '/getCaseStatus?case=3&agent=x');
    const [agent] = server.agents();
    expect(agent?.results).toMatchObject([{ behavior: 'FAILED', behaviorClose: 'FAILED' }]);
  });
});
