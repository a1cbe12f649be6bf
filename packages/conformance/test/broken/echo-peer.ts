// One side of an open connection that echoes (RFC 6455 §5, RFC 7692 §6), with whatever habits it has.
import type { Duplex } from 'node:stream';
import { type FrameHeader, FrameScanner } from './frame-scanner.ts';
import type { Habits } from './habits.ts';
import { type Agreement, Decompressor, InflateError } from './permessage-deflate.ts';
import { isUtf8, Utf8Check } from './utf8-check.ts';
import { type Role, WayOut } from './way-out.ts';

/** The connection is to be failed. */
class Violation extends Error {
  override readonly name = 'Violation';
  readonly code: number;

  constructor(code: number, words: string) {
    super(words);
    this.code = code;
  }
}

/** The process is to die. */
class Death extends Error {
  override readonly name = 'Death';
}

interface Assembly {
  readonly binary: boolean;
  readonly compressed: boolean;
  /** Checks while it comes; not of binary and compressed messages. */
  readonly text: Utf8Check | undefined;
  readonly fragments: Buffer[];
  bytes: number;
  frames: number;
}

export interface PeerOptions {
  readonly role: Role;
  readonly habits: Habits;
  readonly agreement?: Agreement | undefined;
  /** It has died, by one of its habits. */
  readonly onDeath: () => void;
}

/** How long an end may take, from the last frame to the end of TCP. */
const LAST_WAIT_MS = 5000;
/** After so much silence the latest ping is answered, where only the latest is. */
const QUIET_MS = 100;

export class EchoPeer {
  readonly #socket: Duplex;
  readonly #role: Role;
  readonly #habits: Habits;
  readonly #out: WayOut;
  readonly #scanner: FrameScanner;
  readonly #decompressor: Decompressor | undefined;
  readonly #onDeath: () => void;
  /** The frame that is coming, and what of it has come. */
  #header: FrameHeader | undefined;
  #pieces: Buffer[] = [];
  #skips = false;
  #message: Assembly | undefined;
  #pongsOwed: Buffer[] = [];
  #quiet: NodeJS.Timeout | undefined;
  #pings = 0;
  #bytesRead = 0;
  #closed = false;

