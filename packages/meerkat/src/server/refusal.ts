import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../connection/clock.ts';
import type { HandshakeError } from '../protocol/handshake/handshake-error.ts';

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
  if (socket.destroyed) return;
  const giveUp = clock.after(closeTimeout, () => socket.destroy());
  socket.once('close', () => giveUp.cancel());
  socket.on('data', () => {});
  socket.once('end', () => socket.end());
  socket.end(formatRefusal(error));
  socket.resume();
}

function formatRefusal(error: HandshakeError): string {
  const body = error.body ?? `${error.message}\n`;
  let head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Refused'}\r\n`;
  const upgrade = error.headers.some(([name]) => name.toLowerCase() === 'upgrade');
  // "A sender of Upgrade MUST also send an "Upgrade" connection option" (RFC 9110 §7.8)
  head += `Connection: close${upgrade ? ', Upgrade' : ''}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  for (const [name, value] of error.headers) head += `${name}: ${value}\r\n`;
  if (!error.headers.some(([name]) => name.toLowerCase() === 'content-type')) {
    head += 'Content-Type: text/plain; charset=utf-8\r\n';
  }
  head += 'X-Content-Type-Options: nosniff\r\n';
  return `${head}\r\n${body}`;
}
