/** What a server's memory moves by on its own, as a share of it. */
const NOISE = 0.1;
const LEAST_NOISE = 1_048_576;

/**
 * Octets of memory that a connection takes; undefined where the server did not grow by well more than its memory moves anyway, as
 * one does that kept the memory of connections before.
 *
 * @param before - Octets without connections.
 * @param open - Octets with all of them.
 */
export function connectionMemory(
  before: number,
  open: number,
  connections: number,
): number | undefined {
  const grown = open - before;
  const noise = Math.max(LEAST_NOISE, before * NOISE);
  return connections > 0 && grown > noise ? grown / connections : undefined;
}
