// Secrets in request targets and URLs.

/** Part of a text, `[start, end)`. */
export type TextRange = readonly [start: number, end: number];

/** Names of parameters, without the marks in them, whose values are secret. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  'auth',
  'authorization',
  'authkey',
  'accesskey',
  'code',
  'credential',
  'credentials',
  'jsessionid',
  'jwt',
  'key',
  'pass',
  'passphrase',
  'passwd',
  'phpsessid',
  'privatekey',
  'pwd',
  'sas',
  'session',
  'sessionid',
  'sid',
  'sig',
  'ticket',
  'xamzcredential',
]);
const SECRET_ENDING = /(?:apikey|bearer|jwt|passwd|password|secret|session|signature|token)$/;

// Encoded marks count too, any number of times: a URL may stand in the query of another one.
const SEPARATOR = /[?&;#]|%(?:25)*(?:3f|26|3b|23)/gi;
const EQUALS = /=|%(?:25)*3d/i;
/** The authority of a URL, which ends for some at a backslash, or that of an encoded one. */
const AUTHORITY =
  /[\\/]{2}([^/?#]*)|(?:%(?:25)*(?:2f|5c)){2}((?:(?!%(?:25)*(?:2f|3f|23))[^/?#&])*)/gi;
/** What may be a host and a port without a scheme, as in Host and in the target of a CONNECT. */
const LEADING = /^\s*([^/?#\\]*)/;

/**
 * Where the secrets are in a request target or URL: the password before its `@`, and values in its parameters.
 *
 * @param open - Whether more of the text may follow.
 * @param isAuthority - Whether it is a host and a port: what comes before an `@` that is awaited is secret from its beginning on.
 * @returns In order; none overlaps another.
 */
export function rangesInTarget(target: string, open: boolean, isAuthority = false): TextRange[] {
  return merged([
    ...rangesInLeading(target, open, isAuthority),
    ...rangesInUserinfo(target, open),
    ...rangesInParameters(target),
  ]);
}

/** The ranges in order, those that overlap as one. */
export function merged(ranges: readonly TextRange[]): TextRange[] {
  const found: TextRange[] = [];
  for (const [start, end] of [...ranges].sort(([one], [other]) => one - other)) {
    if (start >= end) continue;
    const last = found.at(-1);
    if (last === undefined || start >= last[1]) found.push([start, end]);
    else found[found.length - 1] = [last[0], Math.max(last[1], end)];
  }
  return found;
}

function rangesInParameters(target: string): TextRange[] {
  const found: TextRange[] = [];
  const separator = new RegExp(SEPARATOR);
  let at = 0;
  while (at < target.length) {
    separator.lastIndex = at;
    const mark = separator.exec(target);
    if (mark === null) break;
    at = mark.index;
    const nextMark = separator.exec(target)?.index ?? target.length;
    const parameter = target.slice(at, nextMark);
    const equals = EQUALS.exec(parameter);
    if (equals === null || !isSecretParameter(parameter.slice(mark[0].length, equals.index))) {
      at = nextMark;
      continue;
    }
    const start = at + equals.index + equals[0].length;
    // Only "&" ends a value for everybody; a ";" or "?" may be part of it.
    const ampersand = target.indexOf('&', start);
    at = ampersand < 0 ? target.length : ampersand;
    found.push([start, at]);
  }
  return found;
}

function rangesInLeading(target: string, open: boolean, isAuthority: boolean): TextRange[] {
  const [lead = '', authority = ''] = LEADING.exec(target) ?? [];
  const start = lead.length - authority.length;
  if (authority.includes('@')) return [shiftedBy(start, userinfo(authority, /@/g, /:/))];
  if (!open || lead.length < target.length) return [];
  const colon = authority.indexOf(':');
  // Else a scheme may end at the colon, or all of it be one.
  if (isAuthority) return [[colon < 0 ? start : start + colon + 1, lead.length]];
  return colon < 0 ? [] : [[start + colon + 1, lead.length]];
}

/** Where secrets stand before the `@` of every URL in the text. */
export function rangesInUserinfo(text: string, open: boolean): TextRange[] {
  const found: TextRange[] = [];
  for (const match of text.matchAll(AUTHORITY)) {
    const [all, plain, encoded] = match;
    const authority = plain ?? encoded ?? '';
    const end = match.index + all.length;
    const marks =
      plain === undefined ? ([/@|%(?:25)*40/gi, /:|%(?:25)*3a/i] as const) : ([/@/g, /:/] as const);
    const range = userinfo(authority, ...marks, open && end === text.length);
    found.push(shiftedBy(end - authority.length, range));
  }
  return found;
}

/** What is secret before the last `@` of an authority. A user without a password may be a token. */
function userinfo(authority: string, ats: RegExp, colons: RegExp, isCut = false): TextRange {
  let end = -1;
  for (const { index } of authority.matchAll(ats)) end = index;
  if (end < 0) {
    if (!isCut) return [0, 0];
    end = authority.length;
  }
  const colon = colons.exec(authority);
  return [colon !== null && colon.index < end ? colon.index + colon[0].length : 0, end];
}

function shiftedBy(by: number, [start, end]: TextRange): TextRange {
  return [start + by, end + by];
}

/** Whether a parameter of this name is secret: `access_token`, `X-Api-Key`, `%74oken`. */
export function isSecretParameter(name: string): boolean {
  const plain = name
    .replace(/%(?:25)*([0-7][0-9a-f])/gi, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  return SECRET_PARAMETERS.has(plain) || SECRET_ENDING.test(plain);
}
