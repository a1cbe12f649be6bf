import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { htmlReport } from '../../src/report/html.ts';
import { indexJson } from '../../src/report/index-json.ts';
import { readIndexJson } from '../../src/report/read-index-json.ts';
import { agentReport, caseResult, failedResult, runReport } from './support/sample-run.ts';
import { HOSTILE, wholeRun } from './support/whole-run.ts';

function rowOf(html: string, id: string): string {
  const row = html
    .match(/<tr data-is=.*<\/tr>/g)
    ?.find((line) => line.includes(`<th scope="row">${id}</th>`));
  if (row === undefined) throw new Error(`no row for ${id}`);
  return row;
}

const WHOLE = htmlReport(wholeRun());

it('needs nothing from outside, and lets only its own script and style run', () => {
  const html = WHOLE;
  const [, policy = ''] =
    /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(html) ?? [];
  expect(policy).toMatch(/^default-src 'none'; /);
  expect(policy).not.toContain('unsafe');
  for (const name of ['script', 'style']) {
    const [, inside = ''] = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(html) ?? [];
    expect(policy).toContain(
      `${name}-src 'sha256-${createHash('sha256').update(inside).digest('base64')}'`,
    );
  }
  const markup = html.replace(/<(script|style).*?<\/\1>/gs, '');
  expect(markup).not.toMatch(/<[^>]* (?:src|style|on[a-z]+)=/i);
  expect(
    [...html.matchAll(/href="([^"]*)"/g)].every(([, href]) => /^(#|data:,$)/.test(href ?? '')),
  ).toBe(true);
});

it('lets nothing of a peer end an element, hide or turn text around', () => {
  const html = WHOLE;
  expect(html).not.toContain('<script>alert');
  expect(html).not.toContain('<img');
  expect(html.match(/<script/g)).toHaveLength(2);
  expect(html.match(/<\/script/g)).toHaveLength(2);
  expect(html).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
});

it('stays small with 617 cases of three agents, each with its log', () => {
  expect(Buffer.byteLength(WHOLE)).toBeLessThan(5_000_000);
});

it('shows the worse verdict, and both', () => {
  const results = [
    caseResult('5.1'),
    failedResult('5.2', { behavior: 'OK' }),
    caseResult('5.3', { findings: [{ code: 'LATE', text: 'is late' }] }),
  ];
  const notRun = [{ id: '5.4', reason: 'the server died' }];
  const html = htmlReport(runReport(agentReport('a', results, { notRun })));
  expect(rowOf(html, '5.1')).toMatch(/<td class="pass">.*>Pass<.*<span class="hidden"> OK \/ OK</);
  expect(rowOf(html, '5.2')).toMatch(/<td class="fail">.*>Fail<.*<small>OK \/ UNCLEAN</);
  expect(rowOf(html, '5.3')).toMatch(/<td class="fail">.*>Finding<.*<small>OK \/ OK</);
  expect(rowOf(html, '5.4')).toMatch(/data-is="failed".*<td class="missing">.*>Missing</);
});

it('puts agents and earlier runs side by side, and knows where they differ', () => {
  const before = readIndexJson(
    indexJson(
      runReport(agentReport('a/1', [failedResult('5.1'), caseResult('5.2'), caseResult('9.1.1')])),
    ),
  );
  const run = runReport(
    agentReport('a/2', [caseResult('5.1'), caseResult('5.2'), caseResult('5.3')]),
    agentReport('b', [caseResult('5.2')]),
  );
  const html = htmlReport(run, { compare: [{ label: `before${HOSTILE}.json`, report: before }] });
  expect(rowOf(html, '5.1')).toContain('data-is="failed differing"');
  expect(rowOf(html, '5.1').match(/class="(?:pass|none|fail)"/g)).toHaveLength(3);
  expect(rowOf(html, '5.2')).toContain('data-is=""');
  // The earlier run has others of this section, so that this one is missing there.
  expect(rowOf(html, '5.3')).toContain('data-is="failed differing"');
  expect(rowOf(html, '9.1.1')).toMatch(/class="none".*class="none".*class="pass"/);
  expect(html).toContain('earlier: before&#60;script&#62;');
});

it('offers to show what differs only where there is something to compare', () => {
  const agent = agentReport('a', [caseResult('5.1')]);
  expect(htmlReport(runReport(agent))).not.toContain('value="differing"');
  expect(htmlReport(runReport(agent, agent))).toContain('value="differing"');
});
