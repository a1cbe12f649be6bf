import { constants, deflateRawSync } from 'node:zlib';
import type { Random } from '../random.ts';

/** What one message of an `inflate` input is, in one octet. */
export const MessageFlag = { Text: 1, Plain: 2, Fragmented: 4, NextTurn: 8 } as const;

/** One message as it goes over the wire, without the end of the flush. */
export interface CompressedMessage {
  readonly flags: number;
  readonly payload: Uint8Array;
}

/** How an input of `inflate` holds a message: its flags, its length in two octets, its payload. */
export function encodeMessage({ flags, payload }: CompressedMessage): Uint8Array {
  const octets = payload.subarray(0, 0xffff);
  const head = Buffer.alloc(3);
  head[0] = flags;
  head.writeUInt16BE(octets.length, 1);
  return Uint8Array.from(Buffer.concat([head, octets]));
}

/** Reads what {@link encodeMessage} writes, whatever it holds; the last message may be cut. */
export function decodeMessages(octets: Uint8Array): CompressedMessage[] {
  const messages: CompressedMessage[] = [];
  for (let at = 0; at < octets.length && messages.length < 64; ) {
    const [flags = 0, high = 0, low = 0] = octets.subarray(at, at + 3);
    const payload = octets.slice(at + 3, at + 3 + high * 256 + low);
    messages.push({ flags, payload });
    at += 3 + payload.length;
  }
  return messages;
}

const PIECES = [
  'hello',
  'hello hello hello',
  '€',
  '\0',
  'κόσμε',
  '😀',
  'abcdefghijklmnopqrstuvwxyz',
];
const TAIL_LENGTH = 4;

/** A message as zlib makes it, with any of its settings, that may refer to `window`; now and then it is wrong. */
export function compressedMessage(
  random: Random,
  window: Uint8Array,
): { readonly message: CompressedMessage; readonly content: Uint8Array } {
  const content = contentOf(random, window);
  const plain = random.oneIn(8);
  let flags = random.below(16) & ~(MessageFlag.Plain | MessageFlag.Text);
  if (!random.oneIn(3) && isText(content)) flags |= MessageFlag.Text;
  if (plain) return { message: { flags: flags | MessageFlag.Plain, payload: content }, content };
  const payload = deflated(random, content, window);
  return { message: { flags, payload }, content };
}

function deflated(random: Random, content: Uint8Array, window: Uint8Array): Uint8Array {
  const { Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH, Z_FIXED, Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY } =
    constants;
  const finishFlush = random.pick([Z_SYNC_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH]);
  const octets = deflateRawSync(content, {
    level: random.pick([0, 1, 6, 9]),
    memLevel: random.pick([1, 8, 9]),
    windowBits: random.pick([9, 12, 15]),
    strategy: random.pick([Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY]),
    finishFlush,
    ...(window.length > 0 && random.oneIn(2) ? { dictionary: window } : {}),
  });
  const kept = finishFlush === Z_FINISH ? octets : octets.subarray(0, -TAIL_LENGTH);
  if (random.oneIn(8)) return Uint8Array.from(octets); // the tail is left on
  if (finishFlush === Z_FINISH && random.oneIn(2)) {
    const more = deflateRawSync('more', { finishFlush: Z_SYNC_FLUSH }).subarray(0, -TAIL_LENGTH);
    const times = random.oneIn(8) ? 17 : 1;
    const parts = Array.from({ length: times }, () => kept);
    return Uint8Array.from(Buffer.concat([...parts, random.oneIn(4) ? random.octets(3) : more]));
  }
  return Uint8Array.from(kept);
}

function contentOf(random: Random, window: Uint8Array): Uint8Array {
  if (random.oneIn(12)) {
    const length = random.pick([299, 300, 301, 16_384, 16_385, 20_000, 20_001, 60_000]);
    return Uint8Array.from(Buffer.alloc(length, random.pick(PIECES)));
  }
  if (random.oneIn(6)) return random.octets(random.below(60));
  if (window.length > 0 && random.oneIn(3)) {
    const start = random.below(window.length);
    return window.slice(start, start + random.below(200));
  }
  const pieces = Array.from({ length: random.below(8) }, () => random.pick(PIECES));
  return Uint8Array.from(Buffer.from(pieces.join('')));
}

function isText(octets: Uint8Array): boolean {
  return Buffer.from(Buffer.from(octets).toString()).equals(Buffer.from(octets));
}
