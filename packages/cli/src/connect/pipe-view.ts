import type { Message } from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { Output } from '../terminal/output.ts';
import { paletteFor } from '../terminal/palette.ts';
import { splitLines } from './line-splitter.ts';
import { forPipe, forTerminal, type TerminalLook } from './message-format.ts';
import type { View, ViewSettings } from './view.ts';

/** Lines in from stdin, messages out to stdout, nothing else there. */
export class PipeView implements View {
  readonly #stdin: CliContext['stdin'];
  readonly #output: Output;
  readonly #errors: Output;
  readonly #settings: ViewSettings;
  /** Set where the output is a terminal after all: what comes from the server must not reach it as it is. */
  readonly #look: TerminalLook | undefined;
  #reading = false;
  #ended = false;

  constructor(
    { stdin, stdout, stderr, env }: CliContext,
    settings: ViewSettings,
    onOutputFailed: (error: NodeJS.ErrnoException) => void,
  ) {
    this.#stdin = stdin;
    this.#output = new Output(stdout, onOutputFailed);
    this.#errors = new Output(stderr);
    this.#settings = settings;
    this.#look =
      stdout.isTTY === true
        ? { palette: paletteFor(stdout, env), arrow: '', times: settings.times }
        : undefined;
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

  show(message: Message): Promise<void> | undefined {
    const { raw, times } = this.#settings;
    if (this.#look !== undefined) {
      return this.#output.write(forTerminal(message, this.#look, new Date()));
    }
    return this.#output.write(raw ? message : forPipe(message, times ? new Date() : undefined));
  }

  note(text: string): void {
    void this.#errors.line(oneLine(text));
  }
}
