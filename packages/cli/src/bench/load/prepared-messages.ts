import { randomInt } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { FIN, maskInPlace, Opcode, RSV1 } from 'meerkat/protocol';
import type { Transport } from 'meerkat/transport';
import type { BenchPlan } from '../bench-plan.ts';
import { same } from './same-octets.ts';

/** Octets of frames made in advance: what fits the caches of a processor, as far as there are enough of them. */
const RING_BYTES = 262_144;
const MOST_SLOTS = 4_096;
/** To compress a message takes as long as to send ten. */
const MOST_COMPRESSED_SLOTS = 256;
const FEWEST_SLOTS = 16;
/** Of very large messages fewer are kept: so many octets. */
const MOST_BYTES = 33_554_432;
/** The number of a message stands in its first octets, in hex. */
export const DIGITS = 8;
/** The octets that end a deflated message, and do not travel (RFC 7692 §7.2.1). */
const TAIL = 4;

/**
 * All messages of a run, made before it begins: a ring of slots, each a message with its number in it, so that one that is
 * lost, doubled or swapped is seen. Files are sent as they are, without a number: they are told apart by what is in them. What is sent lies in one buffer, masked, one frame behind the other, and several that
 * follow each other leave in one write. What an echo sends lies in another: what comes is compared with it as it comes.
 */
export class PreparedMessages {
  readonly slots: number;
  readonly plain: OutgoingFrames;
  /** Undefined where no compression is offered. */
  readonly compressed: OutgoingFrames | undefined;
  /** The same messages as frames of a server: whole, uncompressed. */
  readonly expected: Buffer;
  readonly expectedAt: Float64Array;
  /** The payload of each slot. */
  readonly payloads: readonly Buffer[];
  /** Octets of payload in the slots before each; one more than there are slots. */
  readonly payloadAt: Float64Array;
  /** What a server made of the message of a slot when it compressed it, once that was found right. */
  readonly right: (Buffer | undefined)[] = [];
  readonly text: boolean;
  readonly largest: number;
  /** Whether each message has its number in it. */
  readonly numbered: boolean;
  /** After so many slots payloads, but for their numbers, come again. */
  readonly #period: number;

  /** @param files - What is sent as it is, in the order of `sizes`; none where payloads are made up. */
  constructor(
    plan: Pick<BenchPlan, 'sizes' | 'text' | 'compression' | 'depth'>,
    files: readonly Uint8Array[] = [],
  ) {
    const { sizes, text, compression } = plan;
    this.text = text;
    this.largest = Math.max(...sizes);
    this.slots = slotsFor(sizes, plan.depth, compression ? MOST_COMPRESSED_SLOTS : MOST_SLOTS);
    this.numbered = files.length === 0;
    this.#period = sizes.length;
    const texture = makeTexture(this.numbered ? this.largest : 0);
    const payloads: Buffer[] = [];
    const expected: Buffer[] = [];
    const head = FIN | (text ? Opcode.Text : Opcode.Binary);
    for (let slot = 0; slot < this.slots; slot += 1) {
      const size = sizes[slot % sizes.length] as number;
      const header = frameHeader(head, size, undefined);
      const payload = files[slot % sizes.length] ?? texture.subarray(0, size);
      const frame = Buffer.concat([header, payload]);
      if (this.numbered) {
        frame.write(digits(slot).slice(0, Math.min(size, DIGITS)), header.length, 'latin1');
      }
      expected.push(frame);
    }
    this.expected = Buffer.concat(expected);
    this.expectedAt = sums(expected);
    for (let slot = 0; slot < this.slots; slot += 1) {
      const size = sizes[slot % sizes.length] as number;
      const end = this.expectedAt[slot + 1] as number;
      payloads.push(this.expected.subarray(end - size, end));
    }
    this.payloads = payloads;
    this.payloadAt = sums(payloads);
    this.plain = new OutgoingFrames(payloads.map((payload) => maskedFrame(head, payload)));
    this.compressed = compression
      ? new OutgoingFrames(payloads.map((payload) => maskedFrame(head | RSV1, deflated(payload))))
      : undefined;
  }

