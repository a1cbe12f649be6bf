import { octetCount } from './frame-header.ts';
import { type Inflated, MAX_INFLATED, shownAtMost } from './inflate-for-show.ts';
import { octetRows } from './octet-rows.ts';
import { newDecoder, PIECE, quoted } from './payload-text.ts';

/** A message that was compressed, as it was before that: text in quotes, binary in rows. */
export function inflatedLines(
  kind: 'text' | 'binary',
  { octets, compressedLength, complete }: Extract<Inflated, { readonly octets: Buffer }>,
): string[] {
  const shown = octets.subarray(0, shownAtMost(compressedLength));
  const length = `${complete ? '' : 'at least '}${octetCount(octets.length)}`;
  const isAll = complete && shown.length === octets.length;
  const lines = kind === 'text' ? textLines(shown, length, isAll) : binaryLines(shown, length);
  if (isAll) return lines;
  const more = octets.length - shown.length;
  return [...lines, `inflated: ${complete ? `${octetCount(more)} more` : 'the rest'}, not shown`];
}

/** Why a message is not shown inflated. */
export function notInflatedLine(why: 'long' | 'context' | 'busy'): string {
  if (why === 'busy') return 'not inflated: too much at once';
  return why === 'long'
    ? `not inflated: it would be longer than ${octetCount(MAX_INFLATED)}`
    : 'not inflated: it may refer to one before it that was not';
}

/** @param isAll - Whether nothing follows what is shown. */
function textLines(shown: Buffer, length: string, isAll: boolean): string[] {
  const decoder = newDecoder();
  const lines: string[] = [];
  let start = 0;
  do {
    const end = Math.min(shown.length, start + PIECE);
    const stream = end < shown.length || !isAll;
    const text = quoted(decoder.decode(shown.subarray(start, end), { stream }));
    lines.push(`${heading(start, end, length, stream)}: ${text}`);
    start = end;
  } while (start < shown.length);
  return lines;
}

function heading(start: number, end: number, length: string, goesOn: boolean): string {
  if (start > 0) return `inflated, ${start + 1} to ${end} of ${length.replace(/ octets?$/, '')}`;
  const first = `inflated: text, ${length}`;
  return goesOn ? `${first}; 1 to ${end}` : first;
}

function binaryLines(shown: Buffer, length: string): string[] {
  return [`inflated: binary, ${length}`, ...octetRows(shown, 0).map((row) => `  ${row}`)];
}
