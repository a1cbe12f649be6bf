import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type ByteRange, selectRange } from './byte-range.ts';
import { FileReadError } from './file-reader.ts';
import { allowsRange, evaluatePreconditions } from './preconditions.ts';
import type { Representation } from './representation.ts';
import { sendStatusPage } from './status-page.ts';

/**
 * Answers a GET or HEAD with a representation, as the preconditions and the range of the request want it.
 *
 * @param stallTimeout - Milliseconds until a client has to have taken the next piece of 64 KiB; the kernel hands over many at once.
 * @returns when the answer is out, or the client gone.
 * @throws {@link FileReadError} after the connection was destroyed.
 */
export async function sendRepresentation(
  request: IncomingMessage,
  response: ServerResponse,
  representation: Representation,
  stallTimeout: number,
): Promise<void> {
  const { size, etag, lastModified } = representation;
  const validators = {
    ETag: etag,
    ...(lastModified === undefined ? {} : { 'Last-Modified': lastModified }),
    'Cache-Control': 'no-cache', // to be kept, and asked about before each use
  };
  const verdict = evaluatePreconditions(request.headers, representation);
  if (verdict === 412) {
    sendStatusPage(response, 412);
    return;
  }
  if (verdict === 304) {
    response.writeHead(304, validators).end();
    return;
  }
  const range = rangeOf(request, representation);
  if (range === 'unsatisfiable') {
    sendStatusPage(response, 416, {
      'Content-Range': `bytes */${size}`,
      'Accept-Ranges': 'bytes',
    });
    return;
  }
  const { start, end } = range === 'whole' ? { start: 0, end: size - 1 } : range;
  const headers = {
    ...representation.headers,
    ...validators,
    'Accept-Ranges': 'bytes',
    'Content-Length': String(end + 1 - start),
    ...(range === 'whole' ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` }),
  };
  response.setHeaders(new Map(Object.entries(headers))).writeHead(range === 'whole' ? 200 : 206);
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  await stream(representation.read({ start, end }), response, stallTimeout);
}

function rangeOf(
  request: IncomingMessage,
  representation: Representation,
): ByteRange | 'whole' | 'unsatisfiable' {
  // "GET is the only method for which range handling is defined" (RFC 9110 §14.2).
  if (request.method !== 'GET' || !allowsRange(request.headers, representation)) return 'whole';
  return selectRange(request.headers.range, representation.size);
}

async function stream(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  response: ServerResponse,
  stallTimeout: number,
): Promise<void> {
  try {
    // A failure inside destroys the response and with it the connection: the client sees that octets are missing.
    await pipeline(destroyIfStalled(body, response, stallTimeout), response);
  } catch (error) {
    // Whatever else ends the pipeline is the client having gone, which is its right.
    if (error instanceof FileReadError) throw error;
  }
}

async function* destroyIfStalled(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  response: ServerResponse,
  stallTimeout: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body) {
    const timer = setTimeout(() => response.destroy(), stallTimeout);
    try {
      yield chunk; // until the response wants more
    } finally {
      clearTimeout(timer);
    }
  }
}
