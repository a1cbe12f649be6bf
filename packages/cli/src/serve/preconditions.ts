import type { IncomingHttpHeaders } from 'node:http';
import fresh from 'fresh';
import { parseHttpDate } from './http-date.ts';

/** What tells one version of a representation from another. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Time of the last change as an HTTP date, where one is known. */
  readonly lastModified?: string | undefined;
}

const ENTITY_TAG = /(?:W\/)?"[^"]*"/g;

/**
 * Evaluates the preconditions of a GET or HEAD in the order of RFC 9110 §13.2.2.
 *
 * @returns 412 when the client meant another version, 304 when it has this one, else 200. A date that is not an HTTP
 * date counts as absent. `Cache-Control: no-cache` in the request, which is a browser's reload, rules out 304.
 */
export function evaluatePreconditions(
  headers: IncomingHttpHeaders,
  validators: Validators,
): 200 | 304 | 412 {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!matchesStrongly(ifMatch, validators.etag)) return 412;
  } else if (isModifiedSince(headers['if-unmodified-since'], validators)) {
    return 412;
  }
  return isFresh(headers, validators) ? 304 : 200;
}

/**
 * Tells whether a Range may be honoured as far as If-Range goes (RFC 9110 §13.1.5): without the field, with our
 * entity tag, or with exactly our date. A weak tag never matches.
 */
export function allowsRange(headers: IncomingHttpHeaders, validators: Validators): boolean {
  const ifRange = headers['if-range'];
  if (ifRange === undefined || ifRange === validators.etag) return true;
  return validators.lastModified !== undefined && ifRange === validators.lastModified;
}

function matchesStrongly(list: string, etag: string): boolean {
  const tags: readonly string[] = list.match(ENTITY_TAG) ?? [];
  return list === '*' || tags.includes(etag);
}

function isModifiedSince(date: string | undefined, { lastModified }: Validators): boolean {
  if (date === undefined || lastModified === undefined) return false;
  const time = parseHttpDate(date);
  return time !== undefined && Date.parse(lastModified) > time;
}

function isFresh(headers: IncomingHttpHeaders, { etag, lastModified }: Validators): boolean {
  const since = headers['if-modified-since'];
  const time = since === undefined ? undefined : parseHttpDate(since);
  // `fresh` reads dates with `Date.parse`, so it is shown only what is an HTTP date, in the one form both understand.
  return fresh(
    {
      'if-none-match': headers['if-none-match'],
      'if-modified-since': time === undefined ? undefined : new Date(time).toUTCString(),
      'cache-control': headers['cache-control'],
    },
    { etag, 'last-modified': lastModified },
  );
}
