import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connect,
  HandshakeError,
  type ServerUpgradeRequest,
  type StreamRequest,
  WebSocketServer,
} from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { LIMIT_NAMES } from '../../src/connection/limit-hits.ts';
import { addressKey } from '../../src/server/admission.ts';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { exchange, expectRefusal, rawPeer, upgradeRequest } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { control } from '../support/observed.ts';
import { serve } from '../support/serving.ts';
import { deferred, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

describe('maxConnections', () => {
  it('H27 answers 503 with Retry-After past it, and lets in again when somebody left', async () => {
    const site = await serve({ maxConnections: 2 });
    const { connection } = await dial(site.url);
    await dial(site.url);
    const response = parseResponse(await exchange(site.port, upgradeRequest()));
    expectRefusal(response);
    expect(response.status).toBe(503);
    expect(response.header('retry-after')).toBe('5');
    connection.close();
    await connection.closed;
    await until(() => site.wss.connections.size === 1);
    await dial(site.url);
    expect((await failure(connect(site.url))).status).toBe(503);
  });

  it('counts requests that are being decided on, until they are refused, leave, or run out of time', async () => {
    const decision = deferred<{ refuse: number }>();
    const asked: string[] = [];
    const site = await serve({
      maxConnections: 2,
      upgrade(request) {
        asked.push(request.url);
        return request.url === '/chat?wait' ? decision.promise : undefined;
      },
    });
    const waiting = await rawPeer(site.port);
    await waiting.sendText(upgradeRequest({ target: '/chat?wait' }));
    const leaving = await rawPeer(site.port);
    await leaving.sendText(upgradeRequest({ target: '/chat?wait' }));
    await until(() => asked.length === 2);
    expect((await failure(connect(site.url))).status).toBe(503);
    expect(asked).toHaveLength(2); // the hook is not asked for who is refused
    await leaving.close();
    await until(() => site.sockets[1]?.destroyed === true);
    const { connection } = await dial(site.url);
    expect((await failure(connect(site.url))).status).toBe(503);
    decision.resolve({ refuse: 403 });
    expect(parseResponse(await waiting.takeText()).status).toBe(403);
    await dial(site.url);
    connection.terminate();
  });

  it('is given back by every way in which a connection can end', async () => {
    const site = await serve({
      maxConnections: 1,
      upgrade: ({ url }) => {
        if (url.endsWith('throw')) throw new Error('no');
        return url.endsWith('refuse') ? { refuse: 401 } : undefined;
      },
      message() {
        throw new Error('handler');
      },
    });
    const endings: ((url: string) => Promise<unknown>)[] = [
      async (url) => failure(connect(`${url}?throw`)),
      async (url) => failure(connect(`${url}?refuse`)),
      async (url) => (await dial(url)).connection.close(),
      async (url) => (await dial(url)).connection.terminate(),
      async (url) => (await dial(url)).connection.send('1011'),
      async () => [...site.wss.connections].map((one) => one.terminate()),
    ];
    for (const end of [...endings, ...endings]) {
      await end(site.url);
      await until(() => site.wss.connections.size === 0);
    }
    await dial(site.url);
    expect((await failure(connect(site.url))).status).toBe(503);
  });

  it('0 is no limit', async () => {
    const site = await serve({ maxConnections: 0 });
    await Promise.all(Array.from({ length: 20 }, () => dial(site.url)));
    expect(site.wss.connections.size).toBe(20);
  });
});

describe('maxConnectionsPerAddress', () => {
  it('H27 answers 429 past it, and counts each address for itself', async () => {
    const site = await serve({ maxConnectionsPerAddress: 1 }, { host: '::' });
    const url = (host: string): string => `ws://${host}:${site.port}/chat`;
    const { connection } = await dial(url('127.0.0.1'));
    const error = await failure(connect(url('127.0.0.1')));
    expect([error.status, new Map(error.headers).get('Retry-After')]).toEqual([429, '5']);
    await dial(url('[::1]'));
    expect((await failure(connect(url('[::1]')))).status).toBe(429);
    connection.close();
    await connection.closed;
    await until(() => site.wss.connections.size === 1);
    await dial(url('127.0.0.1'));
  });

  it('does not count unix sockets', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-'));
    const server = createServer();
    const wss = new WebSocketServer({ maxConnectionsPerAddress: 1 }).attach(server);
    const socketPath = join(folder, 's');
    await new Promise<void>((resolve) => {
      server.listen(socketPath, resolve);
    });
    onTestFinished(async () => {
      await wss.close();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    });
    await dial('ws://localhost/', { socketPath });
    await dial('ws://localhost/', { socketPath });
    expect(wss.connections.size).toBe(2);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['nonsense', 'nonsense'],
  ])('takes %s for %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe('maxNewConnectionsPerAddress', () => {
  const from = (localAddress: string) => ({
    createConnection: ({ port }: StreamRequest) =>
      connectTcp({ port, host: '127.0.0.1', localAddress }),
  });

  it('H27 answers 429 with Retry-After past twice its number at once, and lets in again in time', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock, maxNewConnectionsPerAddress: 2 });
    for (let at = 0; at < 4; at += 1) (await dial(site.url)).connection.terminate();
    const response = parseResponse(await exchange(site.port, upgradeRequest()));
    expectRefusal(response);
    expect(response.status).toBe(429);
    expect(response.header('retry-after')).toBe('1');
    expect(await failure(connect(site.url))).toMatchObject({
      body: 'this address opens connections faster than it may\n',
    });
    clock.advance(499);
    expect((await failure(connect(site.url))).status).toBe(429);
    clock.advance(1);
    await dial(site.url);
    expect((await failure(connect(site.url))).status).toBe(429);
  });

  it('H27 counts each address for itself, and who is refused by the hook', async () => {
    const site = await serve({
      clock: new ManualClock(),
      maxNewConnectionsPerAddress: 1,
      upgrade: () => ({ refuse: 401 }),
    });
    const dialFrom = async (address: string): Promise<number> =>
      (await failure(connect(site.url, from(address)))).status;
    const first = await control(() => dialFrom('127.0.0.1'));
    const second = await control(() => dialFrom('127.0.0.1'));
    expect([first, second]).toEqual([401, 401]);
    expect(await dialFrom('127.0.0.1')).toBe(429);
    expect(await control(() => dialFrom('127.0.0.2'))).toBe(401);
  });

  it('H27 does not count who is refused for the number of connections', async () => {
    const site = await serve({
      clock: new ManualClock(),
      maxConnectionsPerAddress: 1,
      maxNewConnectionsPerAddress: 1,
    });
    const { connection } = await dial(site.url);
    for (let at = 0; at < 5; at += 1) {
      expect(await failure(connect(site.url))).toMatchObject({
        body: 'this address has as many connections as it may have\n',
      });
    }
    connection.terminate();
    await until(() => site.wss.connections.size === 0);
    await dial(site.url);
  });
});

