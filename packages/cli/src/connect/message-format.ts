import type { Message } from 'meerkat';
import { cut, escapeControls } from '../terminal/escape-controls.ts';
import { hexDump, toAscii, toHex } from '../terminal/hex.ts';
import { localTime } from '../terminal/local-time.ts';
import type { Palette } from '../terminal/palette.ts';

/** Characters of a text that a terminal shows. */
const MAX_TEXT = 65_536;
/** Octets of a binary message that a terminal shows. */
const MAX_BINARY = 1_024;
/** Octets that fit into one row, beside their ASCII. */
const ONE_ROW = 16;

/** How received messages look on a terminal: harmless, and cut where they are very long. */
export interface TerminalLook {
  readonly palette: Palette;
  /** What stands before each message; further lines are indented by as much. */
  readonly arrow: string;
  readonly times: boolean;
}

/** A received message as lines for a terminal, the last line's end included. */
export function forTerminal(message: Message, look: TerminalLook, now: Date): string {
  const { palette, arrow, times } = look;
  const time = times ? `${palette.dim(localTime(now))} ` : '';
  const rows =
    typeof message === 'string' ? textRows(message, palette) : binaryRows(message, palette);
  const hang = ' '.repeat(arrow.length);
  const head = `${time}${palette.cyan(arrow)}`;
  return `${head}${rows.join(`\n${hang}`)}\n`;
}

/**
 * A received message as a line for a program: text as it is, binary as hex digits.
 *
 * @param now - Put before it, with a tab between; undefined for no time.
 */
export function forPipe(message: Message, now: Date | undefined): string {
  const time = now === undefined ? '' : `${now.toISOString()}\t`;
  return `${time}${typeof message === 'string' ? message : toHex(message)}\n`;
}

function textRows(text: string, { dim, inverse }: Palette): string[] {
  if (text === '') return [dim('(empty text)')];
  const shown = cut(text, MAX_TEXT);
  const rows = escapeControls(shown, inverse).split('\n');
  return shown === text ? rows : [...rows, dim(rest(text.length - shown.length, 'characters'))];
}

function binaryRows(octets: Uint8Array, { dim }: Palette): string[] {
  const { length } = octets;
  if (length === 0) return [dim('(empty binary)')];
  const count = dim(`(${length} ${length === 1 ? 'octet' : 'octets'})`);
  if (length <= ONE_ROW) return [`${toHex(octets, ' ')}  |${toAscii(octets)}| ${count}`];
  const rows = hexDump(octets.subarray(0, MAX_BINARY));
  return [
    count,
    ...rows,
    ...(length > MAX_BINARY ? [dim(rest(length - MAX_BINARY, 'octets'))] : []),
  ];
}

function rest(count: number, what: string): string {
  return `… ${count} ${what} more: send the output to a file or a pipe to get all`;
}
