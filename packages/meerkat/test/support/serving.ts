import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket, Server as TcpServer } from 'node:net';
import { type Connection, WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import { onTestFinished } from 'vitest';
import type { Certificate } from '../../../../test/support/certificate.ts';

/**
 * Who accepts connections: node:http, or the listener of our own with `MEERKAT_LISTENER=own`. There `sockets` has something
 * that knows what was read, and can be destroyed.
 */
const wayIn: 'http' | 'own' = process.env['MEERKAT_LISTENER'] === 'own' ? 'own' : 'http';

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

/** @param prepare - May make it listen already. */
export async function listen(
  server: TcpServer,
  host = '127.0.0.1',
  prepare: () => Promise<void> = async () => {},
): Promise<Listening> {
  const sockets: Socket[] = [];
  await prepare();
  if (server.listening) watchHandles(server, sockets);
  else {
    server.on('connection', (socket: Socket) => sockets.push(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, host, resolve);
    });
  }
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

interface Handle {
  readonly bytesRead: number | undefined;
  readonly reading: boolean;
  getpeername(peer: { port?: number }): void;
}

/** Stands in `sockets` for every connection that is accepted: connections of the own listener have no socket. */
function watchHandles(server: TcpServer, sockets: Socket[]): void {
  const { _handle: listening } = server as unknown as {
    _handle: { onconnection: (status: number, handle: Handle) => void };
  };
  const { onconnection } = listening;
  listening.onconnection = function (status, handle) {
    onconnection.call(this, status, handle);
    const owner = Object.getOwnPropertySymbols(handle).find(
      ({ description }) => description === 'owner_symbol',
    ) as symbol;
    let bytesRead = 0;
    const peer: { port?: number } = {};
    handle.getpeername(peer);
    const view = new Proxy(
      {},
      {
        get(_target, name) {
          if (name === 'bytesRead') {
            bytesRead = handle.bytesRead ?? bytesRead;
            return bytesRead;
          }
          const owning = Reflect.get(handle, owner) as object;
          if (name === 'remotePort') return peer.port;
          if (name === 'isPaused' && !(name in owning)) return () => !handle.reading;
          const value: unknown = Reflect.get(owning, name, owning);
          return typeof value === 'function' ? value.bind(owning) : value;
        },
      },
    );
    sockets.push(view as Socket);
  };
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
  /** Who accepts connections. @default that of the run */
  readonly way?: 'http' | 'own';
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
  const { path = '/chat', tls, host = '127.0.0.1', way = wayIn } = site;
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
  const listening = await listen(server, host, async () => {
    if (way === 'http') wss.attach(server, { path });
    else await wss.listen({ server, port: 0, host, path, announceWebSockets: false });
  });
  onTestFinished(() => {
    for (const connection of wss.connections) connection.terminate();
  });
  const scheme = tls === undefined ? 'ws' : 'wss';
  const authority = host.includes(':') ? `[${host}]` : host;
  const url = `${scheme}://${authority}:${listening.port}${path}`;
  return { ...listening, server, wss, url, opened, requests, errors };
}