  /**
   * Of messages without numbers: the slots, from `due` on, whose payload begins with the first `length` octets of that of `due`. One
   * of each kind, `due` itself left out.
   */
  beginningLike(due: number, length: number): number[] {
    const payload = this.payloads[due] as Buffer;
    const found: number[] = [];
    for (let next = 1; next < this.#period; next += 1) {
      const slot = (due + next) % this.slots;
      const other = this.payloads[slot] as Buffer;
      if (other.length >= length && same(payload, 0, other, 0, length)) found.push(slot);
    }
    return found;
  }
}

/** Frames as a client sends them, masked, of all slots of a ring, one behind the other. */
export class OutgoingFrames {
  readonly octets: Buffer;
  /** Where the frame of a slot begins; one more than there are slots. */
  readonly at: Float64Array;
  /** The frame of each slot alone. */
  readonly frames: readonly Buffer[];

  constructor(frames: readonly Buffer[]) {
    this.octets = Buffer.concat(frames);
    const at = sums(frames);
    this.at = at;
    this.frames = frames.map((_frame, slot) => this.octets.subarray(at[slot], at[slot + 1]));
  }

  /** Writes so many messages, from a slot on. */
  write(transport: Transport, slot: number, count: number): void {
    if (count === 1) {
      transport.writeOwned(this.frames[slot] as Buffer);
      return;
    }
    const slots = this.frames.length;
    for (let from = slot, left = count; left > 0; ) {
      const run = left < slots - from ? left : slots - from;
      transport.writeOwned(this.octets.subarray(this.at[from], this.at[from + run]));
      left -= run;
      from = 0;
    }
  }
}

/** The sums of the lengths before each, and of all. */
function sums(buffers: readonly Buffer[]): Float64Array {
  const at = new Float64Array(buffers.length + 1);
  buffers.forEach(({ length }, index) => {
    at[index + 1] = (at[index] as number) + length;
  });
  return at;
}

/** A multiple of the number of sizes. */
function slotsFor(sizes: readonly number[], depth: number, most: number): number {
  const mean = sizes.reduce((sum, size) => sum + size + 14, 0) / sizes.length;
  const wanted = Math.max(FEWEST_SLOTS, 2 * depth, Math.floor(RING_BYTES / mean));
  const possible = Math.max(2, Math.floor(MOST_BYTES / mean));
  const slots = Math.min(most, wanted, possible);
  return Math.max(1, Math.ceil(slots / sizes.length)) * sizes.length;
}

/** The number of a slot as it stands in its message; the last digit changes fastest, and comes first for short messages. */
export function digits(slot: number): string {
  return [...slot.toString(16).padStart(DIGITS, '0')].reverse().join('');
}

/** The slot whose number stands at the beginning of a payload; undefined for none. */
export function slotOf(beginning: string): number | undefined {
  if (!/^[0-9a-f]{8}$/.test(beginning)) return undefined;
  return Number.parseInt([...beginning].reverse().join(''), 16);
}

const WORDS = [
  '{"id":',
  '"user":"',
  'alpha',
  '","px":',
  '1.2345',
  ',"ts":',
  '17000',
  'bravo',
  '},',
];

/** ASCII like JSON, which compresses like that; the same in every process. */
function makeTexture(length: number): Buffer {
  let texture = '';
  for (let seed = 12_345; texture.length < Math.min(length, 65_536); ) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    texture += `${WORDS[(seed >>> 16) % WORDS.length]}${(seed >>> 24) % 10}`;
  }
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, texture, 'latin1');
}

/** @param key - Of the mask; undefined for a frame of a server. */
export function frameHeader(head: number, length: number, key: number | undefined): Buffer {
  const mask = key === undefined ? 0 : 0x80;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const header = Buffer.alloc(2 + extended + (key === undefined ? 0 : 4));
  header[0] = head;
  header[1] = mask | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) header.writeUInt16BE(length, 2);
  else if (extended === 8) header.writeBigUInt64BE(BigInt(length), 2);
  if (key !== undefined) header.writeInt32BE(key, 2 + extended);
  return header;
}

/** A whole frame of a client. */
export function maskedFrame(head: number, payload: Uint8Array): Buffer {
  const key = randomInt(2 ** 32) | 0;
  const frame = Buffer.concat([frameHeader(head, payload.length, key), payload]);
  maskInPlace(frame, frame.length - payload.length, frame.length, key, 0);
  return frame;
}

function deflated(payload: Buffer): Buffer {
  const octets = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  return octets.subarray(0, octets.length - TAIL);
}
