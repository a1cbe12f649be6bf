/** The target of a request line, without the parts that name a server. */
export interface RequestTarget {
  /** Path as it was sent, percent-encoded, with its leading slash. */
  readonly pathname: string;
  /** Query with its question mark, or the empty string. */
  readonly query: string;
}

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]+)/i;

/**
 * Splits the target of a request line (RFC 9112 §3.2): origin-form, or absolute-form for the host that was asked.
 *
 * @param target - The target exactly as it was sent. A fragment in it is dropped.
 * @param host - The Host field, if there was one.
 * @returns `undefined` for any other form, and for an absolute-form that names another authority than Host: nothing
 * is ever fetched from there.
 */
export function parseRequestTarget(
  target: string,
  host: string | undefined,
): RequestTarget | undefined {
  const path = target.startsWith('/') ? target : pathOfAbsoluteForm(target, host);
  if (path === undefined) return undefined;
  const [beforeFragment = ''] = path.split('#', 1);
  const queryStart = beforeFragment.indexOf('?');
  if (queryStart === -1) return { pathname: beforeFragment, query: '' };
  return {
    pathname: beforeFragment.slice(0, queryStart),
    query: beforeFragment.slice(queryStart),
  };
}

function pathOfAbsoluteForm(target: string, host: string | undefined): string | undefined {
  const [prefix, authority] = ABSOLUTE_FORM.exec(target) ?? [];
  if (prefix === undefined || authority === undefined) return undefined;
  if (host !== undefined && authority.toLowerCase() !== host.toLowerCase()) return undefined;
  const path = target.slice(prefix.length);
  return path.startsWith('/') ? path : `/${path}`;
}
