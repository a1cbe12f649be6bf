import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect, WebSocketServer } from 'meerkat';
import { ManualClock, RawPeer } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { bareDialsWork, dialBare } from '../../src/transport/bare-dial.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { BINARY, closeFrame, frame, TEXT } from '../support/frames.ts';
import { exchange, upgradeRequest } from '../support/handshake.ts';
import { deferred, turns, until } from '../support/waiting.ts';
import {
  cameByHttp,
  converse,
  listenerIsOurs,
  onEveryWay,
  serveOn,
  statusesOf,
  type WayInOptions,
  type WayInSite,
  watchAccepted,
} from '../support/ways-in.ts';

beforeEach(expectNothingUnhandled);

const UPGRADE = upgradeRequest();
const PAGE = 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n';

if (!listenerIsOurs) {
  console.log('not tested: with MEERKAT_TRANSPORT=stream there is no listener of our own');
}

/** Connects, upgrades, and answers who did. */
async function upgrade(site: WayInSite<undefined>, request = UPGRADE): Promise<RawPeer> {
  const peer = await site.peer();
  await peer.sendText(request);
  expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
  return peer;
}

function digestOf(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/** Answers what the body was. */
const answerWithDigest: RequestListener = (request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    response.setHeader('Content-Length', 64);
    response.end(digestOf(Buffer.concat(pieces)));
  });
};

/** Of each open connection accepted at `port`, whether the system probes it: the timer of kind 2 in its table. */
function keepAliveTimersAt(port: number): boolean[] {
  if (process.platform !== 'linux') {
    console.log('not looked at: only Linux has a table that tells of keep-alive timers');
    return [true];
  }
  return ['tcp', 'tcp6']
    .flatMap((table) => readFileSync(`/proc/net/${table}`, 'latin1').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '01' && local?.endsWith(hexPort(port)))
    .map(([, , , , , timer]) => timer?.startsWith('02:') === true);
}

function hexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

