import { expect, it } from 'vitest';
import { exitCodeOf } from '../../src/report/exit-code.ts';
import { agentReport, caseResult, failedResult, runReport } from './support/sample-run.ts';

const FOUND = caseResult('5.6', { findings: [{ code: 'DIED', text: 'does not answer any more' }] });

it.each([
  ['OK', caseResult('5.6'), 0, 0],
  [
    'INFORMATIONAL',
    caseResult('5.6', { behavior: 'INFORMATIONAL', behaviorClose: 'INFORMATIONAL' }),
    0,
    0,
  ],
  ['NON-STRICT', caseResult('5.6', { behavior: 'NON-STRICT' }), 0, 1],
  ['UNIMPLEMENTED', caseResult('5.6', { behavior: 'UNIMPLEMENTED' }), 0, 1],
  ['FAILED', failedResult('5.6'), 1, 1],
  ['UNCLEAN alone', caseResult('5.6', { behaviorClose: 'UNCLEAN' }), 1, 1],
  ['WRONG CODE', caseResult('5.6', { behaviorClose: 'WRONG CODE' }), 1, 1],
  ['FAILED BY CLIENT', caseResult('5.6', { behaviorClose: 'FAILED BY CLIENT' }), 1, 1],
  ['a finding beside two good verdicts', FOUND, 1, 1],
] as const)('%s', (_what, result, code, strictCode) => {
  const run = runReport(agentReport('a', [caseResult('1.1.1'), result]));
  expect(exitCodeOf(run)).toBe(code);
  expect(exitCodeOf(run, { strict: true })).toBe(strictCode);
});

it('fails for selected cases that were not run, and for nothing at all', () => {
  const notRun = [{ id: '5.6', reason: 'the server died' }];
  expect(exitCodeOf(runReport(agentReport('a', [caseResult('1.1.1')], { notRun })))).toBe(1);
  expect(exitCodeOf(runReport(agentReport('a', [])))).toBe(1);
  expect(exitCodeOf(runReport())).toBe(1);
});

it('with a baseline, fails only for what got worse or is missing', () => {
  const run = runReport(agentReport('a', [failedResult('5.6')]));
  const change = { agent: 'a', id: '5.6', before: 'OK / OK', now: null, findings: [] };
  const none = { worse: [], better: [change], missing: [] };
  expect(exitCodeOf(run, { strict: true, baseline: none })).toBe(0);
  expect(exitCodeOf(run, { baseline: { ...none, worse: [change] } })).toBe(1);
  expect(exitCodeOf(run, { baseline: { ...none, missing: [change] } })).toBe(1);
});
