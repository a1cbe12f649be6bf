import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, onTestFinished } from 'vitest';
import { PROGRAM } from '../../../../test/support/built-program.ts';
import { Screen } from './screen.ts';

const RUNNER = fileURLToPath(new URL('./pseudo-terminal.py', import.meta.url));
const ROWS = 24;
const COLUMNS = 60;

/** Like `describe`; prints why it skips where there are no pseudo-terminals. With `CI=true` it fails there instead. */
export function describeOnTerminal(name: string, tests: () => void): void {
  const { status } = spawnSync('python3', ['-c', 'import pty, termios']);
  if (status === 0 || process.env['CI'] === 'true') {
    describe(name, tests);
    return;
  }
  console.warn(`skipped: ${name}: a pseudo-terminal is made with python3 and its module pty`);
  describe.skip(name, tests);
}

/** The program, and its arguments, for a Node to run. */
export function program(args: readonly string[]): string[] {
  return [PROGRAM, ...args];
}

/** `meerkat` on a pseudo-terminal. It ends with the test. */
export class PseudoTerminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exit: Promise<number | null>;
  #output = '';
  readonly #wakers: (() => void)[] = [];
  readonly #columns: number;

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}, columns: number = COLUMNS) {
    this.#columns = columns;
    const command = [RUNNER, `${ROWS}`, `${columns}`, process.execPath, ...program(args)];
    this.#child = spawn('python3', command, { env: { ...process.env, TERM: 'xterm', ...env } });
    this.#child.stdout.setEncoding('utf8');
    this.#child.stdout.on('data', (printed: string) => {
      this.#output += printed;
      for (const wake of this.#wakers.splice(0)) wake();
    });
    this.#exit = once(this.#child, 'close').then(([code]) => code as number | null);
    onTestFinished(async () => {
      this.#child.kill();
      this.#child.kill('SIGCONT');
      await this.#exit;
    });
  }

  /** Presses keys. */
  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** Reads no more of what is printed: as a terminal that is suspended, or behind a network that is gone. */
  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  /** Reads on. */
  go(): void {
    this.#child.kill('SIGCONT');
  }

  /** Everything printed so far. */
  get output(): string {
    return this.#output;
  }

  /** What the terminal shows. */
  get screen(): Screen {
    return Screen.of(this.#output, this.#columns);
  }

  /** Resolves when the terminal shows what is waited for. */
  async until(shows: (lines: readonly string[]) => boolean): Promise<void> {
    while (!shows(this.screen.lines)) {
      await new Promise<void>((resolve) => {
        this.#wakers.push(resolve);
      });
    }
  }

  /** The exit code, once the program has ended. */
  async exitCode(): Promise<number | null> {
    return await this.#exit;
  }
}
