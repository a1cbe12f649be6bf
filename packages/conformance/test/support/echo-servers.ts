import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { WebSocketServer } from 'meerkat';
import { onTestFinished } from 'vitest';
import { WebSocketServer as WsServer } from 'ws';
import { acceptFor } from '../../src/wire/accept-key.ts';

/** Listens until the test ends. */
async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Reads a request and lets `take` do the rest: it gets its head, and the key in it. */
export async function scriptedServer(
  take: (socket: Socket, head: string, key: string) => void,
): Promise<string> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      const [, key = ''] = /^sec-websocket-key: *(\S+)/im.exec(text) ?? [];
      take(socket, text.slice(0, end + 4), key);
    };
    socket.on('data', onData);
  });
  return `ws://127.0.0.1:${await listening(server)}/`;
}

/** A 101 with what `more` adds: lines with their ends. */
export function switching(key: string, more = ''): string {
  const accept = `Sec-WebSocket-Accept: ${acceptFor(key)}\r\n`;
  const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\n${accept}${more}`;
  return `HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n`;
}

/** meerkat's own server, on a path of an HTTP server that serves pages as well. */
export async function meerkatEcho(): Promise<string> {
  const http = createHttpServer((_request, response) => void response.end('a page'));
  const server = new WebSocketServer({
    message: (connection, message) => void connection.send(message),
  });
  server.attach(http, { path: '/echo' });
  return `ws://127.0.0.1:${await listening(http)}/echo`;
}

/** The server of npm `ws`, with its defaults. */
export async function wsEcho(): Promise<string> {
  const http = createHttpServer((_request, response) => void response.end('a page'));
  const server = new WsServer({ server: http });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return `ws://127.0.0.1:${await listening(http)}/`;
}
