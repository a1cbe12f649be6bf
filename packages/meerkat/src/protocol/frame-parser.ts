// RFC 6455 §5.2, base framing. Octets in, calls out.
import { isControl, isOpcode, Opcode } from './opcode.ts';
import type { Primitives } from './primitives.ts';
import { ProtocolError } from './protocol-error.ts';
import type { Role } from './role.ts';

/** The bits of a frame's first octet. */
export const FIN = 0x80;
export const RSV1 = 0x40;
export const RSV = 0x70;

/** What the parser reports, in the order of the octets. Every method may throw a {@link ProtocolError}. */
export interface FrameHandler {
  /**
   * The header of a data frame up to its length. The masking key and the payload follow, so that a limit refuses the
   * frame on what it announces.
   *
   * @param head - The first octet: FIN, the reserved bits and the opcode.
   * @param length - Of the payload, in octets. Exact up to 2^53.
   */
  dataHeader(head: number, length: number): void;
  /**
   * Unmasked payload of the data frame, valid until the call returns. A frame without payload gives one empty call.
   *
   * @param last - Whether the frame ends here.
   */
  dataPayload(octets: Uint8Array, start: number, end: number, last: boolean): void;
  /** A whole control frame; its unmasked payload is valid until the call returns. */
  controlFrame(opcode: Opcode, octets: Uint8Array, start: number, end: number): void;
}

const FIRST = 0;
const SECOND = 1;
const LENGTH_16 = 2;
const LENGTH_64_HIGH = 3;
const LENGTH_64_LOW = 4;
const KEY = 5;
const DATA = 6;
const CONTROL = 7;
const STOPPED = 8;

/** The longest header: two octets, a 64-bit length, a masking key. */
const MAX_HEADER = 14;
const MAX_CONTROL_PAYLOAD = 125;
const NO_OCTETS = new Uint8Array(0);

/**
 * Walks the octets of one direction of a connection, in whatever pieces they come, and unmasks payload in place.
 *
 * Hot path: small integer states, integers by shifts, no object per frame. A header field that is cut by the end of a
 * chunk is gathered in one integer; payload is never held, except up to 125 octets of a control frame.
 */
export class FrameParser {
  readonly #handler: FrameHandler;
  readonly #primitives: Primitives;
  readonly #masked: boolean;
  /** Reserved bits that a negotiated extension gives a meaning on the first frame of a message (§5.8). */
  readonly #extensionBits: number;

  #state = FIRST;
  /** The header field being gathered, and how many octets of it are still due. */
  #field = 0;
  #fieldDue = 1;
  #head = 0;
  #lengthHigh = 0;
  #payloadDue = 0;
  #maskKey = 0;
  /** Payload octets of this frame already unmasked, modulo 4. */
  #maskPhase = 0;
  /** Payload of a control frame that came in pieces. */
  #control: Uint8Array = NO_OCTETS;
  #controlLength = 0;

  /**
   * @param role - Whose input this is: a server's frames must be masked, a client's must not (§5.1).
   * @param extensionBits - Reserved bits that are allowed on the first frame of a message; 0 without an extension.
   */
  constructor(role: Role, handler: FrameHandler, primitives: Primitives, extensionBits = 0) {
    this.#masked = role === 'server';
    this.#handler = handler;
    this.#primitives = primitives;
    this.#extensionBits = extensionBits;
  }

  /** Octets of a data frame's payload that are still to come; 0 between frames and within a header. */
  get dataDue(): number {
    return this.#state === DATA ? this.#payloadDue : 0;
  }

  /** Whether the last frame is complete and nothing of the next is here. */
  get between(): boolean {
    return this.#state === FIRST && this.#fieldDue === 1;
  }

  /** Takes no more input: whatever follows is ignored. May be called from within a handler. */
  stop(): void {
    this.#state = STOPPED;
  }

