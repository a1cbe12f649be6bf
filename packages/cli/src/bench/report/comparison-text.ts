import { oneLine } from '../../terminal/escape-controls.ts';
import { wrap } from '../../terminal/wrap.ts';
import type { BenchVerdict } from '../bench-report.ts';
import type { ChangeVerdict, Comparison } from './compare-reports.ts';
import { changeWords } from './figures.ts';
import { differenceWords } from './plan-differences.ts';
import type { ReportLook } from './report-look.ts';

/** What stands between this run and an earlier one. Whole lines. */
export function comparisonText(comparison: Comparison, look: ReportLook): string {
  const { palette, columns } = look;
  const lines: string[] = [palette.bold('Compared with the earlier run')];
  const { differences, sameLoad, doubts, figures, longer } = comparison;
  if (!sameLoad) {
    const words =
      'NOT THE SAME LOAD: the two runs did different things, so their figures are not compared.';
    lines.push(...wrap(words, columns).map((line) => palette.red(line)));
  }
  for (const difference of differences) {
    const paint = difference.decisive ? palette.red : palette.dim;
    lines.push(...wrap(differenceWords(difference), columns, '  ').map(paint));
  }
  for (const doubt of doubts) {
    lines.push(...wrap(doubt, columns, '  ').map((line) => palette.yellow(line)));
  }
  const widest = Math.max(0, ...figures.map(({ name }) => name.length));
  for (const { name, nowWords, earlierWords, change, noise, verdict } of figures) {
    const words = `${name.padEnd(widest)}  ${changeWords(change).padStart(7)}  ${painted(verdict, look)}`;
    const aside = palette.dim(
      `${earlierWords} → ${nowWords}, noise ±${changeWords(noise).slice(1)}`,
    );
    if (columns >= widest + 71) lines.push(`  ${words}  ${aside}`);
    else lines.push(`  ${words}`, `    ${aside}`);
  }
  if (sameLoad && figures.length === 0) lines.push('  nothing was measured in both runs');
  if (figures.some(({ verdict }) => verdict === 'too noisy to tell')) {
    const words = `Too noisy to tell: two runs of the same differ by more than half. Measure longer (${longer}).`;
    lines.push(...wrap(words, columns, '  ').map(palette.yellow));
  }
  return `${lines.join('\n')}\n`;
}

/** The verdicts, a line each, those that did not pass last. */
export function verdictText(verdicts: readonly BenchVerdict[], look: ReportLook): string {
  const { green, red } = look.palette;
  const sorted = [...verdicts].sort((one, other) => Number(other.passed) - Number(one.passed));
  return sorted
    .map(({ passed, words }) => `${passed ? green('ok    ') : red('MISSED')}  ${oneLine(words)}\n`)
    .join('');
}

function painted(verdict: ChangeVerdict, { palette }: ReportLook): string {
  const words = verdict.padEnd('too noisy to tell'.length);
  switch (verdict) {
    case 'better':
      return palette.green(words);
    case 'worse':
      return palette.red(words);
    case 'within noise':
    case 'too noisy to tell':
      return palette.dim(words);
  }
}
