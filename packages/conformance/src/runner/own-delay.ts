// A clock that all but stands still while this process is kept from its work: a peer is late from when the runner could have
// read, not from when its own timer was due.

const INTERVAL_MS = 20;
/** A peer that keeps us busy on purpose is not waited for without end: of a delay so much is passed over. */
const MOST_FORGIVEN = 0.75;

let users = 0;
let timer: NodeJS.Timeout | undefined;
let due = 0;
let total = 0;

/** Watches until the returned function is called. */
export function watchOwnDelay(): () => void {
  users += 1;
  if (timer === undefined) {
    due = performance.now() + INTERVAL_MS;
    timer = setInterval(look, INTERVAL_MS);
    timer.unref();
  }
  let watching = true;
  return () => {
    if (!watching) return;
    watching = false;
    users -= 1;
    if (users > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Milliseconds of a clock that goes on only while the runner does; as `performance.now()` where nobody watches. */
export function fairNow(): number {
  const now = performance.now();
  return now - total - (timer === undefined ? 0 : Math.max(0, now - due));
}

function look(): void {
  const now = performance.now();
  const late = Math.max(0, now - due);
  total += Math.min(late, (late + INTERVAL_MS) * MOST_FORGIVEN);
  due = now + INTERVAL_MS;
}
