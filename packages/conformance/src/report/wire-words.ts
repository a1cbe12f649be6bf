// What crossed the wire, in words: one notation for the terminal, JUnit and the page.
import { isUtf8 } from 'node:buffer';
import type { CaseResult, KeptEvent, WireRow } from './result.ts';
import { visibleText } from './visible-text.ts';

/** A row that is a frame. */
export type FrameRow = Extract<WireRow, { kind: 'frame' }>;

const NAMES = new Map([
  [0, 'continuation'],
  [1, 'text'],
  [2, 'binary'],
  [8, 'close'],
  [9, 'ping'],
  [10, 'pong'],
]);
const CLOSE = 8;
const SHOWN_CHARACTERS = 40;
const SHOWN_OCTETS = 12;
const SHOWN_EVENTS = 8;

/** `text`, `close`; `op3` for a reserved one. */
function opcodeName(opcode: number): string {
  return NAMES.get(opcode) ?? `op${opcode}`;
}

/** Two hex digits for each octet, blanks between them. */
export function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ');
}

/** `text~ "fragment1"`, `close 1002 "reason"`, `op3 RSV1 <00 ff>`. `~`: FIN is not set. */
export function frameWords(row: FrameRow): string {
  const name = `${opcodeName(row.opcode)}${row.fin ? '' : '~'}`;
  return `${name}${reservedBits(row.rsv)}${payloadPart(row)}`;
}

/** ` RSV1 RSV3` for 5: RSV1 is the highest of the three. */
function reservedBits(rsv: number): string {
  return [1, 2, 3].map((bit) => ((rsv << bit) & 8 ? ` RSV${bit}` : '')).join('');
}

function payloadPart(row: FrameRow): string {
  const { opcode, payload, length } = row;
  if (length === 0) return '';
  if (opcode !== CLOSE || payload.length < 2) return ` ${payloadWords(payload, length)}`;
  const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
  return length === 2 ? ` ${code}` : ` ${code} ${payloadWords(payload.subarray(2), length - 2)}`;
}

/**
 * A payload as `"text"` when it is that, else as `<hex>`.
 *
 * @param octets - Its beginning.
 * @param length - Octets of the whole.
 */
function payloadWords(octets: Uint8Array, length: number): string {
  if (length === 0) return '""';
  const whole = octets.length >= length;
  const text = textOf(octets, whole);
  if (text === undefined) {
    const shown = octets.subarray(0, SHOWN_OCTETS);
    if (shown.length >= length) return `<${hexOf(shown)}>`;
    return `<${hexOf(shown)}${shown.length === 0 ? '' : ' '}…> (${octetCount(length)})`;
  }
  const cut = !whole || Array.from(text).length > SHOWN_CHARACTERS;
  return cut ? `${quoted(text, length)} (${octetCount(length)})` : quoted(text, length);
}

function quoted(text: string, length: number): string {
  const characters = Array.from(text);
  const shown = visibleText(characters.slice(0, SHOWN_CHARACTERS).join(''));
  const whole = characters.length <= SHOWN_CHARACTERS && Buffer.byteLength(text) >= length;
  return whole ? `"${shown}"` : `"${shown}…"`;
}

/** `1 octet`, `2 octets`. */
function octetCount(count: number): string {
  return count === 1 ? '1 octet' : `${count} octets`;
}

/** Octets that are no frame: how many, and what they say where that is text, as in a head. */
export function octetsWords(octets: Uint8Array, length: number): string {
  const text = textOf(octets, octets.length >= length);
  return text === undefined ? octetCount(length) : `${octetCount(length)} ${quoted(text, length)}`;
}

/** The octets as text, unless they are not UTF-8 or have controls in them. Of a cut character the beginning is dropped. */
function textOf(octets: Uint8Array, whole: boolean): string | undefined {
  for (let cut = 0; cut <= (whole ? 0 : 3); cut += 1) {
    const part = octets.subarray(0, octets.length - cut);
    if (part.length > 0 && isUtf8(part)) {
      const text = Buffer.from(part).toString('utf8');
      return /[^\P{Cc}\t\n\r]/u.test(text) ? undefined : text;
    }
  }
  return undefined;
}

