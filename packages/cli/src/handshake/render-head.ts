import { oneLine } from '../terminal/escape-controls.ts';
import type { Palette } from '../terminal/palette.ts';
import type { AnnotatedHead, Verdict } from './head-annotations.ts';

/** The head of an HTTP message as lines, what is wrong marked with `!!`. Harmless whatever the peer sent. */
export function renderHead(head: AnnotatedHead, palette: Palette): string[] {
  const { firstLine, fields, remarks = [], handshake } = head;
  const lines = [
    line(firstLine.verdict, oneLine(firstLine.text), firstLine.note, palette),
    ...fields.flatMap(({ name, value, verdict, note, meaning = [] }) => {
      const shown = value === undefined ? `${name} is missing` : `${name}: ${value}`;
      return [line(verdict, oneLine(shown), note, palette), ...meaning.map(words)];
    }),
    ...remarks.map(words),
  ];
  if (handshake === undefined) return lines;
  if (handshake.fine) return [...lines, palette.green('ok the opening handshake keeps the rules')];
  const { code, message, status } = handshake;
  const answer = status === 0 ? '' : ` → ${status}`;
  return [...lines, palette.red(oneLine(`!! ${code}: ${message}${answer}`))];
}

/** Further in than the fields, so that it cannot pass for one. */
function words(text: string): string {
  return `     ${oneLine(text)}`;
}

function line(verdict: Verdict, text: string, note: string | undefined, palette: Palette): string {
  switch (verdict) {
    case 'plain':
      return `   ${text}`;
    case 'fine':
      return `${palette.green('ok')} ${text}`;
    case 'wrong':
      return palette.red(`!! ${text}${note === undefined ? '' : ` — ${oneLine(note)}`}`);
  }
}
