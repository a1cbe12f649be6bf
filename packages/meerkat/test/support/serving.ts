import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket, Server as TcpServer } from 'node:net';
import { type Connection, WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import { onTestFinished } from 'vitest';
import type { Certificate } from '../../../../test/support/certificate.ts';

/** What the catalogue asks of an HTTP server on the open internet; times in milliseconds. */
const RECOMMENDED: Readonly<ServerOptions> = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16_384,
  insecureHTTPParser: false,
  requireHostHeader: true,
};

/** A server that listens on a free port of the loopback interface until the test ends. */
export interface Listening {
  readonly port: number;
  /** Its side of every connection, in the order they came. */
  readonly sockets: readonly Socket[];
}

export async function listen(server: TcpServer, host = '127.0.0.1'): Promise<Listening> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

/** Where and how a site listens. */
export interface SiteOptions {
  /** @default '/chat' */
  readonly path?: string;
  readonly http?: ServerOptions;
  /** Listens with TLS. */
  readonly tls?: Certificate;
  /** Answers ordinary requests. @default 200 with the target as the body */
  readonly request?: (...exchange: Parameters<RequestListener>) => void | Promise<void>;
  readonly host?: string;
}

/** A WebSocketServer on an HTTP server, and a record of what reached the application. */
export interface Site<Data> extends Listening {
  readonly server: Server;
  readonly wss: WebSocketServer<Data>;
  readonly url: string;
  /** Every connection that was opened. */
  readonly opened: readonly Connection<Data>[];
  /** The targets of ordinary requests. */
  readonly requests: readonly string[];
  /** What was reported to `error`. */
  readonly errors: readonly unknown[];
}

/** Handlers that send every message back. */
export const echo = {
  message<Data>(connection: Connection<Data>, message: string | Uint8Array): void {
    connection.send(message);
  },
};

/** Serves until the test ends. */
export async function serve<Data = undefined>(
  options: WebSocketServerOptions<Data> = {},
  site: SiteOptions = {},
): Promise<Site<Data>> {
  const { path = '/chat', tls, host = '127.0.0.1' } = site;
  const opened: Connection<Data>[] = [];
  const requests: string[] = [];
  const errors: unknown[] = [];
  const wss = new WebSocketServer<Data>({
    ...options,
    open(connection, request) {
      opened.push(connection);
      return options.open?.(connection, request);
    },
    error(error, connection) {
      errors.push(error);
      return options.error?.(error, connection);
    },
  });
  const answer: RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    if (site.request === undefined) response.end(request.url);
    // What it rejects with fails the test run: nobody catches it.
    else void site.request(request, response);
  };
  const http = { ...RECOMMENDED, ...site.http };
  const server =
    tls === undefined ? createServer(http, answer) : createTlsServer({ ...http, ...tls }, answer);
  wss.attach(server, { path });
  const listening = await listen(server, host);
  onTestFinished(() => {
    for (const connection of wss.connections) connection.terminate();
  });
  const scheme = tls === undefined ? 'ws' : 'wss';
  const authority = host.includes(':') ? `[${host}]` : host;
  const url = `${scheme}://${authority}:${listening.port}${path}`;
  return { ...listening, server, wss, url, opened, requests, errors };
}
