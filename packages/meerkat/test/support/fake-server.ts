import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { RawPeer } from 'meerkat/testing';
import { listen } from './serving.ts';

/** One request that a fake server read. */
export interface FakeRequest {
  /** The request's head, its empty line included. */
  readonly head: string;
  /** The client's key. */
  readonly key: string;
  readonly peer: RawPeer;
  readonly socket: Socket;
}

/** A server that answers what it is told, however wrong. */
export interface FakeServer {
  readonly port: number;
  readonly url: string;
  /** The heads of the requests so far. */
  readonly heads: readonly string[];
  readonly sockets: readonly Socket[];
}

/**
 * Listens until the test ends, reads a request on each connection and lets `answer` do the rest.
 *
 * @param answer - Text to send, each character one octet, or whatever has to be done.
 */
export async function fakeServer(
  answer: ((request: FakeRequest) => unknown) | string,
): Promise<FakeServer> {
  const heads: string[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const peer = new RawPeer(socket);
    void peer.takeHead().then(async (head) => {
      heads.push(head);
      const key = fieldOf(head, 'Sec-WebSocket-Key') ?? '';
      const text = typeof answer === 'string' ? answer : answer({ head, key, peer, socket });
      if (typeof text === 'string') await peer.sendText(text);
    });
  });
  const { port, sockets } = await listen(server);
  return { port, url: `ws://127.0.0.1:${port}/`, heads, sockets };
}

/** The value of a field of a head; undefined when it is not there. */
export function fieldOf(head: string, name: string): string | undefined {
  const line = head
    .split('\r\n')
    .find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

/** What answers `key`, computed apart from the code under test. */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/**
 * Writes a 101, as proper as `headers` lets it be: undefined leaves a field out, each element of a list is a line.
 */
export function switching(
  key: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>> = {},
  version = 'HTTP/1.1',
): string {
  const fields = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptOf(key),
    ...headers,
  };
  let text = `${version} 101 Switching Protocols`;
  for (const [name, values] of Object.entries(fields)) {
    for (const value of values === undefined ? [] : [values].flat())
      text += `\r\n${name}: ${value}`;
  }
  return `${text}\r\n\r\n`;
}
