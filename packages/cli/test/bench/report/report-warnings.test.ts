import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../src/bench/bench-report.ts';
import { reportWarnings } from '../../../src/bench/report/report-warnings.ts';
import { failedReport, planOf, reportOf, reportWithServer } from '../reports.ts';

const NOTHING_CAME = { ...reportOf().messages, received: 0, receivedPerSecond: 0 };

/** Each in a line. */
function warnings(report: BenchReport): string[] {
  return reportWarnings(report).map(({ title, words }) => `${title}: ${words}`);
}

function handshakeFailed(detail: string): BenchReport {
  return { ...failedReport(), failures: [{ kind: 'handshake', detail, count: 100 }] };
}

function hungUp(detail: string, url = 'ws://localhost:8000/'): BenchReport {
  const failures = [{ kind: 'connect', detail, count: 100 }];
  return { ...failedReport(), plan: planOf({ url }), failures };
}

describe('what a reader must know first', () => {
  it('is nothing where all is well', () => {
    expect(warnings(reportOf())).toEqual([]);
    expect(warnings(reportWithServer())).toEqual([]);
  });

  it.each(['echo', 'broadcast', 'idle'] as const)(
    'is, with %s, how many of the connections were open',
    (mode) => {
      const connections = { ...reportOf().connections, opened: 189, refused: 311, peak: 189 };
      const report = reportOf({ plan: planOf({ mode, connections: 500 }), connections });
      expect(warnings(report)).toEqual([
        'FEWER CONNECTIONS THAN ASKED FOR: only 189 of 500 connections were open. The failures below say why.',
      ]);
      expect(reportWarnings(report)[0]?.grave).toBe(true);
      const later = { ...connections, opened: 500, peak: 500 };
      expect(warnings({ ...report, connections: later })).toEqual([]);
    },
  );

  it('is that no user came through a scenario', () => {
    const plan = planOf({ mode: 'scenario', scenario: { name: 'slow', steps: [] } });
    expect(warnings(reportOf({ plan, latency: undefined, seconds: 0.5 }))).toEqual([
      'NO TURN CAME TO ITS END: no user came through the steps of the scenario in 0.5 s.',
    ]);
    expect(warnings(reportOf({ plan }))).toEqual([]);
  });

  it('is that the server declined compression', () => {
    const report = reportOf({ plan: planOf({ compression: true }) });
    expect(warnings(report)).toEqual([
      'NOT COMPRESSED: compression was offered, and the server agreed to it on 0 of 100 connections.',
    ]);
    const agreed = { ...report.connections, compressed: 100 };
    expect(warnings({ ...report, connections: agreed })).toEqual([]);
  });

  it('is that a server does not echo', () => {
    expect(warnings(reportOf({ messages: NOTHING_CAME }))).toEqual([
      'This server does not echo: what was sent did not come back. Load a server that does something else with --scenario.',
    ]);
    const others = { ...reportOf().messages, wrong: 900_000 };
    expect(warnings(reportOf({ messages: others }))[1]).toMatch(
      /^This server does not echo: most /,
    );
    const few = { ...reportOf().messages, wrong: 9 };
    expect(warnings(reportOf({ messages: few }))).toHaveLength(1);
  });

  it('is what a status asks for', () => {
    expect(warnings(handshakeFailed('the server did not upgrade: 401 Unauthorized'))).toContain(
      "Refused with 401: it wants credentials: --header 'Authorization: …' (-H), or user:password@ in the URL.",
    );
    expect(warnings(handshakeFailed('the server did not upgrade: 299 Whatever'))).toHaveLength(2);
  });

  it.each([
    'the server ended the connection before the 101',
    'ECONNRESET: the server reset the connection',
  ])('is, after "%s", the other of ws and wss', (detail) => {
    const words = 'Is it TLS?: the server hung up: it may want wss:// in place of ws://.';
    expect(warnings(hungUp(detail))).toContain(words);
    expect(warnings(hungUp(detail, 'wss://localhost/'))).not.toContain(words);
    expect(warnings({ ...reportOf(), failures: hungUp(detail).failures })).toEqual([]);
  });

  it('is that --pid may be another process', () => {
    const { server } = reportWithServer();
    if (server === undefined) throw new Error('the report has a server');
    const idle = { ...server, cpu: 0 };
    expect(warnings(reportWithServer({ server: idle }))).toEqual([
      expect.stringMatching(/^Is it the right process\?: --pid 4711 used no processor time while /),
    ]);
    expect(warnings(reportWithServer({ server: idle, messages: NOTHING_CAME }))).not.toContain(
      expect.stringMatching(/^Is it the right process/),
    );
  });
});
