/** Who has something to write at the end of the turn. */
interface Flushed {
  flushTurn(): void;
}

let waiting: Flushed[] = [];

/** Calls `flushTurn` at the end of what runs now, once: before anything is read, and before promises go on. */
export function flushAtEndOfTurn(one: Flushed): void {
  if (waiting.push(one) === 1) process.nextTick(flushAll);
}

function flushAll(): void {
  const all = waiting;
  waiting = [];
  flushFrom(all, 0);
}

function flushFrom(all: readonly Flushed[], start: number): void {
  let at = start;
  try {
    while (at < all.length) {
      at += 1;
      all[at - 1]?.flushTurn();
    }
  } finally {
    // A stream of the application may throw: that is no reason for the others to wait for ever.
    if (at < all.length) process.nextTick(flushFrom, all, at);
  }
}
