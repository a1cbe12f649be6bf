import { Readable } from 'node:stream';
import type { Message } from 'meerkat';
import type { CliContext } from '../cli-context.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { Output } from '../terminal/output.ts';
import { paletteFor } from '../terminal/palette.ts';
import { Prompt } from '../terminal/prompt.ts';
import { forTerminal, type TerminalLook } from './message-format.ts';
import type { View, ViewSettings } from './view.ts';

/** What a {@link TerminalView} tells of. */
export interface TerminalEvents {
  onInterrupt(): void;
  onOutputFailed(error: NodeJS.ErrnoException): void;
}

/** A prompt at the bottom of the terminal; what the server sends is printed above it. */
export class TerminalView implements View {
  readonly #context: CliContext;
  readonly #events: TerminalEvents;
  readonly #output: Output;
  readonly #errors: Output;
  readonly #look: TerminalLook;
  #prompt: Prompt | undefined;
  #ended = false;

  constructor(context: CliContext, { times }: ViewSettings, events: TerminalEvents) {
    const { stdout, stderr, env } = context;
    this.#context = context;
    this.#events = events;
    this.#output = new Output(stdout, (error) => events.onOutputFailed(error));
    this.#errors = new Output(stderr);
    this.#look = { palette: paletteFor(stdout, env), arrow: '< ', times };
  }

  get blocked(): boolean {
    return this.#output.blocked;
  }

  async *lines(): AsyncGenerator<readonly Uint8Array[], void> {
    if (this.#ended) return;
    const typed = new Readable({ objectMode: true, read() {} });
    this.#prompt = new Prompt({
      input: this.#context.stdin,
      output: this.#context.stdout,
      text: this.#look.palette.green('> '),
      onLine: (line) => typed.push(line),
      onInterrupt: () => this.#events.onInterrupt(),
      onEnd: () => typed.push(null),
    });
    for await (const line of typed) yield [Buffer.from(line as string)];
  }

  endInput(): void {
    this.#ended = true;
    this.#prompt?.close();
  }

  show(message: Message): Promise<void> | undefined {
    let behind: Promise<void> | undefined;
    this.#above(() => {
      behind = this.#output.write(forTerminal(message, this.#look, new Date()));
    });
    return behind;
  }

  note(text: string): void {
    const { stderr, env } = this.#context;
    const { yellow } = paletteFor(stderr, env);
    this.#above(() => void this.#errors.line(yellow(oneLine(text))));
  }

  #above(print: () => void): void {
    if (this.#prompt === undefined) print();
    else this.#prompt.above(print);
  }
}
