import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a process of the soak is asked, with what it needs to know. */
interface Question {
  readonly number: number;
  readonly command: string;
  readonly value: unknown;
}

interface Answer {
  readonly number: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Milliseconds that an answer may take where nothing else is said. */
const PATIENCE = 30_000;

/** A process of the soak, as its main process sees it. */
export class Part {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #exited: Promise<number | null>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #asked = 0;

  /**
   * @param file - Beside this one.
   * @param flags - Of its Node, beside those of this process.
   */
  constructor(name: string, file: string, flags: readonly string[] = []) {
    this.#name = name;
    this.#child = fork(new URL(file, import.meta.url), {
      execArgv: [...process.execArgv, ...flags],
      serialization: 'advanced',
    });
    this.#exited = once(this.#child, 'exit').then(([code]) => code as number | null);
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.number)?.(answer);
      this.#waiting.delete(answer.number);
    });
    void this.#exited.then((code) => {
      for (const [number, tell] of this.#waiting) tell({ number, error: `ended with ${code}` });
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its answer; rejects where there is none in time, or it failed. */
  async ask<Result>(
    command: string,
    value?: unknown,
    patience: number = PATIENCE,
  ): Promise<Result> {
    this.#asked += 1;
    const number = this.#asked;
    const question: Question = { number, command, value };
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(number, resolve);
      timer = setTimeout(resolve, patience, { number, error: `no answer in ${patience} ms` });
      if (!this.#child.connected) resolve({ number, error: 'has ended' });
      else
        this.#child.send(question, (error) => error && resolve({ number, error: error.message }));
    });
    clearTimeout(timer);
    if (answer.error !== undefined) throw new Error(`${this.#name}: ${command}: ${answer.error}`);
    return answer.value as Result;
  }

  /** Whether it ends by itself within so many milliseconds, with exit code 0. */
  async endsWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, milliseconds, undefined);
    });
    const code = await Promise.race([this.#exited, late]);
    clearTimeout(timer);
    return code === 0;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Answers what the main process asks. When that one is gone, this process ends. */
export function answerWith(commands: Readonly<Record<string, (value: never) => unknown>>): void {
  let finished = false;
  process.on('message', ({ number, command, value }: Question) => {
    const tell = (answer: Answer): void => {
      if (process.connected) process.send?.(answer);
      // What keeps it alive from now on is left over.
      if (command === 'end' && process.connected) {
        finished = true;
        process.disconnect();
      }
    };
    const work = async (): Promise<unknown> => await commands[command]?.(value as never);
    work().then(
      (result) => tell({ number, value: result }),
      (error: unknown) => tell({ number, error: String(error) }),
    );
  });
  process.on('disconnect', () => {
    if (!finished) process.exit(1);
  });
}
