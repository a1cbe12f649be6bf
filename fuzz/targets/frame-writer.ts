// What is written is read back: any message, role and key, in any number of frames; masking twice at any alignment changes nothing.
import {
  type DataOpcode,
  FIN,
  type FrameHandler,
  FrameParser,
  FrameWriter,
  maskInPlace,
  Opcode,
  type Outgoing,
  type Primitives,
} from 'meerkat/protocol';
import { chunksOf, waysToCut } from '../chunks.ts';
import { hold, same } from '../invariant.ts';
import { Random, seedOf } from '../random.ts';
import { primitives } from '../recorded-endpoint.ts';
import { encodeFrame, walkFrames } from '../reference/frames.ts';
import type { FuzzTarget } from '../target.ts';

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 63, 64, 65, 124, 125, 126, 127, 128, 1000];

/** The octets are: role and number of frames, a masking key of four, and the payload. */
export const target: FuzzTarget = {
  name: 'frame-writer',
  form: 'octets',
  dictionary: ['e282ac', 'f09f9880', 'c3a9', 'efbfbd'].map((word) =>
    Uint8Array.from(Buffer.from(word, 'hex')),
  ),
  generate: (random) => {
    const length = random.oneIn(300) ? random.pick([65_535, 65_536, 65_537]) : random.pick(LENGTHS);
    const payload = random.oneIn(3)
      ? Buffer.alloc(length, random.pick(['a', 'é', '€', '😀']))
      : length > 1000
        ? Buffer.alloc(length, random.bits() & 0xff)
        : random.octets(length);
    return Uint8Array.from(Buffer.concat([random.octets(5), payload]));
  },
  run: (input) => {
    const setup = input[0] ?? 0;
    const key = Buffer.concat([input.subarray(1, 5), Buffer.alloc(4)]).readInt32BE(0);
    const payload = input.slice(5);
    checkFrames(payload, key, setup);
    checkText(payload, key, setup);
    checkMask(payload, key);
  },
};

function checkFrames(payload: Uint8Array, key: number, setup: number): void {
  const role = (setup & 1) === 0 ? 'client' : 'server';
  const opcode: DataOpcode = (setup & 2) === 0 ? Opcode.Binary : Opcode.Text;
  const frames = 1 + ((setup >> 2) & 3);
  const out = new Output();
  const writer = new FrameWriter(role, out, withKey(key));
  const wanted: Uint8Array[] = [];
  for (let index = 0; index < frames; index += 1) {
    const start = Math.floor((payload.length * index) / frames);
    const end = Math.floor((payload.length * (index + 1)) / frames);
    const head = (index === 0 ? opcode : Opcode.Continuation) | (index + 1 === frames ? FIN : 0);
    writer.frame(head, payload, start, end);
    wanted.push(
      encodeFrame({
        head,
        payload: payload.slice(start, end),
        key: role === 'client' ? key : undefined,
      }),
    );
  }
  const written = Uint8Array.from(Buffer.concat(out.frames));
  const reference = Uint8Array.from(Buffer.concat(wanted));
  hold(Buffer.compare(written, reference) === 0, 'frames are written as RFC 6455 §5.2 has them');
  for (const cuts of [[], ...waysToCut(written.length, new Random(seedOf(payload)))]) {
    const read: Uint8Array[] = [];
    const heads: number[] = [];
    const handler: FrameHandler = {
      dataHeader: (head) => heads.push(head),
      dataPayload: (octets, start, end) => read.push(octets.slice(start, end)),
      controlFrame: () => heads.push(-1),
    };
    const parser = new FrameParser(role === 'client' ? 'server' : 'client', handler, primitives);
    for (const chunk of chunksOf(written, cuts)) parser.parse(chunk, 0, chunk.length);
    hold(Buffer.compare(Buffer.concat(read), payload) === 0, 'the payload is read back');
    hold(heads.length === frames, 'the frames are read back');
  }
}

/** The payload as text, first as the UTF-8 that it may be, then as UTF-16 units that may not go into UTF-8. */
function checkText(payload: Uint8Array, key: number, setup: number): void {
  const role = (setup & 1) === 0 ? 'client' : 'server';
  const buffer = Buffer.from(payload);
  for (const text of [buffer.toString('utf8'), buffer.toString('utf16le')]) {
    const out = new Output();
    new FrameWriter(role, out, withKey(key)).text(text);
    const wanted = encodeFrame({
      head: FIN | Opcode.Text,
      payload: Uint8Array.from(Buffer.from(text)),
      key: role === 'client' ? key : undefined,
    });
    const written = Uint8Array.from(Buffer.concat(out.frames));
    hold(Buffer.compare(written, wanted) === 0, 'a text is written in UTF-8');
    same(walkFrames(written, role === 'client').length, 1, 'a text is one frame');
  }
}

function checkMask(payload: Uint8Array, key: number): void {
  const length = Math.min(payload.length, 64);
  for (let offset = 0; offset < 8; offset += 1) {
    for (let phase = 0; phase < 4; phase += 1) {
      const octets = new Uint8Array(offset + length + 8).fill(0xee);
      octets.set(payload.subarray(0, length), offset);
      const original = octets.slice();
      maskInPlace(octets, offset, offset + length, key, phase);
      for (let at = 0; at < length; at += 1) {
        const wanted = (payload[at] as number) ^ ((key >>> (24 - 8 * ((at + phase) % 4))) & 0xff);
        hold(octets[offset + at] === wanted, 'octet i is XORed with octet i modulo 4 of the key');
      }
      maskInPlace(octets, offset, offset + length, key, phase);
      hold(Buffer.compare(octets, original) === 0, 'masking twice changes nothing');
    }
  }
}

function withKey(key: number): Primitives {
  return { ...primitives, maskKey: () => key };
}

/** Gives each frame as much room as it asks for, and not an octet more. */
class Output implements Outgoing {
  octets: Uint8Array = new Uint8Array(0);
  readonly frames: Uint8Array[] = [];

  reserve(length: number): number {
    this.octets = new Uint8Array(length);
    return 0;
  }

  commit(end: number): void {
    this.frames.push(this.octets.slice(0, end));
  }
}
