import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { WebSocketServer } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as WsClient, WebSocketServer as WsServer } from 'ws';
import { dial } from '../support/dialling.ts';
import {
  exchange,
  expectRefusal,
  rawPeer,
  refused,
  upgraded,
  upgradeRequest,
} from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { echo, serve } from '../support/serving.ts';
import { turn, turns, until } from '../support/waiting.ts';

/** Octets of an answer that no buffer between here and the client takes at once. */
const LONG = 6_000_000;
const PIECE = Buffer.alloc(60_000, 'a');

const h2c = upgradeRequest({ headers: { Upgrade: 'h2c' } });
const page = 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n';

function* pieces(): Generator<Buffer> {
  for (let sent = 0; sent < LONG; sent += PIECE.length) yield PIECE;
}

function streamed(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Content-Length', LONG);
  Readable.from(pieces()).pipe(response);
}

async function looped(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('Content-Length', LONG);
  for (const piece of pieces()) {
    response.write(piece);
    await turn();
    if (response.writableNeedDrain) await once(response, 'drain');
  }
  response.end();
}

describe('the only upgrade listener of a server', () => {
  it('is one, however many paths and WebSocketServers there are', async () => {
    const server = createServer();
    const one = new WebSocketServer();
    const two = new WebSocketServer();
    one.attach(server, { path: '/a' }).attach(server, { path: '/b' });
    two.attach(server, { path: '/c' }).attach(server);
    expect(server.listenerCount('upgrade')).toBe(1);
    await one.close();
    expect(server.listenerCount('upgrade')).toBe(1);
    await two.close();
    expect(server.listenerCount('upgrade')).toBe(0);
  });

  it('is one for each server', async () => {
    const servers = [createServer(), createServer()];
    const wss = new WebSocketServer();
    for (const server of servers) wss.attach(server, { path: '/a' });
    expect(servers.map((server) => server.listenerCount('upgrade'))).toEqual([1, 1]);
    await wss.close();
    expect(servers.map((server) => server.listenerCount('upgrade'))).toEqual([0, 0]);
  });

  it.each(['/', '/chat/', '/chat/more', '/Chat', '/chat%2f', '/%63hat', '//chat', '/chat;a=1'])(
    'answers 404 for %s, which nobody attached',
    async (target) => {
      const site = await serve();
      expect((await refused(site, { target })).status).toBe(404);
    },
  );

  it.each(['/chat?', '/chat?a=/b', '/chat?//evil#x', 'http://127.0.0.1/chat?x'])(
    'takes %s for the path /chat',
    async (target) => {
      const site = await serve();
      await upgraded(site.port, { target });
      expect(site.opened.length).toBe(1);
    },
  );

  it.each(['constructor', '__proto__', 'toString'])('knows no path %s', async (name) => {
    const site = await serve();
    expect((await refused(site, { target: `/${name}` })).status).toBe(404);
  });

  it('leaves an ordinary request on the attached path to the user', async () => {
    const site = await serve();
    const text = await exchange(
      site.port,
      'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect(parseResponse(text)).toMatchObject({ status: 200, body: '/chat' });
  });

  it('gives a request to upgrade to something else back as an ordinary one, whatever its path', async () => {
    const site = await serve();
    for (const target of ['/chat', '/page']) {
      const request = upgradeRequest({ target, headers: { Upgrade: 'h2c' } });
      expect(parseResponse(await exchange(site.port, request)).body).toBe(target);
    }
    expect(site.requests).toEqual(['/chat', '/page']);
  });

  it('gives it back complete: its body has an end, and the answer may be slow', async () => {
    const site = await serve(
      {},
      {
        request: async (request, response) => {
          let body = '';
          for await (const chunk of request) body += String(chunk);
          response.write('first ');
          await turns(3);
          response.end(`and last: ${JSON.stringify(body)}`);
        },
      },
    );
    const text = await exchange(site.port, upgradeRequest({ headers: { Upgrade: 'h2c' } }));
    const response = parseResponse(text);
    expect(response.header('transfer-encoding')).toBe('chunked');
    expect(response.body).toBe('6\r\nfirst \r\nc\r\nand last: ""\r\n0\r\n\r\n');
  });

  it('tells the user when the client of such a request leaves before the answer', async () => {
    let left = false;
    const site = await serve(
      {},
      {
        request: (_request, response) => {
          response.once('close', () => {
            left = true;
          });
        },
      },
    );
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest({ headers: { Upgrade: 'h2c' } }));
    await until(() => site.requests.length === 1);
    peer.reset();
    await until(() => left);
  });

  it('is done with the socket when the answer is sent, though the client never ends its direction', async () => {
    const site = await serve();
    const peer = await rawPeer(site.port);
    await peer.sendText(h2c);
    expect(parseResponse(await peer.takeText()).body).toBe('/chat');
    await until(() => site.sockets[0]?.destroyed === true);
    await new Promise((resolve) => site.server.close(resolve));
  });

  it.each([
    ['a stream', streamed],
    ['a loop that asks for writableNeedDrain', looped],
  ])('sends a long answer from %s to its end', async (_title, request) => {
    const site = await serve({}, { request });
    const { body } = parseResponse(await exchange(site.port, h2c));
    expect(body.length).toBe(LONG);
  });

  it('is done with it when the answer is long, and the client reads it late', async () => {
    const site = await serve({}, { request: streamed });
    const peer = await rawPeer(site.port);
    peer.stream.pause();
    await peer.sendText(h2c);
    await until(() => site.sockets[0]?.writableNeedDrain === true);
    await turns();
    peer.stream.resume();
    expect(parseResponse(await peer.takeText()).body.length).toBe(LONG);
    await until(() => site.sockets[0]?.destroyed === true);
  });
});

