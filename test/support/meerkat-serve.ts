import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Program } from './program.ts';

/** A folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** `meerkat serve` as a process that answers on one free port, and ends with the test whatever becomes of it. */
export async function startServe(
  ...flags: readonly string[]
): Promise<{ program: Program; port: number }> {
  const program = Program.meerkat(['serve', 'examples/public', '--port', '0', ...flags]);
  endWithTest(program);
  const [, port] = await program.prints(/wss?:\/\/\S+?:(\d+)\/websocket/);
  return { program, port: Number(port) };
}

/** Kills a program at the end of the test. */
export function endWithTest(program: Program): void {
  onTestFinished(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
}
