import { describe, expect, it } from 'vitest';
import { Rate } from '../../src/protocol/rate.ts';

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