describe('an upgrade behind a response that is still being written', () => {
  it.each([
    ['a stream', streamed],
    ['a loop that asks for writableNeedDrain', looped],
  ])('comes behind the whole of it, from %s, and is refused', async (_title, request) => {
    const site = await serve({}, { request });
    const text = await exchange(site.port, page + upgradeRequest());
    const response = parseResponse(text);
    expect(response.status).toBe(200);
    const refusal = parseResponse(response.body.slice(LONG));
    expectRefusal(refusal);
    expect(refusal.status).toBe(400);
    expect(site.opened).toEqual([]);
  });

  it('comes behind several', async () => {
    const site = await serve({}, { request: streamed });
    const text = await exchange(site.port, page + page + upgradeRequest());
    const second = parseResponse(parseResponse(text).body.slice(LONG));
    expect(second.status).toBe(200);
    expectRefusal(parseResponse(second.body.slice(LONG)));
  });
});

describe('what is still being answered when the last WebSocketServer closes', () => {
  it.each([
    ['a request to upgrade to something else', h2c],
    ['a request before an upgrade', page + upgradeRequest()],
  ])('%s has until `timeout`', async (_title, octets) => {
    const clock = new ManualClock();
    const site = await serve({ clock }, { request: () => {} });
    const peer = await rawPeer(site.port);
    await peer.sendText(octets);
    await until(() => site.requests.length === 1);
    await turns();
    await site.wss.close({ timeout: 500 });
    const stopped = new Promise((resolve) => site.server.close(resolve));
    site.server.closeAllConnections();
    clock.advance(499);
    expect(site.sockets[0]?.destroyed).toBe(false);
    clock.advance(1);
    await stopped;
    expect(clock.pending).toBe(0);
  });

  it('may end before, and leaves no timer', async () => {
    const clock = new ManualClock();
    const answers: (() => void)[] = [];
    const site = await serve(
      { clock },
      { request: (_request, response) => void answers.push(() => response.end('late')) },
    );
    const peer = await rawPeer(site.port);
    await peer.sendText(h2c);
    await until(() => answers.length === 1);
    await site.wss.close();
    const stopped = new Promise((resolve) => site.server.close(resolve));
    answers[0]?.();
    expect(parseResponse(await peer.takeText()).body).toBe('late');
    await stopped;
    expect(clock.pending).toBe(0);
  });

  it('has until closeTimeout when it came while connections drained', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock, closeTimeout: 700 }, { request: () => {} });
    await upgraded(site.port);
    void site.wss.close({ timeout: 5_000 });
    const peer = await rawPeer(site.port);
    await peer.sendText(h2c);
    await until(() => site.requests.length === 1);
    clock.advance(699);
    expect(site.sockets[1]?.destroyed).toBe(false);
    clock.advance(1);
    expect(site.sockets[1]?.destroyed).toBe(true);
  });

  it('is left alone while another WebSocketServer is attached', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock }, { request: () => {} });
    const other = new WebSocketServer({ clock }).attach(site.server, { path: '/other' });
    const peer = await rawPeer(site.port);
    await peer.sendText(h2c);
    await until(() => site.requests.length === 1);
    await site.wss.close();
    clock.advance(100_000);
    expect(site.sockets[0]?.destroyed).toBe(false);
    await other.close({ timeout: 500 });
    clock.advance(500);
    expect(site.sockets[0]?.destroyed).toBe(true);
  });

  it('is left alone when another is attached before the time is up', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock }, { request: () => {} });
    const peer = await rawPeer(site.port);
    await peer.sendText(h2c);
    await until(() => site.requests.length === 1);
    await site.wss.close();
    new WebSocketServer({ clock }).attach(site.server);
    clock.advance(100_000);
    expect(site.sockets[0]?.destroyed).toBe(false);
  });
});

