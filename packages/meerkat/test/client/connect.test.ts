import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { connect } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { type FakeServer, fakeServer, fieldOf, switching } from '../support/fake-server.ts';
import { BINARY, closeFrame, frame, TEXT, takeClose, takeFrame } from '../support/frames.ts';
import { echo, listen, serve } from '../support/serving.ts';
import { deferred, turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

describe('a dial', () => {
  it('sends a request of RFC 6455 §4.1', async () => {
    const server = await fakeServer(({ key }) => switching(key));
    await dial(`${server.url}path%20a?q=1`);
    await dial(server.url);
    const [head = '', second = ''] = server.heads;
    expect(head.split('\r\n')[0]).toBe('GET /path%20a?q=1 HTTP/1.1');
    expect(fieldOf(head, 'Host')).toBe(`127.0.0.1:${server.port}`);
    expect(fieldOf(head, 'Upgrade')).toBe('websocket');
    expect(fieldOf(head, 'Connection')).toBe('Upgrade');
    expect(fieldOf(head, 'Sec-WebSocket-Version')).toBe('13');
    const key = fieldOf(head, 'Sec-WebSocket-Key') ?? '';
    expect(Buffer.from(key, 'base64').length).toBe(16);
    expect(fieldOf(second, 'Sec-WebSocket-Key')).not.toBe(key);
    expect(fieldOf(head, 'Sec-WebSocket-Extensions')).toBe(
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12, permessage-deflate; client_max_window_bits',
    );
    for (const name of ['Sec-WebSocket-Protocol', 'Origin']) {
      expect(fieldOf(head, name)).toBeUndefined();
    }
  });

  it('resolves with an open connection that knows where it leads', async () => {
    const site = await serve(echo);
    const { connection, next } = await dial(`${site.url}?a=b`, { data: 7 });
    expect(connection.state).toBe('open');
    expect(connection.url).toBe(`${site.url}?a=b`);
    expect(connection.protocol).toBe('');
    expect(connection.remoteAddress).toBe('127.0.0.1');
    expect(connection.remotePort).toBe(site.port);
    expect(connection.data satisfies number).toBe(7);
    connection.send('hello');
    expect(await next()).toBe('hello');
  });

  it('takes a URL object, and http: for ws:', async () => {
    const site = await serve(echo);
    const { connection } = await dial(new URL(site.url.replace('ws:', 'http:')));
    expect(connection.url).toBe(site.url);
  });

  it('offers subprotocols, and sends header fields as given, repeated ones too', async () => {
    const server = await fakeServer(({ key }) =>
      switching(key, { 'Sec-WebSocket-Protocol': 'superchat' }),
    );
    const { connection } = await dial(server.url, {
      subprotocols: ['chat', 'superchat'],
      headers: [
        ['Cookie', 'a=1'],
        ['X-Twice', 'one'],
        ['X-Twice', 'two'],
        ['X-Latin', 'J\xfcrgen'],
      ],
    });
    expect(connection.protocol).toBe('superchat');
    const [head = ''] = server.heads;
    expect(fieldOf(head, 'Sec-WebSocket-Protocol')).toBe('chat, superchat');
    expect(head).toContain('\r\nCookie: a=1\r\nX-Twice: one\r\nX-Twice: two\r\n');
    expect(fieldOf(head, 'X-Latin')).toBe('J\xfcrgen');
  });

  it('takes header fields as an object or as Headers, and Host among them', async () => {
    const server = await fakeServer(({ key }) => switching(key));
    await dial(server.url, { headers: { host: 'virtual.example', 'X-A': 'a' } });
    await dial(server.url, { headers: new Headers({ 'X-A': 'a' }) as never });
    const [first = '', second = ''] = server.heads;
    expect(first.match(/^host:/gim)?.length).toBe(1);
    expect(fieldOf(first, 'Host')).toBe('virtual.example');
    expect(fieldOf(first, 'X-A')).toBe('a');
    expect(fieldOf(second, 'X-A')).toBe('a');
  });

  it('K11 credentials in the URL are sent as Basic authentication, and are nowhere else', async () => {
    const server = await fakeServer(({ key }) => switching(key));
    const url = `ws://j%C3%BCrgen:p%40ss@127.0.0.1:${server.port}/`;
    const { connection } = await dial(url);
    expect(fieldOf(server.heads[0] ?? '', 'Authorization')).toBe(
      `Basic ${Buffer.from('jürgen:p@ss').toString('base64')}`,
    );
    expect(connection.url).toBe(server.url);
    await dial(url, { headers: { authorization: 'Bearer token' } });
    expect(server.heads[1]?.match(/^authorization:.*$/gim)).toEqual([
      'authorization: Bearer token',
    ]);
  });

  it('reaches an IPv6 address', async (context) => {
    const probe = createTcpServer();
    const available = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(0, '::1', () => probe.close(() => resolve(true)));
    });
    if (!available) {
      console.warn('skipped: this machine has no IPv6 loopback address');
      context.skip('no IPv6 loopback address');
    }
    const site = await serve(echo, { host: '::1' });
    const { connection, next } = await dial(site.url);
    expect(connection.remoteAddress).toBe('::1');
    expect(connection.url).toBe(site.url);
    connection.send('hello');
    expect(await next()).toBe('hello');
  });
});

