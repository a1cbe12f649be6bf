// The tables of the page: every figure, whether scripts run or not.
import type { BenchReport, BenchSample } from '../bench-report.ts';
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
import { section, table } from './html-parts.ts';
import { escapeHtml } from './html-text.ts';
import { planRows } from './plan-rows.ts';
import { receivedNoun, stageHeads, stageWords } from './plan-words.ts';
import { thinSamples } from './thin-samples.ts';

type Row = readonly [name: string, value: string];

const MAX_FAILURES = 100;
const MAX_ROWS = 300;
const PERCENTILES = ['50', '75', '90', '95', '99', '99.9', '99.99'] as const;

/** Percentiles of all that was timed. */
export function latencyHtml(
  { latency, handshake, plan }: BenchReport,
  method: string | undefined,
): string {
  const columns = [
    ...(latency === undefined
      ? []
      : [[plan.mode === 'scenario' ? 'One turn' : 'Latency', latency] as const]),
    ...(handshake === undefined ? [] : [['Handshake', handshake] as const]),
  ];
  if (columns.length === 0) {
    return section('latencies', 'Latency', '<p>Nothing came back: there is nothing to tell.</p>');
  }
  const row = (name: string, values: readonly string[]): string =>
    `<tr><th scope="row">${name}</th>${values.map((value) => `<td>${escapeHtml(value)}</td>`).join('')}</tr>`;
  const summaries = columns.map(([, summary]) => summary);
  const rows = [
    row(
      'Least',
      summaries.map(({ min }) => timeWords(min)),
    ),
    ...PERCENTILES.map((percentile) =>
      row(
        `p${percentile}`,
        summaries.map(({ percentiles }) => {
          const value = percentiles[percentile];
          return value === undefined ? '–' : timeWords(value);
        }),
      ),
    ),
    row(
      'Greatest',
      summaries.map(({ max }) => timeWords(max)),
    ),
    row(
      'Mean',
      summaries.map(({ mean }) => timeWords(mean)),
    ),
    row(
      'Standard deviation',
      summaries.map(({ stdDev }) => timeWords(stdDev)),
    ),
    row(
      'Measured',
      summaries.map(({ count }) => countWords(count)),
    ),
  ];
  const words = method === undefined ? '' : `<p class="quiet">${escapeHtml(method)}</p>`;
  return section(
    'latencies',
    'Latency',
    words + table('latencies', ['', ...columns.map(([name]) => name)], rows),
  );
}