describe.runIf(listenerIsOurs)('a connection that becomes a WebSocket', () => {
  it('never has a socket of node:net, nor a request of node:http', async () => {
    const site = await serveOn('listen', {
      message: (connection, message) => void connection.send(message),
    });
    const peer = await upgrade(site);
    await peer.send(frame(TEXT, 'hello'));
    expect(await peer.take(7)).toBe('81 05 68 65 6c 6c 6f');
    await peer.send(closeFrame(1000));
    await until(() => peer.ended);
    peer.end();
    await site.opened[0]?.closed;
    expect(site.events.filter((event) => event !== 'listening')).toEqual([]);
  });

  it('is counted by the server, from its first moment to its last', async () => {
    const site = await serveOn('listen');
    const silent = await site.peer();
    expect(await site.counted()).toBe(1);
    await upgrade(site);
    expect(await site.counted()).toBe(2);
    const page = await site.peer();
    await page.sendText(PAGE);
    await page.takeHead();
    expect(await site.counted()).toBe(3);
    for (const leave of [
      () => silent.reset(),
      () => site.opened[0]?.terminate(),
      () => page.reset(),
    ]) {
      const before = await site.counted();
      leave();
      while ((await site.counted()) === before) await turns(1);
      expect(await site.counted()).toBe(before - 1);
    }
    expect(await site.counted()).toBe(0);
  });

  it('is probed by the system where the server has keepAlive, as any other connection of it', async () => {
    const probed = await onEveryWay(async (way) => {
      const site = await serveOn(way, {}, { http: { keepAlive: true } });
      await upgrade(site);
      return keepAliveTimersAt(site.port);
    });
    expect(probed).toEqual([true]);
  });

  it('is sent to without delay also where it was there before the listener was told so', async () => {
    if (process.platform !== 'linux') {
      console.log('not looked at: only on Linux do connections have this of their listener');
      return;
    }
    expect(await bareDialsWork(Buffer.alloc(1))).toBe(true);
    const server = createServer();
    const listen = server.listen.bind(server) as (where: unknown) => Server;
    let told: readonly unknown[] = [];
    const dialled: { destroy(): void }[] = [];
    // The kernel has the connection when this returns; nobody has heard that the server listens.
    vi.spyOn(server, 'listen').mockImplementation(((where: unknown) => {
      listen(where);
      const { port } = server.address() as AddressInfo;
      dialled.push(dialBare({ address: '127.0.0.1', port }, Buffer.alloc(1), () => {}));
      const { _handle: listening } = server as unknown as {
        _handle: { setNoDelay(on: boolean): number };
      };
      const spy = vi.spyOn(Object.getPrototypeOf(listening) as typeof listening, 'setNoDelay');
      told = spy.mock.contexts;
      return server;
    }) as typeof server.listen);
    const wss = new WebSocketServer();
    onTestFinished(async () => {
      vi.restoreAllMocks();
      for (const one of dialled) one.destroy();
      await wss.close();
      await new Promise((resolve) => server.close(resolve));
    });
    await wss.listen({ server, port: 0 });
    const accepted = watchAccepted(server);
    await until(() => accepted.length > 0);
    expect(told).toContain(accepted[0]);
  });

  it('is waited for by a server that closes', async () => {
    const site = await serveOn('listen');
    await upgrade(site);
    let closed = false;
    site.server.close(() => {
      closed = true;
    });
    await turns();
    expect([closed, site.opened[0]?.state]).toEqual([false, 'open']);
    site.opened[0]?.terminate();
    await until(() => closed);
  });

  it.each([
    ['an upgrade', UPGRADE],
    ['a page', PAGE],
    ['nothing', ''],
  ])('takes the place of others where there is a maximum: of %s', async (_title, octets) => {
    const site = await serveOn(
      'listen',
      {},
      {
        prepare: (server) => {
          server.maxConnections = 1;
        },
      },
    );
    await upgrade(site);
    const late = await RawPeer.connect(site.port);
    onTestFinished(() => late.close());
    if (octets !== '') await late.sendText(octets);
    await until(() => late.ended);
    expect([late.received.length, site.events.at(-1)]).toEqual([0, 'drop']);
    site.opened[0]?.terminate();
    while ((await site.counted()) > 0) await turns(1);
    await upgrade(site);
    expect(cameByHttp(site)).toBe(false);
  });

  it('takes a place from the moment it is accepted', async () => {
    const site = await serveOn(
      'listen',
      {},
      {
        prepare: (server) => {
          server.maxConnections = 1;
        },
      },
    );
    await site.peer(); // and says nothing
    const late = await RawPeer.connect(site.port);
    onTestFinished(() => late.close());
    await until(() => late.ended);
    site.clock.advance(1_000);
    expect(site.events.filter((event) => event !== 'listening')).toEqual(['drop', 'connection']);
  });

  it.each([
    [1, false],
    [2, false],
    [8, false],
    [9, true],
    [40, true],
  ])('may come in %i packets; past 8 node:http reads on: %s', async (count, byHttp) => {
    const site = await serveOn('listen');
    const peer = await site.peer();
    for (let at = 0; at < count - 1; at += 1) {
      await peer.sendText(UPGRADE.slice(at, at + 1));
      await turns(4); // each of them is read by itself
    }
    await peer.sendText(UPGRADE.slice(count - 1));
    expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    expect(cameByHttp(site)).toBe(byHttp);
  });

  // As much as is read at once, and nearly so much: Node 26 gives memory that is larger than what was read then.
  it.each([1, 65_536 / 2, 58_000, 65_536, 200_000])(
    'hands a request with %i octets on as it came, in one packet with its body',
    async (length) => {
      const site = await serveOn('listen', {}, { request: answerWithDigest });
      const body = randomBytes(length);
      const head = `POST /digest HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
      const peer = await site.peer();
      await peer.send(Buffer.concat([Buffer.from(head), body]));
      expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 200 /);
      expect((await peer.takeOctets(64)).toString()).toBe(digestOf(body));
    },
  );

  it('hands on what came behind the request in one packet, however much it is', async () => {
    const site = await serveOn('listen', { maxMessageBytes: 1_000_000 });
    const peer = await site.peer();
    const messages = [1, 30_000, 58_000].map((length) => randomBytes(length));
    const frames = messages.map((message) => Buffer.from(frame(BINARY, message)));
    await peer.send(Buffer.concat([Buffer.from(UPGRADE), ...frames]));
    await until(() => site.messages.length === messages.length);
    expect(site.messages.map((one) => digestOf(one as Uint8Array))).toEqual(
      messages.map((one) => digestOf(one)),
    );
  });

  it('leaves a server that nobody is attached to any more to node:http', async () => {
    const site = await serveOn('listen');
    await upgrade(site);
    site.opened[0]?.terminate();
    await site.wss.close();
    expect(statusesOf(await converse(site, [PAGE, / 200 /]))).toEqual([200]);
    expect(cameByHttp(site)).toBe(true);
  });
});

describe.runIf(listenerIsOurs)('who takes long to say what they want', () => {
  it('come to node:http when a second has passed, by one timer for all', async () => {
    const site = await serveOn('listen');
    await site.peer();
    expect(site.clock.pending).toBe(1);
    site.clock.advance(500);
    await site.peer();
    await site.peer();
    expect(site.clock.pending).toBe(1);
    site.clock.advance(500);
    expect(site.events.filter((event) => event === 'connection')).toHaveLength(1);
    site.clock.advance(1_000);
    expect(site.events.filter((event) => event === 'connection')).toHaveLength(3);
    expect([site.clock.pending, await site.counted()]).toEqual([0, 3]);
  });

  it('may still become WebSockets there', async () => {
    const site = await serveOn('listen');
    const peer = await site.peer();
    await peer.sendText(UPGRADE.slice(0, 20));
    await turns();
    site.clock.advance(1_000);
    await peer.sendText(UPGRADE.slice(20));
    expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    expect(site.opened.length).toBe(1);
  });

  it.each<[string, (peer: RawPeer) => unknown]>([
    ['leave', (peer) => peer.end()],
    ['break off', (peer) => peer.reset()],
    ['ask for a page', (peer) => peer.sendText(PAGE)],
    ['ask for an upgrade of nobody’s', (peer) => peer.sendText(upgradeRequest({ target: '/no' }))],
  ])('leave no timer when they %s', async (_title, act) => {
    const site = await serveOn('listen');
    const peer = await site.peer();
    expect(site.clock.pending).toBe(1);
    await act(peer);
    await until(() => site.clock.pending === 0);
  });

  it('do not keep a server that closes, whatever they have begun', async () => {
    const site = await serveOn('listen');
    const silent = await site.peer();
    const begun = await site.peer();
    await begun.sendText('GET /page HTTP/1.1\r\n');
    await turns();
    const closed = once(site.server, 'close');
    site.server.close();
    site.clock.advance(1_000);
    await until(() => silent.ended);
    expect(silent.received.length).toBe(0);
    await until(() => begun.ended);
    expect(begun.received.length).toBe(0);
    await closed;
  });

  it('nor one that has closed with its WebSocketServer', async () => {
    const clock = new ManualClock();
    const wss = new WebSocketServer({ clock });
    const { server, port } = await wss.listen({ port: 0, host: '127.0.0.1' });
    const silent = await RawPeer.connect(port);
    onTestFinished(() => silent.close());
    await turns();
    const closed = once(server, 'close');
    await wss.close();
    clock.advance(1_000);
    await closed;
    await until(() => silent.ended);
    expect(clock.pending).toBe(0);
  });
});

/** What makes node:http accept everything, and what an upgrade is told then. */
const OTHERS: Readonly<Record<string, WayInOptions>> = {
  'another upgrade listener': { prepare: (server) => void server.on('upgrade', () => {}) },
  'a connection listener': { prepare: (server) => void server.on('connection', () => {}) },
  'requests of a class of its own': {
    http: { IncomingMessage: class Mine extends IncomingMessage {} },
  },
  'a say in what is upgraded': {
    prepare: (server) => void Object.assign(server, { shouldUpgradeCallback: () => true }),
  },
  'connections that pass by somebody': { prepare: tap },
  'fewer header lines than that': {
    prepare: (server) => {
      server.maxHeadersCount = 5;
    },
  },
  'smaller heads than that': { http: { maxHeaderSize: 100 } },
};

/** As tools do it that look at what passes. */
function tap(server: Server): void {
  const [own] = server.listeners('connection') as [(socket: Socket) => void];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => own.call(server, socket));
}

describe('node:http accepts where a server has', () => {
  it.each(Object.entries(OTHERS))('%s', async (_title, options) => {
    const answer = await onEveryWay(async (way) => {
      const site = await serveOn(way, {}, options);
      const text = await converse(site, [UPGRADE, / \d{3} /, closeFrame(1000).toString('latin1')]);
      expect(cameByHttp(site)).toBe(true);
      return text;
    });
    expect(answer).toMatch(/^HTTP\/1\.1 (101|431) /);
  });

  it('another upgrade listener that came later, and no longer when it is gone', async () => {
    const site = await serveOn('listen');
    const early = await site.peer();
    await early.sendText(UPGRADE.slice(0, -2));
    await turns();
    const listener = (): void => {};
    site.server.on('upgrade', listener);
    await early.sendText(UPGRADE.slice(-2));
    expect(await early.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    await upgrade(site);
    expect(site.events.filter((event) => event === 'upgrade')).toHaveLength(2);
    site.server.off('upgrade', listener);
    await upgrade(site);
    expect(site.events.filter((event) => event === 'upgrade')).toHaveLength(listenerIsOurs ? 2 : 3);
  });

  it('a connection listener, unless it need not hear of WebSockets', async () => {
    const heard: number[] = [];
    const prepare = (server: Server): void =>
      void server.on('connection', ({ remotePort = 0 }: Socket) => heard.push(remotePort));
    const site = await serveOn('listen', {}, { prepare, announceWebSockets: false });
    await upgrade(site);
    expect(heard.length).toBe(listenerIsOurs ? 0 : 1);
    await converse(site, [PAGE, / 200 /]);
    expect(heard.length).toBe(listenerIsOurs ? 1 : 2);
  });

  it('TLS', async () => {
    const certificate = selfSigned();
    const server = createTlsServer({ ...certificate });
    const wss = new WebSocketServer({
      message: (connection, message) => void connection.send(message),
    });
    onTestFinished(async () => {
      await wss.close();
      server.close();
    });
    const { port } = await wss.listen({ server, port: 0, host: '127.0.0.1' });
    const answered = deferred<unknown>();
    const client = await connect(`wss://127.0.0.1:${port}/`, {
      tls: { ca: certificate.cert },
      message: (_, message) => answered.resolve(message),
    });
    client.send('through TLS');
    expect(await answered.promise).toBe('through TLS');
    client.close();
    await client.closed;
  });
});

