// One end of a WebSocket connection after the opening handshake, without I/O (RFC 6455 §5-§7).
import { buildClose, type CloseFrame, cutReason, parseClose } from './close-frame.ts';
import { type ConnectionEvent, type ConnectionState, nextState } from './connection-state.ts';
import {
  type EndpointOptions,
  type EndpointSettings,
  NOWHERE,
  settingsFor,
} from './endpoint-settings.ts';
import { FIN, RSV1 } from './frame-parser.ts';
import type { Outgoing } from './frame-writer.ts';
import { Intake } from './intake.ts';
import type { MessageHandler } from './message-assembler.ts';
import { copyOctets } from './octets.ts';
import { type DataOpcode, Opcode } from './opcode.ts';
import { ProtocolError } from './protocol-error.ts';
import { payOne } from './rate.ts';
import { UsageError } from './usage-error.ts';

/** What an endpoint reports, in the order of the octets. Octets are valid until the call returns. */
export interface EndpointHandler extends MessageHandler {
  /** A Ping arrived; its Pong is written or waits. */
  ping(octets: Uint8Array, start: number, end: number): void;
  pong(octets: Uint8Array, start: number, end: number): void;
  /** The peer's Close arrived and nothing after it counts. Next: {@link Endpoint.answerClose}, then end the transport. */
  closeReceived(close: CloseFrame): void;
  /** Our Close frame is about to be written: what was accepted before it has to be written now. */
  closing?(): void;
  /** The peer broke a rule. Our Close frame is written, and nothing more is parsed. Next: end the transport. */
  failed(error: ProtocolError): void;
}

/** Where an endpoint writes, and whether what it wrote before is still waiting to leave. */
export interface EndpointOutput extends Outgoing {
  /** Whether earlier output is not taken by the network yet. Pongs then wait, only the latest being kept. */
  readonly congested: boolean;
}

/** What an endpoint is made of. */
export interface EndpointSetup extends EndpointOptions {
  readonly handler: EndpointHandler;
  readonly output: EndpointOutput;
}

const MAX_CONTROL_PAYLOAD = 125;

/**
 * Octets in, events out; commands in, octets out. The same object is under servers, clients, fuzzers and tests.
 *
 * A fault of the peer never raises: it writes a Close frame, ends parsing, and is reported once. A fault of the caller
 * throws {@link UsageError} before any effect.
 */
export class Endpoint {
  readonly #settings: EndpointSettings;
  readonly #handler: EndpointHandler;
  readonly #output: EndpointOutput;
  /** While a chunk is parsed, and between two chunks of one message. */
  #intake: Intake | undefined;
  /** Nothing more is parsed. */
  #deaf = false;
  #state: ConnectionState = 'open';
  /** The payload of the Pong that waits for the output to flow. */
  #waitingPong: Uint8Array | undefined;
  /** Until when the control frames so far use up what is allowed; undefined before the first. */
  #controlsPaid: number | undefined;

