import fc from 'fast-check';
import { expect, it } from 'vitest';
import { thinSamples } from '../../../src/bench/report/thin-samples.ts';
import { sampleOf, samplesOf } from '../reports.ts';

it('leaves few samples as they are', () => {
  const samples = samplesOf();
  expect(thinSamples(samples, samples.length)).toBe(samples);
});

it('averages rates, keeps the worst latency, and adds up failures', () => {
  const samples = [1, 2, 3, 4, 5, 6].map((at) =>
    sampleOf({ at, received: at * 100, max: at % 2 === 0 ? at : undefined, failures: 1 }),
  );
  expect(thinSamples(samples, 5)).toMatchObject([
    { at: 2, received: 150, max: 2, failures: 2 },
    { at: 4, received: 350, max: 4, failures: 2 },
    { at: 6, received: 550, max: 6, failures: 2 },
  ]);
});

it('makes at most so many of one run, loses no failure, and does not join what is measured with what is not', () => {
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.nat(200),
      fc.nat(60),
      fc.integer({ min: 5, max: 50 }),
      (warmUp, measured, after, most) => {
        const samples = Array.from({ length: warmUp + measured + after }, (_, at) =>
          sampleOf({ at, measured: at >= warmUp && at < warmUp + measured, failures: 1 }),
        );
        const thin = thinSamples(samples, most);
        expect(thin.length).toBeLessThanOrEqual(most);
        expect(thin.reduce((sum, { failures }) => sum + failures, 0)).toBe(samples.length);
        const counted = thin.filter((sample) => sample.measured);
        expect(counted.reduce((sum, { failures }) => sum + failures, 0)).toBe(measured);
      },
    ),
  );
});
