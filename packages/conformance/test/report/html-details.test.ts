import { expect, it } from 'vitest';
import { detailsJson } from '../../src/report/html-details.ts';
import type { WireRow } from '../../src/report/result.ts';
import { binary, text } from '../../src/wire/frame.ts';
import { agentReport, caseResult, frameRow, runReport } from './support/sample-run.ts';

interface Details {
  readonly agents: readonly { readonly cases: Record<string, { readonly log: number[][] }> }[];
  readonly strings: readonly string[];
}

function detailsOf(log: readonly WireRow[], cases = 1): Details {
  const results = Array.from({ length: cases }, (_, index) =>
    caseResult(`1.1.${index + 1}`, { log }),
  );
  return JSON.parse(detailsJson(runReport(agentReport('a', results)))) as Details;
}

it('keeps each string once', () => {
  const { strings } = detailsOf(
    [frameRow('peer', text('same')), frameRow('runner', text('same'))],
    3,
  );
  expect(new Set(strings).size).toBe(strings.length);
});

it('leaves out the middle of a long log, but nothing that has a defect', () => {
  const rows = Array.from({ length: 200 }, (_, index) => frameRow('peer', text(`row ${index}`)));
  const bad = frameRow('peer', text('bad'), { defect: 'is bad' });
  const { agents, strings } = detailsOf([...rows.slice(0, 100), bad, ...rows.slice(100)]);
  const log = agents[0]?.cases['1.1.1']?.log ?? [];
  const words = log.map((row) => strings[(row[0] === 0 ? row[2] : row[5]) ?? -1]);
  expect(words).toHaveLength(83);
  expect(words.slice(39, 44)).toEqual([
    'text "row 39"',
    '60 rows are left out here',
    'text "bad"',
    '60 rows are left out here',
    'text "row 160"',
  ]);
});

it.each([
  [20, 80],
  [800, 40],
  [2000, 10],
])('with %i long logs keeps %i rows of each', (cases, rows) => {
  const log = Array.from({ length: 81 }, (_, row) => frameRow('peer', binary(Uint8Array.of(row))));
  const { agents } = detailsOf(log, cases);
  expect(agents[0]?.cases['1.1.5']?.log).toHaveLength(rows + 1);
});
