import { HeaderFields } from 'meerkat/protocol';

/** What follows a head: a number of octets, chunks, everything up to the end, or octets that cannot be told apart. */
export type BodyLength = number | 'chunked' | 'toEnd' | 'unknown';

/** The length of a request's body (RFC 9112 §6.3), where Node's parser takes it; 'unknown' where that refuses it. */
export function requestBodyLength(rawHeaders: readonly string[]): BodyLength {
  const fields = new HeaderFields(rawHeaders);
  const codings = codingsOf(fields);
  if (codings.length === 0) return lengthOf(fields) ?? 0;
  const isPlain = fields.all('content-length').length === 0 && endsChunked(codings);
  return isPlain ? 'chunked' : 'unknown';
}

/**
 * The length of a response's body (RFC 9112 §6.3).
 *
 * @param method - Of the request that it answers.
 */
export function responseBodyLength(
  status: number,
  method: string,
  rawHeaders: readonly string[],
): BodyLength {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 0;
  const fields = new HeaderFields(rawHeaders);
  const codings = codingsOf(fields);
  if (codings.length === 0) return lengthOf(fields) ?? 'toEnd';
  return endsChunked(codings) ? 'chunked' : 'toEnd';
}

/** A line without a value is for Node's parser as if it were not there. */
function codingsOf(fields: HeaderFields): string[] {
  return fields.all('transfer-encoding').filter((value) => value !== '');
}

function endsChunked(codings: readonly string[]): boolean {
  return /(?:^|,)[ \t]*chunked$/i.test(codings.at(-1) ?? '');
}

function lengthOf(fields: HeaderFields): BodyLength | undefined {
  const [value, ...more] = fields.all('content-length');
  if (value === undefined) return undefined;
  if (more.length > 0 || !/^[0-9]+$/.test(value)) return 'unknown';
  // Zeros before it are fine; more than 64 bits are not.
  const length = Number(value);
  return length <= 2 ** 64 ? length : 'unknown';
}
