import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payOne, Rate } from '../../src/protocol/rate.ts';

/** How many events of `count` at the time `now` are let through. */
const taken = (rate: Rate, count: number, now: number): number =>
  [...Array(count).keys()].filter(() => rate.take(now)).length;

describe('a token bucket', () => {
  it('lets a burst through, and not one more', () => {
    expect(taken(new Rate(1_000, 2_000, 0), 2_001, 0)).toBe(2_000);
  });

  it('lets through what the rate allows after the burst', () => {
    const rate = new Rate(1_000, 2_000, 0);
    taken(rate, 2_000, 0);
    expect(taken(rate, 100, 10)).toBe(10);
    expect(taken(rate, 100, 10)).toBe(0);
  });

  it('saves up for a burst, and for no more than that', () => {
    const rate = new Rate(1_000, 5, 0);
    taken(rate, 5, 0);
    expect(taken(rate, 100, 3_600_000)).toBe(5);
  });

  it('lets a sustained stream at its rate through for as long as it lasts', () => {
    const rate = new Rate(1_000, 1, 0);
    const refused = [...Array(100_000).keys()].filter((now) => !rate.take(now));
    expect(refused).toEqual([]);
  });

  it('counts fractions of an event: three a second are one each 334 ms', () => {
    const rate = new Rate(3, 1, 0);
    expect(rate.take(0)).toBe(true);
    expect(rate.take(333)).toBe(false);
    expect(rate.take(334)).toBe(true);
  });

  it('begins to count when it was made, at whatever time of the clock', () => {
    expect(taken(new Rate(10, 2, 1e9), 3, 1e9)).toBe(2);
  });

  it('takes nothing for an event that it refuses', () => {
    const rate = new Rate(1, 1, 0);
    expect(taken(rate, 50, 0)).toBe(1);
    expect(rate.take(1_000)).toBe(true);
  });

  it('counts several at once, all of them or none', () => {
    const rate = new Rate(100, 10, 0);
    expect(rate.take(0, 11)).toBe(false);
    expect(rate.take(0, 10)).toBe(true);
    expect(rate.take(49, 5)).toBe(false);
    expect(rate.take(50, 5)).toBe(true);
  });
});

describe('a token bucket that lets everything through', () => {
  it('says how long it takes until so many may happen', () => {
    const rate = new Rate(10, 2, 0);
    expect(rate.wait(0, 1)).toBe(0);
    rate.owe(2);
    expect(rate.wait(0, 0)).toBe(0);
    expect(rate.wait(0, 1)).toBe(100);
    rate.owe(1);
    expect(rate.wait(0, 1)).toBe(200);
    expect(rate.wait(150, 1)).toBe(50);
  });

  it('is even again when that time has passed, and has saved up nothing', () => {
    const rate = new Rate(10, 5, 0);
    rate.owe(25);
    expect(rate.wait(0, 0)).toBe(2_000);
    expect(rate.take(2_000)).toBe(false);
    expect(rate.take(2_100)).toBe(true);
    expect(rate.wait(2_100, 1)).toBe(100);
  });

  it('rounds up: too early by a fraction would be too early again', () => {
    const rate = new Rate(3, 1, 0);
    rate.owe(1);
    expect(rate.wait(0, 1)).toBe(334);
  });

  it('owes for what is larger than the burst, and lets it through once', () => {
    const rate = new Rate(1_000, 10, 0);
    rate.owe(1_010);
    expect(rate.wait(0, 0)).toBe(1_000);
    expect(rate.wait(1_000, 0)).toBe(0);
  });
});

describe('a bucket in one number', () => {
  it('lets through what a token bucket does, whenever the events come', () => {
    const times = fc.array(fc.oneof(fc.constant(0), fc.nat(5), fc.nat(5_000)), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 20 }), times, run),
    );

    function run(perSecond: number, burst: number, gaps: readonly number[]): void {
      const rate = new Rate(perSecond, burst, 7);
      let now = 7;
      let paid: number | undefined;
      for (const gap of gaps) {
        now += gap;
        const next = payOne(paid, now, perSecond, burst);
        const wait = rate.wait(now, 1);
        if (rate.take(now)) {
          expect(next).toBeDefined();
        } else if (next === undefined || wait > 1 + 10 / perSecond) {
          expect(next).toBeUndefined();
          return; // nothing is asked of it after that
        } else {
          rate.owe(1); // a hundredth of an event is missing: neither is exact about that
        }
        paid = next;
      }
    }
  });

  it.each([
    [1_000, 2_000],
    [3, 7],
    [999_999, 100],
    [1, 1],
  ])('lets a burst through, and not one more: %i a second, %i at once', (perSecond, burst) => {
    let paid: number | undefined;
    for (let count = 0; count < burst; count += 1) {
      paid = payOne(paid, 123_456.789, perSecond, burst);
      expect(paid).toBeDefined();
    }
    expect(payOne(paid, 123_456.789, perSecond, burst)).toBeUndefined();
  });
});
