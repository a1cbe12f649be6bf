// Lines for a terminal: how wide text is, and where it is broken.

/** From here on a character may take two columns; dashes, quotation marks and dots take one. */
const FIRST_WIDE = 0x1100;
const NARROW = /[\u2010-\u2027]/;
const MIN_COLUMNS = 20;

/** Columns that text takes, at most. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    const narrow = (character.codePointAt(0) ?? 0) < FIRST_WIDE || NARROW.test(character);
    width += narrow ? 1 : 2;
  }
  return width;
}

/**
 * Breaks text at blanks, and where a word is longer than a line within it.
 *
 * @param first - Stands before the first line.
 * @param rest - Stands before the others.
 */
export function wrapText(text: string, columns: number, first: string, rest: string): string[] {
  const room = Math.max(columns, MIN_COLUMNS);
  const lines: string[] = [];
  let line = first;
  /** Whether a word stands in the line. */
  let begun = false;
  const end = (): void => {
    lines.push(line);
    line = rest;
    begun = false;
  };
  for (const word of text.split(' ')) {
    if (begun && widthOf(line) + 1 + widthOf(word) > room) end();
    if (begun) line += ' ';
    let left = word;
    while (widthOf(line) + widthOf(left) > room) {
      const fits = fitting(left, room - widthOf(line));
      line += fits;
      left = left.slice(fits.length);
      end();
    }
    line += left;
    begun = true;
  }
  lines.push(line);
  return lines;
}

/** The beginning of a text that fits into so many columns; at least one character. */
function fitting(text: string, columns: number): string {
  let fits = '';
  let used = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > columns && fits !== '') break;
    fits += character;
    if (used > columns) break;
  }
  return fits;
}

/** Cuts a line that must not be broken. */
export function cutLine(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  return `${fitting(line, columns - 1)}…`;
}
