import { expect, it } from 'vitest';
import { caseFile } from '../../src/report/case-file.ts';
import type { CaseResult } from '../../src/report/result.ts';
import { binary, repeat, text } from '../../src/wire/frame.ts';
import {
  caseResult,
  failedResult,
  frameRow,
  pongOf,
  textEvent,
  utf8,
} from './support/sample-run.ts';

const SERVER = { agent: 'acme', tested: 'server' } as const;

function fileOf(result: CaseResult): Record<string, unknown> {
  return JSON.parse(caseFile(SERVER, result, 7)) as Record<string, unknown>;
}

it('has every field that tools know', () => {
  const fields = `id case agent started description expectation behavior behaviorClose duration result resultClose
    expected expectedClose received isServer closedByMe failedByMe droppedByMe wasClean wasNotCleanReason
    wasOpenHandshakeTimeout wasCloseHandshakeTimeout wasServerConnectionDropTimeout localCloseCode localCloseReason
    remoteCloseCode remoteCloseReason httpRequest httpResponse reportTime reportCompressionRatio createStats
    rxOctetStats txOctetStats rxFrameStats txFrameStats createWirelog wirelog trafficStats meerkat`;
  expect(Object.keys(fileOf(caseResult('5.6')))).toEqual(fields.split(/\s+/));
});

it('leaves out the place of a case while it is not known', () => {
  expect(JSON.parse(caseFile(SERVER, caseResult('5.6')))).not.toHaveProperty('case');
  expect(fileOf(caseResult('5.6'))).toHaveProperty('case', 7);
});

it('gives verdicts, what was expected and what came', () => {
  const mark = { event: 'mark', mark: 'A' } as const;
  const tolerated = [pongOf('x')];
  const file = fileOf(
    failedResult('6.4.1', { expected: [[mark, textEvent('a')], tolerated], received: tolerated }),
  );
  expect(file).toMatchObject({
    behavior: 'FAILED',
    behaviorClose: 'UNCLEAN',
    expected: {
      OK: [
        ['timeout', 'A'],
        ['message', 'a', false],
      ],
      'NON-STRICT': [['pong', 'x']],
    },
    expectedClose: { closedByMe: true, closeCode: [1000], requireClean: true },
    received: [['pong', 'x']],
    remoteCloseCode: null,
    isServer: false,
  });
  expect(fileOf(caseResult('9.1.1', { expected: [] }))).toHaveProperty('expected', {});
});

it.each([
  ['text', utf8('naïve'), 'naïve'],
  ['octets', Uint8Array.of(0xff, 0), '0xff00'],
  ['long text', repeat('*', 65), `${'*'.repeat(64)} ...`],
  ['long text cut within a character', utf8(`${'a'.repeat(63)}é`), `${'a'.repeat(63)} ...`],
  ['long octets', repeat('<fe>', 65), `0x${'fe'.repeat(64)} ...`],
  ['nothing', utf8(''), ''],
])('writes content that is %s', (_what, payload, content) => {
  const received = [{ event: 'message', binary: true, payload }] as const;
  expect(fileOf(caseResult('1.1.1', { received }))).toHaveProperty('received', [
    ['message', content, true],
  ]);
});

it('writes rows of the wire log in the usual form, and all of it in ours', () => {
  const note = { kind: 'note', at: 1, text: 'a pause' } as const;
  const log = [
    frameRow('runner', text('a', { fin: false })),
    note,
    frameRow('peer', binary(repeat('<fe>', 300), { rsv: 4 }), { defect: 'is bad' }),
    { kind: 'octets', by: 'peer', at: 2, length: 90, octets: Uint8Array.of(1, 2) } as const,
  ];
  const file = fileOf(caseResult('5.6', { log }));
  expect(file['wirelog']).toEqual([
    ['TF', [1, 'a'], 1, false, 0, '1a2b3c4d', null, null, false],
    ['TO', [7, '01811a2b3c4d7b'], false],
    ['RO', [304, `827e012c${'fe'.repeat(60)}`.replace('82', 'c2')]],
    ['RF', [300, `0x${'fe'.repeat(64)} ...`], 2, true, 4, false, null],
    ['RO', [90, '0102']],
  ]);
  expect(file['meerkat']).toMatchObject({ log: [{}, note, { defect: 'is bad' }, {}] });
});

it('counts traffic in each direction, the handshake apart', () => {
  const outgoing = { wireOctets: 60, payloadOctets: 50, appOctets: 100, frames: 3, messages: 2 };
  const incoming = { wireOctets: 0, payloadOctets: 0, appOctets: 0, frames: 0, messages: 0 };
  const given = { outgoing, incoming, httpRequest: '12345', httpResponse: '123' };
  expect(fileOf(caseResult('12.1.1', given))['trafficStats']).toMatchObject({
    outgoingOctetsWireLevel: 60,
    outgoingOctetsWebSocketLevel: 50,
    outgoingOctetsAppLevel: 100,
    outgoingCompressionRatio: 0.5,
    outgoingWebSocketOverhead: 0.2,
    outgoingWebSocketFrames: 3,
    outgoingWebSocketMessages: 2,
    incomingCompressionRatio: null,
    incomingWebSocketOverhead: null,
    preopenOutgoingOctetsWireLevel: 5,
    preopenIncomingOctetsWireLevel: 3,
  });
  const client = JSON.parse(
    caseFile({ agent: 'a', tested: 'client' }, caseResult('12.1.1', given)),
  );
  expect(client).toMatchObject({
    isServer: true,
    trafficStats: { preopenOutgoingOctetsWireLevel: 3 },
  });
  expect(fileOf(caseResult('12.1.1', { outgoing: null }))['trafficStats']).toBeNull();
});
