// The report as one page that needs nothing else: no server, no network.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sharedStyles } from '@meerkat/conformance/page-style';
import type { BenchReport, BenchVerdict } from '../bench-report.ts';
import { compareReports } from './compare-reports.ts';
import { cardsHtml, comparisonHtml, verdictsHtml, warningsHtml } from './html-findings.ts';
import { type Plot, plotsOf } from './html-plots.ts';
import {
  failuresHtml,
  figuresHtml,
  latencyHtml,
  planHtml,
  samplesHtml,
  stagesHtml,
} from './html-tables.ts';
import { escapeHtml, jsonForScript } from './html-text.ts';
import { durationWords, latencyWords, planPhrases, urlWords } from './plan-words.ts';
import { publicReport } from './public-report.ts';

// The same path from src/bench/report/ and from dist/bench/report/.
const FOLDER = new URL('../../../page/', import.meta.url);

interface Assets {
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
  readonly policy: string;
}

let loaded: Assets | undefined;

/**
 * Writes a run as an HTML page with plots. Its styles and scripts stand in it and are named by their hashes in a policy, so that nothing
 * that a server has sent can run or be fetched. Without scripts all figures can still be read. It holds no secrets.
 *
 * @param earlier - A run that is drawn beside this one, and compared.
 * @param verdicts - What was asked of this run.
 */
export function htmlReport(
  report: BenchReport,
  earlier?: BenchReport,
  verdicts: readonly BenchVerdict[] = [],
): string {
  loaded ??= load();
  const { styles, scripts, policy } = loaded;
  const shown = publicReport(report);
  const before = earlier === undefined ? undefined : publicReport(earlier);
  const { plan, seconds, startedAt } = shown;
  const plots = plotsOf(shown, before);
  const url = urlWords(plan);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(`Load test: ${url}`)}</title>
<link rel="icon" href="data:,">
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body>
<header>
<h1>Load test of <span class="url">${escapeHtml(url)}</span></h1>
<p class="quiet">${escapeHtml([...planPhrases(plan), durationWords(seconds, plan), beganWords(startedAt)].join(' · '))}</p>
</header>
<main>
${warningsHtml(shown)}
${cardsHtml(shown)}
${verdictsHtml(verdicts)}
${plotsHtml(plots)}
${before === undefined ? '' : comparisonHtml(compareReports(shown, before))}
<div class="tables">
${latencyHtml(shown, latencyWords(plan))}
${figuresHtml(shown)}
</div>
${stagesHtml(shown)}
${failuresHtml(shown)}
${planHtml(shown)}
${samplesHtml(shown)}
</main>
<script type="application/json" id="plot-data">${jsonForScript(plots)}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
}

function plotsHtml(plots: readonly Plot[]): string {
  if (plots.length === 0) return '';
  const figures = plots.map(({ id, title, words, shaded }) => {
    const note = shaded.length > 0 ? ' Shaded: ramp and warm-up, not counted.' : '';
    return `<figure aria-labelledby="plot-${id}-title">
<h3 id="plot-${id}-title">${escapeHtml(title)}</h3>
<div class="plot" id="plot-${id}"></div>
<figcaption>${escapeHtml(words)}${note}</figcaption>
</figure>`;
  });
  return `<section aria-labelledby="plots-title">
<h2 id="plots-title">Plots</h2>
<noscript><p class="quiet">The plots are drawn by a script; all their figures stand in the tables below.</p></noscript>
<div class="plots">
${figures.join('\n')}
</div>
</section>`;
}

function beganWords(startedAt: string): string {
  return startedAt.replace(/T([\d:]+)(?:\.\d+)?Z$/, ' $1 UTC');
}

/** Read when a report is written: no other command pays for the library. */
function load(): Assets {
  const require = createRequire(import.meta.url);
  const own = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
  const plotting = (name: string): string => readFileSync(require.resolve(name), 'utf8');
  const shared = sharedStyles('theme.css', 'report-base.css');
  const styles = [plotting('uplot/dist/uPlot.min.css'), shared + own('bench-report.css')];
  const scripts = [plotting('uplot/dist/uPlot.iife.min.js'), own('bench-report.js')];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(sha256).join(' ')}`,
    `style-src ${styles.map(sha256).join(' ')}`,
    'img-src data:', // the empty icon, which spares a request for one
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return { styles, scripts, policy };
}

function sha256(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
