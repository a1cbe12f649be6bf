import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../connection/clock.ts';
import type { HeaderList } from '../protocol/handshake/handshake-error.ts';

/** Statuses whose responses have neither content nor Content-Length (RFC 9110 §6.4.1, §8.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);
/** "A server MUST NOT generate content" with it (RFC 9110 §15.3.6), which only a Content-Length of 0 can say. */
const RESET_CONTENT = 205;

/** What to answer with; every `HandshakeError` is one. */
export interface Refusal {
  readonly status: number;
  readonly headers: HeaderList;
  /** In place of the message. */
  readonly body?: string | undefined;
  readonly message: string;
}

/**
 * Answers a request with one complete response and ends the connection. What the client sent behind the
 * request is read and forgotten, so that nothing pipelined is served and the answer is not lost to a reset. The socket is
 * destroyed when the client has ended it too, at the latest after `closeTimeout`; also where somebody has answered before.
 *
 * @param method - Of the request.
 */
export function refuse(
  socket: Duplex,
  error: Refusal,
  clock: Clock,
  closeTimeout: number,
  method = 'GET',
): void {
  if (socket.destroyed) return;
  const giveUp = clock.after(closeTimeout, () => socket.destroy());
  socket.once('close', () => giveUp.cancel());
  socket.on('data', () => {});
  socket.once('end', () => socket.end());
  // Not writable: somebody has ended it, and there is nothing to say any more.
  if (socket.writable) socket.end(formatRefusal(error, method));
  socket.resume();
}

function formatRefusal(error: Refusal, method: string): Buffer {
  const { status, headers } = error;
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  // "A sender of Upgrade MUST also send an "Upgrade" connection option" (RFC 9110 §7.8)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    `Connection: close${given.has('upgrade') ? ', Upgrade' : ''}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  const body = Buffer.from(error.body ?? `${error.message}\n`);
  if (status === RESET_CONTENT) {
    lines.push('Content-Length: 0');
  } else if (!BODILESS.has(status)) {
    lines.push(`Content-Length: ${body.length}`);
    if (!given.has('content-type')) lines.push('Content-Type: text/plain; charset=utf-8');
  }
  if (!given.has('x-content-type-options')) lines.push('X-Content-Type-Options: nosniff');
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  // The answer to HEAD has the header fields of the one to GET, and no content (RFC 9110 §9.3.2).
  const bare = method === 'HEAD' || status === RESET_CONTENT || BODILESS.has(status);
  return bare ? head : Buffer.concat([head, body]);
}
