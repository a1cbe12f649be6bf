// Octets into frames (RFC 6455 §5.2), however they are cut. What a header means is the sink's to judge.

export interface FrameHeader {
  readonly fin: boolean;
  /** 4 · RSV1 + 2 · RSV2 + RSV3. */
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly lengthForm: 7 | 16 | 64;
  readonly length: bigint;
}

export interface FrameSink {
  header(header: FrameHeader): void;
  /** A piece of the payload, unmasked; it is valid during the call. */
  payload(piece: Buffer): void;
  /** The frame is complete. */
  end(): void;
}

const NO_KEY = Buffer.alloc(4);

export class FrameScanner {
  readonly #sink: FrameSink;
  readonly #unmasks: boolean;
  /** What has come of a header. */
  #spill = Buffer.alloc(0);
  #inPayload = false;
  #left = 0;
  #key: Uint8Array = NO_KEY;
  #phase = 0;

  constructor(sink: FrameSink, unmasks: boolean) {
    this.#sink = sink;
    this.#unmasks = unmasks;
  }

  /** Takes octets from the wire, and unmasks them where they lie. Whatever the sink throws ends it. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length || (this.#inPayload && this.#left === 0)) {
      at = this.#inPayload ? this.#readPayload(chunk, at) : this.#readHeader(chunk, at);
    }
  }

  #readPayload(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left);
    const piece = chunk.subarray(at, end);
    if (this.#unmasks && this.#key !== NO_KEY) unmask(piece, this.#key, this.#phase);
    this.#phase = (this.#phase + piece.length) & 3;
    this.#left -= piece.length;
    if (piece.length > 0) this.#sink.payload(piece);
    if (this.#left === 0) {
      this.#inPayload = false;
      this.#sink.end();
    }
    return end;
  }

  #readHeader(chunk: Buffer, start: number): number {
    const known = this.#spill.length;
    const head = Buffer.concat([this.#spill, chunk.subarray(start, start + 14 - known)]);
    const size = headerBytes(head);
    if (size === undefined || head.length < size) {
      this.#spill = head;
      return chunk.length;
    }
    this.#spill = Buffer.alloc(0);
    this.#begin(head.subarray(0, size));
    return start + size - known;
  }

  #begin(head: Buffer): void {
    const first = head[0] as number;
    const second = head[1] as number;
    const masked = second >= 0x80;
    const short = second & 0x7f;
    const length =
      short === 127
        ? head.readBigUInt64BE(2)
        : BigInt(short === 126 ? head.readUInt16BE(2) : short);
    this.#key = masked ? Buffer.from(head.subarray(-4)) : NO_KEY;
    this.#phase = 0;
    this.#sink.header({
      fin: first >= 0x80,
      rsv: (first >> 4) & 7,
      opcode: first & 15,
      masked,
      lengthForm: short === 127 ? 64 : short === 126 ? 16 : 7,
      length,
    });
    this.#left = Number(BigInt.asUintN(63, length));
    this.#inPayload = true;
  }
}

function headerBytes(head: Buffer): number | undefined {
  if (head.length < 2) return undefined;
  const second = head[1] as number;
  const short = second & 0x7f;
  return 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + (second >= 0x80 ? 4 : 0);
}

/** Masks or unmasks in place (§5.3); `phase` octets of the payload came before. */
export function unmask(octets: Uint8Array, key: Uint8Array, phase: number): void {
  for (let at = 0; at < octets.length; at += 1) {
    octets[at] = (octets[at] as number) ^ (key[(at + phase) & 3] as number);
  }
}
