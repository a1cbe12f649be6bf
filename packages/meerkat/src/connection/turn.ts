/** Who has something to write at the end of the turn. */
interface Flushed {
  flush(): void;
}

let waiting: Flushed[] = [];

/** Calls `flush` at the end of what runs now, once: before anything is read, and before promises go on. */
export function flushAtEndOfTurn(one: Flushed): void {
  if (waiting.push(one) === 1) process.nextTick(flushAll);
}

function flushAll(): void {
  const all = waiting;
  waiting = [];
  for (const one of all) one.flush();
}
