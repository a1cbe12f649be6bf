import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { builtExample, PROGRAM } from './built-program.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Flags of a Node that runs TypeScript files of this checkout from their sources. */
export const FROM_SOURCE: readonly string[] = [
  '--import',
  new URL('./from-source.mjs', import.meta.url).href,
  '--conditions=meerkat-source',
];

/** A program that a test started. */
export class Program {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #stdout = '';
  #stderr = '';
  readonly #wakers: (() => void)[] = [];

  /** Runs a TypeScript file of this checkout from its sources; an example, which stands alone, on the built packages. */
  static source(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Program {
    const [, example] = /^examples\/(.+)\.ts$/.exec(file) ?? [];
    if (example !== undefined) {
      return new Program(process.execPath, [builtExample(example), ...args], { env });
    }
    return new Program(process.execPath, [...FROM_SOURCE, file, ...args], { env });
  }

  /** Runs the `meerkat` program. */
  static meerkat(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
    return new Program(process.execPath, [PROGRAM, ...args], { env });
  }

  constructor(
    command: string,
    args: readonly string[],
    { env = {}, cwd = root }: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ) {
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#exited = once(this.#child, 'close').then(([code]) => code as number | null);
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
      this.#wake();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
      this.#wake();
    });
    this.#child.stdin?.on('error', () => {}); // it may end before it has read all
    void this.#exited.then(() => this.#wake()); // never rejects: spawn errors come as 'error' and fail the test
  }

  /** Its process id; 0 where it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the first match in what it printed; throws when it ends before. */
  async prints(pattern: RegExp, from: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(from === 'stdout' ? this.#stdout : this.#stderr);
      if (match !== null) return match;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`ended without ${pattern}:\n${this.#stdout}\n${this.#stderr}`);
      }
      await new Promise<void>((resolve) => {
        this.#wakers.push(resolve);
      });
    }
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Stops reading what it prints: its standard output is closed. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  /** The same for its standard error. */
  closeErrors(): void {
    this.#child.stderr?.destroy();
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** Sends a signal to this process alone. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code once it has ended; null when a signal ended it. */
  get exited(): Promise<number | null> {
    return this.#exited;
  }

  /** Asks it to end, and waits. */
  stop(): Promise<number | null> {
    this.kill('SIGTERM');
    return this.#exited;
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }
}
