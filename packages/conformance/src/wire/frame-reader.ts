// Frames as they come (RFC 6455 §5), with what is wrong about them. This is the runner's own reading: it shares nothing with
// the engine that may be the one under test.
import { isUtf8 } from 'node:buffer';
import { maskFrom } from './frame.ts';

/** A rule that a frame breaks, and the close code that goes with it. */
export interface Defect {
  readonly closeCode: 1002 | 1007 | 1009;
  /** A sentence part whose subject is the peer: "sends a masked frame". */
  readonly text: string;
  readonly rule: string;
}

export interface ReceivedFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  readonly key: Uint8Array | undefined;
  /** Unmasked. Empty when the header already is wrong. */
  readonly payload: Uint8Array;
  /** The length that its header announces. */
  readonly length: number;
  /** The first octets as they were on the wire, at most {@link SHOWN_OCTETS}. */
  readonly octets: Uint8Array;
  /** Its length on the wire, header and all. */
  readonly wireLength: number;
  readonly defect: Defect | undefined;
}

/** How much of a frame is kept for reports. */
export const SHOWN_OCTETS = 64;

export interface FrameRules {
  /** Whether the peer has to mask: a client does, a server does not (§5.1). */
  readonly masked: boolean;
  /** Whether RSV1 was given a meaning by permessage-deflate. */
  readonly compression: boolean;
  /** More than any case asks for: such a frame is refused by its header. */
  readonly maxFrameBytes: number;
}

const MAX_HEADER = 14;

/** Takes octets apart into frames. After a defect nothing more is read. */
export class FrameReader {
  readonly #rules: FrameRules;
  readonly #onFrame: (frame: ReceivedFrame) => void;
  readonly #header = Buffer.alloc(MAX_HEADER);
  #headerLength = 0;
  /** Set while a payload is being read. */
  #head: Head | undefined;
  #payload = Buffer.alloc(0);
  #payloadLength = 0;
  #inMessage = false;
  #stopped = false;

  constructor(rules: FrameRules, onFrame: (frame: ReceivedFrame) => void) {
    this.#rules = rules;
    this.#onFrame = onFrame;
  }

  /** Whether a frame has begun and not ended. */
  get midFrame(): boolean {
    return this.#headerLength > 0 || this.#head !== undefined;
  }

  /** What came of a frame that has not ended, cut at {@link SHOWN_OCTETS}. */
  get unfinished(): Uint8Array {
    const begun = Buffer.concat([
      this.#header.subarray(0, this.#headerLength),
      this.#payload.subarray(0, Math.min(this.#payloadLength, SHOWN_OCTETS)),
    ]);
    return begun.subarray(0, SHOWN_OCTETS);
  }

