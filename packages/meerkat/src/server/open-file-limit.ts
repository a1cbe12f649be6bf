import { readFileSync } from 'node:fs';

/**
 * How many files and sockets this process may have open, where the system tells (Linux); 0 where it does not. Node raises
 * its soft limit to the hard one when it starts.
 */
export function openFileLimit(): number {
  try {
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? 0 : Number(soft);
  } catch {
    return 0;
  }
}
