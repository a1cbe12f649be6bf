/** A copy of `octets[start, end)` in memory of its own. (`Buffer.prototype.slice` would give a view.) */
export function copyOctets(octets: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(octets.subarray(start, end));
  return copy;
}
