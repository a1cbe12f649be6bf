// SHA-1 (FIPS 180-4 §6.1.2). RFC 6455 §4.2.2 uses it as a checksum, not for security.

/** The 20 octets of the SHA-1 digest of `octets`. */
export function sha1(octets: Uint8Array): Uint8Array {
  const padded = pad(octets);
  const words = new Int32Array(80);
  const state = new Int32Array(5);
  beginDigest(state);
  for (let block = 0; block < padded.length; block += 64) {
    for (let t = 0; t < 16; t += 1) words[t] = wordAt(padded, block + 4 * t);
    expandBlock(words);
    digestBlock(words, state);
  }
  return octetsOf(state);
}

/** Puts the five words that every digest begins with into `state`. */
export function beginDigest(state: Int32Array): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
}

/** Makes the 80 words of a block of the first 16. */
export function expandBlock(words: Int32Array): void {
  for (let t = 16; t < 80; t += 1) {
    const mixed =
      (words[t - 3] as number) ^
      (words[t - 8] as number) ^
      (words[t - 14] as number) ^
      (words[t - 16] as number);
    words[t] = (mixed << 1) | (mixed >>> 31);
  }
}

/**
 * Works the words of one block, {@link expandBlock}ed, into the state.
 *
 * Hot path: four loops without calls; the two large constants are subtracted, as what they lack to 2^32, which keeps sums small.
 */
export function digestBlock(words: Int32Array, state: Int32Array): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  for (let t = 0; t < 20; t += 1) {
    const next =
      (((a << 5) | (a >>> 27)) + ((b & c) | (~b & d)) + e + ((words[t] as number) + 0x5a827999)) |
      0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 20; t < 40; t += 1) {
    const next =
      (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + ((words[t] as number) + 0x6ed9eba1)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 40; t < 60; t += 1) {
    const next =
      (((a << 5) | (a >>> 27)) +
        ((b & c) | (b & d) | (c & d)) +
        e +
        ((words[t] as number) - 0x70e44324)) |
      0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  for (let t = 60; t < 80; t += 1) {
    const next =
      (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + ((words[t] as number) - 0x359d3e2a)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = ((state[0] as number) + a) | 0;
  state[1] = ((state[1] as number) + b) | 0;
  state[2] = ((state[2] as number) + c) | 0;
  state[3] = ((state[3] as number) + d) | 0;
  state[4] = ((state[4] as number) + e) | 0;
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

function octetsOf(state: Int32Array): Uint8Array {
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
