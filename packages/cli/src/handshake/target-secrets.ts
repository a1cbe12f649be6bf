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

/**
 * Where the secrets are in a request target or URL: the password before its `@`, and values in its query and fragment.
 *
 * @param open - Whether more of the text may follow.
 */
export function rangesInTarget(target: string, open: boolean): TextRange[] {
  const found = rangesInUserinfo(target, open);
  let at = found.at(-1)?.[1] ?? 0;
  // Encoded marks too: a URL may stand in the query of another one.
  const separator = /[?&;#]|%(?:3f|26|3b|23)/gi;
  while (at < target.length) {
    separator.lastIndex = at;
    const mark = separator.exec(target);
    if (mark === null) break;
    at = mark.index;
    const nextMark = separator.exec(target)?.index ?? target.length;
    const parameter = target.slice(at, nextMark);
    const equals = /=|%3d/i.exec(parameter);
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
  return found.filter(([start, end]) => start < end);
}

function rangesInUserinfo(target: string, open: boolean): TextRange[] {
  const [lead = '', authority = ''] =
    /^\s*(?:[a-z][a-z0-9+.-]{0,63}:)?\/\/([^/?#]*)/i.exec(target) ?? [];
  if (authority === '') return [];
  const start = lead.length - authority.length;
  const isCut = open && lead.length === target.length;
  const at = authority.lastIndexOf('@');
  if (at < 0 && !isCut) return [];
  const colon = authority.indexOf(':');
  const userEnd = at < 0 ? authority.length : at;
  // A user without a password may be a token.
  return [[colon >= 0 && colon < userEnd ? start + colon + 1 : start, start + userEnd]];
}

/** Whether a parameter of this name is secret: `access_token`, `X-Api-Key`, `%74oken`. */
export function isSecretParameter(name: string): boolean {
  const plain = name
    .replace(/%([0-7][0-9a-f])/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  return SECRET_PARAMETERS.has(plain) || SECRET_ENDING.test(plain);
}
