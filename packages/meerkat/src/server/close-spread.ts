import type { Clock } from '../connection/clock.ts';

/** Milliseconds between the Close frames of a spread drain, at least. */
const SPREAD_STEP = 10;

/** Calls `close` for each connection, evenly over `spread` milliseconds. */
export function closeSpread<One>(
  connections: readonly One[],
  spread: number,
  clock: Clock,
  close: (connection: One) => void,
): void {
  const began = clock.now();
  let next = 0;
  const step = (): void => {
    const share = spread === 0 ? 1 : Math.min(1, (clock.now() - began) / spread);
    // The first at once, the last when the time is up.
    const due = Math.max(1, Math.ceil(share * connections.length));
    for (const connection of connections.slice(next, due)) close(connection);
    next = Math.max(next, due);
    if (next < connections.length) {
      clock.after(Math.max(SPREAD_STEP, spread / connections.length), step);
    }
  };
  step();
}
