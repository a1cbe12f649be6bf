import { isUtf8 } from 'node:buffer';
import { createHash, randomFillSync } from 'node:crypto';
import { maskInPlace } from '../protocol/mask.ts';
import { maskKeys, type Primitives } from '../protocol/primitives.ts';

const fillRandom = (octets: Uint8Array): void => {
  randomFillSync(octets);
};

/** The engine's primitives as Node has them. */
export const nodePrimitives: Primitives = {
  maskInPlace,
  decodeUtf8,
  utf8Length: (text) => Buffer.byteLength(text),
  encodeUtf8Into: (text, octets, at) => asBuffer(octets).write(text, at),
  sha1: (octets) => createHash('sha1').update(octets).digest(),
  maskKey: maskKeys(fillRandom),
  fillRandom,
};

/**
 * Hot path: only a text that holds U+FFFD can have been invalid, so only then the octets are looked at a second time
 * (100 ns at 20 octets, against 190 for checking first and 230 for a fatal TextDecoder).
 */
function decodeUtf8(octets: Uint8Array, start: number, end: number): string | undefined {
  const buffer = asBuffer(octets);
  const text = buffer.toString('utf8', start, end);
  if (text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end))) return undefined;
  return text;
}

function asBuffer(octets: Uint8Array): Buffer {
  return Buffer.isBuffer(octets)
    ? octets
    : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
}