describe('what comes behind the 101', () => {
  it('is delivered when it is in the same packet', async () => {
    const server = await fakeServer(({ key, socket }) =>
      socket.end(
        Buffer.concat([
          Buffer.from(switching(key)),
          frame(TEXT, 'one', { masked: false }),
          frame(BINARY, 'two', { masked: false }),
          closeFrame(1000, 'done', { masked: false }),
        ]),
      ),
    );
    const messages: unknown[] = [];
    const connection = await connect(server.url);
    for await (const message of connection) messages.push(message);
    expect(messages).toEqual(['one', new Uint8Array(Buffer.from('two'))]);
    expect(await connection.closed).toMatchObject({ code: 1000, reason: 'done', clean: true });
  });

  it('is delivered however it is cut, the 101 included', async () => {
    const server = await fakeServer(async ({ key, peer }) => {
      const octets = Buffer.concat([
        Buffer.from(switching(key)),
        frame(TEXT, 'hello', { masked: false }),
      ]);
      for (const octet of octets) await peer.send(Buffer.of(octet));
    });
    const client = await dial(server.url);
    expect(await client.next()).toBe('hello');
  });

  it('goes to the message handler from the first on', async () => {
    const messages: unknown[] = [];
    const server = await fakeServer(({ key, peer }) =>
      peer.send(Buffer.concat([Buffer.from(switching(key)), frame(TEXT, 'hi', { masked: false })])),
    );
    const connection = await connect(server.url, {
      message: (_connection, message) => void messages.push(message),
    });
    await until(() => messages.length === 1);
    connection.terminate();
    await connection.closed;
  });

  it('K8 a masked frame from a server is answered 1002', async () => {
    const closes = deferred<{ code: number; reason: string }>();
    const server = await fakeServer(({ key, peer }) => {
      void peer.send(Buffer.concat([Buffer.from(switching(key)), frame(TEXT, 'hi')]));
      void takeClose(peer).then(closes.resolve, closes.reject);
      peer.end();
    });
    const connection = await connect(server.url);
    expect(await connection.closed).toMatchObject({
      code: 1002,
      rule: 'WS_MASK_UNEXPECTED',
      by: 'local',
    });
    expect((await closes.promise).code).toBe(1002);
  });

  it('every frame that is sent is masked, each with a key of its own', async () => {
    const keys = deferred<string[]>();
    const server = await fakeServer(async ({ key, peer }) => {
      await peer.sendText(switching(key));
      const seen: string[] = [];
      for (let at = 0; at < 3; at += 1) {
        const header = await peer.take(2);
        seen.push(header, await peer.take(4));
        await peer.take(5);
      }
      keys.resolve(seen);
    });
    const { connection } = await dial(server.url);
    for (let at = 0; at < 3; at += 1) connection.send('hello');
    const seen = await keys.promise;
    expect(seen.filter((_, at) => at % 2 === 0)).toEqual(['81 85', '81 85', '81 85']);
    expect(new Set(seen.filter((_, at) => at % 2 === 1)).size).toBe(3);
  });

  it('a server that ends the connection at once ends it with 1006', async () => {
    const server = await fakeServer(({ key, socket }) => socket.end(switching(key)));
    const connection = await connect(server.url);
    expect(await connection.closed).toMatchObject({
      code: 1006,
      by: 'peer',
      because: 'transportEnd',
    });
  });
});

