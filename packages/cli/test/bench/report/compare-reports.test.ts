import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../src/bench/bench-report.ts';
import { compareReports, type FigureChange } from '../../../src/bench/report/compare-reports.ts';
import { comparisonText } from '../../../src/bench/report/comparison-text.ts';
import { lookFor } from '../../../src/bench/report/report-look.ts';
import { Collector } from '../../connect/command.ts';
import {
  busyReport,
  emptyReport,
  failedReport,
  latencyOf,
  loadOf,
  planOf,
  reportOf,
  reportWithServer,
  sampleOf,
  samplesOf,
} from '../reports.ts';

const look = lookFor(new Collector(false), {});

function rated(rate: number, samples: BenchReport['samples'] = samplesOf()): BenchReport {
  const report = reportOf();
  return { ...report, samples, messages: { ...report.messages, receivedPerSecond: rate } };
}

function figure(key: string, now: BenchReport, earlier: BenchReport): FigureChange | undefined {
  return compareReports(now, earlier).figures.find((change) => change.key === key);
}

describe('the comparison of two runs', () => {
  it.each([
    ['more messages', 110_000, 'better'],
    ['a few more', 101_000, 'within noise'],
    ['fewer', 90_000, 'worse'],
  ] as const)('calls %s a second what they are', (_what, rate, verdict) => {
    expect(figure('rate', rated(rate), rated(98_000))?.verdict).toBe(verdict);
  });

  it('calls a longer latency worse, and a shorter one better', () => {
    const slow = reportOf({ latency: latencyOf(1.4) });
    expect(figure('p99', slow, reportOf())).toMatchObject({
      verdict: 'worse',
      earlierWords: '1.24 ms',
    });
    expect(figure('p99', reportOf(), slow)?.verdict).toBe('better');
    expect(figure('p99', slow, reportOf())?.change).toBeCloseTo(40);
  });

  it('allows for as much noise as the samples of both spread', () => {
    const wild = samplesOf((at) => ({ received: 98_000 * (at % 1 === 0 ? 0.7 : 1.3) }));
    const calm = figure('rate', rated(88_000), rated(98_000));
    const stormy = figure('rate', rated(88_000, wild), rated(98_000));
    expect(calm).toMatchObject({ verdict: 'worse', noise: 5 });
    expect(stormy?.verdict).toBe('within noise');
    expect(stormy?.noise).toBeGreaterThan(20);
  });

  it('says nothing where two runs of the same differ by more than half', () => {
    const wild = samplesOf((at) => ({ p99: at % 2 === 0 ? 20 : 1 }));
    const [now, before] = [reportOf({ latency: latencyOf(4), samples: wild }), reportOf()];
    const change = figure('p99', now, before);
    expect(change?.verdict).toBe('too noisy to tell');
    expect(change?.noise).toBeGreaterThan(50);
    const text = comparisonText(compareReports(now, before), look);
    expect(text).toMatch(/latency p99 +\+300 % {2}too noisy to tell/);
    expect(text).toContain('Measure longer (-t).');
    const calm = comparisonText(compareReports(reportOf(), reportOf()), look);
    expect(calm).not.toContain('noisy');
  });

  it('does not compare percentiles of a few handshakes, and gives those of one burst much room', () => {
    const dialled = (count: number, factor: number): BenchReport =>
      reportOf({ handshake: { ...latencyOf(factor), count } });
    expect(figure('handshakeP50', dialled(50, 1), dialled(5_000, 4))).toBeUndefined();
    expect(figure('handshakeP50', dialled(5_000, 1), dialled(50, 4))).toBeUndefined();
    const once = figure('handshakeP50', dialled(5_000, 1.3), dialled(5_000, 1));
    expect(once).toMatchObject({ verdict: 'within noise', noise: 40 });
    expect(figure('handshakeP50', dialled(5_000, 4), dialled(5_000, 1))?.verdict).toBe('worse');
  });

  it('says of less what it is worth', () => {
    expect(figure('rate', rated(90_000), rated(100_000))?.loss).toBeCloseTo(10);
    expect(figure('p50', reportOf({ latency: latencyOf(1.1) }), reportOf())?.loss).toBeCloseTo(10);
  });

  it('sees smaller differences in longer runs', () => {
    const runs = [1, 9].map((times) =>
      Array.from({ length: 25 * times }, (_, at) =>
        sampleOf({ at, received: 98_000 * (1 + (at % 5) / 10) }),
      ),
    );
    const [short, long] = runs.map((samples) =>
      figure('rate', rated(88_000, samples), rated(98_000, samples)),
    );
    expect(short?.verdict).toBe('within noise');
    expect(long?.verdict).toBe('worse');
    expect((short?.noise ?? 0) / (long?.noise ?? 1)).toBeCloseTo(3);
  });

  it('does not trust what has few samples', () => {
    const few = samplesOf().slice(-3);
    expect(figure('rate', rated(88_000, few), rated(98_000))).toMatchObject({
      verdict: 'within noise',
      noise: 20,
    });
  });

  it("compares the server's processor time and memory where both know them", () => {
    const keys = (now: BenchReport, earlier: BenchReport): string[] =>
      compareReports(now, earlier).figures.map(({ key }) => key);
    expect(keys(reportWithServer(), reportWithServer())).toEqual(
      expect.arrayContaining(['cpu', 'memory']),
    );
    expect(keys(reportWithServer(), reportOf())).not.toContain('cpu');
  });

  it('compares handshakes a second in a storm only', () => {
    const storm = reportOf({ plan: planOf({ mode: 'connect' }), handshakesPerSecond: 5_000 });
    const slower = { ...storm, handshakesPerSecond: 4_000 };
    expect(figure('handshakeRate', slower, storm)?.verdict).toMatch(/worse|within noise/);
    expect(figure('handshakeRate', reportOf(), reportOf())).toBeUndefined();
  });

  it.each([
    ['empty', emptyReport()],
    ['failed', failedReport()],
  ])('compares with a run that is %s without a number that is none', (_name, report) => {
    for (const [now, earlier] of [
      [report, reportOf()],
      [reportOf(), report],
      [report, report],
    ] as const) {
      for (const { change, noise } of compareReports(now, earlier).figures) {
        expect([Number.isFinite(change), Number.isFinite(noise)]).toEqual([true, true]);
      }
      expect(comparisonText(compareReports(now, earlier), look)).not.toMatch(
        /NaN|Infinity|undefined/,
      );
    }
  });

  it('tells in what the plans differ, the decisive first, and does not take another load for the same', () => {
    const other = reportOf({ plan: planOf({ connections: 50, duration: 5_000, sizes: [1_024] }) });
    const comparison = compareReports(reportOf(), other);
    expect(comparison.sameLoad).toBe(false);
    expect(comparison.differences).toEqual([
      { name: 'connections', decisive: true, now: '100', earlier: '50' },
      { name: 'sizes', decisive: true, now: '20 B', earlier: '1 KiB' },
      { name: 'duration', decisive: false, now: '10 s', earlier: '5 s' },
    ]);
    expect(comparison.figures).toEqual([]);
    const text = comparisonText(comparison, look);
    expect(text).toContain('NOT THE SAME LOAD');
    expect(text).not.toMatch(/better|worse|noise|nothing was measured/);
    expect(text).toContain('connections: 100, earlier 50');
  });

  it('sees sizes that differ behind their words, and not what a mode does not use', () => {
    const many = (last: number) => reportOf({ plan: planOf({ sizes: [1, 2, 3, 4, 5, last] }) });
    expect(compareReports(many(6), many(7)).sameLoad).toBe(false);
    const storm = (depth: number) => reportOf({ plan: planOf({ mode: 'connect', depth }) });
    expect(compareReports(storm(1), storm(16)).differences).toEqual([]);
  });

  it('says where times were kept by other means', () => {
    const [timer, spin] = (['timer', 'spin'] as const).map((by) =>
      reportOf({ load: loadOf({ timer: by }) }),
    );
    if (timer === undefined || spin === undefined) throw new Error('there are two');
    expect(compareReports(timer, spin)).toMatchObject({
      sameLoad: true,
      differences: [{ name: 'what keeps the times', now: 'timer', earlier: 'spin' }],
    });
  });

  it('takes another address of the same load for the same load', () => {
    const other = reportOf({ plan: planOf({ url: 'ws://localhost:9000/' }) });
    expect(compareReports(reportOf(), other)).toMatchObject({
      sameLoad: true,
      differences: [{ name: 'URL', earlier: 'ws://localhost:9000/' }],
    });
  });

  it('says why one of the runs should not be trusted', () => {
    expect(compareReports(busyReport(), failedReport()).doubts).toEqual([
      'in this run the load was the bottleneck',
      'this run had 0 failures, the earlier one 100',
    ]);
    expect(compareReports(reportOf(), emptyReport()).doubts).toEqual([
      'the earlier run was interrupted after 0.0 s',
    ]);
  });

  it('fits into 40 columns', () => {
    const narrow = { ...look, columns: 40 };
    const text = comparisonText(
      compareReports(reportOf({ latency: latencyOf(2) }), reportOf()),
      narrow,
    );
    expect(text).toContain('latency p99');
    expect(text).toContain('1.24 ms → 2.48 ms');
  });
});
