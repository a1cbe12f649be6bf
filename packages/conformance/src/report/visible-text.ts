// Text of a peer, made harmless for a terminal, a page and an XML file.

/**
 * What is obeyed instead of shown, or hides what stands beside it: controls (ESC, CSI, DEL), format characters (those of the
 * bidirectional algorithm among them), line separators, fillers without a shape, lone surrogates, and what XML forbids.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\ufffe\uffff]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Makes each hidden character visible, as `\x1b` or `\u202e`. What comes out is one line. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/** The same for text of several lines: newlines stay. */
export function visibleLines(text: string): string {
  return text.replace(HIDDEN, (character) => (character === '\n' ? character : escaped(character)));
}

/** At most `max` characters of visible text, with `…` where something was cut. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return visibleText(text);
  const last = text.charCodeAt(max - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? max - 1 : max;
  return `${visibleText(text.slice(0, end))}…`;
}

function escaped(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  if (hex.length > 4) return `\\u{${hex}}`;
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
