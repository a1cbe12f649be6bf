import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { type CaseResult, outcomeOf } from '../../src/report/result.ts';
import { checkServer } from '../../src/runner/check-server.ts';
import { CheckError } from '../../src/runner/options.ts';
import { acceptFor } from '../../src/wire/accept-key.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that does with each connection what it is told; it says how many there were. */
async function listen(
  take: (socket: Socket) => void,
): Promise<{ url: string; seen: () => number }> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    count += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    take(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/`, seen: () => count };
}

/** Answers the upgrade, then does as told. */
function opening(take: (socket: Socket) => void, accept = acceptFor): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', (chunk: Buffer) => {
      const [, key = ''] = /sec-websocket-key: (\S+)/i.exec(chunk.toString('latin1')) ?? [];
      const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(key)}`;
      socket.write(`HTTP/1.1 101 x\r\nServer: made/1.0\r\n${fields}\r\n\r\n`);
      take(socket);
    });
  };
}

async function wsServer(): Promise<string> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server, 'listening');
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('checkServer', () => {
  it('says that a server cannot be reached', async () => {
    const { url } = await listen((socket) => socket.destroy());
    closers.splice(0).forEach((close) => void close());
    await expect(checkServer({ url, cases: ['1'] })).rejects.toThrow(CheckError);
    await expect(checkServer({ url, cases: ['1'] })).rejects.toThrow(
      /cannot be reached.*ECONNREFUSED/,
    );
  });

  it('says that something else than a WebSocket is there', async () => {
    const answer = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
    const { url } = await listen((socket) => socket.end(answer));
    await expect(checkServer({ url, cases: ['1'] })).rejects.toThrow(
      /answers 404 Not Found instead of 101/,
    );
  });

  it('says that a server does not echo, unless cases are named', async () => {
    const { url } = await listen(opening(() => {}));
    await expect(checkServer({ url, patienceMs: 50 })).rejects.toThrow(/opens, and does not echo/);
    const { results } = await checkServer({ url, patienceMs: 50, cases: ['1.1.1'], serial: true });
    expect(results).toHaveLength(1);
  });

  it('tells an answer to an invalid Close that is as invalid from none', async () => {
    const answering = async (octets: readonly number[]): Promise<CaseResult | undefined> => {
      const { url } = await listen(
        opening((socket) => {
          socket.once('data', () => socket.write(Buffer.from(octets)));
        }),
      );
      const options = { url, cases: ['7.9.1'], patienceMs: 300, serial: true };
      // The first connection is asked for an echo, which this server owes everybody.
      return (await checkServer(options)).results[0];
    };
    const invalid = await answering([0x88, 2, 0, 0]);
    expect(invalid?.resultClose).toMatch(/: the peer sends a Close frame with the code 0\.$/);
    expect(invalid?.findings).toMatchObject([
      {
        text: 'sends a Close frame with the code 0 in answer to an invalid one, and does not end TCP',
      },
    ]);
    const silent = await answering([]);
    expect(silent?.resultClose).toMatch(/: the peer did not answer the Close frame\.$/);
    expect(silent?.findings).toMatchObject([{ text: expect.stringMatching(/^does not answer/) }]);
  });

  it.each([
    ['a greeting', 'welcome!', /to the text "meerkat" it sends "welcome!"\. The cases need/],
    ['an echo with more around it', '{"text":"meerkat"}', /it sends "\{"text":"meerkat"\}"/],
  ])('says that %s is no echo', async (_what, answer, words) => {
    const { url } = await listen(
      opening((socket) =>
        socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), Buffer.from(answer)])),
      ),
    );
    await expect(checkServer({ url, patienceMs: 50 })).rejects.toThrow(CheckError);
    await expect(checkServer({ url, patienceMs: 50 })).rejects.toThrow(words);
  });

  it.each([
    ['says nothing', (_socket: Socket) => {}, /does not answer within 0\.05 s/],
    ['hangs up', (socket: Socket) => socket.end(), /(?:ends|resets) TCP without an answer/],
  ])('says that a server %s, instead of failing every case', async (_what, onSocket, words) => {
    const { url } = await listen(onSocket);
    await expect(checkServer({ url, patienceMs: 50 })).rejects.toThrow(CheckError);
    await expect(checkServer({ url, patienceMs: 50 })).rejects.toThrow(words);
  });

  it('says that no TLS is spoken', async () => {
    const { url } = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(checkServer({ url: url.replace('ws:', 'wss:') })).rejects.toThrow(
      / cannot be reached: no TLS is spoken there \(ERR_SSL_WRONG_VERSION_NUMBER\)$/,
    );
  });

  it.each([
    ['a URL that is none', 'nonsense', /is not a URL/],
    ['another scheme', 'ftp://localhost/', /is not a WebSocket URL/],
  ])('refuses %s', async (_what, url, words) => {
    await expect(checkServer({ url, cases: ['1'] })).rejects.toThrow(words);
  });

  it('fails every case of a server with a wrong answer, without asking for each', async () => {
    const server = await listen(
      opening(
        () => {},
        () => acceptFor('dGhlIHNhbXBsZSBub25jZQ=='),
      ),
    );
    const report = await checkServer({ url: server.url, cases: ['1', '2', '6'] });
    expect(report.agent).toBe('made/1.0');
    expect(report.results).toHaveLength(172);
    expect(report.results.map(outcomeOf)).not.toContain('pass');
    expect(report.results[0]).toMatchObject({
      behavior: 'FAILED',
      behaviorClose: 'FAILED',
      duration: 0,
      result: expect.stringMatching(/Sec-WebSocket-Accept/),
    });
    expect(server.seen()).toBe(1);
  });

  it('gives the same verdicts twice, side by side and one at a time', async () => {
    const url = await wsServer();
    const cases = ['1.1.1', '2', '3', '4', '5', '6.4', '7', 'F1'];
    const verdicts = async (serial: boolean): Promise<string[]> => {
      const { results } = await checkServer({ url, cases, serial, pauseMs: 50 });
      return results.map(({ id, behavior, behaviorClose }) => `${id} ${behavior} ${behaviorClose}`);
    };
    const first = await verdicts(false);
    expect(first.length).toBeGreaterThan(80);
    expect(await verdicts(false)).toEqual(first);
    expect(await verdicts(true)).toEqual(first);
  });

  it('runs one case after the other where a second connection has to wait', async () => {
    const server = new WebSocketServer({ noServer: true });
    const waiting: (() => void)[] = [];
    let busy = false;
    const http = createHttpServer();
    http.on('upgrade', (request, socket, head) => {
      const accept = (): void => {
        busy = true;
        socket.on('close', () => {
          busy = false;
          waiting.shift()?.();
        });
        server.handleUpgrade(request, socket, head, (opened) => {
          opened.on('error', () => {});
          opened.on('message', (data, isBinary) => opened.send(data, { binary: isBinary }));
        });
      };
      socket.on('error', () => {});
      if (busy) waiting.push(accept);
      else accept();
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    closers.push(() => {
      for (const client of server.clients) client.terminate();
      http.closeAllConnections();
      http.close();
    });
    const notices: string[] = [];
    const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/`;
    const onNotice = (words: string): void => void notices.push(words);
    const report = await checkServer({ url, cases: ['1.1', '2'], patienceMs: 300, onNotice });
    expect(report.results.map(outcomeOf).filter((outcome) => outcome !== 'pass')).toEqual([]);
    expect(report.results).toHaveLength(19);
    expect(notices).toEqual([expect.stringMatching(/one connection at a time/)]);
  });

  it('ends a run when it is told to, with what there is', async () => {
    const url = await wsServer();
    const stop = new AbortController();
    const report = await checkServer({
      url,
      signal: stop.signal,
      serial: true,
      cases: ['1', '2'],
      onResult: (_result, { done }) => {
        if (done === 3) stop.abort();
      },
    });
    expect(report.results).toHaveLength(3);
    expect(report.notRun).toHaveLength(24);
    expect(report.notRun[0]?.reason).toBe('the run was ended');
  });

  it('is told of each case as it ends', async () => {
    const url = await wsServer();
    const seen: string[] = [];
    const onResult = (result: { id: string }): void => void seen.push(result.id);
    const report = await checkServer({ url, cases: ['2'], onResult, agent: 'ws' });
    expect(report.agent).toBe('ws');
    expect(seen.sort()).toEqual(report.results.map(({ id }) => id).sort());
  });

  // Whoever floods takes the time of this process as well: of them only one has sentinels and is asked again.
  it.each<[string, (socket: Socket) => void, serial?: boolean]>([
    ['says nothing after the handshake', () => {}],
    [
      'sends messages without end',
      (socket) => flood(socket, Buffer.from(`8164${'61'.repeat(100)}`, 'hex')),
    ],
    [
      'sends pings without end and never reads',
      (socket) => flood(socket.pause(), Buffer.from(`897d${'00'.repeat(125)}`, 'hex')),
      true,
    ],
    [
      'sends fragments without end',
      (socket) => flood(socket, Buffer.from(`0014${'7a'.repeat(20)}`, 'hex'), '01017a'),
      true,
    ],
    [
      'announces 2^62 octets and goes on',
      (socket) => flood(socket, Buffer.alloc(1000), '827f4000000000000000'),
      true,
    ],
    ['resets', (socket) => socket.resetAndDestroy()],
  ])('is through with a server that %s', async (_what, take, serial = false) => {
    const { url } = await listen(opening(take));
    const report = await checkServer({ url, cases: ['2.2'], patienceMs: 100, serial });
    expect(report.results.map(outcomeOf)).not.toContain('pass');
    expect(report.results.length + report.notRun.length).toBe(1);
  });

  it('is through with a server whose answer never ends', async () => {
    const { url } = await listen((socket) => {
      socket.write('HTTP/1.1 101 x\r\n');
      flood(socket, Buffer.from('x-more: and more\r\n'));
    });
    const { results } = await checkServer({ url, cases: ['1.1.1'], patienceMs: 150 });
    expect(results[0]).toMatchObject({
      behavior: 'FAILED',
      result: expect.stringMatching(/without end/),
    });
  });
});

/** Writes the same octets until the socket is gone, a little in each turn: its peer is in this process. */
function flood(socket: Socket, octets: Buffer, first = ''): void {
  const many = Buffer.concat(Array.from({ length: Math.ceil(8192 / octets.length) }, () => octets));
  const write = (): void => {
    if (socket.destroyed) return;
    if (socket.write(many)) setImmediate(write);
    else socket.once('drain', () => setImmediate(write));
  };
  socket.write(Buffer.from(first, 'hex'));
  write();
}