/** What came of each stage of the rate. */
export function stagesHtml(report: BenchReport): string {
  const { stages = [] } = report;
  if (stages.length === 0) return '';
  const time = (value: number | undefined): string =>
    value === undefined ? '–' : timeWords(value);
  const [begun, done] = stageHeads(report);
  const rows = stages.map((stage, at) => {
    const cells = [
      secondWords(stage.seconds),
      rateWords(stage.sentPerSecond),
      rateWords(stage.receivedPerSecond),
      time(stage.p50),
      time(stage.p99),
      time(stage.max),
    ];
    return `<tr><th scope="row">${at + 1}: ${stageWords(stage)}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const heads = ['A second', 'Lasted', `${begun}/s`, `${done}/s`, 'p50', 'p99', 'Max'];
  return section('stages', 'Stages', table('stages', heads, rows));
}

/** Messages, connections, the server and the load, a table each. */
export function figuresHtml(report: BenchReport): string {
  const { messages, connections, server, load, plan, seconds } = report;
  const tables: (readonly [string, string, readonly Row[]])[] = [
    [
      'messages',
      receivedNoun(plan) === 'messages' ? 'Messages' : 'Deliveries',
      [
        ['Received', countWords(messages.received)],
        ['Received a second', rateWords(messages.receivedPerSecond)],
        ['Sent', countWords(messages.sent)],
        ['Sent a second', rateWords(messages.sentPerSecond)],
        ['Payload a second', octetWords(messages.bytesPerSecond)],
        ['Never answered', countWords(messages.missing)],
        ['With wrong octets', countWords(messages.wrong)],
        ['Measured for', secondWords(seconds)],
      ],
    ],
    [
      'connections',
      'Connections',
      [
        ['Opened', countWords(connections.opened)],
        ['Refused', countWords(connections.refused)],
        ['Lost', countWords(connections.lost)],
        ['Open at a time, at most', countWords(connections.peak)],
        ['Handshakes a second', rateWords(report.handshakesPerSecond)],
        ...(plan.compression
          ? [['With compression', countWords(connections.compressed)] as const]
          : []),
      ],
    ],
  ];
  if (server !== undefined) {
    const { cpuMicrosPerMessage: micros, capacity, rssPerConnection } = server;
    tables.push([
      'server',
      'Server',
      [
        ['Process', String(server.pid)],
        ['Processor', coreWords(server.cpu)],
        ...optionalRow(
          'CPU a message',
          micros === undefined ? undefined : micros / 1_000,
          timeWords,
        ),
        ...optionalRow('Capacity of a core, a second', capacity, rateWords),
        ['Memory before', octetWords(server.rssBefore)],
        ['Memory at most', octetWords(server.rssPeak)],
        ['Memory after', octetWords(server.rssAfter)],
        ...optionalRow('Memory a connection', rssPerConnection, octetWords),
      ],
    ]);
  }
  const processes = load.processes.flatMap(({ cpu, starved, longestStall }, at): Row[] => [
    [`Process ${at + 1}: of a core`, shareWords(cpu)],
    ...optionalRow(`Process ${at + 1}: waited for a processor`, starved, shareWords),
    [`Process ${at + 1}: longest stall`, timeWords(longestStall)],
  ]);
  const late: Row[] =
    plan.rate === undefined
      ? []
      : [
          [`More than ${timeWords(load.lateAfter)} late`, countWords(load.late)],
          ['Never begun, though due', countWords(load.dropped)],
        ];
  if (processes.length > 0) tables.push(['load', 'The load itself', [...processes, ...late]]);
  return tables
    .map(([id, title, rows]) => section(id, title, table(id, [], rows.map(pairRow))))
    .join('\n');
}

/** What went wrong, and how often. */
export function failuresHtml(report: BenchReport): string {
  const failures = sortedFailures(report);
  const { missing } = report.messages;
  if (failures.length === 0 && missing === 0) return '';
  const row = (count: number, words: string): string =>
    `<tr><td>${countWords(count)}</td><th scope="row" class="words">${escapeHtml(words)}</th></tr>`;
  const rows = failures
    .slice(0, MAX_FAILURES)
    .map((failure) => row(failure.count, failureWords(failure)));
  if (missing > 0) rows.push(row(missing, missingWords(report)));
  const more = failures.length - MAX_FAILURES;
  const note = more > 0 ? `<p class="quiet">And ${more} other kinds.</p>` : '';
  return section('failures', 'Failures', table('failures', ['Times', 'What'], rows) + note);
}

/** What was asked for, and where. */
export function planHtml({ plan, machine, startedAt, meerkat, seconds }: BenchReport): string {
  const rows: Row[] = [
    ...planRows(plan),
    ['Measured', secondWords(seconds)],
    ['Began', startedAt],
    ['Made by', `meerkat ${meerkat}, Node ${machine.node}`],
    ['Machine', `${machine.cpu}, ${countWords(machine.cores)} cores, ${machine.platform}`],
  ];
  return section('plan', 'Plan and machine', table('plan', [], rows.map(pairRow)));
}

/** What the plots are made of. */
export function samplesHtml({ samples }: BenchReport): string {
  if (samples.length === 0) return '';
  const shown = thinSamples(samples, MAX_ROWS);
  const hasServer = shown.some(
    ({ serverCpu, serverRss }) => serverCpu !== undefined || serverRss !== undefined,
  );
  const hasTarget = shown.some(({ target }) => target !== undefined);
  const heads = [
    'Until',
    '',
    'Open',
    'Handshakes/s',
    ...(hasTarget ? ['Due/s'] : []),
    'Sent/s',
    'Received/s',
    'p50',
    'p99',
    'Max',
    'Failures',
    'Load',
    ...(hasServer ? ['Server', 'Memory'] : []),
  ];
  const rows = shown.map((sample) => sampleRow(sample, hasServer, hasTarget));
  const joined =
    shown.length < samples.length
      ? '<p class="quiet">Neighbours are put together: rates are means, latencies the worst.</p>'
      : '';
  return section(
    'samples',
    'Samples',
    `<details><summary>What the plots are made of: ${counted(shown.length, 'row')}</summary>${joined}${table('samples', heads, rows)}</details>`,
  );
}

function sampleRow(sample: BenchSample, hasServer: boolean, hasTarget: boolean): string {
  const { at, measured, open, handshakes, sent, received, failures, loadCpu } = sample;
  const time = (value: number | undefined): string =>
    value === undefined ? '–' : timeWords(value);
  const cells = [
    measured ? '' : 'not counted',
    countWords(open),
    rateWords(handshakes),
    ...(hasTarget ? [sample.target === undefined ? '–' : rateWords(sample.target)] : []),
    rateWords(sent),
    rateWords(received),
    time(sample.p50),
    time(sample.p99),
    time(sample.max),
    countWords(failures),
    shareWords(loadCpu),
    ...(hasServer
      ? [
          sample.serverCpu === undefined ? '–' : coreWords(sample.serverCpu),
          sample.serverRss === undefined ? '–' : octetWords(sample.serverRss),
        ]
      : []),
  ];
  const kind = measured ? '' : ' class="unmeasured"';
  return `<tr${kind}><th scope="row">${at.toFixed(2)} s</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function optionalRow(
  name: string,
  value: number | undefined,
  words: (value: number) => string,
): Row[] {
  return value === undefined ? [] : [[name, words(value)]];
}

function pairRow([name, value]: Row): string {
  return `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`;
}
