import { isUtf8 } from 'node:buffer';
import type { TextDecoder } from 'node:util';
import {
  type DeflateDirection,
  describeCloseCode,
  isControl,
  Opcode,
  ProtocolError,
  type Role,
  Utf8Validator,
} from 'meerkat/protocol';
import { ruleSource } from '../explain/rule-source.ts';
import type { Palette } from '../terminal/palette.ts';
import { FrameHeader } from './frame-header.ts';
import { FrameJudge } from './frame-judge.ts';
import type { InflateBudget } from './inflate-budget.ts';
import { InflateForShow } from './inflate-for-show.ts';
import { inflatedLines, notInflatedLine } from './inflated-lines.ts';
import { octetRows } from './octet-rows.ts';
import { newDecoder, PIECE, quoted } from './payload-text.ts';

/**
 * Tells the frames of one direction, octet by octet, in lines whose first three columns are for marks. What is wrong
 * is the engine's word; nothing is decoded after it.
 */
export class FrameDump {
  readonly #judge: FrameJudge;
  readonly #palette: Palette;
  readonly #header = new FrameHeader();
  /** Offset of the frame in its direction. */
  #frameAt = 0;
  /** Payload that was not told yet. */
  readonly #piece: Uint8Array = new Uint8Array(PIECE);
  #pieceLength = 0;
  /** Payload of the frame that was told. */
  #told = 0;
  /** What a continuation continues. */
  #message: 'text' | 'binary' | undefined;
  #utf8 = new Utf8Validator();
  #decoder: TextDecoder = newDecoder();
  /** Where permessage-deflate was agreed on. */
  readonly #inflation: InflateForShow | undefined;
  /** Whether the message that has begun is compressed. */
  #compressed = false;
  /** Why nothing is decoded any more. */
  #over: 'close' | 'ended' | undefined;

  /**
   * @param receiver - Who receives these frames.
   * @param deflate - What was agreed on for this direction; undefined where nothing may be compressed.
   * @param budget - What may be inflated in a turn. @default that of the process
   */
  constructor(
    receiver: Role,
    palette: Palette,
    deflate: DeflateDirection | undefined,
    budget?: InflateBudget,
  ) {
    this.#judge = new FrameJudge(receiver, deflate !== undefined);
    this.#palette = palette;
    this.#inflation = deflate && new InflateForShow(deflate, budget);
  }

