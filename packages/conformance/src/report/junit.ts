// JUnit XML, as build servers read it.
import { type AgentReport, type CaseResult, outcomeOf, type RunReport } from './result.ts';
import { compareCaseIds, sectionOf, sectionTitle } from './sections.ts';
import { visibleLines, visibleText } from './visible-text.ts';
import { eventsWords, rowLines, rowsAroundFault } from './wire-words.ts';

export interface JunitOptions {
  /** NON-STRICT and UNIMPLEMENTED are failures too. */
  readonly strict?: boolean;
}

const SHOWN_ROWS = 24;

interface Suite {
  readonly agent: AgentReport;
  readonly section: string;
  readonly results: CaseResult[];
  readonly notRun: { readonly id: string; readonly reason: string }[];
}

interface Tally {
  tests: number;
  failures: number;
  skipped: number;
}

/** Writes a run as JUnit XML: a suite for each section of each agent, a test case for each case. */
export function junitXml(run: RunReport, options: JunitOptions = {}): string {
  const total: Tally = { tests: 0, failures: 0, skipped: 0 };
  const suites = run.agents.flatMap(suitesOf).map((suite) => suiteXml(suite, total, options));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: run.generator, ...total, errors: 0, time: seconds(run.duration) })}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suitesOf(agent: AgentReport): Suite[] {
  const suites = new Map<string, Suite>();
  const suiteOf = (id: string): Suite => {
    const section = sectionOf(id);
    const suite = suites.get(section) ?? { agent, section, results: [], notRun: [] };
    suites.set(section, suite);
    return suite;
  };
  for (const result of agent.results) suiteOf(result.id).results.push(result);
  for (const absent of agent.notRun) suiteOf(absent.id).notRun.push(absent);
  return [...suites.values()].sort((one, other) => compareCaseIds(one.section, other.section));
}

function suiteXml(suite: Suite, total: Tally, options: JunitOptions): string {
  const { agent, section, results, notRun } = suite;
  const own: Tally = { tests: 0, failures: 0, skipped: 0 };
  const cases = [
    ...results.map((result) => caseXml(suite, result, own, options)),
    ...notRun.map(({ id, reason }) => {
      own.tests += 1;
      own.skipped += 1;
      return testCase(suite, id, 0, [`<skipped${attributes({ message: `not run: ${reason}` })}/>`]);
    }),
  ];
  total.tests += own.tests;
  total.failures += own.failures;
  total.skipped += own.skipped;
  const name = `${agent.agent}: ${section} ${sectionTitle(section)}`.trimEnd();
  const time = seconds(results.reduce((sum, { duration }) => sum + duration, 0));
  const timestamp = results[0]?.started.replace(/(?:\.\d+)?Z$/, '');
  const head = { name, ...own, errors: 0, time, ...(timestamp === undefined ? {} : { timestamp }) };
  return [`  <testsuite${attributes(head)}>`, ...cases, '  </testsuite>'].join('\n');
}

function caseXml(suite: Suite, result: CaseResult, tally: Tally, options: JunitOptions): string {
  const outcome = outcomeOf(result);
  const soft = outcome === 'non-strict' || outcome === 'unimplemented';
  const title = `${result.id} ${result.description}`;
  tally.tests += 1;
  if (outcome === 'fail' || (soft && options.strict === true)) {
    tally.failures += 1;
    const type = `${result.behavior} / ${result.behaviorClose}`;
    const head = attributes({ message: failureWords(result), type });
    const failure = `<failure${head}>${escapeXml(visibleLines(detailsOf(result)))}</failure>`;
    return testCase(suite, title, result.duration, [failure]);
  }
  if (outcome === 'unimplemented') {
    tally.skipped += 1;
    const skipped = `<skipped${attributes({ message: `not implemented: ${result.result}` })}/>`;
    return testCase(suite, title, result.duration, [skipped]);
  }
  if (outcome === 'pass') return testCase(suite, title, result.duration, []);
  const words = `${result.behavior}: ${result.result}`;
  return testCase(suite, title, result.duration, [
    `<system-out>${escapeXml(visibleText(words))}</system-out>`,
  ]);
}

/** What is wrong, in one line. */
function failureWords(result: CaseResult): string {
  const words = [
    ...(result.behavior === 'OK' || result.behavior === 'INFORMATIONAL' ? [] : [result.result]),
    ...(result.behaviorClose === 'OK' || result.behaviorClose === 'INFORMATIONAL'
      ? []
      : [result.resultClose]),
    ...result.findings.map(({ text }) => text),
  ];
  return words.join('; ');
}

function detailsOf(result: CaseResult): string {
  const [expected] = result.expected;
  const lists =
    expected === undefined
      ? []
      : [`expected: ${eventsWords(expected)}`, `received: ${eventsWords(result.received)}`];
  return [
    `behavior ${result.behavior}: ${result.result}`,
    `behaviorClose ${result.behaviorClose}: ${result.resultClose}`,
    ...result.findings.map(
      ({ code, text, rule }) => `${code}: ${text}${rule === undefined ? '' : ` (${rule})`}`,
    ),
    `rule: ${result.rule}`,
    ...lists,
    ...rowsAroundFault(result.log, SHOWN_ROWS).flatMap((row) => rowLines(row, 32)),
  ].join('\n');
}

function testCase(
  suite: Suite,
  title: string,
  duration: number,
  inside: readonly string[],
): string {
  const classname = `${suite.agent.agent} section ${suite.section}`;
  const head = `    <testcase${attributes({ name: title, classname, time: seconds(duration) })}`;
  if (inside.length === 0) return `${head}/>`;
  return [`${head}>`, ...inside.map((line) => `      ${line}`), '    </testcase>'].join('\n');
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(visibleText(String(value)))}"`)
    .join('');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
