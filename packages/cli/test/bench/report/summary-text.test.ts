import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../src/bench/bench-report.ts';
import { lookFor } from '../../../src/bench/report/report-look.ts';
import { summaryText } from '../../../src/bench/report/summary-text.ts';
import { Collector } from '../../connect/command.ts';
import {
  busyReport,
  emptyReport,
  failedReport,
  planOf,
  reportOf,
  reportWithServer,
} from '../reports.ts';

const look = lookFor(new Collector(false), {});

function summary(report: BenchReport, columns = 100): string {
  return summaryText(report, { ...look, columns });
}

describe('the closing summary', () => {
  it('tells rate, latency, server and load', () => {
    expect(summary(reportWithServer())).toBe(
      `ws://localhost:8000/websocket
echo, 100 connections, 1 message on the way each, 20 B binary, 10 s measured, after 2 s of warm-up

Messages     98,000 a second received, 1.96 MB a second, 980,000 in 10 s, between 96,040 and 99,942
Connections  100 opened, none refused, none lost, at most 100 open at a time

Latency             p50       p90       p99     p99.9       max
  Round trip     310 µs    520 µs   1.24 ms   4.11 ms   18.2 ms
  Handshake     1.24 ms   2.08 ms   4.96 ms   16.4 ms   72.8 ms
  Latency is from sending a message to its answer, and a connection sends the next one only then:
  while the server stalls nothing is sent, so stalls are hidden. With --rate they show.

Server       0.98 cores in use, 10.0 µs of CPU a message,
             one core in full use would do 100,000 a second, memory 60.0 MB before, 72.0 MB at most,
             3.10 kB a connection
Load         its process used 62 % of a core, held up for 3.10 ms at most
`,
    );
  });

  it('says of a rate from when latency counts, and what was sent late', () => {
    const report = reportOf({ plan: planOf({ rate: 50_000 }) });
    const late = { ...report, load: { ...report.load, late: 12 } };
    expect(summary(late)).toContain('from the time at which a message was to be sent');
    expect(summary(late)).not.toContain('hidden');
    expect(summary(late)).toContain('12 messages sent more than 1.00 ms late');
    expect(summary(report)).toContain('nothing was sent late');
    expect(summary(report)).not.toContain('by a timer');
    const coarse = { ...report, load: { ...report.load, timer: 'timer', lateAfter: 2 } as const };
    expect(summary(coarse)).toContain('times kept by a timer that may be 2 ms late');
  });

  it('says of the turns of a scenario how many never began', () => {
    const scenario = { name: 'chat', steps: [] };
    const report = reportOf({ plan: planOf({ mode: 'scenario', scenario, rate: 200 }) });
    const behind = summary({ ...report, load: { ...report.load, late: 1, dropped: 166 } });
    expect(behind).toMatch(/1 turn begun more than 1\.00 ms late,\s+166 turns never begun/);
  });

  it('says first, and loudly, that the load was the bottleneck', () => {
    const [, , blank, warning] = summary(busyReport()).split('\n');
    expect(blank).toBe('');
    expect(warning).toMatch(/^THE LOAD WAS THE BOTTLENECK: the only process/);
  });

  it('says before that, that payloads were wrong', () => {
    const busy = busyReport();
    const text = summary({ ...busy, messages: { ...busy.messages, wrong: 3 } });
    expect(text.indexOf('WRONG PAYLOADS: 3 messages')).toBeGreaterThan(0);
    expect(text.indexOf('WRONG PAYLOADS')).toBeLessThan(text.indexOf('THE LOAD WAS'));
  });

  it('groups failures, the most frequent first, and tells why nothing was measured', () => {
    const text = summary(failedReport());
    expect(text).toContain('NOTHING WAS MEASURED');
    expect(text).toContain('OVER BEFORE ITS TIME: no connection could be opened.');
    expect(text).toMatch(
      /Failures\n +88 {2}could not connect: ECONNREFUSED 127.0.0.1:8000\n +12 {2}handshake refused: 401 Unauthorized\n/,
    );
    expect(text).not.toContain('Latency');
  });

  it('leaves out failures beyond the eighth, and says so', () => {
    const failures = Array.from({ length: 11 }, (_, at) => ({
      kind: 'closed',
      detail: `with ${4_000 + at}`,
      count: 1,
    }));
    const text = summary(reportOf({ failures }));
    expect(text.match(/connection lost/g)).toHaveLength(8);
    expect(text).toContain('and 3 other kinds');
  });

  it('tells of a run that was interrupted what there is', () => {
    expect(summary(emptyReport())).toContain('Interrupted: 0 s of 10 s were measured.');
  });

  it.each([
    ['broadcast', /^Deliveries .*published a second/m],
    ['connect', /^Connections +4,200 handshakes a second/m],
    ['idle', /3\.10 kB a connection/],
    ['scenario', /One turn/],
  ] as const)('tells of %s what it is about', (mode, words) => {
    const scenario = { name: 'chat', steps: [] };
    const report = reportWithServer({
      plan: planOf({ mode, scenario }),
      handshakesPerSecond: 4_200,
    });
    expect(summary(report)).toMatch(words);
  });

  it('fits into every terminal from 40 columns on', () => {
    const reports = [reportWithServer(), busyReport(), failedReport(), emptyReport()];
    for (const columns of [40, 50, 64, 80, 120]) {
      for (const report of reports) {
        for (const line of summary(report, columns).split('\n')) {
          expect(line.length, `${columns}: ${line}`).toBeLessThanOrEqual(columns);
        }
      }
    }
    expect(summary(reportOf(), 40)).toContain('max');
  });

  it('shows nothing of what a server said that a terminal would obey', () => {
    const failures = [{ kind: 'closed', detail: '1008 \x1b[2J\u202e\n', count: 1 }];
    const text = summary(reportOf({ failures }));
    expect(text).toContain('\\x1b[2J\\u202e\\n');
    expect(text).not.toContain('\x1b');
  });
});
