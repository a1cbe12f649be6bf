import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { type Closed, WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { onTestFinished } from 'vitest';
import { WebSocketServer as WsServer } from 'ws';
import type { Certificate } from '../../../../test/support/certificate.ts';

// Each listens on a free port of the loopback interface, gives its URL, and ends with the test.

/** A server of ours that does what `options` say; an echo by default. */
export async function meerkatServer(
  options: WebSocketServerOptions = {},
  certificate?: Certificate,
): Promise<string> {
  const server = certificate === undefined ? createServer() : createTlsServer(certificate);
  const webSockets = new WebSocketServer({
    async message(connection, message) {
      if (connection.send(message) !== 'sent') await connection.drained();
    },
    ...options,
  }).attach(server);
  const port = await listen(server);
  onTestFinished(async () => {
    await webSockets.close({ timeout: 100 });
    await close(server);
  });
  return `${certificate === undefined ? 'ws' : 'wss'}://localhost:${port}/`;
}

/** How the first connection to `server` ends, as the server sees it. */
export async function serverSideEnd(
  options: WebSocketServerOptions = {},
): Promise<{ url: string; ended: Promise<Closed> }> {
  let close: WebSocketServerOptions['close'];
  const ended = new Promise<Closed>((resolve) => {
    close = (_connection, closed) => resolve(closed);
  });
  return { url: await meerkatServer({ ...options, ...(close && { close }) }), ended };
}

/** The server of the package `ws`, doing `script` with each client. */
export async function wsServer(
  script: (peer: import('ws').WebSocket) => void = (peer) => {
    peer.on('message', (data, binary) => peer.send(data, { binary }));
  },
): Promise<string> {
  const server = createServer();
  const webSockets = new WsServer({ server });
  webSockets.on('connection', script);
  const port = await listen(server);
  onTestFinished(async () => {
    for (const peer of webSockets.clients) peer.terminate();
    webSockets.close();
    await close(server);
  });
  return `ws://localhost:${port}/`;
}

/** An ordinary HTTP server. */
export async function httpServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  const port = await listen(server);
  onTestFinished(() => close(server));
  return `ws://localhost:${port}/`;
}

/** A TCP server that does `script` with each connection. */
export async function tcpServer(script: (socket: Socket) => void): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    script(socket);
  });
  const port = await listen(server as Server);
  onTestFinished(() => void server.close());
  return `ws://localhost:${port}/`;
}

/** Does the handshake and leaves the octets after it to the test. */
export async function rawServer(
  script: (peer: RawPeer) => Promise<void>,
  acceptOf: (key: string) => string = correctAccept,
): Promise<string> {
  return await tcpServer((socket) => {
    const peer = new RawPeer(socket);
    void (async () => {
      const head = await peer.takeHead();
      const key = /^sec-websocket-key: *(.*)\r$/im.exec(head)?.[1] ?? '';
      await peer.sendText(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`,
      );
      await script(peer);
    })();
  });
}

/** RFC 6455 §4.2.2, step 5.4. */
function correctAccept(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
