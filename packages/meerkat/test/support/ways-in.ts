// A WebSocketServer on each way in which connections can come to it, to be compared: attached to node:http, or with the
// listener of our own.
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Connection, WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import { ManualClock, RawPeer } from 'meerkat/testing';
import { expect, onTestFinished, vi } from 'vitest';
import { turns, until } from './waiting.ts';

export type WayIn = 'attach' | 'listen';

/** Where everything goes through streams, node:http accepts. */
export const listenerIsOurs: boolean = process.env['MEERKAT_TRANSPORT'] !== 'stream';

export interface WayInOptions {
  readonly http?: ServerOptions;
  /** @default the target as the body, when the request has ended */
  readonly request?: RequestListener;
  /** Before it listens. */
  readonly prepare?: (server: Server) => void;
  /** @default '/chat' */
  readonly path?: string;
  /** @default true */
  readonly announceWebSockets?: boolean;
}

/** A server that listens until the test ends, and what has reached the application. */
export interface WayInSite<Data> {
  readonly server: Server;
  readonly wss: WebSocketServer<Data>;
  readonly clock: ManualClock;
  readonly port: number;
  readonly opened: readonly Connection<Data>[];
  readonly messages: readonly unknown[];
  readonly errors: readonly unknown[];
  /** The names of what the HTTP server emitted. */
  readonly events: readonly string[];
  /** Of every connection, in the order they came. */
  readonly handles: readonly object[];
  /** Connections that node:net counts. */
  counted(): Promise<number>;
  /** A connection that was accepted, and ends with the test. */
  peer(): Promise<RawPeer>;
}

/** Serves on one of the ways until the test ends, by a clock that stands still. */
export async function serveOn<Data = undefined>(
  way: WayIn,
  given: WebSocketServerOptions<Data> = {},
  options: WayInOptions = {},
): Promise<WayInSite<Data>> {
  const { path = '/chat', announceWebSockets = true } = options;
  const clock = new ManualClock();
  const opened: Connection<Data>[] = [];
  const messages: unknown[] = [];
  const errors: unknown[] = [];
  const events: string[] = [];
  const wss = new WebSocketServer<Data>({
    clock,
    error: (error) => void errors.push(error),
    ...given,
    open(connection, request) {
      opened.push(connection);
      return given.open?.(connection, request);
    },
    message(connection, message) {
      messages.push(message);
      return given.message?.(connection, message);
    },
  });
  const server = createServer(
    { keepAliveTimeout: 5_000, ...options.http },
    options.request ?? page,
  );
  options.prepare?.(server);
  // No listeners: where there are some, node:http may have every connection.
  const emit = server.emit.bind(server);
  vi.spyOn(server, 'emit').mockImplementation((event: string, ...rest: unknown[]) => {
    events.push(event);
    return emit(event, ...rest);
  });
  if (way === 'attach') {
    wss.attach(server, { path });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  } else {
    await wss.listen({ server, port: 0, host: '127.0.0.1', path, announceWebSockets });
  }
  const { port } = server.address() as AddressInfo;
  const handles = watchAccepted(server);
  const counted = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  const peers: RawPeer[] = [];
  onTestFinished(async () => {
    for (const peer of peers) await peer.close();
    for (const connection of wss.connections) connection.terminate();
    void wss.close();
    clock.advance(100_000);
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
    while ((await counted()) > 0) await turns(1);
  });
  return {
    server,
    wss,
    clock,
    port,
    opened,
    messages,
    errors,
    events,
    handles,
    counted,
    async peer() {
      const before = handles.length;
      const peer = await RawPeer.connect(port);
      peers.push(peer);
      await until(() => handles.length > before);
      return peer;
    },
  };
}

/** The connections that the system hands to a server: there is no event that tells of all. */
export function watchAccepted(server: Server): object[] {
  const { _handle: listening } = server as unknown as {
    _handle: { onconnection: (status: number, handle: object) => void };
  };
  const { onconnection } = listening;
  const handles: object[] = [];
  listening.onconnection = function (status, handle) {
    onconnection.call(this, status, handle);
    handles.push(handle);
  };
  return handles;
}

const page: RequestListener = (request, response) => {
  let octets = 0;
  request.on('data', (chunk: Buffer) => {
    octets += chunk.length;
  });
  request.once('end', () => response.end(`${request.method} ${request.url} ${octets}`));
};

/** What is sent, and what is waited for in between: so many octets that match. */
export type Step = string | RegExp;

/** Sends packets, each when what is before it was answered; ends, and answers all that came, without dates. */
export async function converse(site: { port: number }, steps: readonly Step[]): Promise<string> {
  const peer = await RawPeer.connect(site.port);
  onTestFinished(() => peer.close());
  for (const step of steps) {
    if (typeof step === 'string') {
      await peer.sendText(step);
      await turns(3); // it is read by itself
    } else {
      await until(() => step.test(peer.received.toString('latin1')) || peer.ended);
    }
  }
  peer.end();
  const text = await peer.takeText();
  await peer.close();
  return text.replace(/^Date: .*\r\n/gm, '');
}

/** The statuses of all that was answered. */
export function statusesOf(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** Does something on every way, which has to come to the same everywhere. */
export async function onEveryWay<Outcome>(act: (way: WayIn) => Promise<Outcome>): Promise<Outcome> {
  const attached = await act('attach');
  expect(await act('listen')).toEqual(attached);
  return attached;
}

/** Whether a socket of node:net came to be, for the site's connections. */
export function cameByHttp({ events }: { events: readonly string[] }): boolean {
  return events.includes('connection');
}