describe('a signal', () => {
  /** Counts the listeners on a signal. */
  function counted(): { controller: AbortController; listeners: () => number } {
    const controller = new AbortController();
    const { signal } = controller;
    let count = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<AbortSignal['addEventListener']>) => {
      count += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<AbortSignal['removeEventListener']>) => {
      count -= 1;
      removeEventListener.apply(signal, args);
    };
    return { controller, listeners: () => count };
  }

  it('that fired before rejects, and nothing is sent', async () => {
    const server = await fakeServer('');
    const reason = new Error('too late');
    const error = await failure(connect(server.url, { signal: AbortSignal.abort(reason) }));
    expect(error).toMatchObject({ code: 'MEERKAT_ABORTED', status: 0, cause: reason });
    await turns();
    expect(server.sockets.length).toBe(0);
  });

  it('that fires while the server thinks rejects and ends the connection', async () => {
    const server = await fakeServer(() => undefined);
    const { controller, listeners } = counted();
    const dialled = failure(connect(server.url, { signal: controller.signal }));
    await until(() => server.heads.length === 1);
    expect(listeners()).toBe(1);
    controller.abort();
    expect(await dialled).toMatchObject({ code: 'MEERKAT_ABORTED' });
    expect(listeners()).toBe(0);
    await until(() => server.sockets[0]?.readableEnded === true);
  });

  it('that fires before the connection is made rejects', async () => {
    const server = await fakeServer(() => undefined);
    const { controller, listeners } = counted();
    const dialled = failure(connect(server.url, { signal: controller.signal }));
    controller.abort();
    expect(await dialled).toMatchObject({ code: 'MEERKAT_ABORTED' });
    expect(listeners()).toBe(0);
  });

  it('that fires once the connection is open changes nothing, and is let go of', async () => {
    const site = await serve(echo);
    const { controller, listeners } = counted();
    const { connection, next } = await dial(site.url, { signal: controller.signal });
    expect(listeners()).toBe(0);
    controller.abort();
    connection.send('still here');
    expect(await next()).toBe('still here');
  });

  it('is let go of when the dial fails', async () => {
    const server = await fakeServer('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    const { controller, listeners } = counted();
    await failure(connect(server.url, { signal: controller.signal }));
    expect(listeners()).toBe(0);
  });
});

describe('handshakeTimeout', () => {
  it('D7 a silent server rejects the dial when the time is over', async () => {
    const clock = new ManualClock();
    const server = await fakeServer(() => undefined);
    let settled = false;
    const dialled = failure(connect(server.url, { clock })).finally(() => {
      settled = true;
    });
    await until(() => server.heads.length === 1);
    clock.advance(9_999);
    await turns();
    expect(settled).toBe(false);
    clock.advance(1);
    expect(await dialled).toMatchObject({ code: 'MEERKAT_HANDSHAKE_TIMEOUT', status: 0 });
    await until(() => server.sockets[0]?.readableEnded === true);
    expect(clock.pending).toBe(0);
  });

  it('K6 half a response does not stop the clock', async () => {
    const clock = new ManualClock();
    const server = await fakeServer('HTTP/1.1 101 Switching');
    const dialled = failure(connect(server.url, { clock, handshakeTimeout: 50 }));
    await until(() => server.heads.length === 1);
    await turns();
    clock.advance(50);
    expect(await dialled).toMatchObject({ code: 'MEERKAT_HANDSHAKE_TIMEOUT' });
  });

  it('K3 a refusal whose body never ends is reported with what is there', async () => {
    const clock = new ManualClock();
    const octets =
      'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 50\r\n\r\nwho are';
    const server = await fakeServer(octets);
    const dialled = failure(connect(server.url, { clock }));
    await until(() => server.sockets[0]?.bytesWritten === octets.length);
    await turns();
    clock.advance(10_000);
    expect(await dialled).toMatchObject({
      code: 'WS_RESPONSE_STATUS',
      status: 401,
      body: 'who are',
    });
  });

  it('leaves no timer behind when the connection opens', async () => {
    const clock = new ManualClock();
    const site = await serve();
    const { connection } = await dial(site.url, { clock, pingInterval: 0 });
    expect(clock.pending).toBe(0);
    connection.terminate();
  });
});

describe('the transport', () => {
  it('a port where nobody listens rejects the dial', async () => {
    const server = createTcpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(connect(`ws://u:secret@127.0.0.1:${port}/`));
    expect(error).toMatchObject({ code: 'MEERKAT_CONNECT_FAILED', status: 0 });
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    expect(error.message).not.toContain('secret');
  });

  it.each<[string, (server: FakeServer) => void]>([
    ['ends the connection', ({ sockets }) => void sockets[0]?.end()],
    ['resets the connection', ({ sockets }) => void sockets[0]?.resetAndDestroy()],
  ])('a server that %s instead of answering rejects the dial', async (_title, leave) => {
    const server = await fakeServer(() => undefined);
    const dialled = failure(connect(server.url));
    await until(() => server.heads.length === 1);
    leave(server);
    expect(await dialled).toMatchObject({ code: 'MEERKAT_CONNECT_FAILED', status: 0 });
  });

  it('a server that ends the connection before it was asked rejects the dial', async () => {
    const { port } = await listen(createTcpServer((socket) => void socket.end()));
    expect(await failure(connect(`ws://127.0.0.1:${port}/`))).toMatchObject({
      code: 'MEERKAT_CONNECT_FAILED',
    });
  });

  it('speaks to a server that reads its frames only after a while', async () => {
    const received = deferred<number>();
    const server = await fakeServer(async ({ key, peer }) => {
      await peer.sendText(switching(key));
      peer.stream.pause();
      await turns();
      peer.stream.resume();
      received.resolve((await takeFrame(peer))?.payload.length ?? 0);
    });
    const { connection } = await dial(server.url);
    connection.send(Buffer.alloc(500_000));
    expect(await received.promise).toBe(500_000);
  });
});
