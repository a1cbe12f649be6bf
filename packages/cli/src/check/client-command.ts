import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { CliError } from '../cli-error.ts';

/** Characters of what it printed that are kept, the last ones; and of a line that are waited for. */
const MAX_KEPT = 65_536;
/** Milliseconds from asking it to end until it is ended. */
const GRACE = 2_000;
/** Milliseconds until what it printed last has to be read. */
const FLUSH = 500;

/** How a command ended. */
export interface CommandEnd {
  /** `ended with exit code 3`, `was ended by SIGSEGV`. */
  readonly how: string;
  /** Whether it went well. */
  readonly fine: boolean;
  /** The last lines of what it printed, unless they were passed on. */
  readonly printed: string;
}

/** What a {@link ClientCommand} is told. */
export interface CommandSetup {
  /** Where the cases are served. */
  readonly url: string;
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** Given the lines that it prints, as they come; without this the last ones are kept. */
  readonly onPrinted: ((lines: string) => void) | undefined;
}

/** A client under test: a program that runs until it, or the run, is over. */
export class ClientCommand {
  /** Resolves when it has ended, and all that it started. Never rejects. */
  readonly ended: Promise<CommandEnd>;
  readonly #child: ChildProcess;
  readonly #onPrinted: CommandSetup['onPrinted'];
  #printed = '';
  #kill: NodeJS.Timeout | undefined;
  #lastSign = performance.now();

  private constructor(child: ChildProcess, onPrinted: CommandSetup['onPrinted']) {
    this.#child = child;
    this.#onPrinted = onPrinted;
    child.on('error', () => {}); // a signal that could not be sent
    const outputs = [child.stdout, child.stderr];
    for (const output of outputs) {
      output?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    }
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        clearTimeout(this.#kill);
        this.#signal('SIGKILL'); // what it left running would serve nobody
        void flushed(outputs).then(() => {
          resolve({ how: endWords(code, signal), fine: code === 0, printed: this.#rest() });
        });
      });
    });
  }

  /**
   * Starts it. `{url}` in its words is replaced by the URL, which is in MEERKAT_CHECK_URL too.
   *
   * @throws {@link CliError} where it cannot be started, with exit code 2.
   */
  static async start(words: readonly string[], setup: CommandSetup): Promise<ClientCommand> {
    const { url, env, onPrinted } = setup;
    const [program = '', ...args] = words.map((word) => word.replaceAll('{url}', url));
    if (program === '') throw new CliError('the name of COMMAND is empty', 2);
    const child = spawn(program, args, {
      // A group of its own: npm, sh and their like start others, which have to end with them.
      detached: process.platform !== 'win32',
      env: { ...env, MEERKAT_CHECK_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'ENOENT' ? 'there is no such program' : error.message;
        reject(new CliError(`cannot start ${program}: ${why}`, 2, { cause: error }));
      });
    });
    return new ClientCommand(child, onPrinted);
  }

  /** Whether it has not ended yet. */
  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Milliseconds since it printed something, or was started. */
  get silence(): number {
    return performance.now() - this.#lastSign;
  }

  /** Asks it to end, and ends it where it does not; resolves as `ended` does. */
  async end(): Promise<CommandEnd> {
    if (this.#kill === undefined && this.running) {
      this.#kill = setTimeout(() => this.#signal('SIGKILL'), GRACE);
      this.#signal('SIGTERM');
    }
    return await this.ended;
  }

  /** Ends it without waiting for anything. */
  endAtOnce(): void {
    if (this.running) this.#signal('SIGKILL');
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (process.platform === 'win32') this.#child.kill(signal);
      else process.kill(-pid, signal);
    } catch {
      // nobody of the group is left
    }
  }

  #take(text: string): void {
    this.#lastSign = performance.now();
    this.#printed = (this.#printed + text).slice(-MAX_KEPT);
    const end = this.#printed.lastIndexOf('\n') + 1;
    if (this.#onPrinted === undefined || end === 0) return;
    this.#onPrinted(this.#printed.slice(0, end));
    this.#printed = this.#printed.slice(end);
  }

  #rest(): string {
    const rest =
      this.#printed === '' || this.#printed.endsWith('\n') ? this.#printed : `${this.#printed}\n`;
    if (this.#onPrinted === undefined) return rest;
    if (rest !== '') this.#onPrinted(rest);
    return '';
  }
}

/** Whoever left the group may hold a pipe open: what is in it is read, and that one is not waited for. */
async function flushed(outputs: readonly (Readable | null)[]): Promise<void> {
  const open = outputs.flatMap((output) => (output === null || output.closed ? [] : [output]));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, FLUSH);
  });
  const closed = Promise.all(open.map((output) => once(output, 'close')));
  await Promise.race([closed.catch(() => {}), late]); // one that failed has said all
  clearTimeout(timer);
  for (const output of open) output.destroy();
}

function endWords(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}
