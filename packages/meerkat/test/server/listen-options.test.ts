import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, connect as dialTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'meerkat';
import { ManualClock, RawPeer } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { expectNothingUnhandled } from '../support/failures.ts';
import { exchange, rawPeer, upgradeRequest } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { until } from '../support/waiting.ts';
import { listenerIsOurs } from '../support/ways-in.ts';

beforeEach(expectNothingUnhandled);

const UPGRADE = upgradeRequest();
const PAGE = 'GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** One that is closed when the test ends. */
function webSocketServer(): WebSocketServer {
  const wss = new WebSocketServer();
  onTestFinished(() => wss.close({ timeout: 0 }));
  return wss;
}

/** One of the user's. */
function httpServer(): Server {
  const server = createServer((request, response) => response.end(request.url));
  onTestFinished(async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return server;
}

async function expectUpgraded(port: number, request = UPGRADE): Promise<void> {
  const peer = await rawPeer(port);
  await peer.sendText(request);
  expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
}

/** A port that somebody else has. */
async function takenPort(): Promise<number> {
  const other = createTcpServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  return (other.address() as { port: number }).port;
}

const UNKNOWN = 'MEERKAT_OPTION_UNKNOWN';
const RANGE = 'MEERKAT_OPTION_RANGE';

describe('listen() refuses', () => {
  it.each<[title: string, options: object, code: string, message: string]>([
    ['an unknown option', { port: 0, prot: 1 }, UNKNOWN, 'prot'],
    ['neither a port nor a path', {}, RANGE, 'either port or socketPath'],
    ['both', { port: 0, socketPath: '/tmp/a' }, RANGE, 'either port or socketPath'],
    ['a port below 0', { port: -1 }, RANGE, 'port'],
    ['a port past 65535', { port: 65_536 }, RANGE, 'port'],
    ['a port that is no whole number', { port: 80.5 }, RANGE, 'port'],
    ['a port in words', { port: '80' }, RANGE, 'port'],
    ['no backlog', { port: 0, backlog: 0 }, RANGE, 'backlog'],
    ['an empty host', { port: 0, host: '' }, RANGE, 'host'],
    ['a host that is no name', { port: 0, host: 1 }, RANGE, 'host'],
    ['an empty path of a socket', { socketPath: '' }, RANGE, 'socketPath'],
    ['a path without a slash', { port: 0, path: 'chat' }, RANGE, 'path chat'],
    ['an announcement in words', { port: 0, announceWebSockets: 'no' }, RANGE, 'announce'],
    ['what is no server', { port: 0, server: {} }, RANGE, 'server is no'],
  ])('%s', async (_title, options, code, message) => {
    const wss = webSocketServer();
    await expect(wss.listen(options as { port: number })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    await wss.listen({ port: 0, host: '127.0.0.1' }); // and nothing is left of it
  });

  it('a server that listens', async () => {
    const server = httpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const refused = webSocketServer().listen({ server, port: 0 });
    await expect(refused).rejects.toMatchObject({ code: RANGE });
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('a path that somebody has', async () => {
    const server = httpServer();
    webSocketServer().attach(server, { path: '/chat' });
    const refused = webSocketServer().listen({ server, port: 0, path: '/chat' });
    await expect(refused).rejects.toMatchObject({ code: 'MEERKAT_ROUTE_TAKEN' });
    expect(server.listening).toBe(false);
  });

  it('when the WebSocketServer has closed', async () => {
    const wss = webSocketServer();
    await wss.close();
    await expect(wss.listen({ port: 0 })).rejects.toMatchObject({ code: 'MEERKAT_SERVER_CLOSED' });
  });

  it.each(['127.0.0.1', 'localhost'])(
    'when the WebSocketServer closes before it listens, and leaves nothing behind: %s',
    async (host) => {
      for (const given of [undefined, httpServer()]) {
        for (const turns of [0, 1, 2, 3, 4, 5, 6]) {
          const wss = webSocketServer();
          const listening = wss.listen({ port: 0, host, server: given });
          const refused = expect(listening).rejects.toMatchObject({
            code: 'MEERKAT_SERVER_CLOSED',
          });
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          await wss.close();
          await refused;
          expect(given?.listenerCount('upgrade') ?? 0).toBe(0);
          if (given?.listening === true) await new Promise((resolve) => given.close(resolve));
        }
      }
    },
  );

  it('where Node cannot listen, with its error; the path is free again', async () => {
    const port = await takenPort();
    const server = httpServer();
    const wss = webSocketServer();
    for (let again = 0; again < 3; again += 1) {
      const refused = wss.listen({ server, port, host: '127.0.0.1', path: '/chat' });
      await expect(refused).rejects.toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', port });
      expect([server.listenerCount('upgrade'), server.listenerCount('error')]).toEqual([0, 0]);
    }
    const listening = await wss.listen({ server, port: 0, host: '127.0.0.1', path: '/chat' });
    await expectUpgraded(listening.port);
  });

  it('without a trace where it made the server itself', async () => {
    const port = await takenPort();
    const wss = webSocketServer();
    const refused = wss.listen({ port, host: '127.0.0.1' });
    await expect(refused).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expectUpgraded((await wss.listen({ port: 0, host: '127.0.0.1' })).port);
  });
});

describe('listen() answers where it listens', () => {
  it('on a free port, on the address that was asked for', async () => {
    const server = httpServer();
    const listening = await webSocketServer().listen({ server, port: 0, host: '127.0.0.1' });
    expect(listening).toEqual({ server, port: expect.any(Number), address: '127.0.0.1' });
    expect(server.address()).toMatchObject({ port: listening.port, address: '127.0.0.1' });
    await expectUpgraded(listening.port);
  });

  it('on every address where none was', async () => {
    const { port, address } = await webSocketServer().listen({ port: 0 });
    expect(['::', '0.0.0.0']).toContain(address);
    await expectUpgraded(port);
  });

  it('on a socket in the file system, where node:http accepts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const socketPath = join(folder, 'socket');
    const wss = webSocketServer();
    const { port, address } = await wss.listen({ socketPath });
    expect([port, address]).toEqual([0, socketPath]);
    const socket = dialTcp(socketPath);
    await once(socket, 'connect');
    const peer = new RawPeer(socket);
    onTestFinished(() => peer.close());
    await peer.sendText(UPGRADE);
    expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    await peer.close();
    await wss.close({ timeout: 0 });
    await until(() => !existsSync(socketPath));
  });

  it('with the backlog that was asked for', async () => {
    const asked: unknown[] = [];
    const server = httpServer();
    const { listen } = server;
    server.listen = ((...given: unknown[]) => {
      asked.push(given[0]);
      return Reflect.apply(listen, server, given) as Server;
    }) as typeof server.listen;
    await webSocketServer().listen({ server, port: 0, host: '127.0.0.1', backlog: 7 });
    expect(asked).toEqual([{ port: 0, host: '127.0.0.1', backlog: 7 }]);
  });
});

describe('a server that listen() made', () => {
  it('answers everybody else 426, and what it speaks', async () => {
    const { port } = await webSocketServer().listen({ port: 0, host: '127.0.0.1', path: '/chat' });
    for (const request of [PAGE, PAGE.replace('GET', 'POST'), PAGE.replace('GET', 'HEAD')]) {
      const response = parseResponse(await exchange(port, request));
      expect(response.status).toBe(426);
      expect(response.header('upgrade')).toBe('websocket');
      expect(response.header('connection')).toBe('close, Upgrade');
      if (!request.startsWith('HEAD')) {
        expect(response.header('content-length')).toBe(`${response.body.length}`);
      }
    }
    const other = upgradeRequest({ target: '/other' });
    expect(parseResponse(await exchange(port, other)).status).toBe(404);
  });

  it('is closed with its WebSocketServer, and every connection with it', async () => {
    const clock = new ManualClock();
    const wss = new WebSocketServer({ clock });
    const { server, port } = await wss.listen({ port: 0, host: '127.0.0.1' });
    await expectUpgraded(port);
    const begun = await rawPeer(port);
    await begun.sendText(UPGRADE.slice(0, -1));
    const page = await rawPeer(port);
    await page.sendText('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n');
    await page.takeHead();
    const closed = once(server, 'close');
    void wss.close({ timeout: 0 });
    clock.advance(1_000); // who has not asked yet has had the time to
    await closed;
    expect(server.listening).toBe(false);
  });
});

describe('a server that was given to listen()', () => {
  it('stays open when the WebSocketServer closes, and is the user’s', async () => {
    const wss = webSocketServer();
    const server = httpServer();
    const { port } = await wss.listen({ server, port: 0, host: '127.0.0.1' });
    await wss.close();
    expect(server.listening).toBe(true);
    expect(parseResponse(await exchange(port, PAGE)).body).toBe('/page');
  });

  it('may be closed, and listen again, by the user or by us', async () => {
    const wss = webSocketServer();
    const server = httpServer();
    let sockets = 0;
    server.on('connection', () => {
      sockets += 1;
    });
    await wss.listen({ server, port: 0, host: '127.0.0.1', announceWebSockets: false });
    server.close();
    await once(server, 'close');
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await expectUpgraded((server.address() as { port: number }).port);
    for (const connection of wss.connections) connection.terminate();
    server.close();
    await once(server, 'close');
    const other = webSocketServer();
    const again = { server, port: 0, host: '127.0.0.1', announceWebSockets: false, path: '/b' };
    await expectUpgraded((await other.listen(again)).port, upgradeRequest({ target: '/b' }));
    expect(sockets).toBe(listenerIsOurs ? 0 : 2);
  });

  it('announces, or does not, as was asked last', async () => {
    const server = httpServer();
    let sockets = 0;
    server.on('connection', () => {
      sockets += 1;
    });
    const first = webSocketServer().listen({ server, port: await takenPort(), host: '127.0.0.1' });
    await expect(first).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const listening = { server, port: 0, host: '127.0.0.1', announceWebSockets: false };
    const { port } = await webSocketServer().listen(listening);
    await expectUpgraded(port);
    expect(sockets).toBe(listenerIsOurs ? 0 : 1);
  });
});

it('a WebSocketServer may listen in several places', async () => {
  const wss = webSocketServer();
  const places = [
    await wss.listen({ port: 0, host: '127.0.0.1' }),
    await wss.listen({ port: 0, host: '127.0.0.1' }),
    await wss.listen({ server: httpServer(), port: 0, host: '127.0.0.1' }),
  ];
  for (const { port } of places) await expectUpgraded(port);
  expect(wss.connections.size).toBe(3);
  await wss.close({ timeout: 0 });
  expect(places.map(({ server }) => server.listening)).toEqual([false, false, true]);
});
