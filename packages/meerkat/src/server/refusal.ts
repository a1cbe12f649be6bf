import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../connection/clock.ts';
import type { HandshakeError } from '../protocol/handshake/handshake-error.ts';

/** Statuses whose responses have no content, and with 204 no Content-Length (RFC 9110 §6.4.1, §8.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/**
 * Answers an upgrade request with one complete response and ends the connection. What the client sent behind the
 * request is read and forgotten, so that nothing pipelined is served and the answer is not lost to a reset.
 */
export function refuse(
  socket: Duplex,
  error: HandshakeError,
  clock: Clock,
  closeTimeout: number,
): void {
  if (!socket.writable) return; // somebody has ended it: there is nothing to say any more
  const giveUp = clock.after(closeTimeout, () => socket.destroy());
  socket.once('close', () => giveUp.cancel());
  socket.on('data', () => {});
  socket.once('end', () => socket.end());
  socket.end(formatRefusal(error));
  socket.resume();
}

function formatRefusal(error: HandshakeError): Buffer {
  const { status, headers } = error;
  const given = new Set(headers.map(([name]) => name.toLowerCase()));
  // "A sender of Upgrade MUST also send an "Upgrade" connection option" (RFC 9110 §7.8)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    `Connection: close${given.has('upgrade') ? ', Upgrade' : ''}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  let body = Buffer.from(error.body ?? `${error.message}\n`);
  if (BODILESS.has(status)) {
    body = Buffer.alloc(0);
  } else {
    lines.push(`Content-Length: ${body.length}`);
    if (!given.has('content-type')) lines.push('Content-Type: text/plain; charset=utf-8');
  }
  if (!given.has('x-content-type-options')) lines.push('X-Content-Type-Options: nosniff');
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}
