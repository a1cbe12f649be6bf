import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateStage } from '../../src/bench/bench-plan.ts';
import { LatencyRecorder } from '../../src/bench/load/latency-recorder.ts';
import { type LoadCounts, LoadMeter } from '../../src/bench/load/load-meter.ts';
import { paceOf, StagedPace, SteadyPace } from '../../src/bench/load/pace.ts';
import { shares } from '../../src/bench/load/shares.ts';
import { StageTotals } from '../../src/bench/load/stage-totals.ts';
import { planOf } from './reports.ts';

const NEVER = Number.POSITIVE_INFINITY;
const UP_AND_DOWN: readonly RateStage[] = [
  { duration: 10_000, target: 1_000 },
  { duration: 30_000, target: 5_000 },
  { duration: 10_000, target: 0 },
];

/** All times, up to the last. */
function times(stages: readonly RateStage[]): number[] {
  const pace = new StagedPace(stages);
  const found: number[] = [];
  for (let number = 0; pace.at(number) < NEVER; number += 1) found.push(pace.at(number));
  return found;
}

describe('a steady pace', () => {
  it('is even, and has no end', () => {
    const pace = new SteadyPace(200);
    expect([pace.at(0), pace.at(1), pace.at(1_000_000)]).toEqual([0, 5, 5_000_000]);
    expect([-1, 0, 0.1, 5, 5.1].map((time) => pace.before(time))).toEqual([0, 0, 1, 1, 2]);
    expect(paceOf({ rate: undefined })).toBeUndefined();
    expect(paceOf({ rate: 200 })?.at(3)).toBe(15);
  });
});

describe('a pace in stages', () => {
  it('goes evenly to the rate of each, from 0 on, and then ends', () => {
    const found = times(UP_AND_DOWN);
    // 10 s at 500 on the average, 30 s at 3,000, 10 s at 2,500.
    expect(found.length).toBe(5_000 + 90_000 + 25_000);
    const within = (from: number, to: number): number =>
      found.filter((time) => time >= from && time < to).length;
    // In each second as many as its middle says.
    expect(within(0, 1_000)).toBeCloseTo(50, -0.5);
    expect(within(5_000, 6_000)).toBeCloseTo(550, -0.5);
    expect(within(25_000, 26_000)).toBeCloseTo(3_066, -0.5);
    expect(within(49_000, 50_000)).toBeCloseTo(250, -0.5);
    expect(found.at(-1)).toBeLessThanOrEqual(50_000);
    expect(paceOf({ rate: 5_000, stages: UP_AND_DOWN })?.at(120_000)).toBe(NEVER);
  });

  it('may change at once, stay, and pause', () => {
    const found = times([
      { duration: 0, target: 100 },
      { duration: 50, target: 100 },
      { duration: 0, target: 0 },
      { duration: 1_000, target: 0 },
      { duration: 0, target: 200 },
      { duration: 20, target: 200 },
    ]);
    expect(found).toEqual([0, 10, 20, 30, 40, 1_050, 1_055, 1_060, 1_065]);
  });

  it('has no more than its sum where floats make that a little larger', () => {
    const found = times([
      { duration: 500, target: 200 },
      { duration: 1_000, target: 400 },
      { duration: 300, target: 0 },
    ]);
    expect(found.length).toBe(50 + 300 + 60);
    expect(found.every((time, number) => time >= (found[number - 1] ?? 0))).toBe(true);
  });

  it('never goes back, and counts by its own times', () => {
    const stage = fc.record({
      duration: fc.constantFrom(0, 1, 50, 333.3),
      target: fc.constantFrom(0, 1, 100, 1_234.5, 10_000),
    });
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 6 }), (stages) => {
        const found = times(stages);
        const length = stages.reduce((sum, { duration }) => sum + duration, 0);
        const pace = new StagedPace(stages);
        const wrong = found.filter(
          (time, number) =>
            time < (found[number - 1] ?? 0) ||
            time > length + 1e-6 ||
            Math.abs(pace.count(time) - number) >= 1e-6,
        );
        expect(wrong).toEqual([]);
        expect(pace.before(length + 1)).toBe(found.length);
        expect(pace.before(0)).toBe(0);
        // Whoever asks again gets the same.
        expect(pace.at(0)).toBe(found[0] ?? NEVER);
      }),
      { numRuns: 50 },
    );
  });

  it('is split among processes so that nothing is lost', () => {
    const parts = shares(planOf({ connections: 3, processes: 2, rate: 600, stages: UP_AND_DOWN }));
    const sums = UP_AND_DOWN.map((_stage, at) =>
      parts.reduce((sum, { stages }) => sum + (stages?.[at]?.target ?? 0), 0),
    );
    expect(sums).toEqual([1_000, 5_000, 0]);
    expect(parts.map(({ stages }) => stages?.[1]?.duration)).toEqual([30_000, 30_000]);
  });
});

