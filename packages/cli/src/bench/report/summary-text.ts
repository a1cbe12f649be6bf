import { wrap } from '../../terminal/wrap.ts';
import type { BenchReport, BenchSample, LatencySummary } from '../bench-report.ts';
import { failureWords, missingWords, sortedFailures } from './failure-words.ts';
import {
  coreWords,
  counted,
  countWords,
  octetWords,
  rateWords,
  secondWords,
  shareWords,
  timeWords,
} from './figures.ts';
import {
  durationWords,
  latencyWords,
  planPhrases,
  receivedNoun,
  stageHeads,
  stageWords,
  urlWords,
} from './plan-words.ts';
import type { ReportLook } from './report-look.ts';
import { reportWarnings } from './report-warnings.ts';

/** Failures that are told one by one. */
const MAX_FAILURES = 8;
/** Stages of the rate that are. */
const MAX_STAGES = 20;
/** Columns of the words that begin a line. */
const LABEL = 13;
const CELL = 10;
const STAGE_CELL = 12;
const PERCENTILES = ['50', '90', '99', '99.9'] as const;

/** What a run came to, for somebody who reads such a summary for the first time. Whole lines, without secrets. */
export function summaryText(report: BenchReport, look: ReportLook): string {
  const { plan } = report;
  const { palette } = look;
  const head = [
    palette.bold(urlWords(plan)),
    ...wrap([...planPhrases(plan), durationWords(report.seconds, plan)].join(', '), look.columns),
  ];
  const warnings = reportWarnings(report).flatMap(({ title, words, grave }) => {
    const paint = grave ? palette.red : palette.yellow;
    const [first = '', ...others] = wrap(`${title}: ${words}`, look.columns);
    return [paint(palette.bold(first)), ...others.map(paint)];
  });
  const blocks = [
    head,
    warnings,
    [...turnLines(report, look), ...rateLines(report, look), ...connectionLines(report, look)],
    latencyLines(report, look),
    stageLines(report, look),
    [...serverLines(report, look), ...loadLines(report, look)],
    failureLines(report, look),
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** Of a scenario: how often its users came to the end of it. */
function turnLines({ plan, latency, seconds }: BenchReport, look: ReportLook): string[] {
  if (plan.mode !== 'scenario' || latency === undefined || seconds === 0) return [];
  const { bold } = look.palette;
  return labelled(
    'Turns',
    [
      bold(`${rateWords(latency.count / seconds)} a second`),
      `${countWords(latency.count)} in ${secondWords(seconds)}`,
    ],
    look,
  );
}

function rateLines(report: BenchReport, look: ReportLook): string[] {
  const { messages, plan, seconds, samples } = report;
  if (messages.received === 0 && messages.sent === 0) return [];
  const noun = receivedNoun(plan);
  const { bold } = look.palette;
  const facts = [
    `${bold(`${rateWords(messages.receivedPerSecond)} a second`)} received`,
    `${octetWords(messages.bytesPerSecond)} a second`,
    `${countWords(messages.received)} in ${secondWords(seconds)}`,
  ];
  if (noun === 'deliveries') facts.push(`${rateWords(messages.sentPerSecond)} published a second`);
  const range = rangeWords(samples, ({ received }) => received);
  if (range !== '') facts.push(range);
  return labelled(noun === 'messages' ? 'Messages' : 'Deliveries', facts, look);
}

function connectionLines(report: BenchReport, look: ReportLook): string[] {
  const { connections, plan, samples, handshakesPerSecond } = report;
  const { opened, refused, lost, peak } = connections;
  const { red, bold } = look.palette;
  const facts: string[] = [];
  if (plan.mode === 'connect') {
    facts.push(`${bold(`${rateWords(handshakesPerSecond)} handshakes a second`)}`);
    const range = rangeWords(samples, ({ handshakes }) => handshakes);
    if (range !== '') facts.push(range);
  }
  facts.push(`${countWords(opened)} opened`);
  facts.push(refused === 0 ? 'none refused' : red(`${countWords(refused)} refused`));
  facts.push(lost === 0 ? 'none lost' : red(`${countWords(lost)} lost`));
  facts.push(`at most ${countWords(peak)} open at a time`);
  if (plan.mode !== 'connect' && handshakesPerSecond > 0) {
    facts.push(`${rateWords(handshakesPerSecond)} handshakes a second`);
  }
  return labelled('Connections', facts, look);
}

/** A table: what was measured by its percentiles. */
function latencyLines(report: BenchReport, look: ReportLook): string[] {
  const { latency, handshake, plan } = report;
  const { dim, bold } = look.palette;
  const rows: (readonly [string, LatencySummary])[] = [];
  if (latency !== undefined)
    rows.push([
      plan.mode === 'scenario' ? 'One turn' : plan.mode === 'broadcast' ? 'Delivery' : 'Round trip',
      latency,
    ]);
  if (handshake !== undefined) rows.push(['Handshake', handshake]);
  if (rows.length === 0) return [];
  const heads = [...PERCENTILES.map((percentile) => `p${percentile}`), 'max'];
  const widths = look.columns >= LABEL + CELL * heads.length ? CELL : 9;
  // What does not fit into a narrow terminal is left out in the middle: the worst case counts.
  const room = Math.max(2, Math.floor((look.columns - LABEL) / widths));
  const kept =
    heads.length <= room
      ? heads.map((_, at) => at)
      : [...heads.keys()].filter((at) => at < room - 1 || at === heads.length - 1);
  const cells = (values: readonly string[]): string =>
    kept.map((at) => (values[at] ?? '').padStart(widths)).join('');
  const lines = [`${'Latency'.padEnd(LABEL)}${dim(cells(heads))}`];
  for (const [name, summary] of rows) {
    const values = [
      ...PERCENTILES.map((percentile) => shownTime(summary.percentiles[percentile])),
      timeWords(summary.max),
    ];
    const [main] = rows;
    const paint = main?.[1] === summary ? bold : (text: string): string => text;
    lines.push(`  ${name.padEnd(LABEL - 2)}${paint(cells(values))}`);
  }
  const method = latencyWords(plan);
  if (latency !== undefined && method !== undefined) {
    lines.push(...wrap(method, look.columns, '  ').map(dim));
  }
  return lines;
}

/** A table: what came of each stage of the rate. */
function stageLines(report: BenchReport, look: ReportLook): string[] {
  const { stages = [] } = report;
  if (stages.length === 0) return [];
  const { dim } = look.palette;
  const shown = stages.slice(0, MAX_STAGES);
  const names = shown.map((stage) => stageWords(stage));
  const label = Math.max(LABEL, ...names.map((name) => name.length + 3));
  const room = Math.max(2, Math.floor((look.columns - label) / STAGE_CELL));
  const heads = [...stageHeads(report).map((head) => `${head}/s`), 'p50', 'p99', 'max'];
  const cells = (values: readonly string[]): string =>
    values
      .slice(0, room)
      .map((value) => value.padStart(STAGE_CELL))
      .join('');
  const lines = shown.map((stage, at) => {
    const { sentPerSecond, receivedPerSecond, p50, p99, max } = stage;
    const rates = [sentPerSecond, receivedPerSecond].map(rateWords);
    const name = `  ${names[at] ?? ''}`.padEnd(label);
    return `${name}${cells([...rates, ...[p50, p99, max].map(shownTime)])}`;
  });
  const more = stages.length - shown.length;
  if (more > 0) lines.push(`  and ${more} more: the JSON report has them all`);
  return [`${'Stages'.padEnd(label)}${dim(cells(heads))}`, ...lines];
}

function serverLines({ server, plan }: BenchReport, look: ReportLook): string[] {
  if (server === undefined) return [];
  const {
    cpu,
    cpuMicrosPerMessage: micros,
    capacity,
    rssBefore,
    rssPeak,
    rssPerConnection,
  } = server;
  const { bold } = look.palette;
  const unit =
    plan.mode === 'connect' ? 'handshake' : plan.mode === 'broadcast' ? 'delivery' : 'message';
  const facts = [`${coreWords(cpu)} in use`];
  if (micros !== undefined) facts.push(bold(`${timeWords(micros / 1_000)} of CPU a ${unit}`));
  if (capacity !== undefined)
    facts.push(`one core in full use would do ${rateWords(capacity)} a second`);
  facts.push(`memory ${octetWords(rssBefore)} before, ${octetWords(rssPeak)} at most`);
  if (rssPerConnection !== undefined) facts.push(`${octetWords(rssPerConnection)} a connection`);
  return labelled('Server', facts, look);
}

function loadLines({ load, plan }: BenchReport, look: ReportLook): string[] {
  const { processes } = load;
  if (processes.length === 0) return [];
  const busiest = Math.max(0, ...processes.map(({ cpu }) => cpu));
  const stall = Math.max(0, ...processes.map(({ longestStall }) => longestStall));
  const facts = [
    processes.length === 1
      ? `its process used ${shareWords(busiest)} of a core`
      : `${processes.length} processes, the busiest used ${shareWords(busiest)} of a core`,
    `held up for ${timeWords(stall)} at most`,
  ];
  if (plan.rate !== undefined) facts.push(...timelyFacts(load, plan, look));
  return labelled('Load', facts, look);
}

/** Of a rate: what kept to its time. */
function timelyFacts(
  { late, lateAfter, dropped, timer }: BenchReport['load'],
  { mode }: BenchReport['plan'],
  { palette }: ReportLook,
): string[] {
  const [noun, done] = mode === 'scenario' ? ['turn', 'begun'] : ['message', 'sent'];
  const facts = [
    late === 0
      ? `nothing was ${done} late`
      : `${counted(late, noun)} ${done} more than ${timeWords(lateAfter)} late`,
  ];
  if (dropped > 0) facts.push(palette.red(`${counted(dropped, noun)} never ${done}`));
  if (timer === 'timer') facts.push(`times kept by a timer that may be ${lateAfter} ms late`);
  return facts;
}

function failureLines(report: BenchReport, look: ReportLook): string[] {
  const failures = sortedFailures(report);
  const { missing } = report.messages;
  if (failures.length === 0 && missing === 0) return [];
  const { red } = look.palette;
  const lines = failures
    .slice(0, MAX_FAILURES)
    .flatMap((failure) =>
      labelled(countWords(failure.count).padStart(LABEL - 2), [failureWords(failure)], look),
    );
  const more = failures.length - MAX_FAILURES;
  if (more > 0)
    lines.push(`${' '.repeat(LABEL)}and ${more} other kinds: the JSON report has them all`);
  if (missing > 0) {
    lines.push(...labelled(countWords(missing).padStart(LABEL - 2), [missingWords(report)], look));
  }
  return [red('Failures'), ...lines];
}

/** Facts joined by commas, in lines behind their label. */
function labelled(label: string, facts: readonly string[], { columns }: ReportLook): string[] {
  const indent = ' '.repeat(LABEL);
  const [first = '', ...others] = wrapFacts(facts, columns, indent);
  return [`${label.padEnd(LABEL)}${first.slice(LABEL)}`, ...others];
}

/** Breaks between facts, and within one that is longer than a line. Looks take no room. */
function wrapFacts(facts: readonly string[], columns: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  facts.forEach((fact, at) => {
    const part = at < facts.length - 1 ? `${fact},` : fact;
    if (line === '') line = part;
    else if (indent.length + plainLength(line) + 1 + plainLength(part) <= columns)
      line += ` ${part}`;
    else {
      lines.push(line);
      line = part;
    }
  });
  lines.push(line);
  return lines.flatMap((whole) =>
    indent.length + plainLength(whole) <= columns ? [indent + whole] : wrap(whole, columns, indent),
  );
}

function plainLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a look begins with
  return text.replace(/\x1b\[[0-9;]*m/g, '').length;
}

function rangeWords(samples: readonly BenchSample[], of: (sample: BenchSample) => number): string {
  const values = samples.filter(({ measured }) => measured).map(of);
  if (values.length < 2) return '';
  return `between ${rateWords(Math.min(...values))} and ${rateWords(Math.max(...values))}`;
}

function shownTime(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '–' : timeWords(milliseconds);
}
