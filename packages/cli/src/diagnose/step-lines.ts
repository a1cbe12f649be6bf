import type { Diagnosis, Step, StepOutcome } from '@meerkat/conformance';
import { oneLine } from '../terminal/escape-controls.ts';
import type { Palette } from '../terminal/palette.ts';
import { wrap } from '../terminal/wrap.ts';

/** How wide and how colourful it is. */
export interface StepLook {
  readonly width: number;
  readonly palette: Palette;
}

const INDENT = '    ';

/** A step: what was seen, and where something is the matter what it means and what to do. */
export function stepLines(step: Step, look: StepLook): string[] {
  const { name, outcome, seen, means, advice, rule, octets } = step;
  const { palette } = look;
  const matters = outcome === 'wrong' || outcome === 'warning';
  const cited = matters && rule !== undefined ? `${seen} (${rule})` : seen;
  const [first = '', ...rest] = words(`${name}: ${cited}`, look);
  const title = `${palette.bold(name)}${first.slice(INDENT.length + name.length)}`;
  const lines = [`${markOf(outcome, palette)}  ${title}`, ...rest];
  if (means !== undefined) lines.push(...words(means, look));
  if (advice !== undefined) lines.push(...words(`→ ${advice}`, look));
  if (matters && octets !== undefined)
    lines.push(...words(octets, look).map((line) => palette.dim(line)));
  return lines;
}

/** What is wrong first of all, and what to do. */
export function conclusionLines({ verdict, conclusion }: Diagnosis, look: StepLook): string[] {
  const { palette } = look;
  const paint =
    verdict === 'works'
      ? palette.green
      : verdict === 'does not work'
        ? palette.red
        : palette.yellow;
  const title = `It ${verdict}.`;
  const [first = '', ...rest] = wrap(oneLine(`${title} ${conclusion}`), look.width);
  return [palette.bold(paint(title)) + first.slice(title.length), ...rest];
}

function words(text: string, { width }: StepLook): string[] {
  return wrap(oneLine(text), width, INDENT);
}

function markOf(outcome: StepOutcome, { green, yellow, red, dim }: Palette): string {
  switch (outcome) {
    case 'ok':
      return green('ok');
    case 'warning':
      return yellow('! ');
    case 'wrong':
      return red('!!');
    case 'skipped':
      return dim('..');
  }
}
