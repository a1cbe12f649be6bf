// RFC 6455 §5.4 (fragmentation) and §8.1 (UTF-8): the payload of data frames becomes messages.
import { FIN, RSV1 } from './frame-parser.ts';
import { type Limits, maxCompressedBytes } from './limits.ts';
import { type DataOpcode, Opcode } from './opcode.ts';
import type { Primitives } from './primitives.ts';
import { ProtocolError } from './protocol-error.ts';
import { Utf8Validator } from './utf8.ts';

/** Which messages an endpoint accepts; others fail the connection with 1003. */
export type MessageTypes = 'any' | 'text' | 'binary';

/**
 * Takes the payload of messages. The octets are valid until the call returns, and within the limits.
 *
 * The one sink today joins a message (`MessageAssembler`); one that hands the parts on as they flow fits here as well.
 */
export interface MessageSink {
  /**
   * A whole message that came in one piece. Text has not been checked yet: decoding it does.
   *
   * @param compressed - Whether the octets are as permessage-deflate left them (RFC 7692).
   */
  whole(
    opcode: DataOpcode,
    octets: Uint8Array,
    start: number,
    end: number,
    compressed: boolean,
  ): void;
  /** A message that comes in parts begins. */
  begin(opcode: DataOpcode, compressed: boolean): void;
  /** The next part. Text is valid so far, unless it is compressed: a character may be cut, but no octet is wrong. */
  part(octets: Uint8Array, start: number, end: number): void;
  /** The message is complete, and valid as far as that was looked at. */
  end(): void;
  /** Memory for the next octets of a message that has begun, `due` of which are announced; undefined for no wish. */
  room?(due: number): Uint8Array | undefined;
}

/**
 * Holds the rules of messages: what may follow what, how many frames, how many octets, which types, valid text. Of a
 * compressed message it holds what can be said before it is inflated: the rest is up to whoever does that.
 *
 * Hot path: a message in one frame in one chunk costs one comparison a rule and no state.
 */
export class MessageReader {
  readonly #sink: MessageSink;
  readonly #maxBytes: number;
  readonly #maxFrames: number;
  /** The opcode that is refused, or -1. */
  readonly #refused: number;
  readonly #isUtf8: Primitives['isUtf8'] | undefined;
  /** From the first text on that comes in parts. */
  #utf8: Utf8Validator | undefined;

  /** Of the message in progress; Continuation when there is none. */
  #opcode: DataOpcode | typeof Opcode.Continuation = Opcode.Continuation;
  /** Whether the sink has heard of the message in progress. */
  #begun = false;
  #compressed = false;
  #lastFrame = false;
  #frames = 0;
  /** Octets of the message so far, and how many there may be. */
  #bytes = 0;
  #bound = 0;

  /** @param isUtf8 - See {@link Utf8Validator}. */
  constructor(
    sink: MessageSink,
    limits: Limits,
    types: MessageTypes,
    isUtf8?: Primitives['isUtf8'],
  ) {
    this.#sink = sink;
    this.#isUtf8 = isUtf8;
    this.#maxBytes = limits.maxMessageBytes;
    this.#maxFrames = limits.maxFramesPerMessage;
    this.#refused = types === 'any' ? -1 : types === 'text' ? Opcode.Binary : Opcode.Text;
  }

  get #checked(): Utf8Validator {
    this.#utf8 ??= new Utf8Validator(this.#isUtf8);
    return this.#utf8;
  }

  /** Whether no message is in progress. */
  get between(): boolean {
    return this.#opcode === Opcode.Continuation;
  }

  /** See `FrameHandler.dataHeader`. */
  header(head: number, length: number): void {
    const opcode = head & 0xf;
    if (opcode === Opcode.Continuation) {
      if (this.#opcode === Opcode.Continuation) {
        throw new ProtocolError('WS_CONTINUATION_UNEXPECTED');
      }
      this.#frames += 1;
    } else {
      if (this.#opcode !== Opcode.Continuation) throw new ProtocolError('WS_MESSAGE_INTERRUPTED');
      if (opcode === this.#refused) {
        throw new ProtocolError(
          'WS_MESSAGE_TYPE_REFUSED',
          opcode === Opcode.Text ? 'text' : 'binary',
        );
      }
      this.#opcode = opcode as DataOpcode; // the parser lets only defined opcodes pass
      this.#compressed = (head & RSV1) !== 0;
      this.#bound = this.#compressed ? maxCompressedBytes(this.#maxBytes) : this.#maxBytes;
      this.#frames = 1;
      this.#bytes = 0;
    }
    if (this.#frames > this.#maxFrames) throw new ProtocolError('WS_TOO_MANY_FRAMES');
    // On the announcement, before any of it is kept.
    if (this.#bytes + length > this.#bound) {
      throw new ProtocolError('WS_MESSAGE_TOO_BIG', `${this.#maxBytes} octets`);
    }
    this.#bytes += length;
    this.#lastFrame = (head & FIN) !== 0;
  }

  /** Memory for the next octets of the message in progress: see {@link MessageSink.room}. */
  room(due: number): Uint8Array | undefined {
    return this.#begun && due > 0 ? this.#sink.room?.(due) : undefined;
  }

  /** See `FrameHandler.dataPayload`. */
  payload(octets: Uint8Array, start: number, end: number, last: boolean): void {
    const opcode = this.#opcode;
    if (opcode === Opcode.Continuation) return; // never: header() comes first
    const complete = last && this.#lastFrame;
    if (complete && !this.#begun) {
      this.#opcode = Opcode.Continuation;
      this.#sink.whole(opcode, octets, start, end, this.#compressed);
      return;
    }
    if (!this.#begun) {
      this.#begun = true;
      this.#sink.begin(opcode, this.#compressed);
    }
    const text = opcode === Opcode.Text && !this.#compressed;
    if (start < end) {
      // At once, not at the message's end: a wrong octet fails the connection as soon as it is here (Autobahn 6.4).
      if (text && !this.#checked.accept(octets, start, end))
        throw new ProtocolError('WS_TEXT_UTF8');
      this.#sink.part(octets, start, end);
    }
    if (!complete) return;
    // No detail on where: that would depend on how the octets were cut, and it is sent to the peer.
    if (text && !this.#checked.finish()) throw new ProtocolError('WS_TEXT_UTF8');
    this.#begun = false;
    this.#opcode = Opcode.Continuation;
    this.#sink.end();
  }
}
