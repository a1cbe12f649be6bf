import { setTimeout as wait } from 'node:timers/promises';
import { cpuSeconds } from '../process-stats.mjs';

/**
 * Lets what runs already warm up, then tells what it did and cost in `seconds`.
 *
 * @param count - How many messages there were so far.
 */
export async function measure({ seconds, warm, pid }, count) {
  await wait(warm * 1_000);
  const before = reading(pid, count);
  await wait(seconds * 1_000);
  const after = reading(pid, count);
  const msgs = after.msgs - before.msgs;
  const secs = after.time - before.time;
  const cpu = after.cpu - before.cpu;
  return {
    secs,
    msgs,
    rate: msgs / secs,
    srv_cpu: cpu / secs,
    cli_cpu: (after.own - before.own) / secs,
    srv_us_per_msg: msgs === 0 ? 0 : (cpu / msgs) * 1e6,
  };
}

function reading(pid, count) {
  const { user, system } = process.cpuUsage();
  return {
    time: performance.now() / 1_000,
    msgs: count(),
    cpu: pid === 0 ? 0 : cpuSeconds(pid),
    own: (user + system) / 1e6,
  };
}
