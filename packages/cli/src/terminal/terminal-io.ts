import { Readable } from 'node:stream';
import type { CliContext } from '../cli-context.ts';
import { oneLine } from './escape-controls.ts';
import type { LineIo, LineIoEvents } from './line-io.ts';
import { leftOutWords, Output } from './output.ts';
import { paletteFor } from './palette.ts';
import { Prompt } from './prompt.ts';

/** A prompt at the bottom of the terminal; everything else is printed above it. */
export class TerminalIo implements LineIo {
  readonly interactive = true;
  readonly #context: CliContext;
  readonly #events: LineIoEvents;
  readonly #output: Output;
  readonly #errors: Output;
  #promptText: string;
  #prompt: Prompt | undefined;
  #ended = false;

  /** @param prompt - What stands before the line that is typed; colours are allowed. */
  constructor(context: CliContext, prompt: string, events: LineIoEvents) {
    this.#context = context;
    this.#events = events;
    this.#promptText = prompt;
    this.#output = new Output(context.stdout, (error) => events.onOutputFailed(error));
    this.#errors = new Output(context.stderr);
  }

  get blocked(): boolean {
    return this.#output.blocked;
  }

  async *lines(): AsyncGenerator<readonly Uint8Array[], void> {
    if (this.#ended) return;
    const typed = new Readable({ objectMode: true, read() {} });
    let over = false;
    this.#prompt = new Prompt({
      input: this.#context.stdin,
      output: this.#context.stdout,
      text: this.#promptText,
      onLine: (line) => {
        if (!over) typed.push(line);
      },
      onInterrupt: () => this.#events.onInterrupt(),
      onEnd: () => {
        over = true;
        typed.push(null);
      },
    });
    for await (const line of typed) yield [Buffer.from(line as string)];
  }

  /** Changes what stands before the line that is typed; colours are allowed. */
  setPrompt(text: string): void {
    this.#promptText = text;
    this.#prompt?.setText(text);
  }

  endInput(): void {
    this.#ended = true;
    this.#prompt?.close();
  }

  ready(signal?: AbortSignal): Promise<void> | undefined {
    return this.#output.ready(signal);
  }

  write(data: string | Uint8Array): Promise<void> | undefined {
    let behind: Promise<void> | undefined;
    this.#above(() => {
      behind = this.#output.write(data);
    });
    return behind;
  }

  note(text: string): void {
    const { stderr, env } = this.#context;
    const { yellow } = paletteFor(stderr, env);
    this.writeError(`${yellow(oneLine(text))}\n`);
  }

  writeError(lines: string): void {
    // Printed above the prompt, a line costs as much on standard output.
    const full = [this.#output, this.#errors].find((output) => output.full);
    if (full === undefined) this.#above(() => void this.#errors.write(lines));
    else full.leaveOut(lines, (count) => this.note(leftOutWords(count)));
  }

  #above(print: () => void): void {
    if (this.#prompt === undefined) print();
    else this.#prompt.above(print);
  }
}
