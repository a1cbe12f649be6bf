import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../../src/bench/bench-report.ts';
import { compareReports } from '../../../src/bench/report/compare-reports.ts';
import { verdictText } from '../../../src/bench/report/comparison-text.ts';
import { type BenchThresholds, judge } from '../../../src/bench/report/judge.ts';
import { lookFor } from '../../../src/bench/report/report-look.ts';
import { Collector } from '../../connect/command.ts';
import {
  failedReport,
  latencyOf,
  planOf,
  reportOf,
  reportWithServer,
  samplesOf,
} from '../reports.ts';

/** What did not pass. */
function missed(report = reportWithServer(), thresholds: BenchThresholds = {}): string[] {
  return judge(report, thresholds)
    .filter(({ passed }) => !passed)
    .map(({ words }) => words);
}

describe('the verdicts', () => {
  it('are none where nothing is asked', () => {
    expect(judge(failedReport(), {})).toEqual([]);
    expect(judge(failedReport(), { maxP99: undefined })).toEqual([]);
  });

  it.each<[BenchThresholds, string]>([
    [{ maxP50: 0.2 }, 'p50 310 µs > 200 µs'],
    [{ maxP90: 0.5 }, 'p90 520 µs > 500 µs'],
    [{ maxP95: 0.5 }, 'p95 800 µs > 500 µs'],
    [{ maxP99: 1 }, 'p99 1.24 ms > 1.00 ms'],
    [{ maxP999: 4 }, 'p99.9 4.11 ms > 4.00 ms'],
    [{ maxLatency: 18 }, 'max 18.2 ms > 18.0 ms'],
    [{ maxLatency: 18.19 }, 'max 18.2 ms (18.2) > 18.2 ms (18.19)'],
    [{ minRate: 100_000 }, 'rate 98,000/s < 100,000/s'],
    [{ minHandshakeRate: 1 }, 'handshakes 0/s < 1.00/s'],
    [{ maxServerCpuMicros: 9 }, 'server CPU 10.0 µs > 9.00 µs'],
    [{ maxRssPerConnection: 3_000 }, 'memory a connection 3.10 kB > 3.00 kB'],
  ])('tell what %j missed', (thresholds, words) => {
    expect(missed(undefined, thresholds)).toEqual([words]);
  });

  it('hold at the limit itself', () => {
    expect(missed(undefined, { maxP50: 0.31, minRate: 98_000, maxServerCpuMicros: 10 })).toEqual(
      [],
    );
  });

  it('allow no failures, unless so many are', () => {
    expect(missed(failedReport(), { minRate: 0 })).toEqual(['failures 100 > 0']);
    expect(missed(failedReport(), { maxFailures: 100 })).toEqual([]);
    expect(missed(failedReport(), { maxFailures: 99 })).toEqual(['failures 100 > 99']);
  });

  it('count a message that is missing as a failure, beside the end of its connection', () => {
    const { messages } = reportOf();
    const report = reportOf({
      connections: { opened: 100, refused: 0, lost: 1, peak: 100, compressed: 0 },
      messages: { ...messages, missing: 16 },
      failures: [{ kind: 'closed', detail: 'ECONNRESET', count: 1 }],
    });
    expect(missed(report, { maxFailures: 16 })).toEqual(['failures 17 > 16']);
    expect(missed(report, { maxFailures: 17 })).toEqual([]);
    expect(missed(report, { maxP99: 20 })).toEqual(['failures 17 > 0']);
  });

  it('never allow wrong payloads', () => {
    const report = reportOf();
    const wrong = { ...report, messages: { ...report.messages, wrong: 2 } };
    expect(missed(wrong, { maxFailures: 1_000 })).toEqual(['wrong payloads 2 > 0']);
  });

  it('do not let pass what was not measured', () => {
    expect(missed(failedReport(), { maxP99: 20, maxFailures: 100 })).toEqual([
      'p99 was not measured: nothing came back',
    ]);
    const { server } = reportWithServer();
    const warm = reportOf({ server: server && { ...server, rssPerConnection: undefined } });
    expect(missed(warm, { maxRssPerConnection: 8_192 })).toEqual([
      expect.stringMatching(/^memory a connection was not to be seen: .*start it fresh/),
    ]);
    expect(missed(reportOf(), { maxServerCpuMicros: 20 })).toEqual([
      'server CPU is unknown without --pid',
    ]);
  });

  it('look at handshakes where a run is about them', () => {
    const storm = reportOf({ plan: planOf({ mode: 'connect' }), handshake: latencyOf(4) });
    expect(missed(storm, { maxP50: 1 })).toEqual(['p50 1.24 ms > 1.00 ms']);
  });

  describe('on what is lost against an earlier run', () => {
    const earlier = reportOf();
    const slow = reportOf({ latency: latencyOf(1.4) });

    it('miss what is worse by more than is allowed', () => {
      const verdicts = judge(slow, { maxLoss: 0.1 }, compareReports(slow, earlier));
      expect(verdicts.filter(({ passed }) => !passed).map(({ words }) => words)).toEqual([
        'latency p50 434 µs, earlier 310 µs: +40 %, more than the 10 % allowed, and than noise (5.0 %)',
        'latency p99 1.74 ms, earlier 1.24 ms: +40 %, more than the 10 % allowed, and than noise (5.0 %)',
      ]);
    });

    it('hold where so much is allowed, and where it is better', () => {
      for (const [now, before] of [
        [slow, earlier],
        [earlier, slow],
      ] as const) {
        const verdicts = judge(now, { maxLoss: 0.5 }, compareReports(now, before));
        expect(verdicts.every(({ passed }) => passed)).toBe(true);
      }
    });

    it('miss what may be worse by more, and is too noisy to tell', () => {
      const wild = samplesOf((at) => ({ p99: at % 2 === 0 ? 20 : 1 }));
      const noisy = { ...slow, samples: wild };
      const p99 = (now: BenchReport, before: BenchReport) =>
        judge(now, { maxLoss: 0.1 }, compareReports(now, before)).find(
          ({ name }) => name === 'slower: p99',
        );
      expect(p99(noisy, earlier)).toMatchObject({
        passed: false,
        words: expect.stringMatching(
          /: \+40 %, too noisy to tell \(\d+ %\): measure longer \(-t\)$/,
        ),
      });
      expect(p99(earlier, noisy)?.passed).toBe(true);
    });

    it('miss another load, no report, and nothing measured', () => {
      const other = reportOf({ plan: planOf({ connections: 50 }) });
      const words = (comparison: Parameters<typeof judge>[2], report = earlier): string[] =>
        judge(report, { maxLoss: 0.1, maxFailures: 100 }, comparison)
          .filter(({ passed }) => !passed)
          .map((verdict) => verdict.words);
      expect(words(compareReports(earlier, other))).toEqual([
        'not comparable with the earlier report: connections: 100, earlier 50',
      ]);
      expect(words(undefined)).toEqual(['there is no earlier report to compare with']);
      const none = failedReport();
      expect(words(compareReports(none, none), none)).toEqual([
        'nothing was measured in both runs',
      ]);
    });
  });

  it('are told in lines, those that did not pass last', () => {
    const look = lookFor(new Collector(false), {});
    expect(verdictText(judge(reportOf(), { maxP99: 1 }), look)).toBe(
      'ok      failures 0 ≤ 0\nok      wrong payloads 0 ≤ 0\nMISSED  p99 1.24 ms > 1.00 ms\n',
    );
  });
});
