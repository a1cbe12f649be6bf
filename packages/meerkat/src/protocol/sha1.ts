// SHA-1 (FIPS 180-4 §6.1.2). RFC 6455 §4.2.2 uses it as a checksum, not for security.

/** The 20 octets of the SHA-1 digest of `octets`. */
export function sha1(octets: Uint8Array): Uint8Array {
  const padded = pad(octets);
  const words = new Int32Array(80);
  let h0 = 0x67452301;
  let h1 = 0xefcdab89 | 0;
  let h2 = 0x98badcfe | 0;
  let h3 = 0x10325476;
  let h4 = 0xc3d2e1f0 | 0;
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t += 1) words[t] = wordAt(padded, block + 4 * t);
    for (let t = 16; t < 80; t += 1) {
      words[t] = rotl(
        word(words, t - 3) ^ word(words, t - 8) ^ word(words, t - 14) ^ word(words, t - 16),
        1,
      );
    }
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4];
    for (let t = 0; t < 80; t += 1) {
      const temp = (rotl(a, 5) + mix(t, b, c, d) + e + word(words, t)) | 0;
      e = d;
      d = c;
      c = rotl(b, 30);
      b = a;
      a = temp;
    }
    h0 = (h0 + a) | 0;
    h1 = (h1 + b) | 0;
    h2 = (h2 + c) | 0;
    h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0;
  }
  return digest([h0, h1, h2, h3, h4]);
}

/** The round's function and constant, in one number. */
function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function pad(octets: Uint8Array): Uint8Array {
  const padded = new Uint8Array(((octets.length + 8) >> 6) * 64 + 64);
  padded.set(octets);
  padded[octets.length] = 0x80;
  // The length in bits; 2^32 bits are never reached by a handshake.
  const bits = octets.length * 8;
  for (let at = 0; at < 4; at += 1) padded[padded.length - 1 - at] = (bits >>> (8 * at)) & 0xff;
  return padded;
}

function digest(state: readonly number[]): Uint8Array {
  const octets = new Uint8Array(20);
  state.forEach((value, index) => {
    for (let at = 0; at < 4; at += 1) octets[index * 4 + at] = (value >>> (24 - 8 * at)) & 0xff;
  });
  return octets;
}

function wordAt(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] as number) << 24) |
    ((octets[at + 1] as number) << 16) |
    ((octets[at + 2] as number) << 8) |
    (octets[at + 3] as number)
  );
}

function word(words: Int32Array, at: number): number {
  return words[at] as number;
}

function rotl(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
