import { readFileSync } from 'node:fs';

/**
 * Seconds for which the main thread of this process could have run, and no processor was free for it, since it began.
 *
 * @returns Undefined where the system does not say: that needs Linux's /proc.
 */
export function starvedSeconds(): number | undefined {
  try {
    // Nanoseconds: run, waited to run; then how often it ran.
    const [, waited] = readFileSync('/proc/self/schedstat', 'latin1').split(' ');
    const seconds = Number(waited) / 1e9;
    return Number.isFinite(seconds) ? seconds : undefined;
  } catch {
    return undefined;
  }
}
