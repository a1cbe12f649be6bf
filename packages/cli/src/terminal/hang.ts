/** A look (SGR), which takes no room, or a character. */
const PIECES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what looks begin with
  /\x1b\[[0-9;]*m|./gsu;
/** A terminal that is narrower is not written for. */
const MIN_COLUMNS = 20;
/** From here on a character may take two columns. */
const FIRST_WIDE = '\u1100';

/**
 * Breaks what a terminal would wrap, and indents the rows that follow: whoever chose the text cannot choose what stands
 * at the left edge, where a line of ours begins. Rows may come out short, never too long.
 *
 * @param lines - Without tabs and other controls, but with looks.
 */
export function hang(lines: string, columns: number | undefined): string {
  if (columns === undefined || columns < MIN_COLUMNS) return lines;
  return lines
    .split('\n')
    .map((line) => (line.length * 2 <= columns ? line : hangLine(line, columns)))
    .join('\n');
}

function hangLine(line: string, columns: number): string {
  const [own = ''] = /^ {0,8}/.exec(line) ?? [];
  const indent = `${own}  `;
  let rows = '';
  let used = 0;
  for (const [piece] of line.matchAll(PIECES)) {
    const width = piece.length > 1 && piece.startsWith('\x1b') ? 0 : piece < FIRST_WIDE ? 1 : 2;
    if (used + width > columns) {
      rows += `\n${indent}`;
      used = indent.length;
    }
    rows += piece;
    used += width;
  }
  return rows;
}
