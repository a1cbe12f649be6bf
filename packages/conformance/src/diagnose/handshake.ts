import { randomBytes } from 'node:crypto';
import { type AnswerHead, headIsOver, readAnswerHead } from './answer-head.ts';
import type { Link } from './link.ts';
import type { Target } from './target.ts';

/** What the user wants every request to have. */
export interface Asked {
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols: readonly string[];
  readonly origin: string | undefined;
}

/** How one request differs from a right one. `null` leaves a field out. */
export interface Deviation {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly origin?: string | null;
  readonly extensions?: string;
  readonly without?: 'Host' | 'Sec-WebSocket-Key';
}

/** A request, and its key. */
export interface Request {
  readonly text: string;
  readonly key: string;
}

export interface Exchange {
  readonly request: Request;
  /** Undefined where nothing came, or no HTTP. */
  readonly head: AnswerHead | undefined;
  /** Milliseconds until the head was over, or nobody waited longer. */
  readonly took: number;
}

/** An upgrade request (§4.1). */
export function requestFor(target: Target, asked: Asked, deviation: Deviation = {}): Request {
  const key = randomBytes(16).toString('base64');
  const origin = deviation.origin === undefined ? asked.origin : deviation.origin;
  const own = new Set(Object.keys(asked.headers).map((name) => name.toLowerCase()));
  const fields: [name: string, value: string | null | undefined][] = [
    ['Host', deviation.without === 'Host' ? null : target.hostField],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', deviation.without === 'Sec-WebSocket-Key' ? null : key],
    ['Sec-WebSocket-Version', deviation.version ?? '13'],
    ['Sec-WebSocket-Protocol', asked.subprotocols.join(', ') || null],
    ['Sec-WebSocket-Extensions', deviation.extensions],
    ['Origin', origin],
    ['Authorization', target.authorization],
    ['User-Agent', 'meerkat-diagnose'],
  ];
  const wanted = fields.filter(([name, value]) => {
    if (value === undefined || value === null) return false;
    // The user's field takes the place of ours, but not of one that is tried out.
    return !own.has(name.toLowerCase()) || (name === 'Origin' && deviation.origin !== undefined);
  });
  const more = Object.entries(asked.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    if (lower === 'origin') return deviation.origin === undefined;
    return !(lower === 'host' && deviation.without === 'Host');
  });
  const lines = [...wanted, ...more].map(([name, value]) => `${name}: ${value}\r\n`);
  const { method = 'GET', path = target.path } = deviation;
  return { text: `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, key };
}

/** Sends a request and waits for the head of its answer. */
export async function exchange(link: Link, request: Request, timeoutMs: number): Promise<Exchange> {
  const from = performance.now();
  link.write(request.text);
  await link.until(() => link.octets.length > 0 && headIsOver(link.octets), timeoutMs);
  const took = performance.now() - from;
  return { request, head: readAnswerHead(link.octets), took };
}
