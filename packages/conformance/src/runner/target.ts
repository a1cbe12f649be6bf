// The server under test: where it is and what every request to it carries.
import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { CheckError, type CheckServerOptions } from './options.ts';

/** Milliseconds for a TCP connection and its TLS handshake. */
const CONNECT_TIMEOUT_MS = 10_000;

export interface Target {
  readonly url: string;
  /** As in the Host field; the port is always named. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  /** The server's own origin. */
  readonly origin: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly subprotocols: readonly string[];
  /** Opens TCP, and TLS where the URL asks for it. Rejects with the network's error. */
  connect(): Promise<Duplex>;
}

type TargetOptions = Pick<
  CheckServerOptions,
  'url' | 'headers' | 'subprotocols' | 'ca' | 'rejectUnauthorized' | 'cert' | 'key'
>;

/** @throws {@link CheckError} for a URL that is none of a WebSocket, and fields that cannot be sent. */
export function targetOf(options: TargetOptions): Target {
  const url = urlOf(options.url);
  const secure = url.protocol === 'wss:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  const headers = Object.entries(options.headers ?? {});
  const subprotocols = options.subprotocols ?? [];
  if (url.username !== '' && !headers.some(([name]) => name.toLowerCase() === 'authorization')) {
    headers.push(['Authorization', basic(url)]);
  }
  for (const [name, value] of headers) refuseUnsendable(name, value);
  for (const name of subprotocols) refuseUnsendable('Sec-WebSocket-Protocol', name);
  let known: string | undefined;
  return {
    url: `${url.protocol}//${url.host}${url.pathname}${url.search}`,
    host: `${url.hostname}:${port}`,
    path: `${url.pathname}${url.search}`,
    origin: `${secure ? 'https' : 'http'}://${url.host}`,
    headers,
    subprotocols,
    async connect() {
      // The name is looked up once: hundreds of cases should not ask for it again.
      const host = known ?? hostname;
      const socket = connectTcp({ host, port, noDelay: true });
      await opened(socket, 'connect');
      known = socket.remoteAddress ?? known;
      if (!secure) return socket;
      const secured = connectTls({
        socket,
        ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
        ...(isIP(hostname) === 0 ? {} : { host: hostname }),
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.cert === undefined ? {} : { cert: options.cert }),
        ...(options.key === undefined ? {} : { key: options.key }),
        rejectUnauthorized: options.rejectUnauthorized !== false,
        ALPNProtocols: ['http/1.1'],
      });
      await opened(secured, 'secureConnect');
      return secured;
    },
  };
}

async function opened(socket: Socket, event: string): Promise<void> {
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no ${event} within ${CONNECT_TIMEOUT_MS} ms`));
  }, CONNECT_TIMEOUT_MS);
  try {
    await once(socket, event);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    // Whoever uses it listens for errors; until then one must not end the process.
    socket.on('error', ignore);
  }
}

function ignore(): void {}

function urlOf(given: string | URL): URL {
  let url: URL;
  try {
    url = new URL(given);
  } catch (error) {
    throw new CheckError(`${String(given)} is not a URL`, { cause: error });
  }
  if (url.protocol === 'http:') url = new URL(url.href.replace(/^http/, 'ws'));
  if (url.protocol === 'https:') url = new URL(url.href.replace(/^https/, 'wss'));
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new CheckError(`${url.href} is not a WebSocket URL: it begins with ws:// or wss://`);
  }
  return url;
}

function basic(url: URL): string {
  const words = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return `Basic ${Buffer.from(words).toString('base64')}`;
}

function refuseUnsendable(name: string, value: string): void {
  if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name) || /[\r\n\0]/.test(value)) {
    throw new CheckError(`the header field ${JSON.stringify(name)} cannot be sent`);
  }
}
