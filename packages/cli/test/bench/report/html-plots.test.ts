import { expect, it } from 'vitest';
import { type Plot, plotsOf } from '../../../src/bench/report/html-plots.ts';
import { emptyReport, latencyOf, planOf, reportOf, sampleOf, samplesOf } from '../reports.ts';

function plot(id: string, report = reportOf(), earlier = reportOf()): Plot {
  const found = plotsOf(report, earlier).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no plot ${id}`);
  return found;
}

it('shades what is not counted, at both ends', () => {
  const samples = [1, 2, 3, 4, 5, 6].map((at) => sampleOf({ at, measured: at > 2 && at < 6 }));
  expect(plot('rate', reportOf({ samples })).shaded).toEqual([
    [0, 2],
    [5, 6],
  ]);
});

it('lets both runs begin to measure at the same place', () => {
  const earlier = reportOf({ samples: [1, 2, 3].map((at) => sampleOf({ at, measured: at > 1 })) });
  const [now, before] = plot('rate', reportOf({ samples: samplesOf() }), earlier).tables;
  expect(now?.[0]?.[0]).toBe(0.5);
  expect(before?.[0]).toEqual([2, 3, 4]);
});

it('draws the slowest of all at one in as many as there were', () => {
  const [table] = plot(
    'percentiles',
    reportOf({ latency: { ...latencyOf(), count: 1_000 } }),
  ).tables;
  const [xs, ys] = table ?? [];
  expect(xs?.slice(0, 2)).toEqual([1, 2]);
  // 99.99 % of a thousand is the slowest itself.
  expect([xs?.at(-1), ys?.at(-1)]).toEqual([1_000, 18.2]);
  expect([...(xs ?? [])].sort((one, other) => Number(one) - Number(other))).toEqual(xs);
  expect(new Set(xs).size).toBe(xs?.length);
});

it('has no point for a latency of nothing, where the axis is logarithmic', () => {
  const samples = [sampleOf({ p50: 0, p99: undefined }), sampleOf({ at: 2 })];
  const [table] = plot('latency', reportOf({ samples })).tables;
  expect(table?.slice(1)).toEqual([
    [null, 0.31],
    [null, 1.24],
    [18.2, 18.2],
  ]);
});

it('says in words what a plot shows, of the measured time', () => {
  const samples = [
    sampleOf({ at: 1, measured: false, received: 1 }),
    sampleOf({ at: 2, received: 90_000 }),
    sampleOf({ at: 3, received: 99_000 }),
  ];
  expect(plot('rate', reportOf({ samples })).words).toBe(
    'Received from 90,000 a second to 99,000 a second.',
  );
});

it('draws handshakes by percentile where nothing else was timed, and nothing where nothing was', () => {
  const storm = reportOf({ plan: planOf({ mode: 'connect' }), latency: undefined });
  expect(plot('percentiles', storm, storm).title).toBe('Handshakes by percentile');
  const nothing = { ...emptyReport(), samples: [] };
  expect(plotsOf(nothing, reportOf())).toEqual([]);
});
