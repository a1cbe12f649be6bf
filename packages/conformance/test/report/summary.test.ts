import { expect, it } from 'vitest';
import type { AgentReport, CaseResult, WireRow } from '../../src/report/result.ts';
import { type SummaryOptions, summaryLines } from '../../src/report/summary.ts';
import { widthOf } from '../../src/report/text-lines.ts';
import { continuation, ping, pong, text } from '../../src/wire/frame.ts';
import {
  agentReport,
  caseResult,
  failedResult,
  frameRow,
  pongOf,
  textEvent,
} from './support/sample-run.ts';
import { wholeRun } from './support/whole-run.ts';

function summary(agent: AgentReport, options: Partial<SummaryOptions> = {}): string[] {
  return summaryLines(agent, { columns: 100, colour: (_kind, text) => text, ...options });
}

const LATE_PONG = {
  expected: [[pongOf('p'), textEvent('ab')]],
  received: [textEvent('ab'), pongOf('p')],
  log: [
    frameRow('runner', text('a', { fin: false })),
    frameRow('runner', ping('p')),
    frameRow('runner', continuation('b')),
    frameRow('peer', text('ab')),
    frameRow('peer', pong('p')),
  ],
};

it('counts verdicts for each section', () => {
  const results = [
    caseResult('1.1.1'),
    caseResult('1.1.2'),
    caseResult('6.4.1', { behavior: 'NON-STRICT' }),
    failedResult('5.6'),
    caseResult('F5.1', { findings: [{ code: 'LATE', text: 'is late' }] }),
  ];
  const notRun = [{ id: 'F5.2', reason: 'the server died' }];
  expect(summary(agentReport('acme', results, { notRun })).slice(0, 7)).toEqual([
    'acme  ws://127.0.0.1:9001/',
    '                              ok  non-strict  failed  not run',
    '  1   message sizes            2',
    '  5   fragmentation            0                   1',
    '  6   UTF-8                    0           1',
    '  F   frames others forget     0                   1        1',
    '  all                          2           1       2        1',
  ]);
});

it('puts cases with the same fault together, with the octets of the first', () => {
  const results = ['5.6', '5.7', '5.8'].map((id) => failedResult(id, LATE_PONG));
  const lines = summary(agentReport('acme', results));
  expect(lines.slice(lines.indexOf('') + 1)).toEqual([
    "Failed: answers a ping only after the message's last fragment (RFC 6455 §5.4): 5.6, 5.7, 5.8",
    '  UNCLEAN: The connection did not end cleanly: the peer did not answer the Close frame.',
    '  in 5.6:',
    '    expected  pong "p", text "ab"',
    '    received  text "ab", pong "p"',
    '    > text~ "a"  01 81 1a 2b 3c 4d 7b',
    '    > ping "p"  89 81 1a 2b 3c 4d 6a',
    '    > continuation "b"  80 81 1a 2b 3c 4d 78',
    '    < text "ab"  81 02 61 62',
    '    < pong "p"  8a 01 70',
    '  ~ FIN is not set: more of the message follows.',
  ]);
});

it('tells faults apart that end the same way, and ends of the same fault', () => {
  const results = [
    failedResult('5.6'),
    failedResult('5.7', { behaviorClose: 'WRONG CODE', resultClose: 'The code is 1006.' }),
    caseResult('5.8', { behaviorClose: 'UNCLEAN', resultClose: 'Nothing answered the Close.' }),
  ];
  const lines = summary(agentReport('a', results)).filter((line) =>
    /^(Failed| {2}[A-Z]{5})/.test(line),
  );
  expect(lines).toEqual([
    "Failed: answers a ping only after the message's last fragment (RFC 6455 §5.4): 5.6, 5.7",
    '  UNCLEAN: The connection did not end cleanly: the peer did not answer the Close frame. (5.6)',
    '  WRONG CODE: The code is 1006. (5.7)',
    'Failed: Nothing answered the Close (RFC 6455 §5.6): 5.8',
  ]);
});

it('writes neighbours as a range, and only neighbours', () => {
  const ids = ['6.1.1', '6.1.2', '6.1.3', '6.1.4', '6.1.5', '6.1.6', '6.1.7'];
  const results = ids.map((id) => (id === '6.1.5' ? caseResult(id) : failedResult(id)));
  expect(summary(agentReport('a', results), { columns: 120 })).toContain(
    "Failed: answers a ping only after the message's last fragment (RFC 6455 §5.4): 6.1.1-6.1.4, 6.1.6, 6.1.7",
  );
});

it('says what is found, noted and not run', () => {
  const findings = [{ code: 'CONTENT', text: 'corrupts the echo', rule: 'RFC 6455 §5.6' }] as const;
  const notes = ['It never compresses: its ratio is 1.0.'];
  const results = [
    caseResult('9.1.1', { findings }),
    caseResult('12.1.1', { notes }),
    caseResult('12.1.2', { notes }),
  ];
  const notRun = [{ id: '12.1.3', reason: 'the server died in case 12.1.2' }];
  const lines = summary(agentReport('a', results, { notRun }), { deflateMessages: 100 });
  expect(lines).toContain('  Sections 12 and 13 ran with 100 messages a case, 1000 with --full.');
  expect(lines.slice(lines.indexOf('') + 1)).toEqual([
    'Found by a stricter look, and no part of the verdicts:',
    '  CONTENT: corrupts the echo (RFC 6455 §5.6): 9.1.1',
    '',
    'Notes:',
    '  It never compresses: its ratio is 1.0: 12.1.1, 12.1.2',
    '',
    'Not run:',
    '  the server died in case 12.1.2: 12.1.3',
  ]);
});

