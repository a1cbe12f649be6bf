import fc from 'fast-check';
import { expect, it } from 'vitest';
import { indexJson } from '../../src/report/index-json.ts';
import { ReportFormatError, readIndexJson } from '../../src/report/read-index-json.ts';
import { agentReport, caseResult, failedResult, runReport } from './support/sample-run.ts';

const CASE = '{"behavior": "OK", "behaviorClose": "OK", "duration": 1, "remoteCloseCode": 1000}';

it('reads what we write', () => {
  const finding = { code: 'WINDOW', text: 'reaches too far back' } as const;
  const results = [caseResult('1.1.1'), failedResult('F5.1', { findings: [finding] })];
  const { agents } = readIndexJson(indexJson(runReport(agentReport('__proto__', results))));
  expect(agents.map(({ agent }) => agent)).toEqual(['__proto__']);
  expect([...(agents[0]?.cases.values() ?? [])]).toEqual([
    {
      id: '1.1.1',
      behavior: 'OK',
      behaviorClose: 'OK',
      duration: 3,
      remoteCloseCode: 1000,
      caseList: '25.10.1',
      findings: [],
    },
    expect.objectContaining({ id: 'F5.1', behaviorClose: 'UNCLEAN', findings: [finding] }),
  ]);
});

it("reads the original's, which looked for no findings", () => {
  const text = `\ufeff{"acme": {"7.1.6": {"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL",
    "duration": 1751500800123, "remoteCloseCode": null, "reportfile": "acme_case_7_1_6.json"}}}`;
  expect(readIndexJson(text).agents[0]?.cases.get('7.1.6')).toEqual({
    id: '7.1.6',
    behavior: 'INFORMATIONAL',
    behaviorClose: 'INFORMATIONAL',
    duration: 1_751_500_800_123,
    remoteCloseCode: null,
    caseList: null,
    findings: null,
  });
});

it.each([
  ['no JSON', 'hello\x1b', /^the report is not JSON/],
  ['an array', '[]', /^the report is not an object/],
  ['null', 'null', /^the report is not an object/],
  ['an agent that is a string', '{"a": "b"}', /^"a" is not an object/],
  [
    'a case without a verdict',
    '{"a": {"5.6": {}}}',
    /"a", case 5\.6: behavior is missing, not one of OK/,
  ],
  [
    'a verdict nobody knows',
    `{"a": {"5.6": ${CASE.replace('OK', 'FINE')}}}`,
    /behavior is "\\?"FINE/,
  ],
  [
    'a verdict that every object has',
    `{"a": {"5.6": ${CASE.replace('OK', 'toString')}}}`,
    /behavior is/,
  ],
  ['a key that is no case', `{"a": {"__proto__": ${CASE}}}`, /"__proto__" is not a case id/],
  [
    'a duration in words',
    `{"a": {"5.6": ${CASE.replace('1,', '"long",')}}}`,
    /duration is not a number/,
  ],
  [
    'findings that are no list',
    `{"a": {"5.6": ${CASE.replace('}', ', "meerkat": {"findings": 1}}')}}}`,
    /findings is not a list/,
  ],
  [
    'a finding without a code',
    `{"a": {"5.6": ${CASE.replace('}', ', "meerkat": {"findings": [{}]}}')}}}`,
    /a finding without a code/,
  ],
  ['a page', '<!doctype html>', /^the report is not JSON/],
])('refuses %s, and says where', (_what, text, message) => {
  expect(() => readIndexJson(text)).toThrow(ReportFormatError);
  expect(() => readIndexJson(text)).toThrow(message);
  expect(() => readIndexJson(text)).not.toThrow(/[^\P{Cc}\n]/u);
});

it('refuses anything else with the same error', () => {
  const values = fc.oneof(
    fc.json(),
    fc.string(),
    fc.dictionary(fc.string(), fc.json()).map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(values, (text) => {
      try {
        readIndexJson(text);
      } catch (error) {
        expect(error).toBeInstanceOf(ReportFormatError);
      }
    }),
  );
});
