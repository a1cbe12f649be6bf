// Frames that a server sends, read past whatever is wrong with them: the reader of the cases stops at the first defect.
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { encodeFrame, frame, maskFrom } from '../wire/frame.ts';
import type { Link } from './link.ts';

/** No diagnosis asks for more in one frame. */
const MAX_PAYLOAD = 65_536;

export interface SeenFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  /** The masking key, where the server masked it. */
  readonly key: Uint8Array | undefined;
  /** As it was on the wire. */
  readonly raw: Buffer;
  /** Unmasked, where it was masked. */
  readonly payload: Buffer;
  readonly octets: Buffer;
}

/** A data message, its fragments joined. */
export interface SeenMessage {
  readonly binary: boolean;
  readonly payload: Buffer;
  /** The payload as it was on the wire: another one where the server masks. */
  readonly raw: Buffer;
  readonly octets: Buffer;
}

/** What was sent, in both forms. */
export interface Sent {
  readonly payload: Buffer;
  readonly masked: Buffer;
  readonly key: Buffer;
}

/** Frames in both directions behind a handshake. */
export class Conversation {
  readonly link: Link;
  readonly #frames: SeenFrame[] = [];
  readonly #messages: SeenMessage[] = [];
  #open: SeenFrame[] = [];
  #at: number;
  #nuls = 0;
  #stuckAt: number | undefined;
  #orphan: SeenFrame | undefined;

  /** @param start - Where in the link's octets the frames begin. */
  constructor(link: Link, start: number) {
    this.link = link;
    this.#at = start;
    this.#scan();
  }

  get frames(): readonly SeenFrame[] {
    return this.#frames;
  }

  get messages(): readonly SeenMessage[] {
    return this.#messages;
  }

  /** NUL octets where a frame should begin. */
  get nuls(): number {
    return this.#nuls;
  }

  /** A continuation of nothing. */
  get orphan(): SeenFrame | undefined {
    return this.#orphan;
  }

  /** What cannot be read as frames, from its first octet on. */
  get garbage(): Buffer | undefined {
    return this.#stuckAt === undefined ? undefined : this.link.octets.subarray(this.#stuckAt);
  }

  /** A frame that has begun, and not ended. */
  get unfinished(): Buffer | undefined {
    const rest = this.link.octets.subarray(this.#at);
    return rest.length === 0 || this.#stuckAt !== undefined ? undefined : rest;
  }

  /** The Close of the server. */
  get close(): SeenFrame | undefined {
    return this.#frames.find(({ opcode }) => opcode === 8);
  }

  /** Whether the server has ended it, in whatever way. */
  get over(): boolean {
    return this.close !== undefined || this.link.ending !== undefined;
  }

  /** Waits as {@link Link.until} does, with what came read. */
  until(met: () => boolean, ms: number): Promise<boolean> {
    return this.link.until(() => {
      this.#scan();
      return met();
    }, ms);
  }

  /** @param key - The masking key; a random one without. */
  send(opcode: number, payload: Uint8Array, key: Uint8Array = randomKey()): Sent {
    this.link.write(encodeFrame(frame(opcode, payload), key));
    const masked = Buffer.from(payload);
    maskFrom(masked, 0, key);
    return { payload: Buffer.from(payload), masked, key: Buffer.from(key) };
  }

  #scan(): void {
    while (this.#stuckAt === undefined && this.#step()) {
      // until nothing is left, or not enough
    }
  }

  #step(): boolean {
    const { octets } = this.link;
    const at = this.#at;
    if (octets.length - at < 2) return false;
    // `00 00` is a frame too, an empty continuation, but with no message open nobody means it.
    if (octets[at] === 0 && octets[at + 1] === 0 && this.#open.length === 0) {
      let end = at;
      while (octets[end] === 0) end += 1;
      this.#nuls += end - at;
      this.#at = end;
      return true;
    }
    const opcode = (octets[at] as number) & 15;
    const fin = (octets[at] as number) >= 0x80;
    const short = (octets[at + 1] as number) & 0x7f;
    const isControl = opcode >= 8;
    if ((opcode > 2 && !isControl) || opcode > 10 || (isControl && (!fin || short > 125))) {
      this.#stuckAt = at;
      return false;
    }
    const form = short === 126 ? 2 : short === 127 ? 8 : 0;
    const isMasked = (octets[at + 1] as number) >= 0x80;
    const start = at + 2 + form + (isMasked ? 4 : 0);
    if (octets.length < start) return false;
    const length =
      form === 0
        ? short
        : form === 2
          ? octets.readUInt16BE(at + 2)
          : Number(octets.readBigUInt64BE(at + 2));
    if (length > MAX_PAYLOAD) {
      this.#stuckAt = at;
      return false;
    }
    if (octets.length < start + length) return false;
    const key = isMasked ? Uint8Array.from(octets.subarray(start - 4, start)) : undefined;
    const raw = Buffer.from(octets.subarray(start, start + length));
    const payload = Buffer.from(raw);
    if (key !== undefined) maskFrom(payload, 0, key);
    this.#at = start + length;
    this.#take({
      opcode,
      fin,
      rsv: ((octets[at] as number) >> 4) & 7,
      key,
      raw,
      payload,
      octets: Buffer.from(octets.subarray(at, this.#at)),
    });
    return true;
  }

  #take(seen: SeenFrame): void {
    this.#frames.push(seen);
    if (seen.opcode >= 8) return;
    if (seen.opcode === 0 && this.#open.length === 0) {
      this.#orphan ??= seen;
      return;
    }
    if (seen.opcode !== 0) this.#open = [];
    this.#open.push(seen);
    if (!seen.fin) return;
    const parts = this.#open;
    this.#open = [];
    this.#messages.push({
      binary: parts[0]?.opcode === 2,
      payload: Buffer.concat(parts.map(({ payload }) => payload)),
      raw: Buffer.concat(parts.map(({ raw }) => raw)),
      octets: Buffer.concat(parts.map(({ octets }) => octets)),
    });
  }
}

/** No octet is zero, so that nothing stays as it is, and one has its top bit set: masked ASCII is not UTF-8. */
function randomKey(): Buffer {
  const key = randomBytes(4).map((octet) => octet | 0x01);
  key[0] = (key[0] as number) | 0x80;
  key[1] = (key[1] as number) & 0x7f;
  return Buffer.from(key);
}

/** `1000 "bye"`, or what is wrong with the payload of a Close (§5.5.1). */
export function readClose({ payload }: SeenFrame): {
  readonly code: number | undefined;
  readonly reason: string;
  readonly wrong: boolean;
} {
  if (payload.length === 0) return { code: undefined, reason: '', wrong: false };
  if (payload.length === 1) return { code: undefined, reason: '', wrong: true };
  const code = payload.readUInt16BE(0);
  const named = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  const wrong = !(named || (code >= 3000 && code < 5000)) || !isUtf8(payload.subarray(2));
  return { code, reason: payload.subarray(2).toString('latin1'), wrong };
}
