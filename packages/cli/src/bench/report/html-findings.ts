// What is read first on the page: warnings, the main figures, what was asked, what has changed.
import type { BenchReport, BenchVerdict } from '../bench-report.ts';
import type { Comparison } from './compare-reports.ts';
import { failureCount } from './failure-words.ts';
import { changeWords, countWords, octetWords, rateWords, timeWords } from './figures.ts';
import { section, table } from './html-parts.ts';
import { escapeHtml } from './html-text.ts';
import { differenceWords } from './plan-differences.ts';
import { isAboutHandshakes, receivedNoun } from './plan-words.ts';
import { reportWarnings } from './report-warnings.ts';

const SIGNS = { better: '▲', worse: '▼', 'within noise': '≈', 'too noisy to tell': '?' } as const;
const CLASSES = {
  better: 'pass',
  worse: 'fail',
  'within noise': 'none',
  'too noisy to tell': 'none',
} as const;

/** What a reader must know first; nothing where there is nothing. */
export function warningsHtml(report: BenchReport): string {
  const items = reportWarnings(report).map(
    ({ title, words, grave }) =>
      `<li class="${grave ? 'fail' : 'soft'}"><strong>${escapeHtml(title)}</strong> ${escapeHtml(words)}</li>`,
  );
  return items.length === 0 ? '' : `<ul class="warnings" role="alert">${items.join('')}</ul>`;
}

/** The figures that are looked at first. */
export function cardsHtml(report: BenchReport): string {
  const { messages, latency, handshake, server, plan, connections } = report;
  const noun = receivedNoun(plan);
  const cards: (readonly [name: string, value: string])[] = [];
  if (isAboutHandshakes(plan)) {
    if (plan.mode === 'idle') cards.push(['Open at a time', countWords(connections.peak)]);
    cards.push(['Handshakes a second', rateWords(report.handshakesPerSecond)]);
  } else
    cards.push([
      `${noun === 'messages' ? 'Messages' : 'Deliveries'} a second`,
      rateWords(messages.receivedPerSecond),
    ]);
  const summary = isAboutHandshakes(plan) ? handshake : latency;
  const kind = isAboutHandshakes(plan) ? 'Handshake' : 'Latency';
  if (summary !== undefined) {
    for (const percentile of ['50', '99'] as const) {
      const value = summary.percentiles[percentile];
      if (value !== undefined) cards.push([`${kind} p${percentile}`, timeWords(value)]);
    }
    cards.push([`${kind} max`, timeWords(summary.max)]);
  }
  cards.push(['Failures', countWords(failureCount(report))]);
  if (server?.cpuMicrosPerMessage !== undefined) {
    const unit =
      plan.mode === 'connect' ? 'handshake' : noun === 'deliveries' ? 'delivery' : 'message';
    cards.push([`Server’s CPU a ${unit}`, timeWords(server.cpuMicrosPerMessage / 1_000)]);
  }
  if (server?.rssPerConnection !== undefined) {
    cards.push(['Memory a connection', octetWords(server.rssPerConnection)]);
  }
  const items = cards.map(
    ([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<dl class="cards">${items.join('')}</dl>`;
}

/** What was asked of the run, and whether it held; nothing where nothing was asked. */
export function verdictsHtml(verdicts: readonly BenchVerdict[]): string {
  if (verdicts.length === 0) return '';
  const items = verdicts.map(
    ({ passed, words }) =>
      `<li class="${passed ? 'pass' : 'fail'}"><b><i aria-hidden="true">${passed ? '✓' : '✗'}</i> ${passed ? 'Held' : 'Missed'}</b> ${escapeHtml(words)}</li>`,
  );
  return section('verdicts', 'What was asked', `<ul class="verdicts">${items.join('')}</ul>`);
}

/** This run and the earlier one, side by side. */
export function comparisonHtml(comparison: Comparison): string {
  const { sameLoad, differences, doubts, figures } = comparison;
  const warning = sameLoad
    ? ''
    : '<ul class="warnings"><li class="fail"><strong>NOT THE SAME LOAD</strong> The two runs did different things: their figures are not compared.</li></ul>';
  const notes = [
    ...differences.map(
      (difference) =>
        `<li${difference.decisive ? ' class="fail"' : ''}>${escapeHtml(differenceWords(difference))}</li>`,
    ),
    ...doubts.map((doubt) => `<li class="soft">${escapeHtml(doubt)}</li>`),
  ];
  const rows = figures.map(
    ({ name, nowWords, earlierWords, change, noise, verdict }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(nowWords)}</td><td>${escapeHtml(earlierWords)}</td><td>${changeWords(change)}</td><td>± ${changeWords(noise).slice(1)}</td><td class="${CLASSES[verdict]} words"><b><i aria-hidden="true">${SIGNS[verdict]}</i> ${verdict}</b></td></tr>`,
  );
  const head = ['Figure', 'This run', 'Earlier', 'Change', 'Noise', 'Verdict'];
  const told = `${warning}${notes.length === 0 ? '' : `<ul class="notes">${notes.join('')}</ul>`}`;
  const compared = sameLoad
    ? `${table('comparison', head, rows)}
<p class="quiet">Noise is by how much two runs of the same may differ, going by how far their samples spread: at least 5 %, and less in longer runs. Above 50 % nothing can be told: measure longer.</p>`
    : '';
  return section('comparison', 'Compared with the earlier run', told + compared);
}
