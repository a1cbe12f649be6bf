// RFC 6455 §5.2, base framing, the way out.
import { FIN } from './frame-parser.ts';
import { Opcode } from './opcode.ts';
import type { Primitives } from './primitives.ts';
import type { Role } from './role.ts';

/** Where frames are written. */
export interface Outgoing {
  /** The memory to write into. It may be another one after each `reserve`. */
  readonly octets: Uint8Array;
  /** Makes room for `length` octets behind what was committed; answers where they begin. */
  reserve(length: number): number;
  /** The octets up to `end` are to be sent. */
  commit(end: number): void;
  /** Sends a whole frame that nobody changes any more, and need not copy it. Without this it is written as any other. */
  append?(frame: Uint8Array): void;
}

/** The longest header: two octets, a 64-bit length, a masking key. */
const MAX_HEADER = 14;
/** Texts up to this many UTF-16 units get room for the worst case, three octets each; longer ones are measured first. */
const UNMEASURED_UNITS = 4096;

/**
 * Writes frames, masked where the role asks for it, with the shortest length form.
 *
 * Hot path: header and payload go straight into the outgoing memory; a text is encoded there, with no object between.
 */
export class FrameWriter {
  #out: Outgoing;
  readonly #primitives: Primitives;
  readonly #masked: boolean;

  /** @param role - Whose output this is: a client masks, a server does not (§5.1). */
  constructor(role: Role, out: Outgoing, primitives: Primitives) {
    this.#masked = role === 'client';
    this.#out = out;
    this.#primitives = primitives;
  }

  /** Writes to somebody else from here on. */
  writeTo(out: Outgoing): this {
    this.#out = out;
    return this;
  }

  /**
   * Writes one frame; the payload is copied.
   *
   * @param head - The first octet: FIN, the reserved bits and the opcode. A message in fragments is one frame with its
   * opcode and without FIN, then frames with `Opcode.Continuation`, the last one with FIN (§5.4).
   */
  frame(head: number, payload: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const out = this.#out;
    const at = out.reserve(MAX_HEADER + length);
    const octets = out.octets;
    const body = at + this.#headerLength(length);
    if (length < 64) {
      for (let index = 0; index < length; index += 1) {
        octets[body + index] = payload[start + index] as number;
      }
    } else {
      octets.set(length === payload.length ? payload : payload.subarray(start, end), body);
    }
    out.commit(this.#finish(head, octets, at, body, length));
  }

  /** Writes a whole text message as one frame. */
  text(text: string): void {
    const units = text.length;
    const room = units <= UNMEASURED_UNITS ? units * 3 : this.#primitives.utf8Length(text);
    const out = this.#out;
    const at = out.reserve(MAX_HEADER + room);
    const octets = out.octets;
    // Written behind the header that it would have if it were all ASCII, and moved if it is not.
    let body = at + this.#headerLength(units);
    const length = this.#primitives.encodeUtf8Into(text, octets, body);
    const exact = at + this.#headerLength(length);
    if (exact !== body) {
      octets.copyWithin(exact, body, body + length);
      body = exact;
    }
    out.commit(this.#finish(FIN | Opcode.Text, octets, at, body, length));
  }

  /** Writes a whole frame that was made unmasked, header and all; a client masks what it writes of it. */
  madeFrame(made: Uint8Array): void {
    if (this.#masked || this.#out.append === undefined) {
      this.frame(made[0] as number, made, payloadStart(made), made.length);
    } else {
      this.#out.append(made);
    }
  }

  #headerLength(length: number): number {
    const unmasked = headerLength(length);
    return this.#masked ? unmasked + 4 : unmasked;
  }

  /** Writes the header in front of a payload of `length` octets that stands at `body`, and masks it. Answers where it ends. */
  #finish(head: number, octets: Uint8Array, at: number, body: number, length: number): number {
    writeHeader(octets, at, head, this.#masked ? 0x80 : 0, length);
    if (this.#masked) {
      const key = this.#primitives.maskKey();
      writeInt32(octets, body - 4, key);
      this.#primitives.maskInPlace(octets, body, body + length, key, 0);
    }
    return body + length;
  }
}

/** Octets of a header without a key, in front of a payload of `length`. */
function headerLength(length: number): number {
  return length < 126 ? 2 : length < 0x1_0000 ? 4 : 10;
}

/** Where the payload of an unmasked frame begins. */
function payloadStart(frame: Uint8Array): number {
  const short = frame[1] as number;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

/** Writes a header at `octets[at]`, without the key. */
function writeHeader(
  octets: Uint8Array,
  at: number,
  head: number,
  maskBit: number,
  length: number,
): void {
  octets[at] = head;
  if (length < 126) {
    octets[at + 1] = maskBit | length;
  } else if (length < 0x1_0000) {
    octets[at + 1] = maskBit | 126;
    octets[at + 2] = length >>> 8;
    octets[at + 3] = length;
  } else {
    octets[at + 1] = maskBit | 127;
    // Payloads are below 2^32 octets: a JavaScript buffer of more cannot be indexed by these integers.
    octets[at + 2] = 0;
    octets[at + 3] = 0;
    octets[at + 4] = 0;
    octets[at + 5] = 0;
    writeInt32(octets, at + 6, length);
  }
}

/**
 * Makes an unmasked frame in memory of its own, with room for a payload of `length` octets, which is the caller's to fill in:
 * it ends with the frame.
 *
 * @param head - The first octet, as for {@link FrameWriter.frame}.
 */
export function makeFrame(head: number, length: number): Uint8Array {
  const start = headerLength(length);
  const frame = new Uint8Array(start + length);
  writeHeader(frame, 0, head, 0, length);
  return frame;
}

function writeInt32(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >>> 24;
  octets[at + 1] = value >>> 16;
  octets[at + 2] = value >>> 8;
  octets[at + 3] = value;
}
