import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { type Closed, type Connection, connect, UsageError, WebSocketServer } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { dial } from '../support/dialling.ts';
import { expectNothingUnhandled, recordConsoleErrors } from '../support/failures.ts';
import { BINARY, closeFrame, frame, PING, TEXT, takeClose, takeFrame } from '../support/frames.ts';
import { rawPeer, upgraded, upgradeRequest } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { echo, listen, serve } from '../support/serving.ts';
import { deferred, turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

describe('attach', () => {
  it('answers on an http and an https server with one set of connections', async () => {
    const certificate = selfSigned();
    const wss = new WebSocketServer(echo);
    const plain = createServer();
    const secure = createTlsServer(certificate);
    expect(wss.attach(plain).attach(secure)).toBe(wss);
    const urls = [
      `ws://127.0.0.1:${(await listen(plain)).port}/`,
      `wss://127.0.0.1:${(await listen(secure)).port}/`,
    ];
    for (const [at, url] of urls.entries()) {
      const client = await dial(url, { tls: { ca: certificate.cert } });
      client.connection.send('hello');
      expect(await client.next()).toBe('hello');
      expect(wss.connections.size).toBe(at + 1);
    }
    await wss.close();
    expect(wss.connections.size).toBe(0);
  });

  it('answers on several paths of one server, each with its own WebSocketServer', async () => {
    const server = createServer();
    const names = ['one', 'two'];
    const servers = names.map((name) =>
      new WebSocketServer({ open: (connection) => void connection.send(name) }).attach(server, {
        path: `/${name}`,
      }),
    );
    const { port } = await listen(server);
    for (const name of names) {
      const client = await dial(`ws://127.0.0.1:${port}/${name}?query`);
      expect(await client.next()).toBe(name);
    }
    for (const wss of servers) await wss.close();
  });

  it('answers on several paths with one WebSocketServer', async () => {
    const server = createServer();
    const wss = new WebSocketServer({ open: (connection) => void connection.send(connection.url) });
    wss.attach(server, { path: '/a' }).attach(server, { path: '/b%20c' });
    const { port } = await listen(server);
    for (const path of ['/a', '/b%20c']) {
      const client = await dial(`ws://127.0.0.1:${port}${path}`);
      expect(await client.next()).toBe(path);
    }
    await wss.close();
  });

  it('takes every path that has no taker of its own when none is given', async () => {
    const server = createServer();
    const any = new WebSocketServer({ open: (connection) => void connection.send('any') });
    const one = new WebSocketServer({ open: (connection) => void connection.send('one') });
    any.attach(server);
    one.attach(server, { path: '/one' });
    const { port } = await listen(server);
    for (const [path, name] of [
      ['/', 'any'],
      ['/one', 'one'],
      ['/one/more', 'any'],
    ] as const) {
      const client = await dial(`ws://127.0.0.1:${port}${path}`);
      expect(await client.next()).toBe(name);
    }
    await Promise.all([any.close(), one.close()]);
  });

  it.each<[string, (server: Server) => unknown, string]>([
    [
      'a path that is taken',
      (server) => new WebSocketServer().attach(server, { path: '/taken' }),
      'MEERKAT_ROUTE_TAKEN',
    ],
    ['a path without a slash', (server) => attach(server, 'chat'), 'MEERKAT_OPTION_RANGE'],
    ['an empty path', (server) => attach(server, ''), 'MEERKAT_OPTION_RANGE'],
    ['a path with a query', (server) => attach(server, '/a?b'), 'MEERKAT_OPTION_RANGE'],
    ['a path with a blank', (server) => attach(server, '/a b'), 'MEERKAT_OPTION_RANGE'],
    ['null', (server) => attach(server, null as never), 'MEERKAT_OPTION_RANGE'],
    [
      'a misspelt option',
      (server) => new WebSocketServer().attach(server, { paht: '/a' } as object),
      'MEERKAT_OPTION_UNKNOWN',
    ],
  ])('throws for %s', (_title, call, code) => {
    const server = createServer();
    attach(server, '/taken');
    expect(() => call(server)).toThrow(expect.objectContaining({ name: 'UsageError', code }));
    expect(server.listenerCount('upgrade')).toBe(1);
  });

  it('throws when the WebSocketServer is closed', async () => {
    const wss = new WebSocketServer();
    await wss.close();
    expect(() => wss.attach(createServer())).toThrow(
      expect.objectContaining({ code: 'MEERKAT_SERVER_CLOSED' }),
    );
  });

  function attach(server: Server, path: string): WebSocketServer {
    return new WebSocketServer().attach(server, { path });
  }
});

describe('a server that is not on TCP', () => {
  it('answers on a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'meerkat-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const site = await serve(echo);
    const server = createServer();
    site.wss.attach(server, { path: '/chat' });
    const path = join(folder, 'socket');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const peer = new RawPeer(connectSocket({ path, allowHalfOpen: true }));
    onTestFinished(async () => {
      await peer.close();
      await new Promise((resolve) => server.close(resolve));
    });
    await peer.sendText(upgradeRequest());
    expect(parseResponse(await peer.takeHead()).status).toBe(101);
    await peer.send(frame(TEXT, 'hi'));
    expect(await peer.take(4)).toBe('81 02 68 69');
    expect(site.opened[0]?.remoteAddress).toBeUndefined();
    await site.wss.close({ timeout: 1 });
  });

  it('answers on any stream that the HTTP server is given as a connection', async () => {
    const site = await serve(echo);
    const [near, far] = duplexPair();
    const peer = new RawPeer(far);
    site.server.emit('connection', near);
    const payload = Buffer.from('unmasked in place only where the memory is ours');
    const sent = frame(TEXT, payload);
    await peer.send(Buffer.concat([Buffer.from(upgradeRequest()), sent]));
    expect(parseResponse(await peer.takeHead()).status).toBe(101);
    expect((await takeFrame(peer))?.payload).toEqual(payload);
    await peer.send(sent);
    expect((await takeFrame(peer))?.payload).toEqual(payload);
    await peer.send(closeFrame(1000));
    expect((await takeClose(peer)).code).toBe(1000);
    peer.end();
    expect(await site.opened[0]?.closed).toMatchObject({ code: 1000, clean: true });
  });

  it('refuses on such a stream as well', async () => {
    const site = await serve({ upgrade: () => Promise.resolve({ refuse: 401 }) });
    const [near, far] = duplexPair();
    const peer = new RawPeer(far);
    site.server.emit('connection', near);
    await peer.sendText(upgradeRequest());
    expect(parseResponse(await peer.takeText()).status).toBe(401);
    peer.end();
    await peer.close();
  });
});

