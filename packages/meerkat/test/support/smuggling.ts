// Attempts to smuggle a request past a WebSocketServer, on every way in which a connection can come to it.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { upgradeRequest } from './handshake.ts';
import { turns, until } from './waiting.ts';

/** A server, and what has reached the application. */
interface Place {
  readonly port: number;
  /** Method and target of ordinary requests. */
  readonly requests: string[];
  /** Targets of connections. */
  readonly opened: string[];
  readonly messages: unknown[];
  /** What node:http was told, connections among it. */
  readonly events: unknown[];
}

/** Each way in which a connection can come to a WebSocketServer at `/chat`. */
export const WAYS: Readonly<
  Record<string, (wss: WebSocketServer, server: Server) => Promise<unknown>>
> = {
  attach: async (wss, server) => {
    wss.attach(server, { path: '/chat' });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  },
  listen: (wss, server) => wss.listen({ server, port: 0, host: '127.0.0.1', path: '/chat' }),
};

/** Serves on one of the ways until the test ends. */
export async function place(way: string): Promise<Place> {
  const requests: string[] = [];
  const opened: string[] = [];
  const messages: unknown[] = [];
  const events: unknown[] = [];
  const wss = new WebSocketServer({
    open: (connection) => void opened.push(connection.url),
    message: (_connection, message) => void messages.push(message),
  });
  const answer: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request.resume();
    request.once('end', () => response.end('page'));
  };
  const server = createServer({ keepAliveTimeout: 5_000 }, answer);
  await WAYS[way]?.(wss, server);
  // No listener: where there is one to 'connection', node:http has every connection.
  const emit = server.emit.bind(server);
  vi.spyOn(server, 'emit').mockImplementation((event: string, ...given: unknown[]) => {
    events.push(event);
    return emit(event, ...given);
  });
  onTestFinished(async () => {
    for (const connection of wss.connections) connection.terminate();
    await wss.close();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, requests, opened, messages, events };
}

/** What must not be served where it hides. */
export const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
/** What is there for everybody, and keeps the connection open. */
export const PAGE = 'GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
/** An upgrade in its usual form. */
export const UPGRADE: string = upgradeRequest();

/** The upgrade with these lines behind its own, and octets behind its head. */
export function withLines(lines: readonly string[], behind = HIDDEN): string {
  return `${UPGRADE.slice(0, -2)}${lines.map((line) => `${line}\r\n`).join('')}\r\n${behind}`;
}

/** The upgrade with its first line, or a field, in another form. */
export function changed(from: string, to: string, behind = HIDDEN): string {
  expect(UPGRADE).toContain(from);
  return UPGRADE.replace(from, to) + behind;
}

/** A request with a body, in which an upgrade stands. */
export function post(fields: readonly string[], body: string): string {
  return `POST /page HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields.join('\r\n')}\r\n\r\n${body}`;
}

/** A body of one chunk. */
export function chunked(text: string, last = '0\r\n\r\n'): string {
  return `${text.length.toString(16)}\r\n${text}\r\n${last}`;
}

/** What came of an attempt. */
interface Outcome {
  /** All that was answered; the dates are left out, and frames are as they came. */
  readonly answer: string;
  readonly requests: readonly string[];
  readonly opened: readonly string[];
  readonly messages: readonly unknown[];
}

/** Sends the packets on a connection of their own, then FIN, and reads until the server ends too. */
export async function attempt(site: Place, packets: readonly string[]): Promise<Outcome> {
  for (const list of [site.requests, site.opened, site.messages, site.events]) list.length = 0;
  const peer = await RawPeer.connect(site.port);
  for (const packet of packets) {
    await peer.sendText(packet);
    if (packets.length > 1) await turns(3); // each of them is read by itself
  }
  // Every attempt has an answer; what is dispatched beside it is so before the end is seen.
  await until(() => peer.received.length > 0 || peer.ended);
  peer.end();
  const text = await peer.takeText();
  await peer.close();
  const { requests, opened, messages } = structuredClone({
    requests: site.requests,
    opened: site.opened,
    messages: site.messages,
  });
  return { answer: text.replace(/^Date: .*\r\n/gm, ''), requests, opened, messages };
}

/** The statuses of all that was answered. */
function statuses({ answer }: Outcome): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** What is to come of an attempt on every way in. */
export interface Expected {
  readonly statuses: readonly number[];
  readonly requests?: readonly string[];
  readonly opened?: readonly string[];
  readonly messages?: readonly unknown[];
}

type Attempt = readonly [title: string, packets: string | readonly string[]];

/** Each attempt comes to what is expected, in the same octets on every way. */
export function describeAttempts(
  title: string,
  expected: Expected,
  attempts: readonly Attempt[],
): void {
  describe(title, () => {
    it.each(attempts)('%s', async (_title, octets) => {
      const packets = typeof octets === 'string' ? [octets] : octets;
      const answers = new Set<string>();
      for (const way of Object.keys(WAYS)) {
        const outcome = await attempt(await place(way), packets);
        const { requests = [], opened = [], messages = [] } = expected;
        expect({ ...outcome, answer: statuses(outcome) }, way).toEqual({
          answer: expected.statuses,
          requests,
          opened,
          messages,
        });
        answers.add(outcome.answer);
      }
      expect([...answers]).toHaveLength(1);
    });
  });
}