  /** Reads no further: the case is over for the peer. */
  stop(): void {
    this.#stopped = true;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      at = this.#head === undefined ? this.#readHeader(chunk, at) : this.#readPayload(chunk, at);
    }
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && !this.#stopped && this.#head === undefined) {
      this.#header[this.#headerLength] = chunk[at] as number;
      this.#headerLength += 1;
      at += 1;
      this.#headerOctet();
    }
    return at;
  }

  #headerOctet(): void {
    const need = headerLengthOf(this.#header, this.#headerLength);
    if (this.#headerLength < need) return;
    const head = readHead(this.#header);
    const defect = this.#defectOfHead(head);
    if (defect !== undefined) {
      this.#finish(head, defect);
      return;
    }
    this.#head = head;
    this.#payloadLength = 0;
    this.#payload = Buffer.allocUnsafe(Math.min(head.length, 65_536));
    if (head.length === 0) this.#complete(head);
  }

  #readPayload(chunk: Uint8Array, at: number): number {
    const head = this.#head as Head;
    const part = Math.min(chunk.length - at, head.length - this.#payloadLength);
    // Grown as it comes, not as announced: an announcement costs its sender nothing.
    if (this.#payloadLength + part > this.#payload.length) {
      const larger = Math.max(this.#payload.length * 2, this.#payloadLength + part);
      const grown = Buffer.allocUnsafe(Math.min(head.length, larger));
      this.#payload.copy(grown, 0, 0, this.#payloadLength);
      this.#payload = grown;
    }
    this.#payload.set(chunk.subarray(at, at + part), this.#payloadLength);
    this.#payloadLength += part;
    if (this.#payloadLength === head.length) this.#complete(head);
    return at + part;
  }

  #complete(head: Head): void {
    this.#finish(head, undefined);
  }

  #finish(head: Head, headDefect: Defect | undefined): void {
    const payload = this.#payload.subarray(0, headDefect === undefined ? head.length : 0);
    const octets = Buffer.concat([
      this.#header.subarray(0, this.#headerLength),
      payload.subarray(0, SHOWN_OCTETS - this.#headerLength),
    ]);
    if (head.key !== undefined) maskFrom(payload, 0, head.key);
    const defect = headDefect ?? (head.opcode === 8 ? defectOfClose(payload) : undefined);
    if (head.opcode < 8) this.#inMessage = !head.fin;
    const { opcode, fin, rsv, masked, key, length } = head;
    const wireLength = this.#headerLength + payload.length;
    this.#head = undefined;
    this.#headerLength = 0;
    this.#payload = Buffer.alloc(0);
    this.#payloadLength = 0;
    if (defect !== undefined) this.#stopped = true;
    this.#onFrame({ opcode, fin, rsv, masked, key, payload, length, octets, wireLength, defect });
  }

  #defectOfHead(head: Head): Defect | undefined {
    const { opcode, fin, rsv } = head;
    if (rsv !== 0 && !(rsv === 4 && this.#rules.compression && (opcode === 1 || opcode === 2))) {
      const where = this.#rules.compression ? 'where they have no meaning' : 'without an extension';
      return broken(`sets reserved bits (${rsv.toString(2).padStart(3, '0')}) ${where}`, '§5.2');
    }
    if (opcode > 10 || (opcode > 2 && opcode < 8)) {
      return broken(`sends the reserved opcode ${opcode}`, '§5.2');
    }
    if (head.masked !== this.#rules.masked) {
      return broken(head.masked ? 'sends a masked frame' : 'sends a frame without a mask', '§5.1');
    }
    if (head.notMinimal)
      return broken(`writes the length ${head.announced} in a long form`, '§5.2');
    if (head.announced >= 1n << 63n) return broken('sets the top bit of a 64-bit length', '§5.2');
    if (opcode > 7) {
      if (!fin) return broken('sends a control frame in fragments', '§5.5');
      if (head.announced > 125n) {
        return broken(`sends a control frame of ${head.announced} octets`, '§5.5');
      }
    } else if (opcode === 0 && !this.#inMessage) {
      return broken('sends a continuation frame without a message', '§5.4');
    } else if (opcode !== 0 && this.#inMessage) {
      return broken('begins a message inside another one', '§5.4');
    }
    if (head.announced > BigInt(this.#rules.maxFrameBytes)) {
      const text = `announces a frame of ${head.announced} octets, more than was ever sent to it`;
      return { closeCode: 1009, text, rule: 'RFC 6455 §5.2' };
    }
    return undefined;
  }
}

interface Head {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  readonly announced: bigint;
  readonly length: number;
  readonly notMinimal: boolean;
  readonly key: Uint8Array | undefined;
}

function headerLengthOf(header: Uint8Array, known: number): number {
  if (known < 2) return 2;
  const second = header[1] as number;
  const short = second & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
}

function readHead(header: Buffer): Head {
  const first = header[0] as number;
  const second = header[1] as number;
  const short = second & 0x7f;
  const form = short === 126 ? 2 : short === 127 ? 8 : 0;
  const announced =
    form === 0
      ? BigInt(short)
      : form === 2
        ? BigInt(header.readUInt16BE(2))
        : header.readBigUInt64BE(2);
  const masked = (second & 0x80) !== 0;
  return {
    opcode: first & 15,
    fin: (first & 0x80) !== 0,
    rsv: (first >> 4) & 7,
    masked,
    announced,
    length: Number(announced),
    notMinimal: (form === 2 && announced < 126n) || (form === 8 && announced < 65536n),
    key: masked ? Uint8Array.from(header.subarray(2 + form, 6 + form)) : undefined,
  };
}

/** Codes that may stand in a Close frame, as the case list counts them: 1012 to 1014 do not (its §2, step 5). */
function isKnownCloseCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1003) ||
    (code >= 1007 && code <= 1011) ||
    (code >= 3000 && code < 5000)
  );
}

/** Codes that were registered after the case list was made: nothing is wrong with them (IANA, WebSocket Close Code Number). */
function isRegisteredLater(code: number): boolean {
  return code >= 1012 && code <= 1014;
}

function defectOfClose(payload: Uint8Array): Defect | undefined {
  if (payload.length === 0) return undefined;
  if (payload.length === 1) return broken('sends a Close frame of one octet', '§5.5.1');
  const code = ((payload[0] as number) << 8) | (payload[1] as number);
  if (!isKnownCloseCode(code) && !isRegisteredLater(code)) {
    return broken(`sends a Close frame with the code ${code}`, '§7.4');
  }
  if (isUtf8(payload.subarray(2))) return undefined;
  return {
    closeCode: 1007,
    text: 'sends a Close frame whose reason is not UTF-8',
    rule: 'RFC 6455 §5.5.1',
  };
}

function broken(text: string, section: string): Defect {
  return { closeCode: 1002, text, rule: `RFC 6455 ${section}` };
}
