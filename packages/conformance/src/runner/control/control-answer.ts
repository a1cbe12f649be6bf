// How requests to the control protocol are answered: with a 101, or not.
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { acceptFor } from '../../wire/accept-key.ts';
import type { CheckedRequest } from '../../wire/handshake-answer.ts';
import type { Refusal } from './refusal.ts';

/** Sends a 101, and answers its head. */
export function accept(
  socket: Socket,
  request: CheckedRequest,
  extensions: string | undefined,
): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptFor(request.key)}`,
  ];
  if (extensions !== undefined) lines.push(`Sec-WebSocket-Extensions: ${extensions}`);
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  socket.write(head, 'latin1');
  return head;
}

/** Sends the status of a refusal and its words, and ends the connection. */
export function refuse(socket: Socket, refusal: Refusal): void {
  const body = `${refusal.message}\n`;
  const reason = refusal.status === 500 ? 'Internal Server Error' : 'Refused';
  const lines = [
    `HTTP/1.1 ${refusal.status} ${reason}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.resume();
}
