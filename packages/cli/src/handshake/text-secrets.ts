import { isSecretParameter, merged, rangesInUserinfo, type TextRange } from './target-secrets.ts';

/** Characters before a `=` in which the name of a parameter is looked for. */
const MAX_NAME = 128;
const NAME_START = /[^a-z0-9_.~%+$[\]-]|%(?:25)*(?:20|22|23|26|27|2f|3b|3d|3f)/i;
const VALUE_END = /[&\s]/g;

/** Where the secrets are in a sentence that quotes a target, a host or an Origin. */
export function rangesInText(text: string): TextRange[] {
  return merged([...rangesInUserinfo(text, false), ...beforeAts(text), ...values(text)]);
}

/** `me:sesame` in `the host me:sesame@example.com is unknown`. */
function beforeAts(text: string): TextRange[] {
  const found: TextRange[] = [];
  for (const { index, 0: word } of text.matchAll(/[^\s"'/?#]+/g)) {
    const at = word.lastIndexOf('@');
    const colon = word.indexOf(':');
    if (at >= 0) found.push([index + (colon < at ? colon + 1 : 0), index + at]);
  }
  return found;
}

function values(text: string): TextRange[] {
  const found: TextRange[] = [];
  let last = 0;
  let previous = 0;
  let seen = 0;
  let isQuoted = false;
  for (const { index, 0: equals } of text.matchAll(/=|%(?:25)*3d/gi)) {
    if (index < last) continue;
    const before = text.slice(Math.max(last, previous, index - MAX_NAME), index);
    previous = index + equals.length;
    if (!isSecretParameter(before.split(NAME_START).at(-1) ?? '')) continue;
    for (; seen < index; seen += 1) if (text[seen] === '"') isQuoted = !isQuoted;
    const start = index + equals.length;
    last = valueEnd(text, start, isQuoted);
    found.push([start, last]);
  }
  return found;
}

/** Within quotes, which may hold blanks, only they end a value, or "&". */
function valueEnd(text: string, start: number, isQuoted: boolean): number {
  const end = isQuoted ? /[&"]/g : new RegExp(VALUE_END);
  end.lastIndex = start;
  return end.exec(text)?.index ?? text.length;
}
