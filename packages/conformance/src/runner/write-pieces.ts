import type { Duplex } from 'node:stream';

/** What goes out at a time where nothing else is asked for: enough for every head that is meant to be taken. */
const WHOLE = 65_536;

/**
 * Writes octets in pieces of `size`, a turn of the event loop between two. Ends early when the connection does, or when
 * `stopped` says so: whoever answers before the end does not want the rest.
 */
export async function writePieces(
  stream: Duplex,
  octets: Uint8Array,
  size: number | undefined,
  stopped: () => boolean,
): Promise<void> {
  const step = size ?? WHOLE;
  for (let at = 0; at < octets.length; at += step) {
    if (at > 0) await new Promise((resolve) => setImmediate(resolve));
    if (stopped() || stream.destroyed || stream.writableEnded) return;
    if (!stream.write(octets.subarray(at, at + step))) await drained(stream);
  }
}

function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
    if (stream.destroyed) done();
  });
}
