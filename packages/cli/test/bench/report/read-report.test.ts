import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BenchReportError } from '../../../src/bench/report/json-reader.ts';
import { publicReport, reportJson } from '../../../src/bench/report/public-report.ts';
import { readReport } from '../../../src/bench/report/read-report.ts';
import {
  busyReport,
  emptyReport,
  failedReport,
  planOf,
  reportOf,
  reportWithServer,
  sampleOf,
} from '../reports.ts';

/** Why a text is refused. */
function refusal(json: string): string {
  try {
    readReport(json);
  } catch (error) {
    if (error instanceof BenchReportError) return error.message;
    throw error;
  }
  return 'it is read';
}

/** A report with one field replaced; `undefined` takes it away. */
function replaced(path: readonly (string | number)[], value: unknown): string {
  return replacedIn(reportJson(reportWithServer()), path, value);
}

/** A report with these steps. */
function steps(given: unknown): string {
  return replaced(['plan', 'scenario'], { name: 'x', steps: given });
}

/** A report whose `name` holds JSON that is 20,000 levels deep. */
function deep(name: string): string {
  const levels = 20_000;
  const json = `${'['.repeat(levels)}${']'.repeat(levels)}`;
  return replaced([name], '@').replace('"@"', json);
}

describe('the reader of an earlier report', () => {
  it.each([
    ['fine', reportOf()],
    ['with a server', reportWithServer()],
    ['interrupted before the first sample', emptyReport()],
    ['in which all failed', failedReport()],
    ['of a load that was too slow', busyReport()],
    [
      'of a scenario',
      reportOf({
        plan: planOf({
          mode: 'scenario',
          scenario: {
            name: 'chat',
            before: [{ connect: { path: '/chat' } }],
            steps: [{ send: { json: { say: 'hello' } } }, { expect: { match: 'h.*o' } }],
          },
        }),
      }),
    ],
  ])('gives back what was written of a run %s', (_name, report) => {
    expect(readReport(reportJson(report))).toEqual(publicReport(report));
  });

  it.each([
    ['', 'it is empty'],
    ['no JSON', /^it is not JSON: /],
    [reportJson(reportOf()).slice(0, 2_000), 'it is cut off: its JSON has no end'],
    ['[]', 'the report is [], not an object'],
    ['{}', 'it is no report of "meerkat bench": its format is another'],
    ['{"format":"meerkat-bench"}', 'its version is missing: this program reads version 1'],
    ['{"format":"meerkat-bench","version":2}', 'its version is 2: this program reads version 1'],
    [replaced(['seconds'], undefined), 'seconds is missing'],
    [replaced(['samples', 3, 'p99'], 'x'), 'samples[3].p99 is "x", not a number from 0 on'],
    [replaced(['samples', 3, 'open'], -1), 'samples[3].open is -1, not a number from 0 on'],
    [replaced(['latency', 'curve', 0], [1]), 'latency.curve[0] is [1], not a list of two'],
    [replaced(['plan', 'mode'], 'flood'), /^plan\.mode is "flood", not "echo" or /],
    [replaced(['messages'], null), 'messages is null, not an object'],
    [replaced(['meerkat'], 1), 'meerkat is 1, not a text'],
    [replaced(['interrupted'], 'no'), 'interrupted is "no", not true or false'],
    [replaced(['failures'], {}), 'failures is {}, not a list'],
    [steps([null]), 'plan.scenario.steps[0] is null, not an object'],
    [steps([{ connect: null }]), 'plan.scenario.steps[0].connect is null, not an object'],
    [steps([{ connect: { headers: 5 } }]), /^plan\.scenario\.steps\[0\]\.connect\.headers is 5, /],
    [steps([{ expect: null }]), 'plan.scenario.steps[0].expect is null, not an object'],
    [steps([{ send: {} }]), 'plan.scenario.steps[0].send has none of text, json, hex, size'],
    [steps([{ dance: 1 }]), /^plan\.scenario\.steps\[0\] has none of connect, send, /],
    [steps([{ wait: [1] }]), 'plan.scenario.steps[0].wait is [1], not a list of two'],
    [
      steps([{ repeat: { times: 1, steps: 5 } }]),
      'plan.scenario.steps[0].repeat.steps is 5, not a list',
    ],
    [deep('plan'), 'it has more than 100 values within values'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'it has more than 100 values within values'],
    [replaced(['server', 'rssPerConnection'], 'x'), /^server\.rssPerConnection is "x", not a /],
  ])('refuses %j', (json, words) => {
    if (typeof words === 'string') expect(refusal(json)).toBe(words);
    else expect(refusal(json)).toMatch(words);
  });

  it('keeps a scenario as it stands, so that it is the same text again', () => {
    const scenario = {
      name: 'x',
      before: [{ connect: { headers: { A: 'b' }, path: '/' } }],
      steps: [
        { repeat: { times: 2, steps: [{ send: { json: { b: 1, a: [null] } } }] } },
        { expect: { skip: true, json: null, timeout: 5 } },
        { send: { size: 4, binary: true } },
        { wait: [1, 2] },
        { wait: 3 },
        { close: {} },
      ],
    };
    const read = readReport(replaced(['plan', 'scenario'], scenario)).plan.scenario;
    expect(JSON.stringify(read)).toBe(JSON.stringify(scenario));
  });

  it('passes over what a newer version has added, a byte order mark, and memory that was given back', () => {
    expect(readReport(`\ufeff${replaced(['weather'], 'fine')}`)).not.toHaveProperty('weather');
    expect(readReport(replaced(['server', 'rssPerConnection'], -12)).server?.rssPerConnection).toBe(
      -12,
    );
  });

  it('shows nothing that a terminal would obey', () => {
    expect(refusal(replaced(['meerkat'], ['\x1b[2J\u202e']))).toBe(
      'meerkat is ["\\u001b[2J\\u202e"], not a text',
    );
  });

  it('accepts or refuses any JSON and any text, and throws nothing but BenchReportError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (json) => {
        expect(refusal(json)).not.toBe('it is read');
      }),
      { numRuns: 200 },
    );
  });

  it('accepts or refuses a report in which any value was replaced by any other', () => {
    const whole = reportJson(reportWithServer({ samples: [sampleOf()] }));
    const paths = pathsOf(JSON.parse(whole));
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const json = replacedIn(whole, path, value);
        if (refusal(json) !== 'it is read') return;
        const report = readReport(json);
        expect(readReport(reportJson(report))).toEqual(publicReport(report));
      }),
      { numRuns: 300 },
    );
  });

  it('refuses every text that ends before its end', () => {
    const whole = reportJson(reportOf({ samples: [sampleOf()] })).trimEnd();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (length) => {
        expect(refusal(whole.slice(0, length))).toMatch(/^it is (cut off|not JSON)/);
      }),
      { numRuns: 100 },
    );
  });
});

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, field]) =>
    pathsOf(field, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

function replacedIn(json: string, path: Path, value: unknown): string {
  const report: unknown = JSON.parse(json);
  let inner = report as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) inner = inner[name] as Record<string | number, unknown>;
  inner[path.at(-1) ?? ''] = value;
  return JSON.stringify(report);
}
