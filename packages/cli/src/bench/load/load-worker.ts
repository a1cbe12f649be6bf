import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadOrder } from './load-orders.ts';

/** Longest time without an answer, in milliseconds; the longest an order takes are the few seconds of its patience. */
const SILENCE = 30_000;

/** In a checkout sources run as they are. */
const IS_SOURCE = import.meta.url.endsWith('.ts');
const PROGRAM = fileURLToPath(
  new URL(`./load-process.${IS_SOURCE ? 'ts' : 'js'}`, import.meta.url),
);
const FROM_SOURCE = ['--import', 'tsx', '--conditions=meerkat-source'];
/** How this process was started, where that is from the sources. */
const EXEC_ARGV =
  !IS_SOURCE || process.execArgv.includes('--conditions=meerkat-source')
    ? process.execArgv
    : FROM_SOURCE;

/** A process that makes a load, as seen from the one that started it. */
export class LoadWorker {
  readonly #process: ChildProcess;
  readonly #waiting: ((answer: LoadAnswer | undefined) => void)[] = [];
  #ended = false;
  #errors = '';
  #failure: string | undefined;

  constructor() {
    this.#process = fork(PROGRAM, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: EXEC_ARGV,
    });
    this.#process.on('message', (answer) => this.#waiting.shift()?.(answer as LoadAnswer));
    this.#process.on('error', (error) => this.#end(error.message));
    this.#process.on('exit', (code, signal) => this.#end(`ended with ${code ?? signal}`));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2_000);
    });
  }

  /** Why it ended; undefined while it runs. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Gives an order. Resolves with the answer; with undefined where none comes any more: see {@link failure}. */
  tell(order: LoadOrder): Promise<LoadAnswer | undefined> {
    return new Promise((resolve) => {
      if (this.#ended) {
        resolve(undefined);
        return;
      }
      const silence = setTimeout(() => {
        this.#failure ??= `did not answer in ${SILENCE / 1_000} s`;
        this.#process.kill('SIGKILL');
      }, SILENCE);
      this.#waiting.push((answer) => {
        clearTimeout(silence);
        resolve(answer);
      });
      this.#process.send(order, (error) => {
        if (error !== null) this.#end(error.message);
      });
    });
  }

  /** Ends it. Resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.once('error', () => resolve());
    });
    this.#process.kill('SIGKILL');
    await gone;
  }

  #end(how: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const told = this.#errors.split('\n').find((line) => /error/i.test(line));
    this.#failure ??= told === undefined ? how : `${how}: ${told.trim()}`;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }
}
