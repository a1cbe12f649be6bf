import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

// Each costs about 5 KB while it waits, and 64 KB from the network hold 2,000 of them. Clients that pipeline at all
// send a few.
const MAX_WAITING = 128;

const waiting = new WeakMap<Socket, number>();

/**
 * Waits until the earlier responses on the connection are out, so that a client that pipelines holds one descriptor
 * and not one for each request. A connection with more than 128 requests waiting is destroyed: `node:http` would read
 * on for as long as nothing is written.
 *
 * @returns whether the client is still there.
 */
export async function isItsTurn(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { socket } = request;
  if (response.socket === null && !socket.destroyed) await waitInLine(request, response);
  return !socket.destroyed;
}

async function waitInLine(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { socket } = request;
  const before = waiting.get(socket) ?? 0;
  if (before >= MAX_WAITING) {
    socket.destroy();
    return;
  }
  waiting.set(socket, before + 1);
  while (response.socket === null && !socket.destroyed) await nextChange(request, response);
  waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
}

function nextChange(request: IncomingMessage, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      response.off('socket', settle);
      request.off('close', settle);
      resolve();
    };
    response.once('socket', settle); // node:http gives a response its socket when its turn comes
    request.once('close', settle);
  });
}
