// One connection of a case: sends what it is told, keeps what comes, and polices it.

import { Buffer, isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { Event, WriteMode } from '../cases/case.ts';
import type { Inflated, MessageInflater } from '../deflate/message-inflater.ts';
import type { Finding } from '../report/result.ts';
import { close, encodeFrame, type FrameSpec, pong } from '../wire/frame.ts';
import { type Defect, FrameReader, type ReceivedFrame } from '../wire/frame-reader.ts';
import type { SeededRandom } from '../wire/random.ts';
import { fairNow } from './own-delay.ts';
import { newTraffic, type TrafficCount } from './traffic-count.ts';
import type { WireLog } from './wire-log.ts';

/** What a peer may send beyond what a case asks for: more is a flood, and fails the connection. */
const SPARE_EVENTS = 1000;
const SPARE_BYTES = 1 << 20;
/** Octets that are handed to the network at a time: of a message in one piece nobody could tell whether it moves. */
const WRITE_BYTES = 1 << 18;
/** A peer that takes no octets for so long is given up; milliseconds. */
const STUCK_MS = 10_000;
/** What was sent last gets so long to leave: milliseconds. */
const DESTROY_AFTER_MS = 1000;
/** A message in more frames than this is not read on; the most that is sent to a peer are 65,537. */
const MAX_PARTS = 100_000;
/** Pings of a peer in one case, where no case asks for any. */
const MAX_PINGS = 10_000;
/** Frames behind the end that are passed over. */
const MAX_FRAMES_BEHIND = 10_000;
/** Pings of a peer that does not read our Pongs stay unanswered from here. */
const MAX_WAITING_BYTES = 1 << 20;

export interface CaseConnectionSetup {
  /** What the runner is on this connection. */
  readonly role: 'client' | 'server';
  readonly random: SeededRandom;
  readonly log: WireLog;
  /** Where compression was agreed on. */
  readonly inflating?: MessageInflater | undefined;
  /** A peer that takes no octets for so many milliseconds is given up. Default 10,000. */
  readonly stuckMs?: number;
}

/** What a message's place in the queue needs to be known of it. */
interface Assembling {
  readonly binary: boolean;
  readonly compressed: boolean;
  /** Those that are not empty. */
  readonly parts: Uint8Array[];
  frames: number;
  length: number;
}

export class CaseConnection {
  readonly role: 'client' | 'server';
  readonly log: WireLog;
  readonly events: Event[] = [];
  readonly findings: Finding[] = [];
  readonly incoming: TrafficCount = newTraffic();
  readonly outgoing: TrafficCount = newTraffic();
  /** The runner sent the first Close. */
  closedByMe = false;
  /** The runner failed the connection. */
  failedByMe = false;
  /** The runner dropped TCP where that was not its task. */
  droppedByMe = false;
  closeSent = false;
  closeReceived = false;
  localCode: number | null = null;
  localReason: string | null = null;
  remoteCode: number | null = null;
  remoteReason: string | null = null;
  /** What the peer did wrong, in the runner's eyes. */
  defect: Defect | undefined;
  /** The peer ended TCP, and how. */
  ended: 'fin' | 'reset' | undefined;
  /** Nothing comes any more, and all that came is recorded. */
  over = false;
  /** Pongs are no events of this case. */
  ignorePongs = false;
  /** Compressed data could not be inflated. */
  inflatingFailed = false;
  /** When an octet moved last, either way; by `fairNow`. */
  lastMovement: number = fairNow();
  /** How many messages of the peer came compressed, and how many not. */
  compressedMessages = 0;
  plainMessages = 0;
  /** Messages are given to this instead of being kept as events, in sections with gigabytes. */
  onMessage: ((binary: boolean, octets: Uint8Array) => void) | undefined;

  readonly #stream: Duplex;
  readonly #random: SeededRandom;
  readonly #reader: FrameReader;
  readonly #inflating: MessageInflater | undefined;
  readonly #waiters = new Set<() => void>();
  readonly #frames: ReceivedFrame[] = [];
  #pumping = false;
  #wanted = true;
  #assembling: Assembling | undefined;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  #streamClosed = false;
  readonly #stuckMs: number;
  #maxEvents = SPARE_EVENTS;
  #maxBytes = SPARE_BYTES;
  #eventBytes = 0;
  #bytesBehind = 0;
  #framesBehind = 0;
  #pings = 0;
  #probes = 0;
  #probesAnswered = 0;

  constructor(stream: Duplex, setup: CaseConnectionSetup) {
    this.role = setup.role;
    this.log = setup.log;
    this.#stream = stream;
    this.#random = setup.random;
    this.#inflating = setup.inflating;
    this.#stuckMs = setup.stuckMs ?? STUCK_MS;
    const maxBytes = (): number => this.#maxBytes;
    const rules = {
      masked: setup.role === 'server',
      compression: setup.inflating !== undefined,
      get maxFrameBytes() {
        return maxBytes();
      },
    };
    this.#reader = new FrameReader(rules, (frame) => {
      this.#frames.push(frame);
      if (!this.#pumping) this.#pump();
    });
    stream.on('data', (chunk: Buffer) => this.received(chunk));
    stream.on('end', () => this.#peerEnded('fin'));
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.droppedByMe) this.log.note(`TCP failed: ${error.code ?? error.message}`);
      this.#peerEnded('reset');
    });
    stream.on('close', () => {
      this.#streamClosed = true;
      this.#peerEnded('fin');
    });
    // It was paused behind the head. What came with that is handed in before this takes effect.
    stream.resume();
  }

  /** What the case asks of the peer. A flood is not kept, beside other cases that keep theirs. */
  expectAtMost(events: number, octets: number): void {
    this.#maxEvents = events + SPARE_EVENTS;
    this.#maxBytes = octets + SPARE_BYTES;
  }

  /** Takes octets of the peer: what came behind its head is handed in by whoever read that. */
  received(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.lastMovement = fairNow();
    this.incoming.wireOctets += chunk.length;
    if (this.closeReceived || this.failedByMe) this.#bytesBehind += chunk.length;
    if (this.closeReceived && !this.failedByMe) {
      this.log.octets('peer', chunk);
      const text = 'sends octets after its Close frame';
      this.#addFinding({ code: 'OCTETS_AFTER_THE_END', text, rule: 'RFC 6455 §5.5.1' });
    } else {
      this.#reader.push(chunk);
    }
    // It was told that it is over, or said so itself: there is nothing to wait for behind a flood.
    if (this.#bytesBehind > this.#maxBytes) this.drop();
    this.#changed();
  }

  /** Whether the connection takes no more frames from anyone. */
  get gone(): boolean {
    return this.#streamClosed || this.ended !== undefined;
  }

  /** Whether a probe was sent that is not answered. */
  get probing(): boolean {
    return this.#probes > this.#probesAnswered;
  }

  /** Sends frames; resolves when all octets were handed to the network, or there is no connection any more. */
  send(frames: readonly FrameSpec[], write: WriteMode = 'together'): Promise<void> {
    const images = frames.map((spec) => this.#encode(spec));
    if (write === 'together') return this.#write([Buffer.concat(images)], false);
    if (write === 'frames') return this.#write(images, true);
    const whole = Buffer.concat(images);
    const pieces: Buffer[] = [];
    for (let at = 0; at < whole.length; at += write) pieces.push(whole.subarray(at, at + write));
    return this.#write(pieces, true);
  }

  /** Sends octets that are no frame as they are. */
  sendOctets(octets: Uint8Array): Promise<void> {
    this.log.octets('runner', octets);
    return this.#write([octets], false);
  }

  /** Sends octets that are in the log in another form; resolves as `send`. */
  write(octets: Uint8Array): Promise<void> {
    return this.#write([octets], false);
  }

  /** The octets of a frame as this side would send it. It counts as sent. */
  encode(spec: FrameSpec): Buffer {
    return this.#encode(spec);
  }

  /** Frames that have left already, in the segment of the upgrade request. */
  countAsSent(frames: readonly FrameSpec[], octets: number): void {
    this.outgoing.wireOctets += octets;
    for (const spec of frames) {
      this.log.sent(spec, spec.payload, undefined);
      this.outgoing.frames += 1;
      this.outgoing.payloadOctets += spec.payload.length;
      if (isClose(spec)) this.#closeGoesOut(spec.payload);
    }
  }

  /** Begins the closing handshake, once. */
  close(code?: number, reason = ''): void {
    if (!this.closeSent) void this.send([close(code, reason)]);
  }

  /** Asks for a sign of life that is no event of the case. */
  probe(): void {
    this.#probes += 1;
    void this.send([{ opcode: 9, fin: true, rsv: 0, payload: probePayload(this.#probes) }]);
  }

  /** Fails the connection (§7.1.7): a Close with the code, or an end of TCP when it is closing already. */
  fail(code: number, reason = ''): void {
    this.failedByMe = true;
    if (this.closeSent) this.drop();
    else {
      this.close(code, reason);
      // A client waits for its server to end TCP; with what it sends now there is nothing to wait for.
      if (this.role === 'server') this.#endBehind();
    }
  }

  /** Ends TCP although that is the other side's task, or it should not have been necessary. */
  drop(): void {
    if (this.gone) return;
    this.droppedByMe = true;
    this.log.note('the runner ends TCP');
    this.#stream.destroy();
    this.#peerEnded('fin');
  }

  /** Ends our direction. */
  fin(): void {
    this.log.note('the runner ends its direction of TCP');
    this.#stream.end();
  }

  /** What is not read is not lost: the network holds it, and then the peer. */
  setReading(reading: boolean): void {
    this.#wanted = reading;
    if (reading) this.#stream.resume();
    else this.#stream.pause();
  }

  /** Lets go of everything. */
  destroy(): void {
    this.#stream.destroy();
  }

  /** Lets go when what was sent has left, or the peer did not take it. What comes meanwhile is not looked at. */
  destroySoon(): void {
    const timer = setTimeout(() => this.#stream.destroy(), DESTROY_AFTER_MS);
    this.#stream.once('close', () => clearTimeout(timer));
    this.#reader.stop();
    this.#stream.end(() => this.#stream.destroy());
  }

  /** Until it is so or the connection is over; `false` when `until`, a time of `fairNow`, has passed before. */
  async wait(reached: () => boolean, until: () => number): Promise<boolean> {
    for (;;) {
      if (reached() || this.over) return true;
      const left = until() - fairNow();
      if (left <= 0) return false;
      await this.#change(left);
    }
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.ceil(ms), 2 ** 30));
      this.#waiters.add(done);
    });
  }

  #changed(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  #encode(spec: FrameSpec): Buffer {
    const masked = spec.masked ?? this.role === 'client';
    const key = masked ? this.#random.octets(4) : undefined;
    const octets = encodeFrame(spec, key);
    this.log.sent(spec, octets, key);
    this.outgoing.frames += 1;
    this.outgoing.payloadOctets += spec.payload.length;
    if (isClose(spec)) this.#closeGoesOut(spec.payload);
    return octets;
  }

  #closeGoesOut(payload: Uint8Array): void {
    if (this.closeSent) return;
    this.closeSent = true;
    if (!this.closeReceived) this.closedByMe = true;
    if (payload.length >= 2) {
      this.localCode = ((payload[0] as number) << 8) | (payload[1] as number);
      this.localReason = Buffer.from(payload.subarray(2)).toString('utf8');
    }
  }

  #write(pieces: readonly Uint8Array[], turns: boolean): Promise<void> {
    // What is sent while earlier pieces wait queues up behind them.
    const [piece, ...others] = pieces;
    if (piece === undefined) return Promise.resolve();
    const whole = others.length === 0 && piece.length <= WRITE_BYTES;
    if (this.#waiting === 0 && whole) return this.#writeOne(piece);
    this.#waiting += 1;
    this.#tail = this.#tail.then(async () => {
      for (const piece of pieces) {
        for (let at = 0; at < piece.length && !this.gone; at += WRITE_BYTES) {
          await this.#writeOne(piece.subarray(at, at + WRITE_BYTES));
        }
        if (this.gone) break;
        if (turns) await new Promise((resolve) => setImmediate(resolve));
      }
      this.#waiting -= 1;
    });
    return this.#tail;
  }

  #writeOne(piece: Uint8Array): Promise<void> {
    if (this.gone || this.#stream.writableEnded) return Promise.resolve();
    this.outgoing.wireOctets += piece.length;
    this.lastMovement = fairNow();
    if (this.#stream.write(piece)) return Promise.resolve();
    return new Promise((resolve) => {
      const stuck = setTimeout(() => {
        this.log.note(`the peer has taken no octets for ${this.#stuckMs} ms`);
        this.drop();
      }, this.#stuckMs);
      const done = (): void => {
        clearTimeout(stuck);
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        this.lastMovement = fairNow();
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('close', done);
    });
  }

  /** Ends our direction when what waits has been written. */
  #endBehind(): void {
    if (this.#waiting === 0) this.#stream.end();
    else void this.#tail.then(() => this.#stream.end());
  }

  #peerEnded(how: 'fin' | 'reset'): void {
    if (this.ended !== undefined) return;
    this.ended = how;
    this.lastMovement = fairNow();
    const unfinished = this.#reader.unfinished;
    if (unfinished.length > 0) this.log.octets('peer', unfinished);
    if (!this.droppedByMe)
      this.log.note(how === 'fin' ? 'the peer ends TCP' : 'the peer resets TCP');
    this.#stream.destroy();
    if (!this.#pumping) this.#finish();
  }

  #finish(): void {
    this.over = true;
    this.#changed();
  }

  #pump(): void {
    this.#pumping = true;
    while (this.#frames.length > 0) {
      const waiting = this.#take(this.#frames.shift() as ReceivedFrame);
      if (waiting !== undefined) {
        // What comes meanwhile would queue up here, and a few octets may take long to inflate.
        this.#stream.pause();
        void waiting.then(() => {
          if (this.#wanted) this.#stream.resume();
          this.#pump();
        });
        return;
      }
    }
    this.#pumping = false;
    if (this.ended === undefined) this.#changed();
    else this.#finish();
  }

  /** Answers a promise when what comes behind this frame has to wait for it. */
  #take(frame: ReceivedFrame): Promise<void> | undefined {
    this.log.received(frame);
    this.incoming.frames += 1;
    this.incoming.payloadOctets += frame.payload.length;
    if (this.failedByMe) {
      // Nothing is recorded any more; the peer's Close is still of interest.
      this.#framesBehind += 1;
      if (this.#framesBehind > MAX_FRAMES_BEHIND) {
        this.#reader.stop();
        this.drop();
        return undefined;
      }
      if (frame.opcode === 8 && frame.defect === undefined) this.#closeComes(frame.payload);
      return undefined;
    }
    if (this.closeReceived) {
      const text = 'sends octets after its Close frame';
      this.#addFinding({ code: 'OCTETS_AFTER_THE_END', text, rule: 'RFC 6455 §5.5.1' });
      return undefined;
    }
    if (frame.defect !== undefined) {
      this.#peerIsWrong(frame.defect);
      return undefined;
    }
    switch (frame.opcode) {
      case 8:
        this.#closeComes(frame.payload);
        return undefined;
      case 9:
        this.#answerPing(frame.payload);
        return undefined;
      case 10:
        this.#pongComes(frame.payload);
        return undefined;
      default:
        return this.#dataComes(frame);
    }
  }

  #answerPing(payload: Uint8Array): void {
    this.#pings += 1;
    if (this.#pings > MAX_PINGS) {
      const text = `sends more than ${MAX_PINGS} pings`;
      this.#peerIsWrong({ closeCode: 1002, text, rule: 'RFC 6455 §10.4' });
      return;
    }
    if (this.#stream.writableLength > MAX_WAITING_BYTES) return;
    const octets = this.#encode(pong(payload));
    // Behind pieces that wait it has to queue up; else nobody waits for it to leave.
    if (this.#waiting > 0) void this.#write([octets], false);
    else if (!this.gone && !this.#stream.writableEnded) {
      this.outgoing.wireOctets += octets.length;
      this.#stream.write(octets);
    }
  }

  #pongComes(payload: Uint8Array): void {
    const probe = this.#probes > this.#probesAnswered ? probePayload(this.#probes) : undefined;
    if (probe !== undefined && Buffer.compare(probe, payload) === 0) {
      this.#probesAnswered = this.#probes;
    } else if (!this.ignorePongs) {
      this.#record({ event: 'pong', payload: new Uint8Array(payload) }, payload.length);
    }
  }

  #closeComes(payload: Uint8Array): void {
    this.closeReceived = true;
    if (payload.length >= 2) {
      this.remoteCode = ((payload[0] as number) << 8) | (payload[1] as number);
      this.remoteReason = Buffer.from(payload.subarray(2)).toString('utf8');
    }
    // Always 1000, never an echo of the code.
    this.close(1000);
    if (this.role === 'server') this.#endBehind();
  }

  #dataComes(frame: ReceivedFrame): Promise<void> | undefined {
    this.#assembling ??= {
      binary: frame.opcode === 2,
      compressed: (frame.rsv & 4) !== 0,
      parts: [],
      frames: 0,
      length: 0,
    };
    const assembling = this.#assembling;
    assembling.frames += 1;
    if (frame.payload.length > 0) assembling.parts.push(frame.payload);
    assembling.length += frame.payload.length;
    if (assembling.length > this.#maxBytes || assembling.frames > MAX_PARTS) {
      const text = `sends a message without end: ${assembling.length} octets in ${assembling.frames} frames`;
      this.#peerIsWrong({ closeCode: 1009, text, rule: 'RFC 6455 §5.4' });
      return undefined;
    }
    if (!frame.fin) return undefined;
    this.#assembling = undefined;
    const [only] = assembling.parts;
    const payload =
      assembling.parts.length === 1 && only !== undefined ? only : Buffer.concat(assembling.parts);
    if (!assembling.compressed || this.#inflating === undefined) {
      if (this.#inflating !== undefined) this.plainMessages += 1;
      this.#messageComes(assembling.binary, payload);
      return undefined;
    }
    this.compressedMessages += 1;
    return this.#inflated(assembling.binary, payload, this.#inflating);
  }

  #inflated(
    binary: boolean,
    payload: Uint8Array,
    inflating: MessageInflater,
  ): Promise<void> | undefined {
    const take = ({ octets, closeCode, finding }: Inflated): void => {
      if (finding !== undefined) this.#addFinding(finding);
      if (closeCode === undefined) this.#messageComes(binary, octets);
      else {
        this.inflatingFailed = true;
        const { text = 'sends a message that cannot be inflated', rule = 'RFC 7692 §7.2.2' } =
          finding ?? {};
        this.#peerIsWrong({ closeCode, text, rule });
      }
    };
    const inflated = inflating.inflate(payload, this.#maxBytes);
    if (inflated instanceof Promise) return inflated.then(take);
    take(inflated);
    return undefined;
  }

  #messageComes(binary: boolean, payload: Uint8Array): void {
    if (!binary && !isUtf8(payload)) {
      const text = 'sends text that is not UTF-8';
      this.#peerIsWrong({ closeCode: 1007, text, rule: 'RFC 6455 §8.1' });
      return;
    }
    this.incoming.messages += 1;
    this.incoming.appOctets += payload.length;
    if (this.onMessage === undefined) {
      this.#record({ event: 'message', binary, payload }, payload.length);
    } else this.onMessage(binary, payload);
  }

  #record(event: Event, bytes: number): void {
    this.#eventBytes += bytes;
    if (this.events.length < this.#maxEvents && this.#eventBytes <= this.#maxBytes) {
      this.events.push(event);
    } else {
      const text = 'sends more messages or Pongs than were ever asked for';
      this.#peerIsWrong({ closeCode: 1002, text, rule: 'RFC 6455 §5.5' });
    }
  }

  #peerIsWrong(defect: Defect): void {
    this.defect = defect;
    this.fail(defect.closeCode);
  }

  #addFinding(finding: Finding): void {
    const known = this.findings.some((one) => one.code === finding.code);
    if (!known) this.findings.push(finding);
  }
}

/** With reserved bits, or in fragments, it is none that we have closed with. */
function isClose(spec: FrameSpec): boolean {
  return spec.opcode === 8 && spec.rsv === 0 && spec.fin;
}

function probePayload(number: number): Uint8Array {
  return new TextEncoder().encode(`meerkat: still there? ${number}`);
}
