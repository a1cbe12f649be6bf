import type { OutputStream } from '../../cli-context.ts';
import { Output } from '../../terminal/output.ts';
import { lineWidth } from './line-width.ts';

/** Where a terminal does not say how large it is. */
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
/** Nothing from here to the end of the line, or of the screen (ECMA-48 §8.3.41, §8.3.39). */
const ERASE_LINE = '\x1b[0K';
const ERASE_BELOW = '\x1b[0J';

/**
 * A block of lines at the bottom of a terminal, drawn again in place.
 *
 * Each drawing is one write that replaces characters where they stand, so nothing flickers. The cursor is neither moved elsewhere nor
 * hidden: it stands at the end of the block, so that there is nothing to restore, however the program ends.
 */
export class LiveBlock {
  readonly #stream: OutputStream & { readonly rows?: number | undefined };
  readonly #output: Output;
  /** What stands there, line by line, in columns. */
  #widths: readonly number[] = [];

  constructor(stream: OutputStream) {
    this.#stream = stream;
    this.#output = new Output(stream);
  }

  /** Columns that a line may take. In the last one the cursor would be in doubt. */
  get columns(): number {
    return (this.#stream.columns || DEFAULT_COLUMNS) - 1;
  }

  /** Draws these lines where the block stands; none is wider than `columns`. A terminal that is behind misses one. */
  draw(lines: readonly string[]): void {
    if (this.#output.blocked) return;
    // What has scrolled out of a low terminal could not be reached again.
    const shown = lines.slice(0, Math.max(1, (this.#stream.rows || DEFAULT_ROWS) - 1));
    const text = shown.map((line) => `${line}${ERASE_LINE}`).join('\r\n');
    void this.#output.write(`${this.#toTop()}${text}${ERASE_BELOW}`); // whether it is behind is asked next time
    this.#widths = shown.map(lineWidth);
  }

  /** Prints whole lines above it; it is gone until it is drawn again. */
  above(lines: string): void {
    this.#output.offer(`${this.#erased()}${lines}`);
  }

  /** Takes it away. */
  close(): void {
    const erased = this.#erased();
    if (erased !== '') void this.#output.write(erased); // whoever is behind reads it later
  }

  #erased(): string {
    const erased = this.#widths.length === 0 ? '' : `${this.#toTop()}${ERASE_BELOW}`;
    this.#widths = [];
    return erased;
  }

  /** To the beginning of the block. In a terminal that has become narrower its lines take more rows than they had. */
  #toTop(): string {
    if (this.#widths.length === 0) return '';
    const columns = this.#stream.columns || DEFAULT_COLUMNS;
    const rows = this.#widths.reduce(
      (sum, taken) => sum + Math.max(1, Math.ceil(taken / columns)),
      0,
    );
    return rows > 1 ? `\x1b[${rows - 1}A\r` : '\r';
  }
}
