// The report as one page that needs nothing else: no server, no network.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { escapeHtml } from './escape-html.ts';
import { detailsJson } from './html-details.ts';
import { agentCards, casesTable, summaryTable, tableRows } from './html-tables.ts';
import { sharedStyles } from './page-style.ts';
import { type ComparedReport, reportColumns } from './report-columns.ts';
import type { RunReport } from './result.ts';

export interface HtmlOptions {
  /** Earlier runs, shown beside this one: their verdicts only. */
  readonly compare?: readonly ComparedReport[];
}

// The same path from src/report/ and from dist/report/.
const FOLDER = new URL('../../page/', import.meta.url);

interface Assets {
  readonly style: string;
  readonly script: string;
  readonly policy: string;
}

let loaded: Assets | undefined;

/**
 * Writes a run as an HTML page that compares its agents. Its style and its script stand in it and are named by their hashes in
 * a policy, so that nothing a peer has sent can run or be fetched. Without scripts the tables can still be read.
 */
export function htmlReport(run: RunReport, options: HtmlOptions = {}): string {
  loaded ??= load();
  const { style, script, policy } = loaded;
  const rows = tableRows(run, reportColumns(run, options.compare ?? []));
  const several = rows.columns.length > 1;
  const names = run.agents.map(({ agent }) => agent).join(', ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(`Conformance: ${names}`)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
<h1>WebSocket conformance</h1>
${runFacts(run)}
</header>
<main>
<section aria-labelledby="agents-title">
<h2 id="agents-title">Agents</h2>
<ul class="agents">
${agentCards(rows)}
</ul>
</section>
<section aria-labelledby="sections-title">
<h2 id="sections-title">Sections</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="sections-title">
${summaryTable(rows)}
</div>
</section>
<section aria-labelledby="cases-title">
<h2 id="cases-title">Cases</h2>
<p class="quiet">The worse of the two verdicts is shown; behaviour and close stand below it where they are not both OK.</p>
${filterForm(several)}
<div class="scroll tall" tabindex="0" role="region" aria-labelledby="cases-title">
${casesTable(rows)}
</div>
</section>
</main>
<dialog id="details" aria-labelledby="details-title">
<div class="bar">
<h2 id="details-title"></h2>
<div class="buttons">
<button type="button" id="previous">Previous</button>
<button type="button" id="next">Next</button>
<button type="button" id="close" autofocus>Close</button>
</div>
</div>
<div id="details-body"></div>
</dialog>
<script type="application/json" id="report-data">${detailsJson(run)}</script>
<script>${script}</script>
</body>
</html>
`;
}

function runFacts(run: RunReport): string {
  const facts: readonly (readonly [string, string])[] = [
    ['Made by', run.generator],
    ['Case list', run.caseList],
    ['Corpora', run.corpora],
    ['Messages a case in 12 and 13', String(run.deflateMessages)],
    ['Seed', String(run.seed)],
    ['Began', run.started.replace(/T([\d:]+)(?:\.\d+)?Z$/, ' $1 UTC')],
    ['Took', `${(run.duration / 1000).toFixed(1)} s`],
  ];
  const items = facts.map(
    ([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="facts">${items.join('')}</dl>`;
}

function filterForm(several: boolean): string {
  const choices: readonly (readonly [string, string])[] = [
    ['all', 'All'],
    ['failed', 'Only what failed'],
    ['soft', 'Failed or not strict'],
    ...(several ? ([['differing', 'Differing']] as const) : []),
  ];
  const radios = choices.map(([value, words], index) => {
    const checked = index === 0 ? ' checked' : '';
    return `<label><input type="radio" name="show" value="${value}"${checked}> ${words}</label>`;
  });
  return `<form id="filter" hidden>
<fieldset><legend>Show</legend>${radios.join('')}</fieldset>
<label class="search">Find <input type="search" id="search" placeholder="5.6, ping, …" autocomplete="off"></label>
<p id="shown" role="status"></p>
</form>`;
}

function load(): Assets {
  const read = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
  const style = sharedStyles('theme.css', 'report-base.css') + read('report.css');
  const script = read('report.js');
  const policy = [
    "default-src 'none'",
    `script-src '${sha256(script)}'`,
    `style-src '${sha256(style)}'`,
    'img-src data:', // the empty icon, which spares a request for one
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return { style, script, policy };
}

function sha256(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
