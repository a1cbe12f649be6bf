import type { Random } from '../random.ts';
import { encodeFrame } from '../reference/frames.ts';
import { compressedMessage, MessageFlag } from './compressed.ts';

/** What of the messages before a message may refer to. */
const WINDOW = 4096;
const CLOSES = ['', '03e8', '03e9627965', '0fa0', '03ee', '03e8ff', '03'];

/**
 * Octets as a client may send them that compresses: messages in one frame or in several, control frames between them, and
 * now and then something that is wrong with the compressed octets, with the frames, or with the end.
 */
export function deflateStream(random: Random): Uint8Array {
  const frames: Uint8Array[] = [];
  const faulty = !random.oneIn(3);
  const write = (head: number, payload: Uint8Array): void => {
    // Most often without a mask in effect: then a changed octet is one of the compressed message.
    const key = random.oneIn(4) ? random.bits() : 0;
    const wrong = faulty && random.oneIn(24) ? 1 << random.below(8) : 0;
    frames.push(encodeFrame({ head: head ^ wrong, payload, key }));
  };
  const control = (): void => {
    write(random.pick([0x89, 0x8a]), random.octets(random.below(6)));
  };
  let window: Uint8Array = new Uint8Array(0);
  for (let left = 1 + random.below(5); left > 0; left -= 1) {
    if (random.oneIn(6)) control();
    const { message, content } = compressedMessage(random, window);
    window = Buffer.concat([window, content]).subarray(-WINDOW);
    const compressed = (message.flags & MessageFlag.Plain) === 0;
    const text = (message.flags & MessageFlag.Text) !== 0 || random.oneIn(16);
    const payload =
      faulty && compressed && random.oneIn(5) ? spoiled(random, message.payload) : message.payload;
    const head = (text ? 1 : 2) | (compressed ? 0x40 : 0);
    const bounds = [0, payload.length];
    for (let cuts = random.oneIn(2) ? 0 : random.below(5); cuts > 0; cuts -= 1) {
      bounds.push(random.below(payload.length + 1));
    }
    bounds.sort((one, other) => one - other);
    for (let index = 0; index + 1 < bounds.length; index += 1) {
      const last = index + 2 === bounds.length;
      const fin = last ? 0x80 : 0;
      write((index === 0 ? head : 0) | fin, payload.slice(bounds[index], bounds[index + 1]));
      if (!last && random.oneIn(4)) control();
    }
  }
  if (random.oneIn(3)) write(0x88, Buffer.from(random.pick(CLOSES), 'hex'));
  const stream = Uint8Array.from(Buffer.concat(frames));
  if (faulty && random.oneIn(4)) flipBit(random, stream);
  return random.oneIn(8) ? stream.slice(0, random.below(stream.length + 1)) : stream;
}

/** Compressed octets that are cut, continued, or changed. */
function spoiled(random: Random, payload: Uint8Array): Uint8Array {
  const octets = payload.slice();
  switch (random.below(3)) {
    case 0:
      return octets.subarray(0, random.below(octets.length + 1));
    case 1:
      return Uint8Array.from([...octets, ...random.octets(1 + random.below(4))]);
    default:
      flipBit(random, octets);
      return octets;
  }
}

function flipBit(random: Random, octets: Uint8Array): void {
  if (octets.length === 0) return;
  const at = random.below(octets.length);
  octets[at] = (octets[at] as number) ^ (1 << random.below(8));
}
