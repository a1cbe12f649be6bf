import { expect, it } from 'vitest';
import { junitXml } from '../../src/report/junit.ts';
import { ping, pong, text } from '../../src/wire/frame.ts';
import {
  agentReport,
  caseResult,
  failedResult,
  frameRow,
  runReport,
} from './support/sample-run.ts';
import { HOSTILE, wholeRun } from './support/whole-run.ts';

const TAG = /<(\/?)([a-z-]+)((?: [a-z]+="[^"<&]*(?:&#\d+;[^"<&]*)*")*)(\/?)>/gy;
const CONTENT = /(?:[^<&]|&#\d+;)*/y;

/** Reads XML of the kind that is written here, and gives the elements as paths; throws where it is not well-formed. */
function elementsOf(xml: string): string[] {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
  expect(xml.startsWith(declaration)).toBe(true);
  const open: string[] = [];
  const seen: string[] = [];
  let at = declaration.length;
  while (at < xml.length) {
    CONTENT.lastIndex = at;
    at += CONTENT.exec(xml)?.[0].length ?? 0;
    if (at === xml.length) break;
    TAG.lastIndex = at;
    const [tag, closing, name = '', , empty] = TAG.exec(xml) ?? [];
    if (tag === undefined) throw new SyntaxError(`not well-formed: ${xml.slice(at, at + 80)}`);
    at += tag.length;
    if (closing === '/') expect(open.pop()).toBe(name);
    else {
      seen.push([...open, name].join('/'));
      if (empty !== '/') open.push(name);
    }
  }
  expect(open).toEqual([]);
  return seen;
}

it('has a suite for each section of each agent, and counts', () => {
  const notRun = [{ id: '5.8', reason: 'the server died in case 5.7' }];
  const results = [
    caseResult('1.1.1'),
    caseResult('5.1'),
    failedResult('5.6'),
    caseResult('12.1.1', { behavior: 'UNIMPLEMENTED' }),
  ];
  const xml = junitXml(
    runReport(agentReport('acme', results, { notRun }), agentReport('other', results)),
  );
  const suites = [
    ...xml.matchAll(
      /<testsuite name="([^"]*)" tests="(\d)" failures="(\d)" skipped="(\d)" errors="0"/g,
    ),
  ];
  expect(suites.map((match) => match.slice(1))).toEqual([
    ['acme: 1 message sizes', '1', '0', '0'],
    ['acme: 5 fragmentation', '3', '1', '1'],
    ['acme: 12 permessage-deflate, payload kinds', '1', '0', '1'],
    ['other: 1 message sizes', '1', '0', '0'],
    ['other: 5 fragmentation', '2', '1', '0'],
    ['other: 12 permessage-deflate, payload kinds', '1', '0', '1'],
  ]);
  expect(xml).toContain(
    '<testsuites name="meerkat 0.1.0" tests="9" failures="2" skipped="3" errors="0" time="4.200">',
  );
  expect(xml).toContain('<skipped message="not run: the server died in case 5.7"/>');
  expect(elementsOf(xml).filter((path) => path.endsWith('/failure'))).toHaveLength(2);
});

it('puts the words and the octets into a failure', () => {
  const log = [
    frameRow('runner', ping('hi')),
    frameRow('peer', pong('ho'), { defect: 'is wrong' }),
  ];
  const finding = { code: 'LATE', text: 'answers late', rule: 'RFC 6455 §5.5.2' } as const;
  const xml = junitXml(
    runReport(agentReport('a', [failedResult('2.2', { log, findings: [finding] })])),
  );
  expect(xml).toContain(
    '<failure message="answers a ping only after the message&#39;s last fragment; The connection did not end cleanly: the peer did not answer the Close frame.; answers late" type="FAILED / UNCLEAN">',
  );
  expect(xml).toContain(
    '\n&#62; ping &#34;hi&#34;  89 82 1a 2b 3c 4d 72 42\n&#60; pong &#34;ho&#34;  8a 02 68 6f\n  ^ is wrong</failure>',
  );
  expect(xml).toContain('\nLATE: answers late (RFC 6455 §5.5.2)\n');
});

it('fails NON-STRICT and UNIMPLEMENTED only when strict', () => {
  const results = [
    caseResult('6.4.1', { behavior: 'NON-STRICT', result: 'waits' }),
    caseResult('12.1.1', { behavior: 'UNIMPLEMENTED', result: 'does not compress' }),
  ];
  const run = runReport(agentReport('a', results));
  expect(junitXml(run)).toMatch(/failures="0" skipped="1"/);
  expect(junitXml(run)).toContain('<system-out>NON-STRICT: waits</system-out>');
  expect(junitXml(run, { strict: true })).toMatch(/failures="2" skipped="0"/);
});

it('is well-formed whatever a peer sends', () => {
  const everything = String.fromCodePoint(
    ...Array.from({ length: 0x3000 }, (_, index) => index),
    0xd800,
    0xfffe,
    0xffff,
    0x1f600,
  );
  const log = [
    frameRow('peer', text(HOSTILE)),
    frameRow('peer', text(Uint8Array.from({ length: 64 }, (_, at) => at))),
  ];
  const hostile = failedResult('5.6', {
    result: everything,
    resultClose: `]]>${HOSTILE}`,
    description: everything,
    log,
  });
  const xml = junitXml(runReport(agentReport(everything, [hostile])));
  expect(elementsOf(xml)).toEqual([
    'testsuites',
    'testsuites/testsuite',
    'testsuites/testsuite/testcase',
    'testsuites/testsuite/testcase/failure',
  ]);
  // XML 1.0 §2.2 has no way to write these, not even as references.
  expect(xml).not.toMatch(/[^\P{Cc}\n]|[\ufffe\uffff]|\p{Cs}/u);
});

it('is well-formed for a run of the usual size', () => {
  expect(
    elementsOf(junitXml(wholeRun())).filter((path) => path.endsWith('/testcase')),
  ).toHaveLength(3 * 617);
});