  /**
   * Tells what `octets` complete.
   *
   * @param offset - Of their first octet in their direction.
   */
  take(octets: Uint8Array, offset: number): string[] {
    const lines: string[] = [];
    if (this.#over === 'ended' || octets.length === 0) return lines;
    const copy = Uint8Array.from(octets); // the original is on its way to somebody
    let at = 0;
    while (at < copy.length && this.#over === undefined) {
      if (this.#header.complete) at = this.#payload(copy, at, lines);
      else {
        if (this.#header.empty) this.#frameAt = offset + at;
        this.#headerOctet(copy, at, lines);
        at += 1;
      }
    }
    if (this.#over === 'close' && at < copy.length) {
      this.#over = 'ended';
      lines.push(
        this.#wrong('octets after the Close frame, where nothing may follow (RFC 6455 §5.5.1)'),
        '   they are not decoded',
      );
    }
    return lines;
  }

  /** Tells what is left when no more octets come. */
  end(): string[] {
    if (this.#over !== undefined || this.#header.empty) return [];
    this.#over = 'ended';
    const lines: string[] = [];
    if (this.#header.complete) {
      if (this.#told === 0 || this.#pieceLength > 0) this.#tell(lines);
    } else lines.push(`   ${this.#described}`);
    return [...lines, this.#wrong('it ended in the middle of this frame')];
  }

  #headerOctet(copy: Uint8Array, at: number, lines: string[]): void {
    const header = this.#header;
    header.add(copy[at] as number);
    const fault = this.#judge.take(copy, at, at + 1);
    if (fault !== undefined && (!header.complete || header.payloadLength > 0)) {
      lines.push(`   ${this.#described}`);
      this.#fail(fault, lines);
      return;
    }
    if (!header.complete) return;
    if (header.opcode === Opcode.Text || header.opcode === Opcode.Binary) {
      this.#message = header.opcode === Opcode.Text ? 'text' : 'binary';
      this.#compressed = header.rsv1;
      this.#utf8 = new Utf8Validator();
      this.#decoder = newDecoder();
    }
    if (header.payloadLength > 0) return;
    this.#tell(lines);
    if (fault !== undefined) this.#fail(fault, lines);
    else this.#frameDone(lines);
  }

  /** Takes payload up to the end of the piece, the frame or the octets; answers where that is. */
  #payload(copy: Uint8Array, start: number, lines: string[]): number {
    const due = this.#header.payloadLength - this.#told - this.#pieceLength;
    const room = PIECE - this.#pieceLength;
    let end = Math.min(copy.length, start + due, start + room);
    const fault = this.#judge.take(copy, start, end);
    if (this.#isText) end = this.#validEnd(copy, start, end);
    if (this.#compressed && !isControl(this.#header.opcode)) {
      this.#inflation?.add(copy.subarray(start, end));
    }
    this.#piece.set(copy.subarray(start, end), this.#pieceLength);
    this.#pieceLength += end - start;
    const complete = this.#told + this.#pieceLength === this.#header.payloadLength;
    if (fault !== undefined || complete || this.#pieceLength === PIECE) this.#tell(lines);
    if (fault !== undefined) this.#fail(fault, lines);
    else if (complete) this.#frameDone(lines);
    return end;
  }

  /** The end, or behind the first octet that is no UTF-8: the engine does not say which one it was. */
  #validEnd(copy: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      if (!this.#utf8.accept(copy, at, at + 1)) return at + 1;
    }
    return end;
  }

  get #isText(): boolean {
    return !isControl(this.#header.opcode) && this.#message === 'text' && !this.#compressed;
  }

  get #described(): string {
    return this.#header.describe(this.#message, this.#inflation !== undefined);
  }

  /** Tells the piece, and the frame where it is its first. */
  #tell(lines: string[]): void {
    const header = this.#header;
    const payload = this.#piece.subarray(0, this.#pieceLength);
    const first = this.#told + 1;
    const last = this.#told + payload.length;
    const { payloadLength } = header;
    let line: string;
    if (this.#told > 0) {
      const where = this.#frameAt.toString(16).padStart(8, '0');
      line = `frame at ${where}, ${first} to ${last} of ${payloadLength}`;
    } else {
      line = this.#described;
      if (last < payloadLength) line += last === 0 ? '; none of them yet' : `; 1 to ${last}`;
    }
    const { inline, rows } = this.#show(payload, last === payloadLength);
    lines.push(`   ${line}${inline === '' ? '' : `: ${inline}`}`, ...rows);
    this.#told += payload.length;
    this.#pieceLength = 0;
  }

  #show(payload: Uint8Array, frameEnds: boolean): { inline: string; rows: string[] } {
    const { opcode, fin, masked } = this.#header;
    if (opcode === Opcode.Close) return { inline: closeText(payload), rows: [] };
    if (this.#isText) {
      return {
        inline: quoted(this.#decoder.decode(payload, { stream: !(fin && frameEnds) })),
        rows: [],
      };
    }
    if (payload.length === 0) return { inline: '', rows: [] };
    if (isControl(opcode) && payload.every((octet) => octet >= 0x20 && octet < 0x7f)) {
      return { inline: quoted(Buffer.from(payload).toString('latin1')), rows: [] };
    }
    // Unmasked, it can be read above.
    const rows = masked ? octetRows(payload, this.#told) : [];
    return { inline: '', rows: rows.map((row) => `     ${row}`) };
  }

  #frameDone(lines: string[]): void {
    const { opcode, fin } = this.#header;
    if (opcode === Opcode.Close) this.#over = 'close';
    if (!isControl(opcode) && fin) this.#messageDone(lines);
    this.#header.clear();
    this.#told = 0;
    this.#pieceLength = 0;
  }

  #messageDone(lines: string[]): void {
    const kind = this.#message ?? 'binary';
    const inflated = this.#compressed ? this.#inflation?.end() : undefined;
    this.#message = undefined;
    this.#compressed = false;
    if (inflated === undefined) return;
    if ('unknown' in inflated) {
      lines.push(`   ${notInflatedLine(inflated.unknown)}`);
      return;
    }
    if ('fault' in inflated) {
      this.#fail(new ProtocolError(inflated.fault), lines);
      return;
    }
    for (const line of inflatedLines(kind, inflated)) lines.push(`   ${line}`);
    if (kind === 'text' && !isText(inflated)) this.#fail(new ProtocolError('WS_TEXT_UTF8'), lines);
  }

  #fail(fault: ProtocolError, lines: string[]): void {
    this.#over = 'ended';
    const { code, message, section, closeCode } = fault;
    const zeros = this.#header.allZero ? '; zeros only: was a whole buffer sent?' : '';
    lines.push(
      this.#wrong(`${code}: ${message} (${ruleSource(section)}) → ${closeCode}${zeros}`),
      '   what follows in this direction is not decoded',
    );
  }

  #wrong(text: string): string {
    return this.#palette.red(`!! ${text}`);
  }
}

/** Whether it is UTF-8, as far as it is known. */
function isText({ octets, complete }: { octets: Buffer; complete: boolean }): boolean {
  return complete ? isUtf8(octets) : new Utf8Validator().accept(octets, 0, octets.length);
}

/** Code, name and reason of a Close frame, whatever they are. */
function closeText(payload: Uint8Array): string {
  if (payload.length === 0) return 'no code';
  const [high = 0, low] = payload;
  if (low === undefined) return `half a code, ${high.toString(16).padStart(2, '0')}`;
  const code = high * 256 + low;
  const reason = newDecoder().decode(payload.subarray(2));
  return `${code} ${nameOf(code)}${reason === '' ? '' : `, ${quoted(reason)}`}`;
}

function nameOf(code: number): string {
  const entry = describeCloseCode(code);
  if (entry !== undefined) return entry.name;
  if (code >= 4000 && code <= 4999) return '(private use)';
  return code >= 3000 && code <= 3999 ? '(registered by a library)' : '(no meaning)';
}
