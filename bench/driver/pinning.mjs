import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const possible =
  process.platform === 'linux' &&
  availableParallelism() > 1 &&
  spawnSync('taskset', ['-c', '0,1', 'true']).status === 0;

/** Whether server and load have a core each. Else the scheduler moves them, and the spread is larger. */
export const pinned = possible;

/** The command, for the core that servers run on. */
export function onServerCore(command) {
  return possible ? ['taskset', '-c', '0', ...command] : command;
}

/** The command, for the core that the load runs on. */
export function onLoadCore(command) {
  return possible ? ['taskset', '-c', '1', ...command] : command;
}