  /**
   * Parses `octets[start, end)` to its end, or until it is stopped.
   *
   * @param octets - The payload is unmasked in place, so the memory must be the caller's to change.
   * @throws {@link ProtocolError} when the peer broke the framing rules. The parser is then spent.
   */
  parse(octets: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      const state = this.#state;
      if (state === DATA) {
        at = this.#data(octets, at, end);
        continue;
      }
      if (state === CONTROL) {
        at = this.#gatherControl(octets, at, end);
        continue;
      }
      if (state === STOPPED) return;
      // Between frames no field is begun.
      if (state === FIRST && end - at >= MAX_HEADER) {
        at = this.#header(octets, at, end);
        continue;
      }
      let field = this.#field;
      let due = this.#fieldDue;
      while (due > 0 && at < end) {
        field = (field << 8) | (octets[at] as number);
        at += 1;
        due -= 1;
      }
      if (due > 0) {
        this.#field = field;
        this.#fieldDue = due;
        return;
      }
      this.#take(state, field);
    }
  }

  /**
   * Reads a header that is here as a whole, and the payload if that is; answers where it stopped. The same rules in the
   * same order as field by field.
   */
  #header(octets: Uint8Array, start: number, end: number): number {
    const head = octets[start] as number;
    this.#checkHead(head);
    const second = octets[start + 1] as number;
    this.#checkSecond(head, second);
    let length = second & 0x7f;
    let at = start + 2;
    if (length === 126) {
      length = checkLength16(((octets[at] as number) << 8) | (octets[at + 1] as number));
      at += 2;
    } else if (length === 127) {
      length = checkLength64(checkHigh(readInt32(octets, at)), readInt32(octets, at + 4));
      at += 8;
    }
    const control = isControl(head);
    if (!control) {
      this.#handler.dataHeader(head, length);
      if (this.#state === STOPPED) return end;
    }
    this.#head = head;
    this.#payloadDue = length;
    let key = 0;
    if (this.#masked) {
      key = readInt32(octets, at);
      at += 4;
    }
    const stop = at + length;
    if (stop > end) {
      this.#maskKey = key;
      this.#payload();
      return at;
    }
    if (this.#masked && length > 0) this.#primitives.maskInPlace(octets, at, stop, key, 0);
    if (control) this.#controlEnd(octets, at, stop);
    else this.#handler.dataPayload(octets, at, stop, true);
    return stop;
  }

  /** Handles one complete field of the header. */
  #take(state: number, field: number): void {
    switch (state) {
      case FIRST:
        this.#first(field);
        break;
      case SECOND:
        this.#second(field);
        break;
      case LENGTH_16:
        this.#length(checkLength16(field));
        break;
      case LENGTH_64_HIGH:
        this.#lengthHigh = checkHigh(field);
        this.#expect(LENGTH_64_LOW, 4);
        break;
      case LENGTH_64_LOW:
        this.#length(checkLength64(this.#lengthHigh, field));
        break;
      case KEY:
        this.#maskKey = field;
        this.#payload();
        break;
    }
  }

  #expect(state: number, due: number): void {
    this.#state = state;
    this.#field = 0;
    this.#fieldDue = due;
  }

  #first(head: number): void {
    this.#checkHead(head);
    this.#head = head;
    this.#expect(SECOND, 1);
  }

  #checkHead(head: number): void {
    const opcode = head & 0xf;
    // Only the first frame of a message may carry an extension's bits (RFC 7692 §6).
    const allowed = opcode === Opcode.Text || opcode === Opcode.Binary ? this.#extensionBits : 0;
    if ((head & RSV & ~allowed) !== 0) throw new ProtocolError('WS_RESERVED_BIT_SET');
    if (!isOpcode(opcode))
      throw new ProtocolError('WS_OPCODE_RESERVED', `0x${opcode.toString(16)}`);
    // "Control frames … MUST NOT be fragmented." (§5.5)
    if ((head & FIN) === 0 && isControl(opcode)) throw new ProtocolError('WS_CONTROL_FRAGMENTED');
  }

  #second(field: number): void {
    this.#checkSecond(this.#head, field);
    const length = field & 0x7f;
    if (length === 126) this.#expect(LENGTH_16, 2);
    else if (length === 127) this.#expect(LENGTH_64_HIGH, 4);
    else this.#length(length);
  }

  #checkSecond(head: number, field: number): void {
    // "a client MUST mask all frames that it sends" and "A server MUST NOT mask any frames" (§5.1)
    if (((field & 0x80) !== 0) !== this.#masked) {
      throw new ProtocolError(this.#masked ? 'WS_MASK_MISSING' : 'WS_MASK_UNEXPECTED');
    }
    // "All control frames MUST have a payload length of 125 bytes or less" (§5.5), whatever the longer forms hold.
    if ((field & 0x7f) > MAX_CONTROL_PAYLOAD && isControl(head)) {
      throw new ProtocolError('WS_CONTROL_TOO_LONG');
    }
  }

  #length(length: number): void {
    if (!isControl(this.#head)) {
      this.#handler.dataHeader(this.#head, length);
      if (this.#state === STOPPED) return;
    }
    this.#payloadDue = length;
    if (this.#masked) this.#expect(KEY, 4);
    else this.#payload();
  }

  /** The header is complete. */
  #payload(): void {
    this.#maskPhase = 0;
    if (isControl(this.#head)) {
      this.#controlLength = 0;
      if (this.#payloadDue > 0) this.#state = CONTROL;
      else this.#controlEnd(NO_OCTETS, 0, 0);
    } else if (this.#payloadDue > 0) {
      this.#state = DATA;
    } else {
      this.#expect(FIRST, 1);
      this.#handler.dataPayload(NO_OCTETS, 0, 0, true);
    }
  }

  /** Unmasks and reports what `octets` hold of the payload; answers where it ends. */
  #data(octets: Uint8Array, start: number, end: number): number {
    const due = this.#payloadDue;
    const stop = end - start < due ? end : start + due;
    const length = stop - start;
    if (this.#masked) {
      this.#primitives.maskInPlace(octets, start, stop, this.#maskKey, this.#maskPhase);
      this.#maskPhase = (this.#maskPhase + length) & 3;
    }
    this.#payloadDue = due - length;
    if (length === due) this.#expect(FIRST, 1);
    this.#handler.dataPayload(octets, start, stop, length === due);
    return stop;
  }

  #gatherControl(octets: Uint8Array, start: number, end: number): number {
    const due = this.#payloadDue;
    const stop = end - start < due ? end : start + due;
    if (this.#masked) {
      this.#primitives.maskInPlace(octets, start, stop, this.#maskKey, this.#maskPhase);
      this.#maskPhase = (this.#maskPhase + stop - start) & 3;
    }
    this.#payloadDue = due - (stop - start);
    if (this.#controlLength === 0 && this.#payloadDue === 0) {
      this.#controlEnd(octets, start, stop);
      return stop;
    }
    if (this.#control.length === 0) this.#control = new Uint8Array(MAX_CONTROL_PAYLOAD);
    for (let at = start; at < stop; at += 1) {
      this.#control[this.#controlLength++] = octets[at] as number;
    }
    if (this.#payloadDue === 0) this.#controlEnd(this.#control, 0, this.#controlLength);
    return stop;
  }

  #controlEnd(octets: Uint8Array, start: number, end: number): void {
    this.#expect(FIRST, 1);
    // #first() let only the defined opcodes pass.
    this.#handler.controlFrame((this.#head & 0xf) as Opcode, octets, start, end);
  }
}

/** @returns The length. */
function checkLength16(length: number): number {
  // "the minimal number of bytes MUST be used to encode the length" (§5.2); `ws` does not look.
  if (length < 126) throw new ProtocolError('WS_LENGTH_NOT_MINIMAL', `${length} in 16 bits`);
  return length;
}

/** @returns The upper half, an int32. */
function checkHigh(high: number): number {
  // "the most significant bit MUST be 0" (§5.2); the field is an int32, so that bit is its sign.
  if (high < 0) throw new ProtocolError('WS_LENGTH_MSB_SET');
  return high;
}

/** @returns The length. */
function checkLength64(high: number, low: number): number {
  const length = high * 0x1_0000_0000 + (low >>> 0);
  if (length < 0x1_0000) throw new ProtocolError('WS_LENGTH_NOT_MINIMAL', `${length} in 64 bits`);
  return length;
}

function readInt32(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] as number) << 24) |
    ((octets[at + 1] as number) << 16) |
    ((octets[at + 2] as number) << 8) |
    (octets[at + 3] as number)
  );
}
