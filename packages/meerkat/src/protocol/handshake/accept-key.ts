// Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455 §4.1, §4.2.2).
import { encodeBase64 } from '../base64.ts';
import type { Primitives } from '../primitives.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server answers to `key`: base64 of the SHA-1 of the key and the protocol's GUID. */
export function acceptKey(key: string, primitives: Primitives): string {
  return primitives.sha1Base64(key + GUID);
}

/** A key for one handshake: 16 random octets in base64. */
export function createKey(primitives: Primitives): string {
  const octets = new Uint8Array(16);
  primitives.fillRandom(octets);
  return encodeBase64(octets);
}

/** Whether `key` is base64 of 16 octets. The four unused bits of its last character may be anything. */
export function isKey(key: string): boolean {
  return /^[A-Za-z0-9+/]{22}==$/.test(key);
}
