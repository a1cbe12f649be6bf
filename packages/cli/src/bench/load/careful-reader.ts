import { constants, inflateRawSync } from 'node:zlib';
import { FIN, type FrameHandler, FrameParser, Opcode, ProtocolError, RSV1 } from 'meerkat/protocol';
import { primitives } from './opening-request.ts';
import { DIGITS, type PreparedMessages, slotOf } from './prepared-messages.ts';
import { same } from './same-octets.ts';

/** What the reader finds. */
export interface CarefulReaderEvents {
  /** The slot of the message that should come next; -1 where none is due. */
  readonly due: number;
  /**
   * A whole message.
   *
   * @param bytes - Of its payload, inflated.
   * @param wrong - What is wrong with it; undefined for nothing.
   * @param slot - Which it is, as far as that can be told.
   */
  messageRead(bytes: number, wrong: string | undefined, slot: number): void;
  /** The payload is lent. */
  pingRead(payload: Uint8Array): void;
  closeRead(payload: Uint8Array): void;
  /** The server broke a rule: nothing more is read. */
  broken(error: ProtocolError): void;
}

const OTHER_OCTETS = 'other octets than were sent';
const OUT_OF_TURN = 'a message out of turn: one was lost, doubled or swapped';
/** What a deflated message ends with, and what does not travel (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);
/** Frames that a message may have: an empty one costs nothing to send. */
const MOST_FRAMES = 131_072;
/** Octets that a compressed message may have more than the message it holds. */
const DEFLATE_OVERHEAD = 1_024;

/**
 * Reads frames of a server one by one, as they may come: in fragments, compressed, with control frames between, wrong.
 *
 * A compressed message is inflated and compared when it comes the first time; the same octets again are right again.
 */
export class CarefulReader implements FrameHandler {
  readonly #messages: PreparedMessages;
  readonly #events: CarefulReaderEvents;
  readonly #parser: FrameParser;
  #ended = false;
  /** Of the message in progress: */
  #inMessage = false;
  #final = false;
  #deflated = false;
  #slot = 0;
  #bytes = 0;
  #frames = 0;
  #wrong: string | undefined;
  /** Its first octets, if they are not what they should be. */
  #beginning = '';
  #parts: Buffer[] = [];
  /** Of messages without numbers: the slots whose payload begins as what came does, where the one that was due does not. */
  #others: readonly number[] | undefined;

  /** @param compressed - Whether permessage-deflate was agreed on. */
  constructor(messages: PreparedMessages, compressed: boolean, events: CarefulReaderEvents) {
    this.#messages = messages;
    this.#events = events;
    this.#parser = new FrameParser('client', this, primitives, compressed ? RSV1 : 0);
  }

  /** Whether everything that came is complete, so that somebody else may read on. */
  get between(): boolean {
    return !this.#inMessage && !this.#ended && this.#parser.between;
  }

