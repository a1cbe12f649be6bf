import { expect, it } from 'vitest';
import { indexJson } from '../../src/report/index-json.ts';
import { agentReport, caseResult, failedResult, runReport } from './support/sample-run.ts';

it('has agents, cases and verdicts in the usual shape, and nothing else on the top level', () => {
  const finding = { code: 'CONTENT', text: 'corrupts the echo' } as const;
  const results = [caseResult('1.1.1'), failedResult('5.6', { findings: [finding] })];
  const run = runReport(agentReport('acme-ws/2.1', results));
  expect(JSON.parse(indexJson(run))).toEqual({
    'acme-ws/2.1': {
      '1.1.1': {
        behavior: 'OK',
        behaviorClose: 'OK',
        duration: 3,
        remoteCloseCode: 1000,
        reportfile: 'acme_ws_2_1_case_1_1_1.json',
        meerkat: { caseList: '25.10.1', findings: [] },
      },
      '5.6': {
        behavior: 'FAILED',
        behaviorClose: 'UNCLEAN',
        duration: 3,
        remoteCloseCode: null,
        reportfile: 'acme_ws_2_1_case_5_6.json',
        meerkat: { caseList: '25.10.1', findings: [finding] },
      },
    },
  });
});

it('leaves out cases that were not run', () => {
  const notRun = [{ id: '1.1.2', reason: 'the server died' }];
  const run = runReport(agentReport('a', [caseResult('1.1.1')], { notRun }));
  expect(Object.keys(JSON.parse(indexJson(run)).a)).toEqual(['1.1.1']);
});

it('numbers agents of the same name, and files whose names collide', () => {
  const names = ['acme/2', 'acme/2', 'Acme 2', 'acme_2_2', '__proto__', '日本'];
  const run = runReport(...names.map((name) => agentReport(name, [caseResult('5.6')])));
  const index = JSON.parse(indexJson(run));
  expect(Object.keys(index)).toEqual([
    'acme/2',
    'acme/2 (2)',
    'Acme 2',
    'acme_2_2',
    '__proto__',
    '日本',
  ]);
  const files = Object.values<Record<string, { reportfile: string }>>(index).map(
    (cases) => cases['5.6']?.reportfile,
  );
  expect(files).toEqual([
    'acme_2_case_5_6.json',
    'acme_2_2_case_5_6.json',
    'acme_2_3_case_5_6.json',
    'acme_2_2_2_case_5_6.json',
    'proto_case_5_6.json',
    'agent_case_5_6.json',
  ]);
});

it('keeps file names short enough, and within their folder', () => {
  const run = runReport(agentReport(`../../${'x'.repeat(5000)}`, [caseResult('5.6')]));
  expect(indexJson(run)).toMatch(/"reportfile": "x{1,200}_case_5_6\.json"/);
});
