import type { Random } from '../random.ts';
import { encodeFrame, type FrameParts } from '../reference/frames.ts';

const LENGTHS = [
  0, 1, 2, 3, 4, 5, 8, 31, 63, 64, 65, 123, 124, 125, 126, 127, 128, 300, 1024, 1025,
];
const LONG_LENGTHS = [65_535, 65_536, 65_537, 70_000, 70_001];
const ANNOUNCED = [
  0n,
  1n,
  125n,
  126n,
  1025n,
  65_535n,
  65_536n,
  70_001n,
  2n ** 31n,
  2n ** 32n + 5n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const CODES = [
  0, 999, 1000, 1001, 1003, 1004, 1005, 1006, 1007, 1011, 1014, 1015, 1016, 2999, 3000, 4999, 5000,
  65_535,
];
const TEXTS = ['', 'a', 'hello', 'κόσμε', '€', '\ufeffa', '\uffff', '\0', '😀', 'ß€😀'];
const BAD_TEXTS = [
  'ff',
  'c080',
  'eda080',
  'f4908080',
  'f888808080',
  'e282',
  'cebaff',
  '80',
  'f09f98',
];

/** What begins in a stream with a long payload, once in a while: it is slow. */
const LONG_ONE_IN = 150;

/**
 * Octets as a peer may send them: messages in one frame or in several, control frames between them, and now and then
 * something that is wrong.
 *
 * @param masked - Whether the peer is a client.
 */
export function frameStream(random: Random, masked: boolean, rsv1: boolean): Uint8Array {
  const frames: Uint8Array[] = [];
  const key = (): number | undefined => {
    if (!masked) return undefined;
    return random.oneIn(3) ? 0 : random.bits();
  };
  const faulty = !random.oneIn(3);
  const write = (parts: FrameParts): void => {
    frames.push(encodeFrame(faulty && random.oneIn(12) ? withFault(random, parts) : parts));
  };
  for (let left = 1 + random.below(5); left > 0; left -= 1) {
    if (random.oneIn(4)) {
      write({ head: random.pick([0x89, 0x8a]), payload: short(random), key: key() });
      continue;
    }
    if (random.oneIn(10)) {
      write({ head: 0x88, payload: closePayload(random), key: key() });
      continue;
    }
    const text = !random.oneIn(3);
    const compressed = rsv1 && random.oneIn(2) ? 0x40 : 0;
    const content = text ? textOf(random) : binaryOf(random);
    const cuts = random.oneIn(2) ? 0 : random.below(4);
    const bounds = [0, content.length];
    for (let cut = 0; cut < cuts; cut += 1) bounds.push(random.below(content.length + 1));
    bounds.sort((one, other) => one - other);
    for (let index = 0; index + 1 < bounds.length; index += 1) {
      const last = index + 2 === bounds.length;
      const opcode = index > 0 ? 0 : (text ? 1 : 2) | compressed;
      const payload = content.slice(bounds[index], bounds[index + 1]);
      write({ head: (last ? 0x80 : 0) | opcode, payload, key: key() });
      if (!last && random.oneIn(3)) {
        write({ head: random.pick([0x89, 0x8a]), payload: short(random), key: key() });
      }
    }
  }
  const stream = Uint8Array.from(Buffer.concat(frames));
  if (faulty && random.oneIn(3)) flipBits(random, stream);
  return random.oneIn(6) ? stream.slice(0, random.below(stream.length + 1)) : stream;
}

/**
 * A message that never ends, up to the limit, in frames of one length: what a reader has to keep the most of. It is cut
 * off in its last frame; further control frames make up the rest of `length`.
 */
export function unfinishedMessage(
  random: Random,
  masked: boolean,
  length: number,
  most: number,
): Uint8Array {
  const key = masked ? random.bits() : undefined;
  const size = random.pick([0, 1, 2, 125, 126, 1000, 30_000, most - 1]);
  const count = size === 0 ? 10_000 : Math.floor(most / size);
  const frames: Uint8Array[] = [];
  let octets = 0;
  const add = (frame: Uint8Array): void => {
    frames.push(frame);
    octets += frame.length;
  };
  const payload = new Uint8Array(size).fill(0x61);
  for (let index = 0; index < count; index += 1) {
    add(encodeFrame({ head: index === 0 ? random.pick([1, 2]) : 0, payload, key }));
  }
  const ping = encodeFrame({ head: 0x89, payload: new Uint8Array(125), key });
  while (octets < length) add(ping);
  const stream = Uint8Array.from(Buffer.concat(frames));
  return random.oneIn(2) ? stream : stream.slice(0, -1);
}

function withFault(random: Random, parts: FrameParts): FrameParts {
  switch (random.below(6)) {
    case 0:
      return { ...parts, head: parts.head ^ random.pick([0x10, 0x20, 0x40, 0x80]) };
    case 1:
      return { ...parts, head: (parts.head & 0xf0) | random.below(16) };
    case 2:
      return { ...parts, lengthForm: random.pick([2, 8]) };
    case 3:
      return { ...parts, announced: random.pick(ANNOUNCED) };
    case 4:
      return { ...parts, key: parts.key === undefined ? random.bits() : undefined };
    default:
      return { ...parts, head: parts.head & 0xf0 };
  }
}

function flipBits(random: Random, stream: Uint8Array): void {
  for (let left = 1 + random.below(3); left > 0 && stream.length > 0; left -= 1) {
    const at = random.below(stream.length);
    stream[at] = (stream[at] as number) ^ (1 << random.below(8));
  }
}

function textOf(random: Random): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let left = random.below(5); left > 0; left -= 1) {
    pieces.push(
      random.oneIn(24)
        ? Buffer.from(random.pick(BAD_TEXTS), 'hex')
        : Buffer.from(random.pick(TEXTS)),
    );
  }
  if (random.oneIn(8)) pieces.push(Buffer.alloc(lengthOf(random), random.pick(['a', 'é', '€'])));
  return Uint8Array.from(Buffer.concat(pieces));
}

function binaryOf(random: Random): Uint8Array {
  const length = lengthOf(random);
  return length > 512 ? new Uint8Array(length).fill(random.bits() & 0xff) : random.octets(length);
}

function lengthOf(random: Random): number {
  return random.pick(random.oneIn(LONG_ONE_IN) ? LONG_LENGTHS : LENGTHS);
}

function short(random: Random): Uint8Array {
  return random.octets(random.oneIn(8) ? random.pick([124, 125, 126, 127]) : random.below(8));
}

function closePayload(random: Random): Uint8Array {
  if (random.oneIn(6)) return random.octets(random.below(3));
  const code = Buffer.alloc(2);
  code.writeUInt16BE(random.pick(CODES));
  const reason = random.oneIn(6) ? Buffer.alloc(random.pick([122, 123, 124]), 'a') : textOf(random);
  return Uint8Array.from(Buffer.concat([code, reason.subarray(0, 200)]));
}