describe('a refused HEAD', () => {
  it.each([
    ['at once', ''],
    ['behind a response', 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('is answered without a body, %s', async (_title, before) => {
    const site = await serve();
    const text = await exchange(site.port, before + upgradeRequest({ method: 'HEAD' }));
    const response = parseResponse(text.slice(text.lastIndexOf('HTTP/1.1 ')));
    expect(response.status).toBe(before === '' ? 405 : 400);
    expect(Number(response.header('content-length'))).toBeGreaterThan(0);
    expect(response.body).toBe('');
  });
});

describe('one of several upgrade listeners', () => {
  it('shares a server with a `ws` server on another path', async () => {
    const site = await serve(echo);
    const other = new WsServer({ noServer: true, path: '/ws' });
    site.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url !== '/ws') return;
      other.handleUpgrade(request, socket, head, (client) => {
        client.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
      });
    });
    const client = await dial(site.url);
    const otherClient = await dial(site.url.replace('/chat', '/ws'));
    for (const { connection, next } of [client, otherClient]) {
      connection.send('hello');
      expect(await next()).toBe('hello');
    }
    expect(site.opened.length).toBe(1);
    await site.wss.close();
    expect(site.server.listenerCount('upgrade')).toBe(1);
    const late = new WsClient(site.url.replace('/chat', '/ws'));
    onTestFinished(() => late.terminate());
    await new Promise((resolve) => late.once('open', resolve));
  });

  it('leaves a path that it has not to the others, and answers nothing there', async () => {
    const site = await serve();
    const seen: string[] = [];
    site.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      seen.push(request.url ?? '');
      if (request.url !== '/chat') socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
    });
    const text = await exchange(site.port, upgradeRequest({ target: '/theirs' }));
    expect(text).toBe('HTTP/1.1 418 Teapot\r\n\r\n');
    await upgraded(site.port);
    expect(seen).toEqual(['/theirs', '/chat']);
    expect(site.opened.length).toBe(1);
  });

  it('leaves every upgrade to something else to the others', async () => {
    const site = await serve();
    site.server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      if (request.headers.upgrade === 'h2c') socket.end('HTTP/1.1 418 Teapot\r\n\r\n');
    });
    const request = upgradeRequest({ headers: { Upgrade: 'h2c' } });
    expect(await exchange(site.port, request)).toBe('HTTP/1.1 418 Teapot\r\n\r\n');
    await turns();
    expect(site.requests).toEqual([]);
  });

  it('refuses a bad request on its own path itself', async () => {
    const site = await serve();
    site.server.on('upgrade', () => {});
    const headers = { 'Sec-WebSocket-Key': 'AAAA' };
    expect((await refused(site, { headers })).status).toBe(400);
  });
});
