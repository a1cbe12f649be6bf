import { HeaderFields } from 'meerkat/protocol';

/** What follows a head: a number of octets, chunks, everything up to the end, or octets that cannot be told apart. */
export type BodyLength = number | 'chunked' | 'toEnd' | 'unknown';

/** The length of a request's body (RFC 9112 §6.3). */
export function requestBodyLength(rawHeaders: readonly string[]): BodyLength {
  return announced(new HeaderFields(rawHeaders)) ?? 0;
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
  return announced(new HeaderFields(rawHeaders)) ?? 'toEnd';
}

function announced(fields: HeaderFields): BodyLength | undefined {
  const codings = fields.combined('transfer-encoding');
  if (codings !== undefined) return /(?:^|[\s,])chunked\s*$/i.test(codings) ? 'chunked' : 'unknown';
  const lengths = new Set(fields.all('content-length'));
  if (lengths.size === 0) return undefined;
  const [length = ''] = lengths;
  return lengths.size === 1 && /^[0-9]{1,15}$/.test(length) ? Number(length) : 'unknown';
}
