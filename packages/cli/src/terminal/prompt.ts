import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from 'node:readline';
import type { InputStream, OutputStream } from '../cli-context.ts';
import { Keys } from './keys.ts';

/** What a {@link Prompt} is made of, and whom it tells. */
export interface PromptSetup {
  readonly input: InputStream;
  readonly output: OutputStream;
  /** What stands before the line that is typed; colours are allowed. */
  readonly text: string;
  /** A line was typed. */
  onLine(line: string): void;
  /** Ctrl-C was typed: in raw mode the terminal sends no signal. */
  onInterrupt(): void;
  /** No more lines follow: Ctrl-D, the terminal is gone, or `close` was called. */
  onEnd(): void;
}

const HISTORY_LINES = 1_000;

/** A line being typed at the bottom of a terminal, with editing and history, while other things are printed above it. */
export class Prompt {
  readonly #output: OutputStream;
  readonly #keys: Keys;
  readonly #readline: Interface;
  #closed = false;

  constructor(setup: PromptSetup) {
    this.#output = setup.output;
    this.#keys = new Keys(setup.input, (text) => this.#readline.write(text));
    this.#readline = createInterface({
      input: this.#keys,
      output: setup.output,
      terminal: true,
      prompt: setup.text,
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
    });
    this.#readline.on('line', (line) => {
      setup.onLine(line);
      if (!this.#closed) this.#readline.prompt();
    });
    this.#readline.on('SIGINT', () => setup.onInterrupt());
    this.#readline.on('SIGCONT', () => this.#readline.prompt(true)); // back after Ctrl-Z
    this.#readline.on('close', () => {
      this.#keys.close();
      this.#leave();
      setup.onEnd();
    });
    this.#readline.prompt();
  }

  /** Prints above the line being typed. What `print` writes ends with a line's end. */
  above(print: () => void): void {
    if (this.#closed) {
      print();
      return;
    }
    // The line may be wrapped: its first row is `rows` above the cursor.
    const { rows } = this.#readline.getCursorPos();
    if (rows > 0) moveCursor(this.#output, 0, -rows);
    this.#clear();
    print();
    // Readline goes up by as many rows as it was down before it draws the line again.
    if (rows > 0) this.#output.write('\n'.repeat(rows));
    this.#readline.prompt(true);
  }

  /** Changes what stands before the line that is typed; colours are allowed. */
  setText(text: string): void {
    this.#readline.setPrompt(text);
    if (!this.#closed) this.above(() => {});
  }

  /** Takes no more lines and gives the terminal back as it was. */
  close(): void {
    this.#readline.close();
  }

  /** An empty prompt disappears; a line that was begun stays to be seen. */
  #leave(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#readline.line === '') this.#clear();
    else this.#output.write('\n');
  }

  #clear(): void {
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }
}