it('shows as many faults as were asked for, and tells the others in a line each', () => {
  const results = ['5.1', '5.2', '5.3'].map((id) => failedResult(id, { result: `fault of ${id}` }));
  const lines = summary(agentReport('a', results), { maxFailures: 1 });
  expect(lines.filter((line) => line.startsWith('Failed: '))).toHaveLength(1);
  expect(lines.slice(lines.indexOf('2 more faults:'))).toEqual([
    '2 more faults:',
    '  Failed: fault of 5.2 (RFC 6455 §5.4): 5.2',
    '  Failed: fault of 5.3 (RFC 6455 §5.4): 5.3',
  ]);
});

it('puts what shows with different payloads together', () => {
  const asked = (id: string, payload: string): CaseResult =>
    failedResult(id, {
      rule: 'R',
      result: `sends a Pong without payload where ${payload} is asked for`,
    });
  const results = [
    asked('2.2', 'a Pong "Hello, world!"'),
    asked('2.3', 'a Pong 00 ff fe'),
    asked('2.4', 'a Pong fe fe fe … (125 octets)'),
    failedResult('F20.4', { rule: 'R', result: 'text begins wrong (ed a0)' }),
    failedResult('F20.5', { rule: 'R', result: 'text begins wrong (e0 80)' }),
  ];
  const lines = summary(agentReport('a', results)).filter((line) => line.startsWith('Failed'));
  expect(lines).toEqual([
    'Failed: sends a Pong without payload where a Pong … is asked for (R): 2.2, 2.3, 2.4',
    'Failed: text begins wrong (ed a0) (R): F20.4',
    'Failed: text begins wrong (e0 80) (R): F20.5',
  ]);
});

it('tells what is not there in one line, however many faults there are', () => {
  const none = { behavior: 'UNIMPLEMENTED', result: 'agrees on no compression' } as const;
  const results = [
    failedResult('5.1'),
    failedResult('5.2', { result: 'another' }),
    caseResult('12.1.1', { ...none, rule: 'RFC 7692 §7' }),
    caseResult('13.1.1', { ...none, rule: 'RFC 7692 §7.1' }),
  ];
  const lines = summary(agentReport('a', results), { maxFailures: 1 });
  expect(lines).toContain('1 more fault:');
  expect(lines).toContain('Unimplemented: agrees on no compression (RFC 7692 §7): 12.1.1, 13.1.1');
});

it('writes a handshake line by line', () => {
  const row = (by: 'runner' | 'peer', head: string): WireRow => {
    const octets = Buffer.from(head, 'latin1');
    return { kind: 'octets', by, at: 0, length: octets.length, octets: octets.subarray(0, 64) };
  };
  const many = Array.from({ length: 40 }, (_, at) => `X-${at}: ${'v'.repeat(20)}\r\n`).join('');
  const httpRequest = `GET /chat HTTP/1.1\r\n${many}Host: one two\r\n\r\n`;
  const httpResponse = 'HTTP/1.1 101 Switching\x1b Protocols\r\nUpgrade: websocket\r\n\r\n';
  const log = [row('runner', httpRequest), row('peer', httpResponse), row('peer', 'abc')];
  const lines = summary(
    agentReport('a', [failedResult('H4.5', { log, httpRequest, httpResponse })]),
  );
  expect(lines.slice(lines.indexOf('    > GET /chat HTTP/1.1'))).toEqual([
    '    > GET /chat HTTP/1.1',
    ...Array.from({ length: 9 }, (_, at) => `    > X-${at}: ${'v'.repeat(20)}`),
    '    > (28 lines are left out here)',
    ...[37, 38, 39].map((at) => `    > X-${at}: ${'v'.repeat(20)}`),
    '    > Host: one two',
    '    < HTTP/1.1 101 Switching\\x1b Protocols',
    '    < Upgrade: websocket',
    '    < 3 octets "abc"  61 62 63',
  ]);
});

it.each([20, 40, 60, 80, 120])('keeps within %i columns, or 40', (columns) => {
  const tooLong: string[] = [];
  for (const agent of wholeRun().agents) {
    for (const line of summary(agent, { columns })) {
      if (widthOf(line) > Math.max(columns, 40)) tooLong.push(line);
    }
  }
  expect(tooLong).toEqual([]);
});

it('lets nothing that a peer sent through to a terminal', () => {
  for (const agent of wholeRun().agents) {
    expect(summary(agent).join('')).not.toMatch(/\p{Cc}|\p{Cf}/u);
  }
});

it('colours parts, and only by what it is given', () => {
  const colour: SummaryOptions['colour'] = (kind, part) => (kind === 'fail' ? `[${part}]` : part);
  const lines = summary(agentReport('a', [failedResult('5.6')]), { colour });
  expect(lines.filter((line) => line.includes('[Failed: '))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('[     1]') || line.includes('1]'))).toHaveLength(2);
});
