import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const LINUX = process.platform === 'linux';
const TICKS = LINUX ? Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) : 0;

/** Processor time of a process so far, user and system, all of its threads, in seconds. */
export function cpuSeconds(pid) {
  if (LINUX) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  }
  // [[days-]hours:]minutes:seconds
  return ps(pid, 'time')
    .split(/[-:]/)
    .reverse()
    .reduce((sum, part, at) => sum + Number(part) * ([1, 60, 3_600, 86_400][at] ?? 0), 0);
}

/** Memory of a process that is in RAM, in octets. */
export function residentBytes(pid) {
  if (LINUX) {
    const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return Number(kilobytes) * 1_024;
  }
  return Number(ps(pid, 'rss')) * 1_024;
}

function ps(pid, column) {
  return execFileSync('ps', ['-o', `${column}=`, '-p', `${pid}`], { encoding: 'utf8' }).trim();
}