  read(octets: Uint8Array, start: number, end: number): void {
    if (this.#ended) return;
    try {
      this.#parser.parse(octets, start, end);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#ended = true;
      this.#events.broken(error);
    }
  }

  dataHeader(head: number, _length: number): void {
    const opcode = head & 0xf;
    if (opcode === Opcode.Continuation) {
      if (!this.#inMessage) throw new ProtocolError('WS_CONTINUATION_UNEXPECTED');
    } else {
      if (this.#inMessage) throw new ProtocolError('WS_MESSAGE_INTERRUPTED');
      this.#begin(opcode, (head & RSV1) !== 0);
    }
    this.#frames += 1;
    if (this.#frames > MOST_FRAMES) throw new ProtocolError('WS_TOO_MANY_FRAMES', `${MOST_FRAMES}`);
    this.#final = (head & FIN) !== 0;
  }

  dataPayload(octets: Uint8Array, start: number, end: number, last: boolean): void {
    if (this.#deflated) this.#gather(octets, start, end);
    else this.#compare(octets, start, end);
    if (!last || !this.#final) return;
    if (this.#deflated) this.#inflate();
    this.#finish();
  }

  controlFrame(opcode: Opcode, octets: Uint8Array, start: number, end: number): void {
    const payload = octets.subarray(start, end);
    if (opcode === Opcode.Ping) this.#events.pingRead(payload);
    else if (opcode === Opcode.Close) {
      this.#ended = true;
      this.#parser.stop();
      this.#events.closeRead(payload);
    }
  }

  #begin(opcode: number, deflated: boolean): void {
    this.#inMessage = true;
    this.#deflated = deflated;
    this.#slot = this.#events.due;
    this.#bytes = 0;
    this.#frames = 0;
    this.#wrong = undefined;
    this.#beginning = '';
    this.#others = undefined;
    const text = opcode === Opcode.Text;
    if (this.#slot < 0) this.#wrong = 'a message that answers nothing';
    else if (text !== this.#messages.text) {
      this.#wrong = text ? 'text, and binary was sent' : 'binary, and text was sent';
    }
  }

  #compare(octets: Uint8Array, start: number, end: number): void {
    const payload = this.#messages.payloads[this.#slot];
    const at = this.#bytes;
    const length = end - start;
    this.#bytes += length;
    if (at < DIGITS) this.#beginning += latin1(octets, start, Math.min(end, start + DIGITS - at));
    if (this.#others !== undefined) this.#lookForOther(this.#others, at, octets, start, length);
    if (this.#wrong !== undefined || payload === undefined) return;
    if (this.#bytes > payload.length || !same(payload, at, octets, start, length)) {
      this.#wrong = OTHER_OCTETS;
      if (this.#messages.numbered || at > payload.length) return;
      const others = this.#messages.beginningLike(this.#slot, at);
      this.#lookForOther(others, at, octets, start, length);
    }
  }

  /** Keeps those whose payload goes on as what came. */
  #lookForOther(
    slots: readonly number[],
    at: number,
    octets: Uint8Array,
    start: number,
    length: number,
  ): void {
    const { payloads } = this.#messages;
    this.#others = slots.filter((slot) => {
      const other = payloads[slot] as Buffer;
      return other.length >= at + length && same(other, at, octets, start, length);
    });
  }

  #gather(octets: Uint8Array, start: number, end: number): void {
    this.#bytes += end - start;
    if (this.#bytes > this.#messages.largest * 2 + DEFLATE_OVERHEAD) {
      throw new ProtocolError('WS_MESSAGE_TOO_BIG', 'more octets compressed than were sent plain');
    }
    if (end > start) this.#parts.push(Buffer.from(octets.subarray(start, end)));
  }

  #inflate(): void {
    const [first, ...more] = this.#parts;
    const deflated = first !== undefined && more.length === 0 ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    const { payloads, right, largest } = this.#messages;
    if (this.#slot >= 0 && right[this.#slot]?.equals(deflated) === true) {
      this.#bytes = (payloads[this.#slot] as Buffer).length;
      return;
    }
    let octets: Buffer;
    try {
      octets = inflateRawSync(Buffer.concat([deflated, TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: largest + DEFLATE_OVERHEAD,
      });
    } catch (error) {
      throw new ProtocolError('WS_DEFLATE_INVALID', (error as Error).message);
    }
    this.#compare(octets, 0, octets.length);
    if (this.#slot >= 0 && this.#wrong === undefined && this.#isWhole()) {
      right[this.#slot] = deflated;
    }
  }

  #isWhole(): boolean {
    return this.#bytes === this.#messages.payloads[this.#slot]?.length;
  }

  #finish(): void {
    this.#inMessage = false;
    let slot = this.#slot;
    let wrong = this.#wrong;
    if (slot >= 0 && wrong === undefined && !this.#isWhole()) wrong = OTHER_OCTETS;
    if (wrong === OTHER_OCTETS) {
      const named = this.#named();
      const payload = named === undefined ? undefined : this.#messages.payloads[named];
      if (named !== undefined && named !== slot && payload?.length === this.#bytes) {
        slot = named;
        wrong = OUT_OF_TURN;
      } else if (this.#bytes !== this.#messages.payloads[slot]?.length) {
        wrong = `a message of another length (${this.#bytes} octets)`;
      }
    }
    this.#events.messageRead(this.#bytes, wrong, slot);
  }

  /** Which message it may be that came out of turn. */
  #named(): number | undefined {
    const { numbered, payloads } = this.#messages;
    if (numbered) return slotOf(this.#beginning);
    // Where all that came is how the one that was due begins, nobody has looked for another yet.
    const others = this.#others ?? this.#messages.beginningLike(this.#slot, this.#bytes);
    return others.find((slot) => payloads[slot]?.length === this.#bytes);
  }
}

function latin1(octets: Uint8Array, start: number, end: number): string {
  return Buffer.from(octets.buffer, octets.byteOffset + start, end - start).toString('latin1');
}
