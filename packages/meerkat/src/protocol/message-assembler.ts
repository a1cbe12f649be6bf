import { maxCompressedBytes } from './limits.ts';
import type { MessageSink } from './message-reader.ts';
import { type DataOpcode, Opcode } from './opcode.ts';
import type { Primitives } from './primitives.ts';
import { ProtocolError } from './protocol-error.ts';

/** Takes whole messages. */
export interface MessageHandler {
  /** @param bytes - What the text took on the wire, in octets of UTF-8. */
  textMessage(text: string, bytes: number): void;
  /**
   * @param owned - Whether the memory is the handler's from now on. If not, the octets are valid until the call returns.
   */
  binaryMessage(octets: Uint8Array, start: number, end: number, owned: boolean): void;
  /** A whole message as permessage-deflate left it (RFC 7692 §6.2). The octets are valid until the call returns. */
  compressedMessage(opcode: DataOpcode, octets: Uint8Array, start: number, end: number): void;
}

const NO_OCTETS = new Uint8Array(0);
const FIRST_CAPACITY = 1024;
/** Payload that is still to come from which on it is read to where it belongs: more than one read brings. */
const MIN_ROOM = 65_536;
/** How many times what is here is made room for, where that much is announced: a copy less for each doubling saved. */
const AHEAD = 4;

/**
 * Joins the parts of a message in one growing buffer. It doubles, and never grows past the limit, so that together
 * with its predecessor it holds less than twice `maxMessageBytes`, however the message was cut.
 */
export class MessageAssembler implements MessageSink {
  /** Who gets the messages; another one only between two of them. */
  handler: MessageHandler;
  readonly #primitives: Primitives;
  readonly #maxBytes: number;
  #opcode: DataOpcode = Opcode.Binary;
  #compressed = false;
  #buffer: Uint8Array = NO_OCTETS;
  #length = 0;

  constructor(handler: MessageHandler, primitives: Primitives, maxBytes: number) {
    this.handler = handler;
    this.#primitives = primitives;
    this.#maxBytes = maxBytes;
  }

  whole(
    opcode: DataOpcode,
    octets: Uint8Array,
    start: number,
    end: number,
    compressed = false,
    owned = false,
  ): void {
    if (compressed) {
      this.handler.compressedMessage(opcode, octets, start, end);
      return;
    }
    if (opcode === Opcode.Binary) {
      this.handler.binaryMessage(octets, start, end, owned);
      return;
    }
    const text = this.#primitives.decodeUtf8(octets, start, end);
    if (text === undefined) throw new ProtocolError('WS_TEXT_UTF8');
    this.handler.textMessage(text, end - start);
  }

  begin(opcode: DataOpcode, compressed = false): void {
    this.#opcode = opcode;
    this.#compressed = compressed;
    this.#length = 0;
  }

  part(octets: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#buffer.length) this.#grow(length, 2);
    // What was read into the room that `room` gave is there already.
    const here =
      octets.buffer === this.#buffer.buffer &&
      octets.byteOffset + start === this.#buffer.byteOffset + this.#length;
    if (!here) this.#buffer.set(octets.subarray(start, end), this.#length);
    this.#length = length;
  }

  /**
   * Memory for the next octets of a message that has begun: read there, they need not be copied.
   *
   * @param due - How many are announced.
   * @returns Undefined where that does not pay.
   */
  room(due: number): Uint8Array | undefined {
    const length = this.#length;
    if (due < MIN_ROOM || length === 0) return undefined;
    if (length === this.#buffer.length) this.#grow(Math.min(length + due, AHEAD * length), 1);
    return this.#buffer.subarray(length, Math.min(this.#buffer.length, length + due));
  }

  end(): void {
    const buffer = this.#buffer;
    // Let go of first: a connection that idles after a large message holds none of it.
    this.#buffer = NO_OCTETS;
    const length = this.#length;
    this.#length = 0;
    // Given away, unless whoever keeps the message would keep much more with it.
    const owned = length * 2 > buffer.length;
    this.whole(this.#opcode, buffer, 0, length, this.#compressed, owned);
  }

  #grow(length: number, factor: number): void {
    const doubled = Math.max(length, factor * this.#buffer.length, FIRST_CAPACITY);
    const most = this.#compressed ? maxCompressedBytes(this.#maxBytes) : this.#maxBytes;
    const grown = new Uint8Array(Math.min(doubled, most));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
