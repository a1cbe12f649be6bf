import type { Palette } from '../terminal/palette.ts';
import { wrap } from '../terminal/wrap.ts';
import type { Explanation } from './explanation.ts';

/** How wide and how colourful a text is. */
export interface TextLook {
  readonly width: number;
  readonly palette: Palette;
}

const INDENT = '  ';

/** One code in full. */
export function explanationLines(explanation: Explanation, look: TextLook): string[] {
  const { bold } = look.palette;
  const { code, name, meaning, causes, remedies, registered } = explanation;
  return [
    `${bold(code)} ${bold(name)}`,
    ...wrap(meaning, look.width, INDENT),
    '',
    ...facts(explanation).map(([label, value]) => `${INDENT}${label.padEnd(13)} ${value}`),
    ...list('usual causes', causes, look),
    ...list('what to do', remedies, look),
    ...list(
      'registered',
      (registered ?? []).map((one) => `${one.code} ${one.name}: ${one.meaning}`),
      look,
    ),
  ];
}

/** Many codes, a line each. */
export function summaryLines(explanations: readonly Explanation[], look: TextLook): string[] {
  const codes = Math.max(...explanations.map(({ code }) => code.length));
  return explanations.flatMap((explanation) => {
    const { kind, code, name, meaning } = explanation;
    const number = explanation.closeCode ?? explanation.status;
    const text =
      kind.endsWith('close code') || kind.endsWith('codes') ? `${name}. ${meaning}` : name;
    const hang = `${INDENT}${' '.repeat(codes)}  `;
    const note = number === undefined ? '' : ` (${number})`;
    const [first = '', ...rest] = wrap(`${text}${note}`, look.width, hang);
    return [
      `${INDENT}${look.palette.bold(code)}${' '.repeat(codes - code.length)}${first.slice(INDENT.length + codes)}`,
      ...rest,
    ];
  });
}

function facts(explanation: Explanation): [label: string, value: string][] {
  const { mayBeSent, sentBy, closeCode, status, limit, source } = explanation;
  const rows: [string, string | undefined][] = [
    ['may be sent', mayBeSent === undefined ? undefined : mayBeSent ? 'yes' : 'no'],
    ['sent by', sentBy],
    ['closed with', closeCode === undefined ? undefined : `${closeCode}`],
    ['HTTP status', status === undefined ? undefined : `${status}`],
    ['option', limit],
    ['defined in', source],
  ];
  return rows.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]]));
}

function list(title: string, items: readonly string[], { width, palette }: TextLook): string[] {
  if (items.length === 0) return [];
  const hang = `${INDENT}${INDENT}`;
  return [
    `${INDENT}${palette.dim(title)}`,
    ...items.flatMap((item) => {
      const [first = '', ...rest] = wrap(item, width, hang);
      return [`${INDENT}- ${first.slice(hang.length)}`, ...rest];
    }),
  ];
}
