import { octetCount } from './frame-header.ts';
import { MAX_INFLATED } from './inflate-for-show.ts';
import { octetRows } from './octet-rows.ts';
import { newDecoder, PIECE, quoted } from './payload-text.ts';

/** Octets of an inflated message that are shown at most. */
const MAX_SHOWN = 65_536;
/** Those of one that was next to nothing, and those for each octet that it was: a peer cannot make a dump a thousand times its traffic. */
const ALWAYS_SHOWN = 1_024;
const SHOWN_RATIO = 32;

/**
 * A message that was compressed, as it was before that: text in quotes, binary in rows.
 *
 * @param compressedLength - Its octets on the wire.
 */
export function inflatedLines(
  kind: 'text' | 'binary',
  octets: Buffer,
  compressedLength: number,
): string[] {
  const most = Math.min(MAX_SHOWN, ALWAYS_SHOWN + SHOWN_RATIO * compressedLength);
  const shown = octets.subarray(0, most);
  const lines =
    kind === 'text' ? textLines(shown, octets.length) : binaryLines(shown, octets.length);
  const more = octets.length - shown.length;
  return more === 0 ? lines : [...lines, `inflated: ${octetCount(more)} more, not shown`];
}

/** Why a message is not shown inflated. */
export function notInflatedLine(why: 'long' | 'context'): string {
  return why === 'long'
    ? `not inflated: it would be longer than ${octetCount(MAX_INFLATED)}`
    : 'not inflated: it may refer to one before it that was not';
}

function textLines(shown: Buffer, length: number): string[] {
  const decoder = newDecoder();
  const lines: string[] = [];
  let start = 0;
  do {
    const end = Math.min(shown.length, start + PIECE);
    const text = quoted(decoder.decode(shown.subarray(start, end), { stream: end < length }));
    lines.push(`${heading(start, end, length)}: ${text}`);
    start = end;
  } while (start < shown.length);
  return lines;
}

function heading(start: number, end: number, length: number): string {
  if (start > 0) return `inflated, ${start + 1} to ${end} of ${length}`;
  const first = `inflated: text, ${octetCount(length)}`;
  return end < length ? `${first}; 1 to ${end}` : first;
}

function binaryLines(shown: Buffer, length: number): string[] {
  return [
    `inflated: binary, ${octetCount(length)}`,
    ...octetRows(shown, 0).map((row) => `  ${row}`),
  ];
}
