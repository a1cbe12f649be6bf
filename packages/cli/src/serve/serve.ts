import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import { CliError } from '../cli-error.ts';
import { answerClientError } from './client-error.ts';
import { createHttpApp } from './http-app.ts';
import { HTTP_SERVER_OPTIONS } from './http-server-options.ts';
import type { ListenAddress } from './listen-address.ts';
import { testPage } from './test-page.ts';

/** Where WebSockets are accepted. */
const WEBSOCKET_PATH = '/websocket';

/** What `meerkat serve` serves, and where. */
export interface ServeOptions {
  readonly directory: string;
  readonly followSymlinks: boolean;
  readonly listen: readonly ListenAddress[];
  /** Limits and policies of the WebSocket server. */
  readonly webSocket: Omit<WebSocketServerOptions, 'message' | 'open' | 'close' | 'error'>;
  readonly logger: FastifyBaseLogger;
}

/** A server that runs. */
export interface Serving {
  /** The directory, absolute. */
  readonly directory: string;
  /** `host:port` of everything it answers on, to be put behind `http://` and `ws://`. */
  readonly authorities: readonly string[];
  /** Closes every connection, WebSockets with 1001, and stops listening. Bounded by `closeTimeout`. */
  close(): Promise<void>;
}

/**
 * Starts to serve: an echo at `/websocket`, `/rest`, the files of a directory, the test page.
 *
 * @throws {@link CliError} for a directory that is not there, or an address that cannot be listened on.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { listen, logger } = options;
  const directory = resolve(options.directory);
  await requireDirectory(options.directory, directory);
  const page = testPage();
  const app = createHttpApp({
    root: directory,
    followSymlinks: options.followSymlinks,
    websocketPath: WEBSOCKET_PATH,
    builtIn: new Map([
      ['/', page],
      ['/test.html', page],
    ]),
    logger,
  });
  await app.ready();
  const echo = new WebSocketServer({
    ...options.webSocket,
    async message(connection, message) {
      // A client that sends and does not read is not read from either: nothing is lost, nothing piles up.
      if (connection.send(message) !== 'sent') await connection.drained();
    },
    error(error) {
      logger.error({ err: error }, 'WebSocket');
    },
  });
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => closeServer(server));
    await echo.close();
    for (const server of servers) server.closeAllConnections();
    await Promise.all([...closed, app.close()]);
  };
  try {
    for (const address of listen) {
      const server = createServer(HTTP_SERVER_OPTIONS, (request, response) => {
        app.routing(request, response);
      });
      server.on('clientError', answerClientError);
      echo.attach(server, { path: WEBSOCKET_PATH });
      await listenOn(server, address);
      servers.push(server);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { directory, authorities: servers.flatMap(authoritiesOf), close };
}

async function requireDirectory(given: string, directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined) throw new CliError(`${given}: no such directory`, 1);
  if (!found.isDirectory()) throw new CliError(`${given}: not a directory`, 1);
}

async function listenOn(server: Server, { host, port }: ListenAddress): Promise<void> {
  const where = `${bracketed(host)}:${port}`;
  try {
    server.listen({ host, port });
    await once(server, 'listening');
  } catch (error) {
    throw new CliError(`cannot listen on ${where}: ${whyNot(error as NodeJS.ErrnoException)}`, 1);
  }
}

function whyNot(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'the port is in use; choose another with --port, or 0 for any that is free';
    case 'EACCES':
      return 'not permitted; ports below 1024 need privileges';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'no such host';
    default:
      return error.message;
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** What to put into a browser for each address that the server answers on. */
function authoritiesOf(server: Server): string[] {
  const { address, port } = server.address() as AddressInfo;
  if (address === '127.0.0.1') return [`localhost:${port}`];
  if (address === '::1') return [`[::1]:${port}`];
  if (address !== '0.0.0.0' && address !== '::') return [`${bracketed(address)}:${port}`];
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family, scopeid }) => {
      if (internal || (scopeid ?? 0) !== 0) return false; // a link-local address works only with its zone
      return family === 'IPv4' || address === '::';
    });
  return [`localhost:${port}`, ...outside.map((one) => `${bracketed(one.address)}:${port}`)];
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
