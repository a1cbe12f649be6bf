import type { EndpointOptions } from './endpoint-settings.ts';
import { type FrameHandler, FrameParser, RSV1 } from './frame-parser.ts';
import { MessageAssembler, type MessageHandler } from './message-assembler.ts';
import { MessageReader } from './message-reader.ts';
import type { Opcode } from './opcode.ts';

/** Who hears of control frames: see `FrameHandler.controlFrame`. */
export type IntakeOwner = Pick<FrameHandler, 'controlFrame'>;

/** Whom the input goes to while it is nobody's: none comes then. */
const NOBODY: IntakeOwner & MessageHandler = {
  controlFrame() {},
  textMessage() {},
  binaryMessage() {},
  compressedMessage() {},
};

/**
 * Takes the input of an endpoint apart: frames, messages, and what of a message is here.
 *
 * Between two messages it knows nothing of whom it works for. So an endpoint has one only while octets come, and an idle
 * connection does without its 450 octets.
 */
export class Intake implements FrameHandler {
  readonly #parser: FrameParser;
  readonly #reader: MessageReader;
  readonly #assembler: MessageAssembler;
  #owner: IntakeOwner = NOBODY;
  /** Calls of `parse` that have not returned: a handler may bring the next octets itself. */
  #parsing = 0;

  constructor({ role, primitives, limits, messageTypes, compression }: EndpointOptions) {
    this.#assembler = new MessageAssembler(NOBODY, primitives, limits.maxMessageBytes);
    this.#reader = new MessageReader(this.#assembler, limits, messageTypes, primitives.isUtf8);
    this.#parser = new FrameParser(role, this, primitives, compression === true ? RSV1 : 0);
  }

  /** Works for somebody else from here on. */
  workFor(owner: IntakeOwner, handler: MessageHandler): void {
    this.#owner = owner;
    this.#assembler.handler = handler;
  }

  /** Lets go of whom it works for. False where a frame or a message is in progress: it is still needed there. */
  leave(): boolean {
    if (this.#parsing > 0 || !this.#parser.between || !this.#reader.between) return false;
    this.workFor(NOBODY, NOBODY);
    return true;
  }

  /** See `FrameParser.parse`. */
  parse(octets: Uint8Array, start: number, end: number): void {
    this.#parsing += 1;
    this.#parser.parse(octets, start, end);
    this.#parsing -= 1;
  }

  /** Takes no more input: whatever follows is ignored. May be called from within a handler. */
  stop(): void {
    this.#parser.stop();
  }

  /** See `Endpoint.room`. */
  get room(): Uint8Array | undefined {
    const due = this.#parser.dataDue;
    return due === 0 ? undefined : this.#reader.room(due);
  }

  dataHeader(head: number, length: number): void {
    this.#reader.header(head, length);
  }

  dataPayload(octets: Uint8Array, start: number, end: number, last: boolean): void {
    this.#reader.payload(octets, start, end, last);
  }

  controlFrame(opcode: Opcode, octets: Uint8Array, start: number, end: number): void {
    this.#owner.controlFrame(opcode, octets, start, end);
  }
}
