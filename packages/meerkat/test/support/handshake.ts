import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { RawPeer } from 'meerkat/testing';
import { expect, onTestFinished } from 'vitest';
import { type HttpResponse, parseResponse } from './http-response.ts';
import { observe } from './observed.ts';

/** The key of the example in RFC 6455 §1.3, and what answers it. */
const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** How a request differs from a proper upgrade. */
export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** In place of, or beside, those of a proper upgrade; undefined leaves one out, each element of a list is a line. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Writes a request to upgrade, as proper as `parts` lets it be. */
export function upgradeRequest(parts: RequestParts = {}): string {
  const { method = 'GET', target = '/chat', version = 'HTTP/1.1' } = parts;
  const headers = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': SAMPLE_KEY,
    'Sec-WebSocket-Version': '13',
    ...parts.headers,
  };
  let text = `${method} ${target} ${version}`.trimEnd();
  for (const [name, values] of Object.entries(headers)) {
    for (const value of values === undefined ? [] : [values].flat())
      text += `\r\n${name}: ${value}`;
  }
  return `${text}\r\n\r\n`;
}

/** A raw connection that is closed when the test ends. */
export async function rawPeer(port: number, host = '127.0.0.1'): Promise<RawPeer> {
  const peer = await RawPeer.connect(port, host);
  onTestFinished(() => peer.close());
  return peer;
}

/** The same on TLS, whatever the certificate. */
export async function secureRawPeer(port: number): Promise<RawPeer> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const peer = new RawPeer(socket);
  onTestFinished(() => peer.close());
  await once(socket, 'secureConnect');
  return peer;
}

/**
 * Sends octets on a connection of their own and reads until the server ends it. A 101 is returned at once: what is meant
 * to be refused and is not should fail, not hang.
 */
export async function exchange(port: number, octets: string | Uint8Array): Promise<string> {
  const peer = await RawPeer.connect(port);
  if (typeof octets === 'string') await peer.sendText(octets);
  else await peer.send(octets);
  const head = await peer.takeHead();
  const text = head.startsWith('HTTP/1.1 101 ') ? head : head + (await peer.takeText());
  if (!text.startsWith('HTTP/1.1 101 ')) observeEnd(text, peer.stream.readableEnded);
  await peer.close();
  return text;
}

/** Notes the statuses of all that came until the end, and the end. */
function observeEnd(text: string, ended: boolean): void {
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => status);
  const end = [...statuses, ended ? 'FIN' : 'RST'].join(' + ');
  observe([end, ...(statuses.length === 1 ? decisiveFields(text) : [])].join(', '));
}

/** The fields that a refusal has to have, as they are. */
function decisiveFields(text: string): string[] {
  const [head = ''] = text.split('\r\n\r\n', 1);
  return head.match(/^(?:Allow|Sec-WebSocket-Version|Upgrade|Retry-After): .*$/gim) ?? [];
}

/** Makes the handshake on a raw connection; what follows on it are frames. */
export async function upgraded(
  port: number,
  request: RequestParts | string = {},
): Promise<{ peer: RawPeer; response: HttpResponse }> {
  const peer = await rawPeer(port);
  await peer.sendText(typeof request === 'string' ? request : upgradeRequest(request));
  const response = parseResponse(await peer.takeHead());
  expect(response.status).toBe(101);
  return { peer, response };
}

/** What a refused request must not reach. */
export interface RefusingSite {
  readonly port: number;
  readonly opened: readonly unknown[];
  readonly requests: readonly string[];
}

/**
 * Sends a request that has to be refused: with one complete response and the end of the connection, without a call of
 * the application.
 */
export async function refused(
  site: RefusingSite,
  request: RequestParts | string | Uint8Array,
): Promise<HttpResponse> {
  const isParts = typeof request === 'object' && !(request instanceof Uint8Array);
  const text = await exchange(site.port, isParts ? upgradeRequest(request) : request);
  const response = parseResponse(text);
  expectRefusal(response);
  expect(site.opened).toEqual([]);
  expect(site.requests).toEqual([]);
  return response;
}

/** Rule 1: exactly one complete response, of a known length, and the connection ends. */
export function expectRefusal(response: HttpResponse): void {
  expect(response.version).toBe('1.1');
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.header('connection')).toMatch(/^close(, Upgrade)?$/);
  expect(response.header('content-length')).toBe(`${response.body.length}`);
  expect(response.body).not.toContain('HTTP/1.1 ');
}