  constructor(setup: EndpointSetup) {
    const { handler, output } = setup;
    this.#settings = settingsFor(setup);
    this.#handler = handler;
    this.#output = output;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /**
   * Whether messages can be sent: until our Close frame. After the peer's, that is what "MAY delay sending a Close frame
   * until its current message is sent" (§5.5.1) allows: answers to what came before it still leave.
   */
  get maySend(): boolean {
    return this.#state === 'open' || this.#state === 'closeReceived';
  }

  /**
   * Takes octets from the transport. Never throws for what the peer sent. What a handler throws passes through, and
   * ends the reading.
   *
   * @param octets - Payload is unmasked in place, so the memory must be the caller's to change.
   */
  receive(octets: Uint8Array, start: number, end: number): void {
    if (this.#deaf) return;
    const intake = this.#intake ?? this.#borrow();
    try {
      intake.parse(octets, start, end);
    } catch (error) {
      if (error instanceof ProtocolError) {
        this.#fail(error);
        return;
      }
      // The rest of the chunk is lost, so whatever comes next would not be read where a frame begins.
      this.#stopParsing();
      throw error;
    }
    if (this.#deaf || !intake.leave()) return;
    this.#intake = undefined;
    this.#settings.spare = intake;
  }

  #borrow(): Intake {
    const intake = this.#settings.spare ?? new Intake(this.#settings);
    this.#settings.spare = undefined;
    intake.workFor(this, this.#handler);
    this.#intake = intake;
    return intake;
  }

  /** Whatever follows is ignored. May be called from within a handler. */
  #stopParsing(): void {
    this.#deaf = true;
    this.#intake?.stop();
    this.#intake = undefined;
  }

  /**
   * Memory that the next octets are best read into, since that is where they belong: of a large message that has begun.
   * Only {@link receive} looks at it, so it has to be given to that with them. Undefined where any memory will do.
   */
  get room(): Uint8Array | undefined {
    return this.#intake?.room;
  }

  /** The transport is gone, or will be: nothing more is parsed or sent. Answers the state that it interrupted. */
  transportEnd(): ConnectionState {
    const before = this.#state;
    this.#move('transportEnd');
    this.#stopParsing();
    return before;
  }

  /** Sends a text message. False when it may not be sent any more. */
  sendText(text: string): boolean {
    if (!this.maySend) return false;
    this.#settings.writer.writeTo(this.#output).text(text);
    this.#settings.writer.writeTo(NOWHERE);
    return true;
  }

  /** Sends a binary message; the octets are copied. False when it may not be sent any more. */
  sendBinary(octets: Uint8Array): boolean {
    if (!this.maySend) return false;
    this.#write(FIN | Opcode.Binary, octets, 0, octets.length);
    return true;
  }

  /** Sends a message that is compressed already, without the last four octets (RFC 7692 §7.2.1). Otherwise as {@link sendBinary}. */
  sendCompressed(opcode: DataOpcode, octets: Uint8Array): boolean {
    if (!this.maySend) return false;
    this.#write(FIN | RSV1 | opcode, octets, 0, octets.length);
    return true;
  }

  /** Sends text that is in UTF-8 already, which is not looked at. Otherwise as {@link sendBinary}. */
  sendTextOctets(octets: Uint8Array): boolean {
    if (!this.maySend) return false;
    this.#write(FIN | Opcode.Text, octets, 0, octets.length);
    return true;
  }

  /**
   * Sends a whole message as a frame that was made unmasked, for many to get the same: see {@link PreparedMessage}. A
   * client masks what it sends of it. Otherwise as {@link sendBinary}.
   */
  sendFrame(frame: Uint8Array): boolean {
    if (!this.maySend) return false;
    this.#settings.writer.writeTo(this.#output).madeFrame(frame);
    this.#settings.writer.writeTo(NOWHERE);
    return true;
  }

  /**
   * Sends a Ping. False when the connection is not open: nothing was sent.
   *
   * @throws {@link UsageError} for a payload over 125 octets.
   */
  ping(payload: Uint8Array): boolean {
    return this.#sendControl(Opcode.Ping, payload);
  }

  /** Sends a Pong that nobody asked for (§5.5.3). Otherwise as {@link ping}; a Ping is answered without it. */
  pong(payload: Uint8Array): boolean {
    return this.#sendControl(Opcode.Pong, payload);
  }

  /**
   * Sends our Close frame. False when it changes nothing: a Close of ours is already out, or the connection is over.
   *
   * @param code - 1005 sends an empty Close frame.
   * @throws {@link UsageError} for a code or reason that may not be sent.
   */
  close(code: number, reason: string): boolean {
    const payload = buildClose(code, reason, this.#settings.primitives);
    if (nextState(this.#state, 'sendClose') === undefined) return false;
    this.#handler.closing?.();
    this.#move('sendClose');
    this.#write(FIN | Opcode.Close, payload, 0, payload.length);
    this.#waitingPong = undefined;
    return true;
  }

  /** Answers the peer's Close with the same code, "echoing" it (§5.5.1). False when there is nothing to answer. */
  answerClose(close: CloseFrame): boolean {
    return this.#state === 'closeReceived' && this.close(close.code, '');
  }

  /** Fails the connection for a fault that somebody else noticed. False when it is over already. */
  fail(error: ProtocolError): boolean {
    return this.#fail(error);
  }

  /** The output flows again: sends the Pong that waited. */
  drained(): void {
    const payload = this.#waitingPong;
    if (payload === undefined || this.#state !== 'open') return;
    this.#waitingPong = undefined;
    this.#write(FIN | Opcode.Pong, payload, 0, payload.length);
  }

  /** See `FrameWriter.frame`. The writer is everybody's, and keeps nobody's output in memory. */
  #write(head: number, payload: Uint8Array, start: number, end: number): void {
    this.#settings.writer.writeTo(this.#output).frame(head, payload, start, end);
    this.#settings.writer.writeTo(NOWHERE);
  }

  #sendControl(opcode: Opcode, payload: Uint8Array): boolean {
    if (payload.length > MAX_CONTROL_PAYLOAD) {
      throw new UsageError('MEERKAT_CONTROL_PAYLOAD', `${payload.length} octets`);
    }
    if (this.#state !== 'open') return false;
    this.#write(FIN | opcode, payload, 0, payload.length);
    return true;
  }

  /**
   * What the intake reports; nobody else calls it.
   *
   * @internal
   */
  controlFrame(opcode: Opcode, octets: Uint8Array, start: number, end: number): void {
    if (opcode === Opcode.Close) {
      this.#closeFrame(octets, start, end);
      return;
    }
    this.#countControl();
    if (opcode === Opcode.Pong) {
      this.#handler.pong(octets, start, end);
      return;
    }
    // "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response" (§5.5.2), but nothing follows
    // our own Close. A peer that pings without reading makes one Pong wait, the latest (§5.5.3), not all of them.
    if (this.#state === 'open') {
      const waits = this.#output.congested;
      this.#waitingPong = waits ? copyOctets(octets, start, end) : undefined;
      if (!waits) this.#write(FIN | Opcode.Pong, octets, start, end);
    }
    this.#handler.ping(octets, start, end);
  }

  #countControl(): void {
    const { limits, clock } = this.#settings;
    const { maxControlFramesPerSecond, controlFrameBurst } = limits;
    this.#controlsPaid = payOne(
      this.#controlsPaid,
      clock.now(),
      maxControlFramesPerSecond,
      controlFrameBurst,
    );
    if (this.#controlsPaid === undefined) throw new ProtocolError('WS_CONTROL_RATE');
  }

  #closeFrame(octets: Uint8Array, start: number, end: number): void {
    const close = parseClose(octets, start, end, this.#settings.primitives);
    this.#stopParsing();
    if (this.#move('receiveClose')) this.#handler.closeReceived(close);
  }

  #fail(error: ProtocolError): boolean {
    const { state } = this;
    this.#stopParsing();
    if (state === 'closed') return false;
    if (state !== 'closeSent') this.#handler.closing?.();
    this.#move('fail');
    if (state !== 'closeSent') {
      const { primitives } = this.#settings;
      // The rule that was broken, for whoever debugs the peer.
      const reason = cutReason(error.message, primitives);
      const payload = buildClose(error.closeCode, reason, primitives);
      this.#write(FIN | Opcode.Close, payload, 0, payload.length);
    }
    this.#handler.failed(error);
    return true;
  }

  #move(event: ConnectionEvent): boolean {
    const next = nextState(this.#state, event);
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }
}
