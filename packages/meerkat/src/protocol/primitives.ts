import { encodeBase64 } from './base64.ts';
import { maskInPlace } from './mask.ts';
import { sha1 } from './sha1.ts';
import { decodeUtf8, encodeUtf8Into, isUtf8, utf8Length } from './utf8.ts';

/**
 * What a platform can do faster than plain JavaScript, or only it can do. The engine asks for all of it here.
 *
 * Inflating and deflating will join it with permessage-deflate (RFC 7692).
 */
export interface Primitives {
  /** XORs `octets[start, end)` with the int32 `key`, whose top octet meets payload octet 0; `phase` modulo 4 is where it starts (§5.3). */
  maskInPlace(octets: Uint8Array, start: number, end: number, key: number, phase: number): void;
  /** Whether `octets[start, end)` are valid UTF-8, from the first octet of a character to the last of one. */
  isUtf8(octets: Uint8Array, start: number, end: number): boolean;
  /** Decodes `octets[start, end)`; undefined when that is not valid UTF-8. */
  decodeUtf8(octets: Uint8Array, start: number, end: number): string | undefined;
  /** The characters U+0000 to U+00FF that `octets[start, end)` are, in a string that keeps nothing else in memory. */
  latin1(octets: Uint8Array, start: number, end: number): string;
  /** Length of `text` in UTF-8, lone surrogates as U+FFFD. */
  utf8Length(text: string): number;
  /** Writes `text` at `octets[at]`, where there is room; answers how many octets it took. */
  encodeUtf8Into(text: string, octets: Uint8Array, at: number): number;
  /** The SHA-1 digest of ASCII text, in base64. */
  sha1Base64(text: string): string;
  /** A masking key: 32 bits "derived from a strong source of entropy" (§5.3), new for each call. */
  maskKey(): number;
  /** Fills `octets` from a strong source of entropy. */
  fillRandom(octets: Uint8Array): void;
}

/**
 * The primitives in plain JavaScript, for browsers and as the reference for faster ones.
 *
 * @param fillRandom - The platform's strong source of entropy, for example `crypto.getRandomValues`.
 */
export function plainPrimitives(fillRandom: (octets: Uint8Array) => void): Primitives {
  return {
    maskInPlace,
    isUtf8,
    decodeUtf8,
    latin1,
    utf8Length,
    encodeUtf8Into,
    sha1Base64: (text) => encodeBase64(sha1(asciiOctets(text))),
    maskKey: maskKeys(fillRandom),
    fillRandom,
  };
}

/** A source of masking keys that asks for entropy once in 1,024 keys. */
export function maskKeys(fillRandom: (octets: Uint8Array) => void): () => number {
  const pool = new Int32Array(1024);
  const octets = new Uint8Array(pool.buffer);
  let next = pool.length;
  return () => {
    if (next === pool.length) {
      fillRandom(octets);
      next = 0;
    }
    const key = pool[next] as number;
    next += 1;
    return key;
  };
}

function latin1(octets: Uint8Array, start: number, end: number): string {
  // In pieces: as many arguments of a call as there are octets may be too many.
  const piece = 4096;
  if (end - start <= piece) return String.fromCharCode(...octets.subarray(start, end));
  let text = '';
  for (let at = start; at < end; at += piece) {
    text += String.fromCharCode(...octets.subarray(at, Math.min(end, at + piece)));
  }
  return text;
}

function asciiOctets(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}
