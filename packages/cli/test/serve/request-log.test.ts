import { createServer } from 'node:http';
import { connect as connectTcp } from 'node:net';
import {
  connect,
  type ServerHandlers,
  WebSocketServer,
  type WebSocketServerOptions,
} from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answerClientError } from '../../src/serve/client-error.ts';
import { ConnectionIds } from '../../src/serve/connection-ids.ts';
import { createLog } from '../../src/serve/log.ts';
import { RequestLog } from '../../src/serve/request-log.ts';
import { eventText, type ServeEvent } from '../../src/serve/serve-event.ts';
import { ask, askRaw, exchange, listen, until } from './serving.ts';

interface Logged {
  readonly port: number;
  readonly events: ServeEvent[];
  /** What was written, both as JSON and for people. */
  readonly text: string[];
}

/** A server whose requests are logged, put together as `serve` does it, until the test ends. */
async function logging(
  options: WebSocketServerOptions = {},
  handlers: ServerHandlers<undefined> = {},
): Promise<Logged> {
  const events: ServeEvent[] = [];
  const text: string[] = [];
  const logger = createLog({
    level: 'info',
    format: 'json',
    colours: false,
    write: (line) => {
      const event = JSON.parse(line) as ServeEvent;
      events.push(event);
      text.push(line, eventText(event));
    },
  });
  const log = new RequestLog(logger, new ConnectionIds());
  const server = createServer((request, response) => {
    log.request(request, response);
    if (request.url?.startsWith('/hang') === true) {
      response.setHeader('Content-Length', '100').writeHead(200).write('part');
      return;
    }
    response.setHeader('Content-Length', '4').writeHead(request.url === '/missing' ? 404 : 200);
    response.end('body');
  });
  server.on('clientError', (error: Error & { code?: string }, socket) => {
    const status = answerClientError(error, socket);
    if (status !== undefined) log.badRequest(status, error, socket);
  });
  const wss = new WebSocketServer(Object.assign(options, log.around(handlers)));
  wss.attach(server, { path: '/websocket' });
  const { port, close } = await listen(server);
  onTestFinished(async () => {
    await wss.close({ timeout: 100 });
    await close();
  });
  return { port, events, text };
}

const REMOTE: unknown = expect.stringMatching(/^127\.0\.0\.1:\d+$/);
const MS: unknown = expect.any(Number);

