// Masking (RFC 6455 §5.3): octet i of the payload is XORed with octet i modulo 4 of the key.
// The key travels as an int32 in network order: its first octet is the top one.

/**
 * XORs `octets[start, end)` with `key` in place. `phase` is how many payload octets came before, modulo 4.
 *
 * Hot path: four octets a step, no views.
 */
export function maskInPlace(
  octets: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): void {
  const turned = rotate(key, phase);
  const k0 = turned >>> 24;
  const k1 = (turned >>> 16) & 0xff;
  const k2 = (turned >>> 8) & 0xff;
  const k3 = turned & 0xff;
  const whole = end - ((end - start) & 3);
  let at = start;
  for (; at < whole; at += 4) {
    octets[at] = (octets[at] as number) ^ k0;
    octets[at + 1] = (octets[at + 1] as number) ^ k1;
    octets[at + 2] = (octets[at + 2] as number) ^ k2;
    octets[at + 3] = (octets[at + 3] as number) ^ k3;
  }
  if (at < end) octets[at] = (octets[at] as number) ^ k0;
  if (at + 1 < end) octets[at + 1] = (octets[at + 1] as number) ^ k1;
  if (at + 2 < end) octets[at + 2] = (octets[at + 2] as number) ^ k2;
}

/** Turns the key so that its top octet is the one for a payload octet at `phase` modulo 4. */
function rotate(key: number, phase: number): number {
  const bits = (phase & 3) * 8;
  return bits === 0 ? key : (key << bits) | (key >>> (32 - bits));
}