describe('what came of each stage', () => {
  function counts(given: Partial<LoadCounts>, ...milliseconds: readonly number[]): LoadCounts {
    const recorder = new LatencyRecorder();
    for (const time of milliseconds) recorder.record(time, 1);
    return { ...new LoadMeter().take(), ...given, latencies: recorder.take() };
  }

  const STAGES: readonly RateStage[] = [
    { duration: 1_000, target: 10 },
    { duration: 0, target: 40 },
    { duration: 1_000, target: 40 },
  ];

  it('is what came while it lasted, all processes together', () => {
    const totals = new StageTotals(STAGES, false);
    expect(totals.endAfter(0)).toBe(1_000);
    expect(totals.endAfter(1_000)).toBe(2_000);
    expect(totals.endAfter(2_000)).toBe(NEVER);
    // What happened at once belongs to the first.
    expect(totals.add([counts({ sent: 1 })], 0)).toBeUndefined();
    expect(totals.add([counts({ sent: 1, received: 1 }, 1), counts({})], 500)).toBeCloseTo(2.5, 9);
    // A moment into the next is still its own.
    const both = [counts({ sent: 2, received: 1 }, 1), counts({ sent: 2, received: 2 }, 3, 4)];
    expect(totals.add(both, 1_004)).toBeCloseTo((3.75 + 0.16) / 0.504, 6);
    expect(totals.report()).toHaveLength(1);
    expect(totals.add([counts({ sent: 40, received: 39 }, 7)], 2_003)).toBeCloseTo(
      39.84 / 0.999,
      6,
    );
    totals.addLast([counts({}, 50)]);
    const [first, second] = totals.report();
    expect(first).toMatchObject({ from: 0, to: 10, seconds: 1.004 });
    expect(first?.sentPerSecond).toBeCloseTo(6 / 1.004, 9);
    expect(first?.receivedPerSecond).toBeCloseTo(4 / 1.004, 9);
    expect([first?.p50, first?.max]).toEqual([1, 4].map((time) => expect.closeTo(time, 1)));
    expect(second).toMatchObject({ from: 40, to: 40, seconds: expect.closeTo(0.999, 9) });
    expect(second?.max).toBeCloseTo(50, 1);
  });

  it('of a scenario is turns: those that began, and those that were timed at their end', () => {
    const totals = new StageTotals(STAGES, true);
    totals.add([counts({ sent: 90, received: 90, turnsBegun: 5 }, 20, 20, 30)], 1_000);
    expect(totals.report()).toEqual([
      expect.objectContaining({ sentPerSecond: 5, receivedPerSecond: 3 }),
    ]);
  });

  it('is nothing where nothing came', () => {
    const totals = new StageTotals(STAGES, false);
    totals.add([counts({})], 1_000);
    expect(totals.report()).toEqual([
      {
        from: 0,
        to: 10,
        seconds: 1,
        sentPerSecond: 0,
        receivedPerSecond: 0,
        p50: undefined,
        p99: undefined,
        max: undefined,
      },
    ]);
  });
});
