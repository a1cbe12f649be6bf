import { Buffer } from 'node:buffer';
import type { WriteMode } from '../../cases/case.ts';
import { encodeFrame, type FrameSpec } from '../../wire/frame.ts';
import type { SeededRandom } from '../../wire/random.ts';
import type { WireLog } from '../wire-log.ts';
import type { ClosingBooks } from './closing-books.ts';
import type { TrafficCount } from './traffic-count.ts';
import type { WriteQueue } from './write-queue.ts';

/** What the runner is on a connection, and where it keeps what it sends. */
export interface FrameSenderSetup {
  readonly role: 'client' | 'server';
  readonly random: SeededRandom;
  readonly log: WireLog;
  readonly traffic: TrafficCount;
  readonly closing: ClosingBooks;
}

/** Makes octets of frames, keeps count of them, and sends them in the pieces that a case asks for. */
export class FrameSender {
  readonly #setup: FrameSenderSetup;
  readonly #queue: WriteQueue;

  constructor(queue: WriteQueue, setup: FrameSenderSetup) {
    this.#queue = queue;
    this.#setup = setup;
  }

  /** Sends frames; resolves when all octets were handed to the network, or there is no connection any more. */
  send(frames: readonly FrameSpec[], write: WriteMode): Promise<void> {
    const images = frames.map((spec) => this.encode(spec));
    if (write === 'together') return this.#queue.write([Buffer.concat(images)], false);
    if (write === 'frames') return this.#queue.write(images, true);
    const whole = Buffer.concat(images);
    const pieces: Buffer[] = [];
    for (let at = 0; at < whole.length; at += write) pieces.push(whole.subarray(at, at + write));
    return this.#queue.write(pieces, true);
  }

  /** The octets of a frame as this side would send it. It counts as sent. */
  encode(spec: FrameSpec): Buffer {
    const { role, random, log } = this.#setup;
    const masked = spec.masked ?? role === 'client';
    const key = masked ? random.octets(4) : undefined;
    const octets = encodeFrame(spec, key);
    log.sent(spec, octets, key);
    this.#count(spec);
    return octets;
  }

  /** Frames that have left already, in so many octets. */
  countAsSent(frames: readonly FrameSpec[], octets: number): void {
    const { log, traffic } = this.#setup;
    traffic.wireOctets += octets;
    for (const spec of frames) {
      log.sent(spec, spec.payload, undefined);
      this.#count(spec);
    }
  }

  #count(spec: FrameSpec): void {
    const { traffic, closing } = this.#setup;
    traffic.frames += 1;
    traffic.payloadOctets += spec.payload.length;
    if (isClose(spec)) closing.goesOut(spec.payload);
  }
}

/** With reserved bits, or in fragments, it is none that we have closed with. */
function isClose(spec: FrameSpec): boolean {
  return spec.opcode === 8 && spec.rsv === 0 && spec.fin;
}
