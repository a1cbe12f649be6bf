/** Octets from hex digits, grouped by blanks as it reads best. */
export function octets(hex: string): Uint8Array {
  const digits = hex.replace(/\s/g, '');
  if (!/^(?:[0-9a-f]{2})*$/.test(digits)) throw new Error(`these are no octets: ${hex}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Hex digits, a blank between octets. */
export function hex(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ');
}

/** The octets of `text` in UTF-8, by Node. */
export function utf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** `length` octets that differ from their neighbours and from those four, eight … further on. */
export function pattern(length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) octets[at] = at * 7 + (at >> 5) + 3;
  return octets;
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Cuts `whole` at the offsets, which need not be in order; every piece is a copy. */
export function cut(whole: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const ends = [...new Set(offsets), whole.length].sort((one, other) => one - other);
  return ends.map((end, index) => whole.slice(index === 0 ? 0 : ends[index - 1], end));
}

/** One piece an octet. */
export function octetByOctet(whole: Uint8Array): Uint8Array[] {
  return Array.from(whole, (octet) => Uint8Array.of(octet));
}
