// Base64 (RFC 4648 §4), for the 16 octets of a key and the 20 of a SHA-1 digest.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Encodes all of `octets`, padded. */
export function encodeBase64(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; at += 3) {
    const left = octets.length - at;
    const bits =
      ((octets[at] as number) << 16) |
      ((left > 1 ? (octets[at + 1] as number) : 0) << 8) |
      (left > 2 ? (octets[at + 2] as number) : 0);
    text += ALPHABET.charAt(bits >>> 18) + ALPHABET.charAt((bits >>> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((bits >>> 6) & 63) : '=';
    text += left > 2 ? ALPHABET.charAt(bits & 63) : '=';
  }
  return text;
}