describe('limitHits', () => {
  it('has every limit, and is a snapshot', async () => {
    const site = await serve({ maxConnections: 1 });
    const before = site.wss.limitHits;
    expect(Object.keys(before)).toEqual([...LIMIT_NAMES]);
    expect(new Set(Object.values(before))).toEqual(new Set([0]));
    await dial(site.url);
    await failure(connect(site.url));
    expect(before.maxConnections).toBe(0);
    expect(site.wss.limitHits).toEqual({ ...before, maxConnections: 1 });
  });

  it('counts what each limit of a server refused, and nothing else', async () => {
    const clock = new ManualClock();
    const hanging: ServerUpgradeRequest[] = [];
    const site = await serve({
      clock,
      maxConnections: 3,
      maxConnectionsPerAddress: 2,
      maxNewConnectionsPerAddress: 2,
      upgrade: (request) => {
        if (request.url.endsWith('403')) return { refuse: 403 };
        if (request.url.endsWith('throw')) throw new HandshakeError('MEERKAT_TOO_MANY_CONNECTIONS');
        if (!request.url.endsWith('hang')) return undefined;
        hanging.push(request);
        return new Promise(() => {});
      },
      trustProxy: ['loopback'],
    });
    const hits = (): object =>
      Object.fromEntries(Object.entries(site.wss.limitHits).filter(([, count]) => count > 0));
    const refusedTo = async (address: string, query = ''): Promise<number> => {
      const headers = { 'X-Forwarded-For': address };
      return (await failure(connect(`${site.url}${query}`, { headers }))).status;
    };
    const enter = (address: string) => dial(site.url, { headers: { 'X-Forwarded-For': address } });

    expect(await refusedTo('192.0.2.1', '?403')).toBe(403);
    expect(await refusedTo('192.0.2.1', '?throw')).toBe(500);
    const long = upgradeRequest({ target: `/chat?${'a'.repeat(9_000)}` });
    expect(parseResponse(await exchange(site.port, long)).status).toBe(414);
    const lines = Array.from({ length: 130 }, () => '1');
    const many = upgradeRequest({ headers: { 'X-Line': lines } });
    for (const _ of [1, 2]) {
      expect(parseResponse(await exchange(site.port, many)).status).toBe(431);
    }
    expect(hits()).toEqual({ maxTargetLength: 1, maxHeaderLines: 2 });

    const late = refusedTo('192.0.2.2', '?hang');
    await until(() => hanging.length === 1);
    clock.advance(10_000);
    expect(await late).toBe(503);
    for (let at = 0; at < 4; at += 1) await refusedTo('192.0.2.3', '?403');
    expect(await refusedTo('192.0.2.3', '?403')).toBe(429);
    await enter('192.0.2.4');
    await enter('192.0.2.4');
    expect(await refusedTo('192.0.2.4')).toBe(429);
    expect(await refusedTo('192.0.2.4')).toBe(429);
    await enter('192.0.2.5');
    expect(await refusedTo('192.0.2.6')).toBe(503);
    expect(hits()).toEqual({
      handshakeTimeout: 1,
      maxConnections: 1,
      maxConnectionsPerAddress: 2,
      maxNewConnectionsPerAddress: 1,
      maxHeaderLines: 2,
      maxTargetLength: 1,
    });
    expect(site.errors).toHaveLength(1);
  });
});

