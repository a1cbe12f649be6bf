import type { OutputStream } from '../cli-context.ts';
import { Output } from './output.ts';

/** Milliseconds between two looks at whether the line has changed. */
const PERIOD = 100;
/** Where a terminal does not say how wide it is. */
const DEFAULT_COLUMNS = 80;
/** To the left edge, and nothing from there on (ECMA-48 §8.3.9, §8.3.39). */
const ERASE = '\x1b[1G\x1b[0J';
/** From here on a character may take two columns. */
const FIRST_WIDE = '\u1100';
/** A look (SGR), which takes no room. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a look begins with
const LOOKS = /\x1b\[[0-9;]*m/g;

/** The last line of a terminal, rewritten at most ten times a second, while other lines are printed above it. */
export class StatusLine {
  readonly #stream: OutputStream;
  readonly #output: Output;
  readonly #began: number = performance.now();
  readonly #timer: NodeJS.Timeout;
  #parts: readonly string[] = [];
  #shown = '';

  constructor(stream: OutputStream) {
    this.#stream = stream;
    this.#output = new Output(stream);
    this.#timer = setInterval(() => this.#draw(), PERIOD);
    this.#timer.unref();
  }

  /**
   * Sets what is shown.
   *
   * @param parts - Joined by commas, as many as there is room for; without control characters but looks. How long it has
   *   been going on is added behind the first.
   */
  set(parts: readonly string[]): void {
    this.#parts = parts;
  }

  /** Prints whole lines above it. */
  above(lines: string): void {
    this.#output.offer(`${this.#erased()}${lines}`);
    this.#draw();
  }

  /** Takes it away. */
  close(): void {
    clearInterval(this.#timer);
    void this.#output.write(this.#erased()); // whoever is behind reads it later
    this.#parts = [];
  }

  #draw(): void {
    const [first, ...others] = this.#parts;
    if (first === undefined || this.#output.blocked) return;
    const seconds = Math.floor((performance.now() - this.#began) / 1_000);
    const columns = (this.#stream.columns || DEFAULT_COLUMNS) - 1;
    const text = fitting([first, `${seconds} s`, ...others], columns);
    if (text === this.#shown) return;
    const erased = this.#erased();
    this.#shown = text;
    void this.#output.write(`${erased}${text}`); // whether it is behind is asked next time
  }

  /** What takes away the line that is shown. */
  #erased(): string {
    if (this.#shown === '') return '';
    this.#shown = '';
    return ERASE;
  }
}

/** A line that wraps could not be taken away again. */
function fitting([first = '', ...others]: readonly string[], columns: number): string {
  let line = first;
  while (width(line) > columns) line = line.slice(0, -1);
  for (const part of others) {
    const longer = `${line}, ${part}`;
    if (width(longer) > columns) break;
    line = longer;
  }
  return line;
}

/** Columns that a line takes on a terminal; looks take none. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text.replace(LOOKS, '')) columns += character < FIRST_WIDE ? 1 : 2;
  return columns;
}
