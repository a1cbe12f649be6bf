import { describe, expect, it } from 'vitest';
import type { BenchMode } from '../../../src/bench/bench-plan.ts';
import type { BenchReport } from '../../../src/bench/bench-report.ts';
import { compareReports } from '../../../src/bench/report/compare-reports.ts';
import { failureCount } from '../../../src/bench/report/failure-words.ts';
import { htmlReport } from '../../../src/bench/report/html-report.ts';
import { lookFor } from '../../../src/bench/report/report-look.ts';
import { summaryText } from '../../../src/bench/report/summary-text.ts';
import { Collector } from '../../connect/command.ts';
import { planOf, reportOf } from '../reports.ts';

const LOST = { kind: 'closed', detail: 'ECONNRESET', count: 2 };

function withMissing(missing: number, mode: BenchMode = 'echo'): BenchReport {
  const { messages } = reportOf();
  return reportOf({ plan: planOf({ mode }), messages: { ...messages, missing } });
}

describe('messages that are missing', () => {
  it('are failures, with all others', () => {
    expect(failureCount(reportOf())).toBe(0);
    expect(failureCount(withMissing(3))).toBe(3);
    expect(failureCount({ ...withMissing(3), failures: [LOST] })).toBe(5);
    expect(compareReports(withMissing(3), reportOf()).doubts).toContain(
      'this run had 3 failures, the earlier one 0',
    );
  });

  it.each([
    [1, 'echo', 'message was never answered'],
    [3, 'echo', 'messages were never answered'],
    [1, 'broadcast', 'delivery never came'],
    [3, 'broadcast', 'deliveries never came'],
  ] as const)('stand among the failures, %d of %s', (missing, mode, words) => {
    const summary = summaryText(withMissing(missing, mode), lookFor(new Collector(false), {}));
    expect(summary).toMatch(new RegExp(`\\nFailures\\n +${missing}  ${words}\\n`));
    expect(htmlReport(withMissing(missing, mode))).toContain(
      `<td>${missing}</td><th scope="row" class="words">${words}</th>`,
    );
  });
});
