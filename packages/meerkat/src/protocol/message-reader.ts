// RFC 6455 §5.4 (fragmentation) and §8.1 (UTF-8): the payload of data frames becomes messages.
import { FIN, RSV1 } from './frame-parser.ts';
import type { Limits } from './limits.ts';
import type { DecodedPayload, MessageCodec } from './message-codec.ts';
import { type DataOpcode, Opcode } from './opcode.ts';
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
  /** A whole message that came in one piece. Text has not been checked yet: decoding it does. */
  whole(opcode: DataOpcode, octets: Uint8Array, start: number, end: number): void;
  /** A message that comes in parts begins. */
  begin(opcode: DataOpcode): void;
  /** The next part. Text is valid so far: a character may be cut, but no octet is wrong. */
  part(octets: Uint8Array, start: number, end: number): void;
  /** The message is complete, and valid. */
  end(): void;
}

/**
 * Holds the rules of messages: what may follow what, how many frames, how many octets, which types, valid text.
 *
 * Hot path: a message in one frame in one chunk costs one comparison a rule and no state.
 */
export class MessageReader {
  readonly #sink: MessageSink;
  readonly #maxBytes: number;
  readonly #maxFrames: number;
  /** The opcode that is refused, or -1. */
  readonly #refused: number;
  readonly #codec: MessageCodec | undefined;
  readonly #utf8 = new Utf8Validator();
  readonly #decoded: DecodedPayload = (octets, start, end) => this.#part(octets, start, end);

  /** Of the message in progress; Continuation when there is none. */
  #opcode: DataOpcode | typeof Opcode.Continuation = Opcode.Continuation;
  /** Whether the sink has heard of the message in progress. */
  #begun = false;
  #encoded = false;
  #lastFrame = false;
  #frames = 0;
  /** Octets of the message so far, decoded. */
  #bytes = 0;

  constructor(sink: MessageSink, limits: Limits, types: MessageTypes, codec?: MessageCodec) {
    this.#sink = sink;
    this.#maxBytes = limits.maxMessageBytes;
    this.#maxFrames = limits.maxFramesPerMessage;
    this.#refused = types === 'any' ? -1 : types === 'text' ? Opcode.Binary : Opcode.Text;
    this.#codec = codec;
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
      this.#encoded = (head & RSV1) !== 0;
      this.#frames = 1;
      this.#bytes = 0;
    }
    if (this.#frames > this.#maxFrames) throw new ProtocolError('WS_TOO_MANY_FRAMES');
    // On the announcement, before any of it is kept. What an encoded frame decodes to is counted as it comes.
    if (!this.#encoded && this.#bytes + length > this.#maxBytes) this.#tooBig();
    this.#lastFrame = (head & FIN) !== 0;
  }

  /** See `FrameHandler.dataPayload`. */
  payload(octets: Uint8Array, start: number, end: number, last: boolean): void {
    const opcode = this.#opcode;
    if (opcode === Opcode.Continuation) return; // never: header() comes first
    const complete = last && this.#lastFrame;
    if (this.#encoded) {
      this.#begin(opcode);
      this.#codec?.decode(octets, start, end, complete, this.#decoded);
    } else if (complete && !this.#begun) {
      this.#opcode = Opcode.Continuation;
      this.#sink.whole(opcode, octets, start, end);
      return;
    } else {
      this.#begin(opcode);
      this.#part(octets, start, end);
    }
    if (!complete) return;
    // No detail on where: that would depend on how the octets were cut, and it is sent to the peer.
    if (opcode === Opcode.Text && !this.#utf8.finish()) throw new ProtocolError('WS_TEXT_UTF8');
    this.#begun = false;
    this.#opcode = Opcode.Continuation;
    this.#sink.end();
  }

  #begin(opcode: DataOpcode): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#sink.begin(opcode);
  }

  #part(octets: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    this.#bytes += end - start;
    if (this.#bytes > this.#maxBytes) this.#tooBig();
    // At once, not at the message's end: a wrong octet fails the connection as soon as it is here (Autobahn 6.4).
    if (this.#opcode === Opcode.Text && !this.#utf8.accept(octets, start, end)) {
      throw new ProtocolError('WS_TEXT_UTF8');
    }
    this.#sink.part(octets, start, end);
  }

  #tooBig(): never {
    throw new ProtocolError('WS_MESSAGE_TOO_BIG', `${this.#maxBytes} octets`);
  }
}
