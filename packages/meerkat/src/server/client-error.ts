import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../connection/clock.ts';
import { type Refusal, refuse } from './refusal.ts';

const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    headers: [],
    message: 'the header of the request is too large',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    headers: [],
    message: 'the extensions of a chunk are too large',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    headers: [],
    message: 'the request took too long to arrive',
  },
};
/** What answers a request that is no HTTP. */
export const MALFORMED: Refusal = {
  status: 400,
  headers: [],
  message: 'the request is malformed',
};

const answered = new WeakSet<Duplex>();

/**
 * Answers what `node:http` reports as `clientError`: a request that its parser refuses, or that did not arrive in time.
 * The answer is complete, as that of every other refusal, where Node's own has no length. It waits for those to earlier
 * requests on the connection, and nothing that comes later is parsed. Where an answer to this very request has begun, or
 * nobody is there to read it, the connection is destroyed.
 */
export function answerClientError(
  error: Error & { readonly code?: string },
  socket: Duplex,
  clock: Clock,
  closeTimeout: number,
): void {
  if (answered.has(socket)) return;
  answered.add(socket);
  if (!socket.writable || isInTlsHandshake(socket)) {
    socket.destroy();
    return;
  }
  detachParser(socket);
  const { code = '' } = error;
  const refusal = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
  answerInTurn(socket, refusal ?? MALFORMED, clock, closeTimeout);
}

/** https reports failures of TLS as well: nothing that is written can get through then. */
function isInTlsHandshake(socket: Duplex & { readonly secureConnecting?: boolean }): boolean {
  return socket.secureConnecting === true;
}

/** Else a request that was answered 408 would be served when its rest arrives. */
function detachParser(socket: Duplex): void {
  const ofParser = socket.listeners('data') as ((chunk: Buffer) => void)[];
  // A reader of ours first: it makes node:http hand the octets to the stream, and not to its parser directly.
  socket.on('data', () => {});
  for (const listener of ofParser) socket.off('data', listener);
}

function answerInTurn(
  socket: Duplex & { readonly _httpMessage?: ServerResponse | null },
  refusal: Refusal,
  clock: Clock,
  closeTimeout: number,
): void {
  // The response whose turn it is; node:http itself looks here before it answers.
  const current = socket._httpMessage;
  if (current?.req.complete === true) {
    current.once('close', () => answerInTurn(socket, refusal, clock, closeTimeout));
  } else if (current?.headersSent === true) {
    socket.destroy();
  } else {
    refuse(socket, refusal, clock, closeTimeout);
  }
}
