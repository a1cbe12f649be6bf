import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'meerkat';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket as WsClient, WebSocketServer as WsServer } from 'ws';
import { dial } from '../support/dialling.ts';
import { exchange, rawPeer, refused, upgraded, upgradeRequest } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { echo, serve } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';

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
