/** A row, and the column at which the next character goes. */
interface Cursor {
  row: number;
  column: number;
}

/**
 * What a terminal shows after some output: enough of ECMA-48 for readline and colours, lines that wrap, no scrolling.
 * A sequence that it does not know throws, so that nothing slips through unseen.
 */
export class Screen {
  readonly #columns: number;
  readonly #rows: string[][] = [[]];
  readonly #cursor: Cursor = { row: 0, column: 0 };

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** The screen that `output` leaves behind. */
  static of(output: string, columns: number): Screen {
    const screen = new Screen(columns);
    screen.write(output);
    return screen;
  }

  /** The rows, without blanks at their ends and without empty rows at the bottom. */
  get lines(): string[] {
    const lines = this.#rows.map((row) =>
      Array.from(row, (character) => character ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** Where the next character goes. */
  get cursor(): Readonly<Cursor> {
    return this.#cursor;
  }

  write(output: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal reads
    for (const [piece, letters, letter] of output.matchAll(/\x1b\[([0-9;]*)([A-Za-z])|./gsu)) {
      if (letter !== undefined) this.#obey(letter, letters ?? '');
      else this.#put(piece);
    }
  }

  #put(character: string): void {
    const cursor = this.#cursor;
    if (character === '\r') cursor.column = 0;
    else if (character === '\n') this.#down(1);
    else if (character < ' ' || character === '\x7f') {
      throw new Error(`the terminal was sent ${JSON.stringify(character)}`);
    } else {
      // The last column: the cursor stays until the next character comes.
      if (cursor.column === this.#columns) {
        cursor.column = 0;
        this.#down(1);
      }
      this.#row()[cursor.column] = character;
      cursor.column += 1;
    }
  }

  #obey(letter: string, numbers: string): void {
    const cursor = this.#cursor;
    const count = Math.max(1, Number(numbers.split(';')[0]));
    switch (letter) {
      case 'm':
        return;
      case 'A':
        cursor.row = Math.max(0, cursor.row - count);
        return;
      case 'B':
        this.#down(count);
        return;
      case 'C':
        cursor.column = Math.min(this.#columns - 1, cursor.column + count);
        return;
      case 'D':
        cursor.column = Math.max(0, Math.min(cursor.column, this.#columns - 1) - count);
        return;
      case 'G':
        cursor.column = Math.min(this.#columns, count) - 1;
        return;
      case 'J':
        if (numbers !== '' && numbers !== '0')
          throw new Error(`the screen was cleared: ${numbers}J`);
        this.#row().length = cursor.column;
        this.#rows.length = cursor.row + 1;
        return;
      case 'K':
        this.#row().length = cursor.column;
        return;
      default:
        throw new Error(`the terminal was sent CSI ${numbers}${letter}`);
    }
  }

  #row(): string[] {
    const row = this.#rows[this.#cursor.row];
    if (row === undefined) throw new Error(`no row ${this.#cursor.row}`);
    return row;
  }

  #down(count: number): void {
    this.#cursor.row += count;
    while (this.#rows.length <= this.#cursor.row) this.#rows.push([]);
  }
}
