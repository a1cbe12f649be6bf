// Whether a server opens (RFC 6455 §4.2.1), and what it answers if it does not.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isToken, parseExtensions } from './field-list.ts';

/** What a server does not look at. */
export type Unlooked = 'version' | 'host' | 'key' | 'method' | 'request body';

export interface Refusal {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** Sec-WebSocket-Accept for a key (§4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** All values of a field, in order. */
export function valuesOf(message: IncomingMessage, name: string): string[] {
  const { rawHeaders } = message;
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '');
  }
  return values;
}

const MAX_TARGET = 8192;
const MAX_LINES = 128;
/** A name or an address, and a port or nothing (RFC 9110 §7.2). */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|[\w.~%!$&'()*+,;=-]+)(?::(?=\d))?(\d{0,5})$/i;

/** Undefined: it may open. */
export function refusalOf(
  request: IncomingMessage,
  unlooked: readonly Unlooked[],
): Refusal | undefined {
  const looksAt = (what: Unlooked) => !unlooked.includes(what);
  const url = request.url ?? '';
  if (url.length > MAX_TARGET) return refuse(414);
  if (request.rawHeaders.length / 2 > MAX_LINES) return refuse(431);
  if (request.httpVersion !== '1.1') return refuse(505);
  if (looksAt('method') && request.method !== 'GET') return refuse(405, { Allow: 'GET' });
  if (looksAt('host') && !hasRightHost(request, url)) return refuse(400);
  if (looksAt('request body') && hasBody(request)) return refuse(400);
  const upgrades = valuesOf(request, 'upgrade');
  if (upgrades.length !== 1 || upgrades[0]?.toLowerCase() !== 'websocket') return refuse(400);
  if (looksAt('version')) {
    const versions = valuesOf(request, 'sec-websocket-version');
    if (versions.length !== 1 || versions[0] !== '13') {
      return refuse(426, { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' });
    }
  }
  const keys = valuesOf(request, 'sec-websocket-key');
  if (looksAt('key') && (keys.length !== 1 || !/^[A-Za-z\d+/]{22}==$/.test(keys[0] ?? ''))) {
    return refuse(400);
  }
  return hasRightLists(request) ? undefined : refuse(400);
}

function refuse(status: number, fields: Refusal['fields'] = {}): Refusal {
  return { status, fields };
}

function hasRightHost(request: IncomingMessage, url: string): boolean {
  const hosts = valuesOf(request, 'host');
  const [host] = hosts;
  const [, port] = AUTHORITY.exec(host ?? '') ?? [];
  if (hosts.length !== 1 || port === undefined || Number(port) > 65_535) return false;
  if (url.startsWith('/')) return true;
  // The absolute form (RFC 9112 §3.2.2): for another host it is not for us.
  return URL.canParse(url) && new URL(url).host === host;
}

function hasBody(request: IncomingMessage): boolean {
  const lengths = valuesOf(request, 'content-length');
  return (
    valuesOf(request, 'transfer-encoding').length > 0 || lengths.some((length) => length !== '0')
  );
}

function hasRightLists(request: IncomingMessage): boolean {
  const extensions = valuesOf(request, 'sec-websocket-extensions');
  if (extensions.length > 0 && parseExtensions(extensions.join(',')) === undefined) return false;
  const protocols = valuesOf(request, 'sec-websocket-protocol');
  if (protocols.length === 0) return true;
  const names = protocols
    .join(',')
    .split(',')
    .map((name) => name.trim());
  return names.every(isToken) && new Set(names).size === names.length;
}
