import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';

/** A complete answer that says what a status means here: what to send, and as what. */
export interface StatusPage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const EXPLANATIONS: ReadonlyMap<number, string> = new Map([
  [301, 'This is a directory: its address ends in a slash.'],
  [400, 'The request is malformed.'],
  [403, 'This file cannot be read.'],
  [404, 'There is nothing at this address.'],
  [405, 'Only GET and HEAD are answered here.'],
  [408, 'The request took too long to arrive.'],
  [412, 'The file is not the one that the request was meant for.'],
  [413, 'The request is too large.'],
  [414, 'The address is too long.'],
  [416, 'The file does not reach as far as the range that was asked for.'],
  [426, 'This is a WebSocket endpoint: open it with a WebSocket client.'],
  [431, 'The header of the request is too large.'],
  [500, 'Something went wrong on this server. Its log says what.'],
  [503, 'The server is busy. Try again in a moment.'],
  [505, 'Only HTTP/1.1 and HTTP/1.0 are spoken here.'],
]);

/**
 * Makes the page for a status. It is plain text and repeats nothing of the request, so that nothing in it needs
 * escaping; a browser is told to run and load nothing for it all the same.
 */
export function statusPage(status: number): StatusPage {
  const title = `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
  const explanation = EXPLANATIONS.get(status);
  const body = Buffer.from(
    explanation === undefined ? `${title}\n` : `${title}\n\n${explanation}\n`,
  );
  return {
    body,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(body.length),
      'Content-Security-Policy': "default-src 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-cache',
    },
  };
}

/**
 * Answers with the page for a status; a HEAD gets its headers alone.
 *
 * @param response - A response of which nothing was sent.
 * @param headers - Further headers, which win over the page's own.
 */
export function sendStatusPage(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders = {},
): void {
  const page = statusPage(status);
  for (const [name, value] of Object.entries({ ...page.headers, ...headers })) {
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(status);
  response.end(page.body);
}
