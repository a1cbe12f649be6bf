/**
 * A copy of the first octets, at most `max`. What stays in a report must not be a view: it would keep all of a message, or all
 * that came with it, for as long as the report lives.
 */
export function firstOctets(octets: Uint8Array, max: number): Uint8Array {
  return new Uint8Array(octets.subarray(0, max));
}