describe('the handler refused', () => {
  it('hears of every refusal at a path of its server, with code, status and request', async () => {
    const heard: [string, number, string | undefined][] = [];
    const site = await serve({
      refused: (refusal: HandshakeError, { url }) => {
        heard.push([refusal.code, refusal.status, url]);
      },
      upgrade: ({ url }) => (url.endsWith('401') ? { refuse: 401 } : undefined),
    });
    await exchange(site.port, upgradeRequest({ headers: { 'Sec-WebSocket-Version': '8' } }));
    await exchange(site.port, upgradeRequest({ headers: { Origin: 'http://evil.example' } }));
    await exchange(site.port, upgradeRequest({ target: '/chat?401' }));
    await exchange(site.port, upgradeRequest({ target: '/elsewhere' })); // nobody's path
    expect(heard).toEqual([
      ['WS_REQUEST_VERSION', 426, '/chat'],
      ['WS_REQUEST_ORIGIN', 403, '/chat'],
      ['MEERKAT_REFUSED', 401, '/chat?401'],
    ]);
  });

  const failing = (): never => {
    throw new Error('in refused');
  };
  const rejecting = (async () => failing()) as unknown as () => void; // as plain JavaScript may

  it.each([
    ['throws', failing],
    ['rejects', rejecting],
  ])('is reported when it %s, and the answer still leaves', async (_how, refused) => {
    const site = await serve({ refused, upgrade: () => ({ refuse: 401 }) });
    expect((await failure(connect(site.url))).status).toBe(401);
    await until(() => site.errors.length === 1);
    expect(site.errors).toEqual([new Error('in refused')]);
  });
});
