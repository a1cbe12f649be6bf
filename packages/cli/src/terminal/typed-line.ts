/** What a line typed at a prompt means: a command, or text to send. */
export type TypedLine =
  | { readonly command: string; readonly rest: string }
  | { readonly text: string };

/**
 * Tells commands from text: `/ping 3` is the command `ping` with the rest `3`, in any case of letters. Text that begins
 * with a slash is typed with two: `//etc` is the text `/etc`.
 */
export function readTypedLine(line: string): TypedLine {
  if (!line.startsWith('/')) return { text: line };
  if (line.startsWith('//')) return { text: line.slice(1) };
  const [, command = '', rest = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? [];
  return { command: command.toLowerCase(), rest: rest.trimEnd() };
}

/** Takes the first word off: `3 hello there` is `3` and `hello there`. */
export function takeWord(rest: string): readonly [word: string, rest: string] {
  const [, word = '', after = ''] = /^\s*(\S*)\s*(.*)$/s.exec(rest) ?? [];
  return [word, after];
}