  constructor(socket: Duplex, options: PeerOptions) {
    const { role, habits, agreement, onDeath } = options;
    this.#socket = socket;
    this.#role = role;
    this.#habits = habits;
    this.#onDeath = onDeath;
    this.#out = new WayOut(socket, role, habits, agreement);
    this.#scanner = new FrameScanner(
      {
        header: (header) => this.#begin(header),
        payload: (piece) => this.#piece(piece),
        end: () => this.#end(),
      },
      habits.unmasks,
    );
    const terms = agreement?.[role === 'server' ? 'client' : 'server'];
    this.#decompressor =
      terms === undefined ? undefined : new Decompressor(terms, habits.maxMessageBytes);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => this.#out.end());
    socket.on('close', () => clearTimeout(this.#quiet));
  }

  /** Takes octets from the wire. */
  receive(chunk: Buffer): void {
    if (this.#closed) return;
    this.#bytesRead += chunk.length;
    if (this.#bytesRead > this.#habits.readsBytes) {
      this.#socket.pause();
      return;
    }
    try {
      this.#scanner.push(chunk);
    } catch (error) {
      if (error instanceof Violation) this.#fail(error.code);
      else if (error instanceof Death) this.#die();
      else throw error;
    }
  }

  #begin(header: FrameHeader): void {
    if (this.#closed) return;
    this.#checkHeader(header);
    const { opcode } = header;
    this.#skips = this.#habits.skippedOpcodes.includes(opcode);
    if (opcode < 8 && !this.#skips) this.#beginData(header);
    this.#header = header;
    this.#pieces = [];
  }

  #checkHeader(header: FrameHeader): void {
    const { opcode, rsv, masked, length, lengthForm } = header;
    const habits = this.#habits;
    if (masked !== (this.#role === 'server') && habits.wrongMaskBit === 'refused') {
      throw new Violation(1002, 'the mask bit is wrong');
    }
    const meant = this.#decompressor !== undefined && (opcode === 1 || opcode === 2) ? 4 : 0;
    if ((rsv & ~(meant | habits.ignoredReservedBits)) !== 0) {
      throw new Violation(1002, 'a reserved bit');
    }
    const known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    if (!known && !habits.skippedOpcodes.includes(opcode)) {
      throw new Violation(1002, 'a reserved opcode');
    }
    if (opcode >= 8) this.#checkControl(header);
    if (length >= 1n << 63n && habits.topBitOfLength === 'refused') {
      throw new Violation(1002, 'the top bit of a length');
    }
    const shortest = length < 126n ? 7 : length < 65_536n ? 16 : 64;
    if (lengthForm !== shortest && habits.longLengthForms === 'refused') {
      throw new Violation(1002, 'a length that is not in its shortest form');
    }
  }

  #checkControl({ fin, length }: FrameHeader): void {
    if (!fin && this.#habits.fragmentedControlFrames === 'refused') {
      throw new Violation(1002, 'a fragmented control frame');
    }
    if (length > 125n && (this.#habits.longControlFrames === 'refused' || length > 1_000_000n)) {
      throw new Violation(1002, 'a long control frame');
    }
  }

  #beginData({ opcode, rsv, length }: FrameHeader): void {
    const { strayContinuation, nestedMessage, maxFrames, maxMessageBytes } = this.#habits;
    if (opcode === 0 && this.#message === undefined) {
      if (strayContinuation === 'refused') throw new Violation(1002, 'a stray continuation');
      this.#skips = strayContinuation === 'skipped';
      if (!this.#skips) this.#message = this.#assembly(false, false);
    } else if (opcode !== 0) {
      if (this.#message !== undefined && nestedMessage === 'refused') {
        throw new Violation(1002, 'a message inside of a message');
      }
      if (this.#message === undefined || nestedMessage === 'skipped') {
        const compressed = (rsv & 4) !== 0 && this.#decompressor !== undefined;
        this.#message = this.#assembly(opcode === 2, compressed);
      }
    }
    if (this.#skips || this.#message === undefined) return;
    this.#message.frames += 1;
    if (this.#message.frames > maxFrames) throw new Violation(1008, 'too many frames');
    const left = BigInt(maxMessageBytes - this.#message.bytes);
    if (BigInt.asUintN(63, length) > left) throw new Violation(1009, 'too big a message');
  }

  #assembly(binary: boolean, compressed: boolean): Assembly {
    const checks = !binary && !compressed && this.#habits.utf8 === 'as it comes';
    const text = checks ? new Utf8Check(this.#habits.utf8Flaw) : undefined;
    return { binary, compressed, text, fragments: [], bytes: 0, frames: 0 };
  }

  #piece(piece: Buffer): void {
    if (this.#closed || this.#skips || this.#header === undefined) return;
    if (this.#header.opcode < 8 && this.#message !== undefined) {
      this.#message.bytes += piece.length;
      if (this.#message.text?.push(piece) === false) throw new Violation(1007, 'not UTF-8');
    }
    this.#pieces.push(piece);
  }

  #end(): void {
    const header = this.#header;
    if (this.#closed || this.#skips || header === undefined) return;
    const payload = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    if (payload === undefined) return;
    this.#pieces = [];
    if (this.#habits.diesOf(header.opcode, payload)) throw new Death();
    switch (header.opcode) {
      case 8:
        this.#receiveClose(payload);
        break;
      case 9:
        this.#receivePing(payload);
        break;
      case 10:
        break;
      default:
        this.#endData(header.fin, payload);
    }
  }

  #endData(fin: boolean, payload: Buffer): void {
    const message = this.#message;
    if (message === undefined) return;
    message.fragments.push(payload);
    if (!fin) return;
    this.#message = undefined;
    const { utf8, utf8Flaw, echo, join, pingsFirst } = this.#habits;
    const { binary } = message;
    const joined = Buffer.concat(join(message.fragments));
    const octets = message.compressed ? this.#inflate(joined) : joined;
    if (message.text?.complete === false) throw new Violation(1007, 'not UTF-8');
    const unchecked = !binary && message.text === undefined && utf8 !== 'never';
    if (unchecked && !isUtf8(octets, utf8Flaw)) throw new Violation(1007, 'not UTF-8');
    if (this.#habits.pongs === 'the latest') this.#payPongs();
    if (pingsFirst) this.#out.control(9, Buffer.from('are you there?'));
    const answer = echo({ binary, octets });
    if (answer !== undefined) this.#out.message(answer);
    this.#payPongs();
  }

  #inflate(payload: Buffer): Buffer {
    try {
      return (this.#decompressor as Decompressor).decompress(payload);
    } catch (error) {
      if (!(error instanceof InflateError)) throw error;
      throw new Violation(error.tooBig ? 1009 : 1007, 'cannot inflate');
    }
  }

  #receivePing(payload: Buffer): void {
    this.#pings += 1;
    switch (this.#habits.pongs) {
      case 'none':
        return;
      case 'each':
        this.#pong(payload);
        return;
      case 'the first hundred':
        if (this.#pings <= 100) this.#pong(payload);
        return;
      case 'after the message':
        if (this.#message === undefined) this.#pong(payload);
        else this.#pongsOwed.push(payload);
        return;
      case 'the latest':
        this.#pongsOwed = [payload];
        clearTimeout(this.#quiet);
        this.#quiet = setTimeout(() => this.#payPongs(), QUIET_MS);
    }
  }

  #pong(payload: Buffer): void {
    this.#out.control(10, this.#habits.pongPayload(payload));
  }

  #payPongs(): void {
    clearTimeout(this.#quiet);
    const owed = this.#pongsOwed;
    this.#pongsOwed = [];
    for (const payload of owed) this.#pong(payload);
  }

  #receiveClose(payload: Buffer): void {
    const habits = this.#habits;
    const code = payload.length < 2 ? undefined : payload.readUInt16BE();
    const violation = this.#closeViolation(payload, code);
    if (!habits.answersClose({ code, valid: violation === undefined })) return;
    if (violation !== undefined) throw violation;
    this.#payPongs();
    // A Close of one octet has no code to give back: a peer that takes it takes it for a normal one.
    const meant = payload.length === 1 ? 1000 : code;
    if (habits.closesWith === 'a Close frame') this.#out.close(habits.closeAnswer(meant));
    if (habits.textAfterClose) {
      this.#out.message({ binary: false, octets: Buffer.from('one more thing') });
    }
    this.#finish();
  }

  #closeViolation(payload: Buffer, code: number | undefined): Violation | undefined {
    const { closeCodes, shortClose, closeReason, utf8Flaw } = this.#habits;
    if (payload.length === 1 && shortClose === 'refused') {
      return new Violation(1002, 'a Close of one octet');
    }
    if (code !== undefined && closeCodes === 'checked' && !isCloseCode(code)) {
      return new Violation(1002, 'a close code that may not be sent');
    }
    if (closeReason === 'checked' && !isUtf8(payload.subarray(2), utf8Flaw)) {
      return new Violation(1007, 'a reason that is not UTF-8');
    }
    return undefined;
  }

  #fail(code: number): void {
    const { closesWith, failureCode } = this.#habits;
    if (closesWith === 'a Close frame') this.#out.close(failureCode(code));
    this.#finish();
  }

  /** Everything is said. A server ends TCP (§7.1.1); a client that keeps the rules waits for that. */
  #finish(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    if (!this.#habits.dropsTcp) return;
    if (this.#role === 'server' || this.#habits.closesWith !== 'a Close frame') this.#out.end();
    const timer = setTimeout(() => this.#socket.destroy(), LAST_WAIT_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  #die(): void {
    this.#closed = true;
    this.#onDeath();
  }
}

/** Codes that an endpoint may put into a Close frame (§7.4, and the IANA registry). */
function isCloseCode(code: number): boolean {
  if (code < 1000 || code > 4999) return false;
  if (code >= 3000) return true;
  return code <= 1003 || (code >= 1007 && code <= 1014);
}
