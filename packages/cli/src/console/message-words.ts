import type { Message } from 'meerkat';
import { cut, oneLine } from '../terminal/escape-controls.ts';
import { hexDump, toAscii, toHex } from '../terminal/hex.ts';
import type { Palette } from '../terminal/palette.ts';

/** How messages look where the transcript goes. */
export interface MessageLook {
  readonly palette: Palette;
  /** A person reads it: what is very long is cut, octets stand in rows. Else each message is one whole line. */
  readonly forPerson: boolean;
}

/** Characters of a text that a person is shown. */
const MAX_TEXT = 4_096;
/** Octets of a binary message that a person is shown. */
const MAX_BINARY = 256;
/** Octets that fit into one row, beside their ASCII. */
const ONE_ROW = 16;

/**
 * What stands behind "#1 says": `: hello`, ` 3 octets: 01 02 03`. No control character reaches the terminal, no line
 * end the transcript: whatever a client sends, it cannot look like a line of ours.
 */
export function messageWords(message: Message, look: MessageLook): string {
  return typeof message === 'string' ? textWords(message, look) : octetWords(message, look);
}

/** `1 octet`, `2 octets`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function textWords(text: string, { palette, forPerson }: MessageLook): string {
  if (text === '') return ' an empty text';
  if (!forPerson) return `: ${oneLine(text)}`;
  const shown = cut(text, MAX_TEXT);
  const more = text.length - shown.length;
  const words = oneLine(shown, Infinity, palette.inverse);
  return more === 0 ? `: ${words}` : `: ${words}${palette.dim(`… ${more} characters more`)}`;
}

function octetWords(octets: Uint8Array, { palette, forPerson }: MessageLook): string {
  const { length } = octets;
  const head = ` ${count(length, 'octet')}`;
  if (length === 0) return head;
  if (!forPerson) return `${head}: ${toHex(octets)}`;
  if (length <= ONE_ROW) return `${head}: ${toHex(octets, ' ')}  |${toAscii(octets)}|`;
  const rows = hexDump(octets.subarray(0, MAX_BINARY)).map((row) => `\n  ${row}`);
  const more = length - MAX_BINARY;
  return `${head}:${rows.join('')}${more > 0 ? palette.dim(`\n  … ${more} octets more`) : ''}`;
}