/** What a peer had to cause, or did: `text "fragment1"`, `pong ""`. */
export function eventWords(event: KeptEvent): string {
  switch (event.event) {
    case 'message':
      return `${event.binary ? 'binary' : 'text'} ${payloadWords(event.payload, event.length ?? event.payload.length)}`;
    case 'pong':
      return `pong ${payloadWords(event.payload, event.length ?? event.payload.length)}`;
    case 'mark':
      return `nothing until pause ${visibleText(event.mark)} is over`;
  }
}

/** A list of events in words, not more than eight of them. */
export function eventsWords(events: readonly KeptEvent[]): string {
  if (events.length === 0) return 'nothing';
  const shown = events.slice(0, SHOWN_EVENTS).map(eventWords).join(', ');
  return events.length > SHOWN_EVENTS ? `${shown}, ${events.length - SHOWN_EVENTS} more` : shown;
}

/** What the end of a connection had to look like. */
export function closeWords(expected: CaseResult['expectedClose']): string {
  const who =
    expected.closedByMe === null
      ? 'either side may close first'
      : `the ${expected.closedByMe ? 'runner' : 'peer'} closes first`;
  const codes = expected.closeCodes.join(' or ');
  const clean = expected.requireClean
    ? '; both Close frames are seen and the server drops TCP'
    : '';
  return `${who}${codes === '' ? '' : `, with ${codes} or no code`}${clean}`;
}

/** The octets of a frame before its payload, as many as the row has. */
export function headerOctets(row: FrameRow): Uint8Array {
  return row.octets.subarray(0, headerLength(row));
}

/** How many octets of a frame stand before its payload. */
export function headerLength(row: FrameRow): number {
  const second = row.octets[1] ?? 0;
  const form = second & 0x7f;
  return 2 + (form === 126 ? 2 : form === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
}

/**
 * A row of the wire log: `> text~ "fragment1"  01 89 …`. What is wrong with a frame stands in a line of its own.
 *
 * @param maxOctets - How many of its octets stand at the end.
 */
export function rowLines(row: WireRow, maxOctets: number = SHOWN_OCTETS): string[] {
  if (row.kind === 'note') {
    return [`  ${visibleText(row.text)}`];
  }
  const arrow = row.by === 'runner' ? '>' : '<';
  const total = row.kind === 'frame' ? headerLength(row) + row.length : row.length;
  const shown = row.octets.subarray(0, maxOctets);
  const more = shown.length < total ? ' …' : '';
  const words = row.kind === 'frame' ? frameWords(row) : octetsWords(row.octets, row.length);
  const line = `${arrow} ${words}  ${hexOf(shown)}${more}`;
  if (row.kind !== 'frame' || row.defect === undefined) return [line];
  return [line, `  ^ ${visibleText(row.defect)}`];
}

/**
 * The rows that show a fault: those around the first defect, else the last ones before the connection ended.
 *
 * @param max - At least 4.
 */
export function rowsAroundFault(log: readonly WireRow[], max: number): readonly WireRow[] {
  if (log.length <= max) return log;
  const defect = log.findIndex((row) => row.kind === 'frame' && row.defect !== undefined);
  const last = defect === -1 ? log.length : Math.min(log.length, defect + 3);
  // What the case began with, which most of them are about, then what it came to.
  const begin = Math.floor(max / 3);
  const first = Math.max(begin, last - (max - begin - 1));
  const between = log.slice(begin, first);
  const end = log.slice(first, last);
  return [...log.slice(0, begin), ...(between.length === 0 ? [] : [leftOutNote(between)]), ...end];
}

/** Stands for rows that are not shown. */
export function leftOutNote(rows: readonly WireRow[]): WireRow {
  const count = rows.reduce((sum, row) => sum + (row.kind === 'note' ? (row.leftOut ?? 1) : 1), 0);
  const text = `${count} rows are left out here`;
  return { kind: 'note', at: rows[0]?.at ?? 0, text, leftOut: count };
}
