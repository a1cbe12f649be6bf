import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding, Progress } from './fuzzer.ts';
import { SlotReader } from './slot.ts';
import type { WorkerReport, WorkerTask } from './worker.ts';

/** What came of one run of one target. */
export interface SessionResult {
  readonly progress: Progress;
  readonly milliseconds: number;
  readonly finding?: Finding;
}

/** How often is looked whether the child gets on. */
const LOOK_MS = 100;
/** How long a child may take to get to its first input. */
const START_MS = 60_000;
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/**
 * Runs one target in a child process and watches it: a child that is at one input for longer than `hangMs`, or dies, is
 * a finding with that input.
 */
export async function runSession(
  task: Omit<WorkerTask, 'slot'>,
  hangMs: number,
): Promise<SessionResult> {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-fuzz-'));
  const path = join(folder, 'slot');
  const slot = new SlotReader(path);
  const child = fork(WORKER, [JSON.stringify({ ...task, slot: path })], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    return await watched(child, slot, hangMs);
  } finally {
    child.kill('SIGKILL');
    slot.close();
    rmSync(folder, { recursive: true });
  }
}

async function watched(
  child: ChildProcess,
  slot: SlotReader,
  hangMs: number,
): Promise<SessionResult> {
  let report: WorkerReport | undefined;
  child.on('message', (message) => {
    report = message as WorkerReport;
  });
  const start = performance.now();
  let turn = -1;
  let since = start;
  let hung = false;
  const look = setInterval(() => {
    const now = performance.now();
    const current = slot.turn;
    if (current !== turn) {
      turn = current;
      since = now;
    } else if (now - since > (turn === 0 ? START_MS : hangMs)) {
      hung = true;
      child.kill('SIGKILL');
    }
  }, LOOK_MS);
  const [code, signal] = await once(child, 'exit');
  clearInterval(look);
  const milliseconds = performance.now() - start;
  if (report !== undefined) return fromReport(report, slot);
  const { input } = slot;
  const message = hung
    ? `every input comes to an end\nstill at it after ${hangMs} ms`
    : `the process lives\nit ended with ${signal ?? `code ${code}`}`;
  return {
    progress: { inputs: turn, corpus: 0, blocks: 0 },
    milliseconds,
    finding: { input, foundLength: input.length, message },
  };
}

function fromReport(
  { progress, milliseconds, finding }: WorkerReport,
  slot: SlotReader,
): SessionResult {
  if (finding === undefined) return { progress, milliseconds };
  const { input: hex, foundLength, message } = finding;
  // What is thrown later has the input at which the child was then.
  const input = foundLength < 0 ? slot.input : Uint8Array.from(Buffer.from(hex, 'hex'));
  return { progress, milliseconds, finding: { input, foundLength: input.length, message } };
}
