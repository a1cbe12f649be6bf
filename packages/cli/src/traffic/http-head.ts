import type { RequestHead } from 'meerkat/protocol';
import type { AnnotatedResponseHead } from '../handshake/annotate-response.ts';

/** Reads the head of a request, each octet one character; undefined where it is no HTTP. Never throws. */
export function parseRequestHead(text: string): RequestHead | undefined {
  const [line = '', ...lines] = linesOf(text);
  const match = /^([!#$%&'*+\-.^_`|~0-9a-z]+) (.+?)(?: HTTP\/([0-9]+\.[0-9]+))?$/i.exec(line);
  if (match === null) return undefined;
  const [, method = '', target = '', httpVersion = '0.9'] = match;
  return { method, target, httpVersion, rawHeaders: fieldsOf(lines) };
}

/** Reads the head of a response, each octet one character; undefined where it is no HTTP. Never throws. */
export function parseResponseHead(text: string): AnnotatedResponseHead | undefined {
  const [line = '', ...lines] = linesOf(text);
  const match = /^HTTP\/([0-9]+\.[0-9]+) ([0-9]{3})(?: (.*))?$/i.exec(line);
  if (match === null) return undefined;
  const [, httpVersion = '', status = '', reason = ''] = match;
  return { status: Number(status), reason, httpVersion, rawHeaders: fieldsOf(lines) };
}

/** Whether a line of the head ends with an LF alone. */
export function hasBareLf(text: string): boolean {
  return /(?:^|[^\r])\n/.test(text);
}

/** Whether Node's parser takes the lines of the head: each ends with CR LF, none is folded, no blank is before a colon. */
export function isStrict(text: string): boolean {
  if (hasBareLf(text) || /\r(?!\n)|\n[ \t]/.test(text)) return false;
  return !text.split('\n').some((line) => /[ \t]:/.test(line.slice(0, line.indexOf(':') + 1)));
}

/** Lines up to the empty one; those folded into another are joined (RFC 9112 §5.2). */
function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (bare === '') continue;
    const last = lines.length - 1;
    if (last > 0 && /^[ \t]/.test(bare)) lines[last] += ` ${bare.trimStart()}`;
    else lines.push(bare);
  }
  return lines;
}

function fieldsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon), trimBlanks(line.slice(colon + 1))];
  });
}

/** Removes spaces and tabs at both ends: the only blanks that HTTP knows. */
function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && /[ \t]/.test(value.charAt(start))) start += 1;
  while (end > start && /[ \t]/.test(value.charAt(end - 1))) end -= 1;
  return value.slice(start, end);
}
