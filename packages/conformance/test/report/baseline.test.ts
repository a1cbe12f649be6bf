import { expect, it } from 'vitest';
import { compareWithBaseline } from '../../src/report/baseline.ts';
import { indexJson } from '../../src/report/index-json.ts';
import { type EarlierReport, readIndexJson } from '../../src/report/read-index-json.ts';
import type { AgentReport, CaseResult } from '../../src/report/result.ts';
import { agentReport, caseResult, failedResult, runReport } from './support/sample-run.ts';

const CONTENT = { code: 'CONTENT', text: 'corrupts the echo: octet 1 is 00, not fe' } as const;
const WINDOW = { code: 'WINDOW', text: 'reaches too far back' } as const;

function baselineOf(...agents: AgentReport[]): EarlierReport {
  return readIndexJson(indexJson(runReport(...agents)));
}

/** Ids of what is worse, better and missing. */
function compared(now: readonly CaseResult[], before: readonly CaseResult[]): string[][] {
  const baseline = baselineOf(agentReport('acme/1', before));
  const { worse, better, missing } = compareWithBaseline(
    runReport(agentReport('acme/2', now)),
    baseline,
  );
  return [worse, better, missing].map((changes) => changes.map(({ id }) => id));
}

const VERDICTS = {
  ok: caseResult('5.6'),
  informational: caseResult('5.6', { behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL' }),
  nonStrict: caseResult('5.6', { behavior: 'NON-STRICT' }),
  unimplemented: caseResult('5.6', { behavior: 'UNIMPLEMENTED' }),
  failed: caseResult('5.6', { behavior: 'FAILED' }),
  unclean: caseResult('5.6', { behaviorClose: 'UNCLEAN' }),
  wrongCode: caseResult('5.6', { behaviorClose: 'WRONG CODE' }),
  found: caseResult('5.6', { findings: [CONTENT] }),
  foundOther: caseResult('5.6', { findings: [CONTENT, WINDOW] }),
} as const;

it.each([
  ['ok', 'informational', 'same'],
  ['ok', 'nonStrict', 'worse'],
  ['nonStrict', 'unimplemented', 'worse'],
  ['unimplemented', 'failed', 'worse'],
  ['ok', 'unclean', 'worse'],
  ['unclean', 'wrongCode', 'same'],
  ['failed', 'unclean', 'worse'],
  ['failed', 'ok', 'better'],
  ['nonStrict', 'ok', 'better'],
  ['ok', 'found', 'worse'],
  ['found', 'foundOther', 'worse'],
  ['found', 'found', 'same'],
  ['found', 'ok', 'better'],
] as const)('from %s to %s is %s', (before, now, verdict) => {
  const changed = [[verdict === 'worse'], [verdict === 'better']].map(([is]) =>
    is ? ['5.6'] : [],
  );
  expect(compared([VERDICTS[now]], [VERDICTS[before]])).toEqual([...changed, []]);
});

it('says what it was, what it is, and what was found', () => {
  const baseline = baselineOf(agentReport('acme', [caseResult('5.6')]));
  const now = failedResult('5.6', { findings: [CONTENT] });
  expect(compareWithBaseline(runReport(agentReport('acme', [now])), baseline).worse).toEqual([
    { agent: 'acme', id: '5.6', before: 'OK / OK', now: 'FAILED / UNCLEAN', findings: ['CONTENT'] },
  ]);
});

it('takes a new case for worse only where it fails', () => {
  const now = [
    caseResult('5.1'),
    caseResult('5.2', { behavior: 'NON-STRICT' }),
    failedResult('5.3'),
  ];
  expect(compared(now, [])).toEqual([['5.3'], [], []]);
});

it('does not hold findings against a server whose baseline looked for none', () => {
  const original = `{"acme": {"5.6": {"behavior": "OK", "behaviorClose": "OK", "duration": 1, "remoteCloseCode": 1000}}}`;
  const run = runReport(agentReport('acme', [VERDICTS.found]));
  expect(compareWithBaseline(run, readIndexJson(original)).worse).toEqual([]);
});

it('misses what was run before, and tells it from what was not chosen', () => {
  const baseline = baselineOf(agentReport('acme', [caseResult('5.6'), caseResult('9.1.1')]));
  const notRun = [{ id: '5.7', reason: 'the server died' }];
  const run = runReport(agentReport('acme', [], { notRun }));
  const all = compareWithBaseline(run, baseline);
  expect(all.worse.map(({ id, before, now }) => [id, before, now])).toEqual([['5.7', null, null]]);
  expect(all.missing.map(({ id }) => id)).toEqual(['5.6', '9.1.1']);
  const selected = (id: string): boolean => id.startsWith('5.');
  expect(compareWithBaseline(run, baseline, { selected }).missing.map(({ id }) => id)).toEqual([
    '5.6',
  ]);
});

it('goes by the names of agents where there are several', () => {
  const baseline = baselineOf(
    agentReport('a', [caseResult('5.6')]),
    agentReport('b', [failedResult('5.6')]),
    agentReport('gone', [caseResult('5.6')]),
  );
  const run = runReport(
    agentReport('b', [failedResult('5.6')]),
    agentReport('a', [failedResult('5.6')]),
  );
  const { worse, missing } = compareWithBaseline(run, baseline);
  expect(worse.map(({ agent }) => agent)).toEqual(['a']);
  expect(missing.map(({ agent }) => agent)).toEqual(['gone']);
});
