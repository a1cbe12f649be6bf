/**
 * What a terminal obeys instead of showing: C0 with ESC, DEL, C1 with CSI; what reorders, hides or forges text: format
 * characters (marks and overrides of the bidirectional algorithm, zero-width blanks, tags, annotations), fillers that
 * are letters without a shape, line separators, lone surrogates.
 *
 * A joiner between two characters beyond ASCII stays: emoji, Persian and the scripts of India are written with it.
 */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is its purpose
  /[\0-\x1f\x7f-\x9f\u115f\u1160\u2028\u2029\u3164\uffa0]|(?![\u200c\u200d])\p{Format}|(?<![^\0-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\0-\x7f\u200c\u200d])|\p{Surrogate}/gu;

/** How escaped controls are marked, so that they differ from the same characters sent as text. */
export type Mark = (escaped: string) => string;

/**
 * Makes text harmless for a terminal: every control character but newline and tab becomes visible, as `\x1b` or
 * `\u202e`.
 *
 * @param mark - Applied to each escape, for example to colour it. @default nothing
 */
export function escapeControls(text: string, mark: Mark = (escaped) => escaped): string {
  return text.replace(CONTROLS, (control) =>
    control === '\n' || control === '\t' ? control : mark(visible(control)),
  );
}

/**
 * The same for text that has to stay on one line: newline and tab become visible too.
 *
 * @param maxLength - Characters after which it is cut. @default none
 * @param mark - Applied to each escape. @default nothing
 */
export function oneLine(
  text: string,
  maxLength: number = Infinity,
  mark: Mark = (escaped) => escaped,
): string {
  const shown = cut(text, maxLength);
  const escaped = shown.replace(CONTROLS, (control) => mark(visible(control)));
  return shown === text ? escaped : `${escaped}…`;
}

/** The first `maxLength` characters, one less where that would halve one of two. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxLength - 1 : maxLength);
}

function visible(control: string): string {
  switch (control) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default: {
      const hex = (control.codePointAt(0) ?? 0).toString(16);
      if (hex.length > 4) return `\\u{${hex}}`;
      return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
    }
  }
}