describe('a connection of the server', () => {
  it('knows URL, addresses and subprotocol, and is in `connections` until it is over', async () => {
    const site = await serve({ subprotocols: ['v2', 'v1'] });
    const client = await dial(`${site.url}?a=1`, { subprotocols: ['v1', 'v2'] });
    await until(() => site.opened.length === 1);
    const connection = site.opened[0] as Connection<undefined>;
    expect(connection.url).toBe('/chat?a=1');
    expect(connection.protocol).toBe('v2');
    expect(client.connection.protocol).toBe('v2');
    expect(connection.remoteAddress).toBe('127.0.0.1');
    expect(connection.remotePort).toBe(site.sockets[0]?.remotePort);
    expect([...site.wss.connections]).toEqual([connection]);
    client.connection.close();
    await connection.closed;
    expect(site.wss.connections.size).toBe(0);
  });

  it('sends what `open` sends behind the 101 and before any answer', async () => {
    const site = await serve({ ...echo, open: (connection) => void connection.send('welcome') });
    const peer = await rawPeer(site.port);
    await peer.send(Buffer.concat([Buffer.from(upgradeRequest()), frame(TEXT, 'hi')]));
    await peer.takeHead();
    expect((await takeFrame(peer))?.payload.toString()).toBe('welcome');
    expect((await takeFrame(peer))?.payload.toString()).toBe('hi');
  });

  it('is not given a message before the promise of `open` is resolved', async () => {
    const opening = deferred();
    const order: unknown[] = [];
    const site = await serve({
      open: async () => {
        order.push('open');
        await opening.promise;
        order.push('opened');
      },
      message: (_connection, message) => void order.push(message),
    });
    const { peer } = await upgraded(site.port);
    await peer.send(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two'), frame(PING, 'p')]));
    expect(await peer.take(3)).toBe('8a 01 70'); // read, and a Ping is answered meanwhile
    expect(order).toEqual(['open']);
    opening.resolve();
    await until(() => order.length === 4);
    expect(order).toEqual(['open', 'opened', 'one', 'two']);
  });

  it('can be iterated over from `open`', async () => {
    const messages: unknown[] = [];
    const site = await serve({
      open: (connection) => {
        void (async () => {
          for await (const message of connection) messages.push(message);
        })();
      },
    });
    const client = await dial(site.url);
    client.connection.send('a');
    client.connection.send(Buffer.of(1, 2));
    client.connection.close();
    await client.connection.closed;
    expect(messages).toEqual(['a', new Uint8Array([1, 2])]);
  });

  it.each([
    ['text', frame(BINARY, 'b')],
    ['binary', frame(TEXT, 't')],
  ] as const)('that takes %s only closes 1003 on the other', async (messageTypes, octets) => {
    const messages: unknown[] = [];
    const site = await serve({
      messageTypes,
      message: (_connection, message) => void messages.push(message),
    });
    const { peer } = await upgraded(site.port);
    const proper = messageTypes === 'text' ? TEXT : BINARY;
    await peer.send(Buffer.concat([frame(proper, 'ok'), octets, frame(proper, 'late')]));
    expect((await takeClose(peer)).code).toBe(1003);
    expect(await peer.takeText()).toBe('');
    expect(messages.length).toBe(1);
    peer.end();
    expect(await site.opened[0]?.closed).toMatchObject({
      code: 1003,
      because: 'violation',
      rule: 'WS_MESSAGE_TYPE_REFUSED',
      limit: 'messageTypes',
    });
  });

  it('hears of a client that is gone: `close` is called once', async () => {
    const closes: Closed[] = [];
    const site = await serve({ close: (_connection, closed) => void closes.push(closed) });
    const { peer } = await upgraded(site.port);
    peer.reset();
    await until(() => closes.length === 1);
    await turns();
    expect(closes).toEqual([expect.objectContaining({ code: 1006, clean: false })]);
  });
});

describe('a handler that fails', () => {
  const fault = new Error('a bug of the application');
  /** An async handler where the type asks for one that returns nothing: TypeScript lets it pass. */
  const rejecting = (() => Promise.reject(fault)) as unknown as () => undefined;

  it.each<[string, (connection: Connection<undefined>) => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw fault;
      },
    ],
    ['rejects', () => Promise.reject(fault)],
    [
      'rejects later',
      async () => {
        await turns(3);
        throw fault;
      },
    ],
  ])(
    'R8 a message handler that %s: close 1011, reported once, the server goes on',
    async (_title, message) => {
      const site = await serve({ message });
      const { peer } = await upgraded(site.port);
      await peer.send(Buffer.concat([frame(TEXT, 'one'), frame(TEXT, 'two')]));
      expect(await takeClose(peer)).toEqual({ code: 1011, reason: '' });
      await peer.send(closeFrame(1011));
      expect(await peer.takeText()).toBe('');
      peer.end();
      expect(await site.opened[0]?.closed).toMatchObject({ because: 'handler', error: fault });
      expect(site.errors).toEqual([fault]);
      await upgraded(site.port);
      expect(site.opened.length).toBe(2);
    },
  );

  it.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw fault;
      },
    ],
    ['rejects', () => Promise.reject(fault)],
  ])(
    'R8 an open handler that %s: close 1011, reported once, no message is handed over',
    async (_title, open) => {
      const messages: unknown[] = [];
      const site = await serve({
        open,
        message: (_connection, message) => void messages.push(message),
      });
      const { peer } = await upgraded(site.port);
      await peer.send(frame(TEXT, 'one'));
      expect((await takeClose(peer)).code).toBe(1011);
      await peer.send(closeFrame(1011));
      expect(await peer.takeText()).toBe('');
      peer.end();
      await until(() => site.wss.connections.size === 0);
      expect(messages).toEqual([]);
      expect(site.errors).toEqual([fault]);
    },
  );

  it.each([
    [
      'throws',
      () => {
        throw fault;
      },
    ],
    ['rejects', rejecting],
  ])(
    'R8 a close handler that %s is reported once, and the connection is gone',
    async (_title, close) => {
      const site = await serve({ close });
      const client = await dial(site.url);
      client.connection.close();
      await client.connection.closed;
      await until(() => site.wss.connections.size === 0 && site.opened.length === 1);
      await turns();
      expect(site.errors).toEqual([fault]);
    },
  );

  it('R8 a ping handler that rejects: close 1011, reported once', async () => {
    const site = await serve({ ping: rejecting });
    const { peer } = await upgraded(site.port);
    await peer.send(frame(PING, ''));
    expect(await peer.take(2)).toBe('8a 00');
    expect((await takeClose(peer)).code).toBe(1011);
    expect(site.errors).toEqual([fault]);
  });

  it('R8 without an error handler it goes to console.error, once', async () => {
    const logged = recordConsoleErrors();
    const server = createServer();
    const wss = new WebSocketServer({ message: () => Promise.reject(fault) }).attach(server);
    const { port } = await listen(server);
    const client = await dial(`ws://127.0.0.1:${port}/`);
    client.connection.send('one');
    expect(await client.connection.closed).toMatchObject({ code: 1011 });
    await wss.close();
    expect(logged.map((values) => values.at(-1))).toEqual([fault]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('a second bug');
      },
    ],
    ['rejects', rejecting],
  ])('R8 an error handler that %s ends nothing', async (_title, error) => {
    const logged = recordConsoleErrors();
    const site = await serve({ message: () => Promise.reject(fault), error });
    const client = await dial(site.url);
    client.connection.send('one');
    expect(await client.connection.closed).toMatchObject({ code: 1011 });
    await turns();
    expect(logged.length).toBe(1);
  });
});

describe('the WebSocketServer', () => {
  it('throws for an option that it does not know, before any effect', () => {
    expect(() => new WebSocketServer({ maxMesageBytes: 5 } as object)).toThrow(UsageError);
  });

  it('closes with `await using` and Symbol.asyncDispose', async () => {
    const server = createServer();
    const { port } = await listen(server);
    const wss = new WebSocketServer().attach(server);
    const connection = await connect(`ws://127.0.0.1:${port}/`);
    onTestFinished(() => connection.terminate());
    await wss[Symbol.asyncDispose]();
    expect(await connection.closed).toMatchObject({ code: 1001, clean: true });
    expect(server.listenerCount('upgrade')).toBe(0);
  });
});
