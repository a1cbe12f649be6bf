import { stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import type { Logger } from 'pino';
import { CliError } from '../cli-error.ts';
import { answerClientError } from './client-error.ts';
import { createHttpApp } from './http-app.ts';
import { HTTP_SERVER_OPTIONS } from './http-server-options.ts';
import type { ListenAddress } from './listen-address.ts';
import { type Endpoint, listenOn } from './listener.ts';
import type { RequestLog } from './request-log.ts';
import { RequestsInFlight } from './requests-in-flight.ts';
import type { StaticFilesOptions } from './static-files.ts';
import { testPage } from './test-page.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** Where WebSockets are accepted. */
export const WEBSOCKET_PATH = '/websocket';

/** Milliseconds in which a TLS handshake has to be done; Node's own default is two minutes. */
const TLS_HANDSHAKE_TIMEOUT = 10_000;

/** Milliseconds for connections that are cut off to be gone. */
const CUT_OFF_TIME = 250;

/** What `meerkat serve` serves, and where. */
export interface ServeOptions<Data> {
  readonly directory: string;
  readonly followSymlinks: boolean;
  readonly listen: readonly ListenAddress[];
  /** For the addresses that are secure. */
  readonly tls: TlsIdentity | undefined;
  /** Milliseconds in which a TLS handshake has to be done. @default 10_000 */
  readonly tlsHandshakeTimeout?: number;
  /** Limits, policies and handlers of the WebSocket server. */
  readonly webSocket: WebSocketServerOptions<Data>;
  readonly logger: Logger;
  /** Files that do not exist for clients, by their numbers. @default none */
  readonly hidden?: StaticFilesOptions['hidden'];
  /** Where requests are logged; undefined for nowhere. */
  readonly requestLog: RequestLog | undefined;
  /** Called with each server before it listens, for example to watch its traffic. */
  readonly prepare?: ((server: Server) => void) | undefined;
}

/** How a server ends. */
export interface DrainOptions {
  /** Of the Close frames. */
  readonly code: number;
  /** Milliseconds over which the Close frames are spread. */
  readonly spread: number;
  /** Milliseconds until what is left is cut off. */
  readonly timeout: number;
}

/** A server that runs. */
export interface Serving {
  /** The directory, absolute. */
  readonly directory: string;
  /** Where the test page is: a directory with an index.html shows that one at its root. */
  readonly testPagePath: '/' | '/test.html';
  /** Everything it answers on. */
  readonly endpoints: readonly Endpoint[];
  /** WebSockets that are open or closing. */
  readonly connections: number;
  /**
   * Stops listening, closes WebSockets with a Close frame behind what is queued for them, lets requests that are being
   * answered finish, and resolves when all is over. What is left after `timeout` is cut off.
   */
  close(how: DrainOptions): Promise<void>;
}

/**
 * Starts to serve: WebSockets at `/websocket`, `/rest`, the files of a directory, the test page.
 *
 * @throws {@link CliError} for a directory that is not there, or an address that cannot be listened on.
 */
export async function serve<Data>(options: ServeOptions<Data>): Promise<Serving> {
  const { listen, logger, requestLog } = options;
  const directory = resolve(options.directory);
  await requireDirectory(options.directory, directory);
  const page = testPage();
  const app = createHttpApp({
    root: directory,
    followSymlinks: options.followSymlinks,
    ...(options.hidden === undefined ? {} : { hidden: options.hidden }),
    websocketPath: WEBSOCKET_PATH,
    builtIn: new Map([
      ['/', page],
      ['/test.html', page],
    ]),
    logger,
  });
  await app.ready();
  const webSockets = new WebSocketServer<Data>(options.webSocket);
  const servers: Server[] = [];
  const endpoints: Endpoint[] = [];
  const requests: RequestsInFlight[] = [];
  const close: Serving['close'] = async ({ code, spread, timeout }) => {
    const deadline = new AbortController();
    const closed = requests.map((one) => one.drain(deadline.signal));
    const cutOff = cutOffAfter(timeout, servers, deadline.signal);
    await webSockets.close({ code, spread, timeout });
    await Promise.race([Promise.all(closed), cutOff]);
    deadline.abort();
    await app.close();
  };
  try {
    for (const address of listen) {
      const server = createServerFor(address, options);
      requests.push(new RequestsInFlight(server));
      server.on('request', (request, response) => {
        requestLog?.request(request, response);
        app.routing(request, response);
      });
      server.on('clientError', (error: Error & { code?: string }, socket) => {
        const status = answerClientError(error, socket);
        if (status !== undefined) requestLog?.badRequest(status, error, socket);
      });
      server.on('tlsClientError', (error: Error, socket: Duplex) => {
        requestLog?.tlsFailed(error, socket);
      });
      options.prepare?.(server);
      servers.push(server);
      const listening = await listenOn(server, address, (where) =>
        webSockets.listen({
          ...where,
          server,
          path: WEBSOCKET_PATH,
          // Nobody here listens to 'connection' for the sake of WebSockets.
          announceWebSockets: false,
        }),
      );
      endpoints.push(...listening);
    }
  } catch (error) {
    await close({ code: 1001, spread: 0, timeout: 0 });
    throw error;
  }
  const index = await stat(join(directory, 'index.html')).catch(() => undefined);
  return {
    directory,
    testPagePath: index?.isFile() === true ? '/test.html' : '/',
    endpoints,
    get connections() {
      return webSockets.connections.size;
    },
    close,
  };
}

/** Ends what is left after `timeout`, and does not wait for what does not end then. Never rejects. */
async function cutOffAfter(
  timeout: number,
  servers: readonly Server[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await delay(timeout, undefined, { signal });
    for (const server of servers) server.closeAllConnections();
    await delay(CUT_OFF_TIME, undefined, { signal });
  } catch {
    // all ended in time
  }
}

function createServerFor(
  { secure }: ListenAddress,
  {
    tls,
    tlsHandshakeTimeout: handshakeTimeout = TLS_HANDSHAKE_TIMEOUT,
  }: Pick<ServeOptions<unknown>, 'tls' | 'tlsHandshakeTimeout'>,
): Server {
  if (!secure) return createServer(HTTP_SERVER_OPTIONS);
  const { cert, key } = tls ?? {};
  return createTlsServer({ ...HTTP_SERVER_OPTIONS, cert, key, handshakeTimeout });
}

async function requireDirectory(given: string, directory: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (found === undefined) throw new CliError(`${given}: no such directory`, 1);
  if (!found.isDirectory()) throw new CliError(`${given}: not a directory`, 1);
}
