import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import fastify from 'fastify';
import { connect, WebSocketServer } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { answerClientError } from '../../src/serve/client-error.ts';
import { tapServer } from '../../src/traffic/tap-server.ts';
import { TappedSocket } from '../../src/traffic/tapped-socket.ts';
import { until } from '../serve/serving.ts';
import { RecordingListener } from './recording-listener.ts';

interface Tapped {
  readonly server: Server;
  readonly port: number;
  readonly listeners: RecordingListener[];
}

async function tapped(answer: RequestListener, options: ServerOptions = {}): Promise<Tapped> {
  const server = createServer(options, answer);
  return await listening(server);
}

async function listening(server: Server): Promise<Tapped> {
  const listeners: RecordingListener[] = [];
  tapServer(server, () => {
    const listener = new RecordingListener();
    listeners.push(listener);
    return listener;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return { server, port: (server.address() as AddressInfo).port, listeners };
}

async function peerOf(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  onTestFinished(() => peer.close());
  return peer;
}

function hello(_request: IncomingMessage, response: ServerResponse): void {
  response.end('hello');
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const HANDSHAKE =
  'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

describe('tapServer', () => {
  it('A7 shows the listener every octet of a request and its answer once', async () => {
    const { port, listeners } = await tapped(hello);
    const peer = await peerOf(port);
    await peer.sendText('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const answer = await peer.takeText();
    peer.end();
    await once(peer.stream, 'close');
    const [listener] = listeners;
    expect(listener?.receivedText).toBe('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(listener?.sentText).toBe(answer);
    expect(answer).toMatch(/hello$/);
  });

  it('gives handlers a socket with the addresses and no encryption', async () => {
    const { port } = await tapped((request, response) => {
      const { socket } = request;
      expect(socket).toBeInstanceOf(TappedSocket);
      response.end(
        JSON.stringify([
          socket.remoteAddress,
          socket.localPort,
          'encrypted' in socket && socket.encrypted === true,
        ]),
      );
    });
    const peer = await peerOf(port);
    await peer.sendText('GET / HTTP/1.0\r\n\r\n');
    expect(await peer.takeText()).toMatch(`["127.0.0.1",${port},false]`);
  });

  it('serves pipelined requests in order', async () => {
    const { port } = await tapped((request, response) => response.end(`[${request.url}]`));
    const peer = await peerOf(port);
    await peer.sendText(
      'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    expect((await peer.takeText()).match(/\[.*?\]/g)).toEqual(['[/1]', '[/2]', '[/3]']);
  });

  it('answers 408 to half a head', async () => {
    const { server, port } = await tapped(hello, {
      headersTimeout: 50,
      requestTimeout: 50,
      connectionsCheckingInterval: 10,
    });
    server.on('clientError', answerClientError);
    const peer = await peerOf(port);
    await peer.sendText('GET / HTTP/1.1\r\nHost');
    expect(await peer.takeText()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('answers what is no HTTP with 400', async () => {
    const { server, port } = await tapped(hello);
    server.on('clientError', answerClientError);
    const peer = await peerOf(port);
    await peer.send('ff fe 00 01 0d 0a');
    expect(await peer.takeText()).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('closes an idle connection after keepAliveTimeout', async () => {
    const { port, listeners } = await tapped(hello, {
      keepAliveTimeout: 20,
      ...{ keepAliveTimeoutBuffer: 0 },
    });
    const peer = await peerOf(port);
    await peer.sendText(GET);
    await peer.takeAll();
    peer.end();
    expect(listeners[0]?.errors.filter(Boolean)).toEqual([]);
  });

  it('closes a connection on which nothing moves after server.setTimeout()', async () => {
    const { server, port } = await tapped(hello);
    server.setTimeout(20);
    const peer = await peerOf(port);
    await peer.takeAll();
    expect(peer.ended).toBe(true);
  });

  it('closes idle connections with closeIdleConnections(), and only those', async () => {
    let answer: ServerResponse | undefined;
    const { server, port } = await tapped((request, response) => {
      if (request.url === '/late') {
        answer = response;
        server.closeIdleConnections();
      } else response.end('hello');
    });
    const idle = await peerOf(port);
    await idle.sendText(GET);
    await idle.takeHead();
    const busy = await peerOf(port);
    await busy.sendText('GET /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await idle.takeAll();
    expect(idle.ended).toBe(true);
    answer?.end('late');
    expect(await busy.takeText()).toMatch(/late$/);
  });

  it('closes all connections with closeAllConnections(), and close() is done', async () => {
    const { server, port } = await tapped(() => server.closeAllConnections());
    const closed = new Promise((resolve) => server.on('close', resolve));
    const peer = await peerOf(port);
    await peer.sendText(GET);
    await peer.takeAll();
    server.close();
    await closed;
  });

  it('lets a request see that its client has left', async () => {
    let code: unknown;
    const { port, listeners } = await tapped((request) => {
      request.on('error', (error: NodeJS.ErrnoException) => {
        code = error.code;
      });
      peer.reset();
    });
    const peer = await peerOf(port);
    await peer.sendText('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n');
    await until(() => code !== undefined);
    expect(code).toBe('ECONNRESET');
    expect(listeners[0]?.errors).toEqual([expect.objectContaining({ code: 'ECONNRESET' })]);
  });

  it('A7 passes a large upload and a large download, with backpressure', async () => {
    const { port, listeners } = await tapped((request, response) => {
      void (async () => {
        let length = 0;
        for await (const chunk of request) length += (chunk as Buffer).length;
        response.setHeader('X-Length', length);
        const block = Buffer.alloc(100_000, 'x');
        Readable.from(Array(80).fill(block)).pipe(response);
      })();
    });
    const body = Buffer.alloc(8_000_000, 'y');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest({ port, host: '127.0.0.1', method: 'POST', agent: false }, resolve)
        .on('error', reject)
        .end(body);
    });
    expect(response.headers['x-length']).toBe('8000000');
    expect((await text(response)).length).toBe(8_000_000);
    expect(listeners[0]?.receivedText.length).toBeGreaterThan(8_000_000);
    expect(listeners[0]?.sentText.length).toBeGreaterThan(8_000_000);
  });

  it('A7 H17 passes a frame that came in the packet of the handshake', async () => {
    const server = createServer();
    const webSockets = new WebSocketServer({
      message(connection, message) {
        connection.send(message);
      },
    }).attach(server);
    onTestFinished(() => webSockets.close({ timeout: 100 }));
    const { port, listeners } = await listening(server);
    const peer = await peerOf(port);
    await peer.send(
      Buffer.concat([
        Buffer.from(HANDSHAKE),
        Buffer.from('81820000000068690a', 'hex').subarray(0, 8),
      ]),
    );
    const head = await peer.takeHead();
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(await peer.take(4)).toBe('81 02 68 69');
    await peer.send('88 82 00 00 00 00 03 e8');
    expect(await peer.takeAll()).toBe('88 02 03 e8');
    peer.end();
    await once(peer.stream, 'close');
    const [listener] = listeners;
    expect(listener?.receivedText).toBe(`${HANDSHAKE}\x81\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xe8`);
    expect(listener?.sentText).toBe(`${head}\x81\x02hi\x88\x02\x03\xe8`);
    await until(() => listener?.events.includes('closed') === true);
    expect(listener?.events.toSorted()).toEqual(['closed', 'ended in', 'ended out']);
    expect(listener?.errors).toEqual([undefined]);
  });

  it('H19 upgrades behind an answered request on the same connection', async () => {
    const server = createServer(hello);
    const webSockets = new WebSocketServer().attach(server);
    onTestFinished(() => webSockets.close({ timeout: 100 }));
    const { port } = await listening(server);
    const peer = await peerOf(port);
    await peer.sendText(GET);
    const first = await peer.takeHead();
    expect(first).toMatch(/^HTTP\/1\.1 200 /);
    await peer.take(5);
    await peer.sendText(HANDSHAKE);
    expect(await peer.takeHead()).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('A7 echoes messages of a megabyte in both directions', async () => {
    const server = createServer();
    const webSockets = new WebSocketServer({
      async message(connection, message) {
        if (connection.send(message) !== 'sent') await connection.drained();
      },
    }).attach(server);
    onTestFinished(() => webSockets.close({ timeout: 100 }));
    const { port } = await listening(server);
    const connection = await connect(`ws://127.0.0.1:${port}/`);
    const sent = 'm'.repeat(1_000_000);
    for (let count = 0; count < 4; count += 1) connection.send(sent);
    let received = 0;
    for await (const message of connection) {
      expect(message === sent).toBe(true);
      received += 1;
      if (received === 4) connection.close();
    }
    expect((await connection.closed).code).toBe(1000);
  });

  it('A7 shows what is inside of TLS', async () => {
    const server = createTlsServer(selfSigned(), (request, response) => {
      response.end(`${'encrypted' in request.socket && request.socket.encrypted}`);
    });
    const { port, listeners } = await listening(server);
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    const peer = new RawPeer(socket);
    onTestFinished(() => peer.close());
    await once(socket, 'secureConnect');
    await peer.sendText('GET / HTTP/1.0\r\n\r\n');
    expect(await peer.takeText()).toMatch(/true$/);
    expect(listeners[0]?.receivedText).toBe('GET / HTTP/1.0\r\n\r\n');
  });

  it('serves Fastify', async () => {
    const app = fastify();
    app.get('/', (request) => ({ ip: request.ip, protocol: request.protocol }));
    await app.ready();
    onTestFinished(() => app.close());
    const { port } = await tapped((request, response) => app.routing(request, response));
    const peer = await peerOf(port);
    await peer.sendText('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await peer.takeText()).toMatch(/\{"ip":"127\.0\.0\.1","protocol":"http"\}$/);
  });
});
