import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { oneLine } from './escape-controls.ts';
import type { LineIo, LineIoEvents } from './line-io.ts';
import { splitLines } from './line-splitter.ts';
import { Output } from './output.ts';

/** Lines in from stdin, output to stdout, notes to stderr. */
export class PipeIo implements LineIo {
  readonly interactive = false;
  readonly #stdin: CliContext['stdin'];
  readonly #output: Output;
  readonly #errors: Output;
  #reading = false;
  #ended = false;

  constructor(
    { stdin, stdout, stderr }: CliContext,
    { onOutputFailed }: Pick<LineIoEvents, 'onOutputFailed'>,
  ) {
    this.#stdin = stdin;
    this.#output = new Output(stdout, onOutputFailed);
    this.#errors = new Output(stderr);
  }

  get blocked(): boolean {
    return this.#output.blocked;
  }

  async *lines(): AsyncGenerator<readonly Uint8Array[], void> {
    if (this.#ended) return;
    this.#reading = true;
    try {
      yield* splitLines(this.#stdin);
    } catch (error) {
      if (this.#ended) return; // that is how it ended
      if (error instanceof CliError) throw error;
      throw new CliError(`cannot read standard input: ${(error as Error).message}`, 1);
    }
  }

  endInput(): void {
    this.#ended = true;
    // An input that is still open would keep the process alive.
    if (this.#reading) this.#stdin.destroy();
  }

  ready(signal?: AbortSignal): Promise<void> | undefined {
    return this.#output.ready(signal);
  }

  write(data: string | Uint8Array): Promise<void> | undefined {
    return this.#output.write(data);
  }

  note(text: string): void {
    this.#errors.offer(`${oneLine(text)}\n`);
  }

  writeError(lines: string): void {
    this.#errors.offer(lines);
  }
}
