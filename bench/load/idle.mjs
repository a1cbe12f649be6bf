import { setTimeout as wait } from 'node:timers/promises';
import { residentBytes } from '../process-stats.mjs';
import { Messages } from './messages.mjs';
import { openAll } from './open-all.mjs';

/** How long collecting garbage and giving memory back may take, in milliseconds. */
const COLLECTING = 2_000;

/** Opens connections that do nothing, and tells by how much the server's memory grew for each. */
export async function idle(setting) {
  const { dialect, connections, seconds, pid, gc } = setting;
  const messages = new Messages(setting);
  const before = residentBytes(pid);
  await openAll(connections, () => dialect(setting, messages, '/', () => {}));
  await wait(seconds * 1_000);
  const open = residentBytes(pid);
  if (!gc) return { bytes_per_conn: (open - before) / connections };
  process.kill(pid, 'SIGUSR2');
  await wait(COLLECTING);
  return {
    bytes_per_conn: (open - before) / connections,
    bytes_per_conn_gc: (residentBytes(pid) - before) / connections,
  };
}
