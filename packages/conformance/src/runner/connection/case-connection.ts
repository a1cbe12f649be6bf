// One connection of a case: sends what it is told, keeps what comes, and polices it.

import type { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { Event, WriteMode } from '../../cases/case.ts';
import type { MessageInflater } from '../../deflate/message-inflater.ts';
import type { Finding } from '../../report/result.ts';
import { close, type FrameSpec, pong } from '../../wire/frame.ts';
import { type Defect, FrameReader, type ReceivedFrame } from '../../wire/frame-reader.ts';
import type { SeededRandom } from '../../wire/random.ts';
import { fairNow } from '../own-delay.ts';
import type { WireLog } from '../wire-log.ts';
import { Changes } from './changes.ts';
import { ClosingBooks } from './closing-books.ts';
import { EventRecord } from './event-record.ts';
import { FrameQueue } from './frame-queue.ts';
import { FrameSender } from './frame-sender.ts';
import { MessageAssembler } from './message-assembler.ts';
import { Probes } from './probes.ts';
import { newTraffic, type TrafficCount } from './traffic-count.ts';
import { WriteQueue } from './write-queue.ts';

/** A peer that takes no octets for so long is given up; milliseconds. */
const STUCK_MS = 10_000;
/** What was sent last gets so long to leave: milliseconds. */
const DESTROY_AFTER_MS = 1000;
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

export class CaseConnection {
  readonly role: 'client' | 'server';
  readonly log: WireLog;
  readonly events: Event[];
  readonly findings: Finding[];
  readonly incoming: TrafficCount = newTraffic();
  readonly outgoing: TrafficCount = newTraffic();
  readonly closing: ClosingBooks = new ClosingBooks();
  /** The runner failed the connection. */
  failedByMe = false;
  /** The runner dropped TCP where that was not its task. */
  droppedByMe = false;
  /** What the peer did wrong, in the runner's eyes. */
  defect: Defect | undefined;
  /** The peer ended TCP, and how. */
  ended: 'fin' | 'reset' | undefined;
  /** Nothing comes any more, and all that came is recorded. */
  over = false;
  /** Pongs are no events of this case. */
  ignorePongs = false;
  /** When an octet moved last, either way; by `fairNow`. */
  lastMovement: number = fairNow();
  readonly messages: MessageAssembler;
  /** Messages are given to this instead of being kept as events, in sections with gigabytes. */
  onMessage: ((binary: boolean, octets: Uint8Array) => void) | undefined;

  readonly #stream: Duplex;
  readonly #record = new EventRecord();
  readonly #changes = new Changes();
  readonly #probes = new Probes();
  readonly #reader: FrameReader;
  readonly #frames: FrameQueue;
  readonly #queue: WriteQueue;
  readonly #sender: FrameSender;
  #wanted = true;
  #streamClosed = false;
  #bytesBehind = 0;
  #framesBehind = 0;
  #pings = 0;

  constructor(stream: Duplex, setup: CaseConnectionSetup) {
    const { role, random, log, inflating, stuckMs = STUCK_MS } = setup;
    this.role = role;
    this.log = log;
    this.#stream = stream;
    this.events = this.#record.events;
    this.findings = this.#record.findings;
    this.messages = new MessageAssembler(inflating, this.#record, {
      messageComes: (binary, payload) => this.#messageComes(binary, payload),
      peerIsWrong: (defect) => this.#peerIsWrong(defect),
      addFinding: (finding) => this.#record.addFinding(finding),
    });
    const gone = (): boolean => this.gone;
    this.#queue = new WriteQueue(stream, stuckMs, this.outgoing, {
      get gone() {
        return gone();
      },
      moved: () => {
        this.lastMovement = fairNow();
      },
      stuck: () => {
        this.log.note(`the peer has taken no octets for ${stuckMs} ms`);
        this.drop();
      },
    });
    const { outgoing: traffic, closing } = this;
    this.#sender = new FrameSender(this.#queue, { role, random, log, traffic, closing });
    this.#frames = new FrameQueue({
      take: (frame) => this.#take(frame),
      waits: () => this.#stream.pause(),
      goesOn: () => {
        if (this.#wanted) this.#stream.resume();
      },
      emptied: () => {
        if (this.ended === undefined) this.#changes.tell();
        else this.#finish();
      },
    });
    const record = this.#record;
    const rules = {
      masked: role === 'server',
      compression: inflating !== undefined,
      get maxFrameBytes() {
        return record.maxBytes;
      },
    };
    this.#reader = new FrameReader(rules, (frame) => this.#frames.push(frame));
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
    this.#record.expectAtMost(events, octets);
  }

  /** Takes octets of the peer: what came behind its head is handed in by whoever read that. */
  received(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.lastMovement = fairNow();
    this.incoming.wireOctets += chunk.length;
    if (this.closing.received || this.failedByMe) this.#bytesBehind += chunk.length;
    if (this.closing.received && !this.failedByMe) {
      this.log.octets('peer', chunk);
      const text = 'sends octets after its Close frame';
      this.#record.addFinding({ code: 'OCTETS_AFTER_THE_END', text, rule: 'RFC 6455 §5.5.1' });
    } else {
      this.#reader.push(chunk);
    }
    // It was told that it is over, or said so itself: there is nothing to wait for behind a flood.
    if (this.#bytesBehind > this.#record.maxBytes) this.drop();
    this.#changes.tell();
  }

  /** Whether the connection takes no more frames from anyone. */
  get gone(): boolean {
    return this.#streamClosed || this.ended !== undefined;
  }

  /** Whether a probe was sent that is not answered. */
  get probing(): boolean {
    return this.#probes.outstanding;
  }

  /** Sends frames; resolves when all octets were handed to the network, or there is no connection any more. */
  send(frames: readonly FrameSpec[], write: WriteMode = 'together'): Promise<void> {
    return this.#sender.send(frames, write);
  }

  /** Sends octets that are no frame as they are. */
  sendOctets(octets: Uint8Array): Promise<void> {
    this.log.octets('runner', octets);
    return this.#queue.write([octets], false);
  }

  /** Sends octets that are in the log in another form; resolves as `send`. */
  write(octets: Uint8Array): Promise<void> {
    return this.#queue.write([octets], false);
  }

  /** The octets of a frame as this side would send it. It counts as sent. */
  encode(spec: FrameSpec): Buffer {
    return this.#sender.encode(spec);
  }

  /** Frames that have left already, in the segment of the upgrade request. */
  countAsSent(frames: readonly FrameSpec[], octets: number): void {
    this.#sender.countAsSent(frames, octets);
  }

  /** Begins the closing handshake, once. */
  close(code?: number, reason = ''): void {
    if (!this.closing.sent) void this.send([close(code, reason)]);
  }

  /** Asks for a sign of life that is no event of the case. */
  probe(): void {
    void this.send([this.#probes.next()]);
  }

  /** Fails the connection (§7.1.7): a Close with the code, or an end of TCP when it is closing already. */
  fail(code: number, reason = ''): void {
    this.failedByMe = true;
    if (this.closing.sent) this.drop();
    else {
      this.close(code, reason);
      // A client waits for its server to end TCP; with what it sends now there is nothing to wait for.
      if (this.role === 'server') this.#queue.end();
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
  wait(reached: () => boolean, until: () => number): Promise<boolean> {
    return this.#changes.wait(() => reached() || this.over, until);
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
    if (!this.#frames.busy) this.#finish();
  }

  #finish(): void {
    this.over = true;
    this.#changes.tell();
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
    if (this.closing.received) {
      const text = 'sends octets after its Close frame';
      this.#record.addFinding({ code: 'OCTETS_AFTER_THE_END', text, rule: 'RFC 6455 §5.5.1' });
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
        return this.messages.take(frame);
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
    this.#queue.writeAside(this.#sender.encode(pong(payload)));
  }

  #pongComes(payload: Uint8Array): void {
    if (this.#probes.takes(payload) || this.ignorePongs) return;
    this.#keep({ event: 'pong', payload: new Uint8Array(payload) });
  }

  #closeComes(payload: Uint8Array): void {
    this.closing.comes(payload);
    // Always 1000, never an echo of the code.
    this.close(1000);
    if (this.role === 'server') this.#queue.end();
  }

  #messageComes(binary: boolean, payload: Uint8Array): void {
    this.incoming.messages += 1;
    this.incoming.appOctets += payload.length;
    if (this.onMessage === undefined) this.#keep({ event: 'message', binary, payload });
    else this.onMessage(binary, payload);
  }

  #keep(event: Parameters<EventRecord['add']>[0]): void {
    const defect = this.#record.add(event);
    if (defect !== undefined) this.#peerIsWrong(defect);
  }

  #peerIsWrong(defect: Defect): void {
    this.defect = defect;
    this.fail(defect.closeCode);
  }
}
