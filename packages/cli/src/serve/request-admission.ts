import type { IncomingMessage } from 'node:http';
import { parseRequestTarget } from './request-target.ts';

// Longest request target answered. Past it: 414.
const MAX_URI_OCTETS = 8192;
// Most header lines answered. Past it: 431.
const MAX_HEADER_LINES = 128;

/** The status that refuses a request whatever it asks for. */
export type AdmissionRefusal = 400 | 414 | 431 | 505;

/**
 * Judges what `node:http` lets pass although no handler should see it: foreign HTTP versions, a second Host, too
 * many header lines, an overlong target, and a target that names another server.
 *
 * @returns The status to refuse with, or `undefined` for a request in order.
 */
export function refuseRequest(request: IncomingMessage): AdmissionRefusal | undefined {
  const { httpVersion, rawHeaders, url = '' } = request;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 505;
  // A name and a value each. Counted here because `headers` has lost the repeated lines.
  if (rawHeaders.length / 2 > MAX_HEADER_LINES) return 431;
  if (url.length > MAX_URI_OCTETS) return 414;
  // RFC 9112 §5.1; the parser of Node 20.19.0 lets a blank before the colon pass.
  if (rawHeaders.some((text, i) => i % 2 === 0 && /[\t ]$/.test(text))) return 400;
  const hosts = rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === 'host');
  if (hosts.length > 1) return 400; // RFC 9112 §3.2
  if (request.method === 'OPTIONS' && url === '*') return undefined;
  return parseRequestTarget(url, request.headers.host) === undefined ? 400 : undefined;
}

/** Whether the request announces a body, which no handler of files reads. */
export function announcesBody(request: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
  return coding !== undefined || Number(length) !== 0;
}