describe('the request log, of HTTP', () => {
  it('tells method, target, status, octets and time', async () => {
    const { port, events } = await logging();
    await ask(port, '/some/file?x=1');
    await ask(port, '/missing', {}, 'HEAD');
    await until(() => events.length === 2);
    expect(events).toMatchObject([
      {
        event: 'request',
        id: 1,
        remote: REMOTE,
        method: 'GET',
        url: '/some/file?x=1',
        status: 200,
        octets: 4,
        ms: MS,
        aborted: false,
      },
      { event: 'request', id: 2, method: 'HEAD', url: '/missing', status: 404 },
    ]);
  });

  it('carries the target as it was sent, undecoded', async () => {
    const { port, events } = await logging();
    await askRaw(port, '/..%2fx/%1b[31m');
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ url: '/..%2fx/%1b[31m' });
  });

  it('tells that the client left before it had the answer', async () => {
    const { port, events } = await logging();
    const socket = connectTcp(port, '127.0.0.1');
    socket.write('GET /hang HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ event: 'request', status: 200, octets: 100, aborted: true });
    expect(eventText(events[0] as ServeEvent)).toContain('broken off');
  });

  it('S20 has no secret of a target', async () => {
    const { port, events, text } = await logging();
    for (const target of [
      '/a?token=hunter2&x=1',
      '/a?access_token=hunter2',
      '/a?%74oken=hunter2',
      'http://user:hunter2@host/a',
      '/hang?password=hunter2',
    ]) {
      const peer = await RawPeer.connect(port);
      await peer.sendText(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hunter2\r\nCookie: a=hunter2\r\n\r\n`,
      );
      await peer.takeHead();
      await peer.close();
    }
    await until(() => events.length === 5);
    expect(text.join('')).not.toContain('hunter2');
    expect(events[0]).toMatchObject({ url: '/a?token=(redacted)&x=1' });
  });

  it('has no control character of a target, and not all of a long one', async () => {
    const { port, events, text } = await logging();
    await askRaw(port, '/\x85\x9b31m\xff');
    await askRaw(port, `/${'x'.repeat(9_000)}`);
    await until(() => events.length === 2);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
    expect(text.join('').replaceAll('\n', '')).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
    expect(text.join('').length).toBeLessThan(4_000);
  });

  it('tells what was no request, once, with the status of the answer', async () => {
    const { port, events } = await logging();
    expect(await exchange(port, 'nonsense\r\n\r\nmore nonsense\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    await until(() => events.length === 1);
    expect(events).toMatchObject([
      { event: 'badRequest', status: 400, code: expect.stringMatching(/^HPE_/), remote: REMOTE },
    ]);
  });

  it('tells no status for a client that only resets its connection', async () => {
    const { port, events } = await logging();
    const peer = await RawPeer.connect(port);
    await peer.sendText('GET /file HTTP/1.1\r\nHost: x\r\n\r\n');
    await peer.takeHead();
    peer.reset();
    await peer.close();
    await ask(port, '/after');
    await until(() => events.length === 2);
    expect(events.map(({ event }) => event)).toEqual(['request', 'request']);
  });

  it('gives the requests of one connection one number', async () => {
    const { port, events } = await logging();
    const request = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
    await exchange(port, request + request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    await ask(port, '/b');
    await until(() => events.length === 3);
    expect(events.map(({ id }) => id)).toEqual([1, 1, 2]);
  });
});

describe('the request log, of WebSockets', () => {
  it('tells opening and closing with the same number, and calls the handlers', async () => {
    const called: string[] = [];
    const { port, events } = await logging(
      { subprotocols: ['chat'] },
      {
        open: () => void called.push('open'),
        close: (_connection, { code }) => void called.push(`close ${code}`),
        message: (connection, message) => void connection.send(message),
      },
    );
    const connection = await connect(`ws://127.0.0.1:${port}/websocket?a=b`, {
      subprotocols: ['chat'],
      headers: { Origin: `http://127.0.0.1:${port}` },
    });
    connection.close(4000, 'bye');
    await connection.closed;
    await until(() => events.length === 2);
    expect(events).toMatchObject([
      {
        event: 'open',
        id: 1,
        remote: REMOTE,
        url: '/websocket?a=b',
        origin: `http://127.0.0.1:${port}`,
        subprotocol: 'chat',
      },
      { event: 'close', id: 1, remote: REMOTE, code: 4000, reason: 'bye', by: 'peer', ms: MS },
    ]);
    expect(called).toEqual(['open', 'close 4000']);
    expect(eventText(events[1] as ServeEvent)).toMatch(
      /^#1 127\.0\.0\.1:\d+ WebSocket closed: 4000 "bye", by peer \(.+\), after [\d.]+ ms$/,
    );
  });

  it('A9 tells that messages may be compressed, and how', async () => {
    const { port, events } = await logging({ compression: true });
    const connection = await connect(`ws://127.0.0.1:${port}/websocket`);
    connection.terminate();
    await until(() => events.length === 2);
    expect(events[0]).toMatchObject({ event: 'open', extensions: connection.extensions });
    expect(connection.extensions).toMatch(/^permessage-deflate;/);
    expect(eventText(events[0] as ServeEvent)).toMatch(/ WebSocket \/websocket open, compressed$/);
    expect(events[1]).not.toHaveProperty('discarded');
  });

  it('tells how many messages were discarded, and which limit ended a connection', async () => {
    const { port, events } = await logging({
      maxMessagesPerSecond: 1,
      messageBurst: 1,
      overRate: 'drop',
      maxMessageBytes: 10,
    });
    const connection = await connect(`ws://127.0.0.1:${port}/websocket`);
    for (let count = 0; count < 3; count += 1) connection.send('a');
    connection.send('longer than ten');
    await connection.closed;
    await until(() => events.length === 2);
    expect(events[1]).toMatchObject({ rule: 'WS_MESSAGE_TOO_BIG', limit: 'maxMessageBytes' });
    expect(events[1]).toMatchObject({ discarded: 2 });
    expect(eventText(events[1] as ServeEvent)).toMatch(/ ms, 2 messages discarded$/);
  });

  it('names the rule that a peer broke', async () => {
    const { port, events } = await logging();
    const connection = await connect(`ws://127.0.0.1:${port}/websocket`);
    await until(() => events.length === 1);
    connection.terminate();
    const peer = await RawPeer.connect(port);
    await peer.sendText(
      'GET /websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await peer.takeHead();
    await peer.send('81 01 61');
    await peer.close();
    await until(() => events.length === 4);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'close', code: 1002, rule: 'WS_MASK_MISSING' }),
    );
    expect(events).toContainEqual(expect.objectContaining({ event: 'close', code: 1006 }));
  });

  it('tells who was refused, and why', async () => {
    const heard: string[] = [];
    const { port, events } = await logging({}, { refused: ({ code }) => void heard.push(code) });
    const evil = { headers: { Origin: 'http://evil.example' } };
    await expect(
      connect(`ws://127.0.0.1:${port}/websocket?token=hunter2`, evil),
    ).rejects.toMatchObject({ status: 403 });
    await until(() => events.length === 1);
    expect(events).toMatchObject([
      {
        event: 'refused',
        id: 1,
        remote: REMOTE,
        url: '/websocket?token=(redacted)',
        status: 403,
        code: 'WS_REQUEST_ORIGIN',
      },
    ]);
    expect(heard).toEqual(['WS_REQUEST_ORIGIN']);
  });

  it('S20 has no secret of a handshake, and no control character of a reason', async () => {
    const { port, events, text } = await logging();
    const connection = await connect(`ws://127.0.0.1:${port}/websocket?ticket=hunter2`, {
      subprotocols: ['bearer.hunter2'],
      headers: { Authorization: 'Bearer hunter2', Cookie: 'session=hunter2' },
    });
    connection.close(4000, '\x1b]0;owned\x07\r\nforged');
    await connection.closed;
    await until(() => events.length === 2);
    expect(text.join('')).not.toContain('hunter2');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
    expect(text.join('').replaceAll('\n', '')).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
    expect(events[1]).toMatchObject({ reason: '\\x1b]0;owned\\x07\\r\\nforged' });
  });
});