/** What Node's reader tells of each connection. */
function ownersOf({ handles }: WayInSite<undefined>): string[] {
  return handles.map((handle) => {
    const owner = Object.getOwnPropertySymbols(handle).find(
      ({ description }) => description === 'owner_symbol',
    );
    return owner === undefined ? 'nobody' : (Reflect.get(handle, owner) as object).constructor.name;
  });
}

describe('several WebSocketServers on one port', () => {
  it('each have their path, on the same terms; another is nobody’s', async () => {
    const site = await serveOn('listen', {}, { path: '/a' });
    const paths: string[] = [];
    const other = new WebSocketServer({ open: ({ url }) => void paths.push(url) });
    other.attach(site.server, { path: '/b' });
    onTestFinished(() => other.close({ timeout: 0 }));
    const first = await site.peer();
    await first.sendText(upgradeRequest({ target: '/a' }));
    expect(await first.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    const second = await site.peer();
    await second.sendText(upgradeRequest({ target: '/b?c' }));
    expect(await second.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    expect([site.opened.length, paths]).toEqual([1, ['/b?c']]);
    expect(cameByHttp(site)).toBe(!listenerIsOurs);
    expect(statusesOf(await exchange(site.port, upgradeRequest({ target: '/c' })))).toEqual([404]);
    other.attach(site.server);
    const third = await site.peer();
    await third.sendText(upgradeRequest({ target: '/c' }));
    expect(await third.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    expect(paths).toEqual(['/b?c', '/c']);
  });

  it.runIf(listenerIsOurs)('have the transport that each asked for', async () => {
    const site = await serveOn('listen', {}, { path: '/a' });
    const echoed = new WebSocketServer({
      transport: 'stream',
      message: (connection, message) => void connection.send(message),
    });
    echoed.attach(site.server, { path: '/b' });
    onTestFinished(() => echoed.close({ timeout: 0 }));
    const early = frame(TEXT, 'early').toString('latin1');
    const peer = await site.peer();
    await peer.sendText(upgradeRequest({ target: '/b' }) + early);
    expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    expect(await peer.take(7)).toBe('81 05 65 61 72 6c 79');
    await peer.send(frame(TEXT, 'later'));
    expect(await peer.take(7)).toBe('81 05 6c 61 74 65 72');
    expect(ownersOf(site)).toEqual(['Socket']);
    await upgrade(site, upgradeRequest({ target: '/a' }));
    expect(ownersOf(site)).toEqual(['Socket', 'BareTransport']);
    expect(cameByHttp(site)).toBe(false);
    peer.reset();
    while ((await site.counted()) > 1) await turns(1);
  });

  it('keep a path when the one that listened has closed', async () => {
    const site = await serveOn('listen', {}, { path: '/a' });
    const other = new WebSocketServer().attach(site.server, { path: '/b' });
    onTestFinished(() => other.close({ timeout: 0 }));
    await site.wss.close();
    const peer = await site.peer();
    await peer.sendText(upgradeRequest({ target: '/b' }));
    expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
    expect(cameByHttp(site)).toBe(!listenerIsOurs);
    expect(statusesOf(await exchange(site.port, upgradeRequest({ target: '/a' })))).toEqual([404]);
  });
});

it('a plain server is not changed by another that listens', async () => {
  await serveOn('listen');
  const server = createServer((_request, response) => response.end('plain'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  expect(await exchange(port, PAGE.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))).toMatch(
    /plain$/,
  );
});
