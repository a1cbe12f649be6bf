import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { statusPage } from './status-page.ts';

const STATUS_OF_ERROR: ReadonlyMap<string, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

// Long enough for the client to read the answer: closing with its octets unread would reset the connection and take
// the answer away again.
const LINGER = 1_000;

const answered = new WeakSet<Duplex>();

/**
 * Answers a request that `node:http` could not parse or did not get in time, and ends the connection. For the
 * `clientError` event of a server:
 *
 * ```ts
 * server.on('clientError', answerClientError);
 * ```
 *
 * The answer waits for those to earlier requests on the connection. Where octets of an answer to this one are out
 * already, or nobody is there to read it, the connection is destroyed instead. Nothing that arrives later is parsed.
 *
 * @returns The status; undefined where nothing was sent: the client is gone, or failed in TLS, or was answered before.
 */
export function answerClientError(
  error: Error & { code?: string },
  socket: Duplex,
): number | undefined {
  // The parser reports each further chunk of the same bad request again.
  if (answered.has(socket)) return undefined;
  answered.add(socket);
  if (!socket.writable || isInTlsHandshake(socket)) {
    socket.destroy();
    return undefined;
  }
  detachParser(socket);
  const status = STATUS_OF_ERROR.get(error.code ?? '') ?? 400;
  answer(status, socket);
  return status;
}

/** Whether nothing that is written to the socket can get through: https hands TLS failures on as errors of clients. */
function isInTlsHandshake(socket: Duplex): boolean {
  return (socket as Duplex & { secureConnecting?: boolean }).secureConnecting === true;
}

/** Else a request that was answered 408 would be served when its rest arrives. */
function detachParser(socket: Duplex): void {
  const ofParser = socket.listeners('data') as ((chunk: Buffer) => void)[];
  // A reader of ours first: it makes node:http hand the octets to the stream, and not to its parser directly.
  socket.on('data', () => {});
  for (const listener of ofParser) socket.off('data', listener);
}

function answer(status: number, socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const current = responseInFlight(socket);
  if (current?.req.complete === true) {
    // That request was in order: the bad one came behind it.
    current.once('close', () => answer(status, socket));
    return;
  }
  if (current?.headersSent === true) {
    socket.destroy();
    return;
  }
  const { headers, body } = statusPage(status);
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close'];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => clearTimeout(timer));
}

// `node:http` keeps the response whose turn it is on the socket, under a name it does not document; its own answer to
// client errors looks there too.
function responseInFlight(socket: Duplex): ServerResponse | undefined {
  return (socket as Duplex & { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}
