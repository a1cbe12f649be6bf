import { describe, expect, it } from 'vitest';
import { MOST_PUBLISHED, PublishedTimes } from '../../src/bench/load/published-times.ts';

describe('times of published messages', () => {
  it('are kept of all that the slowest subscriber waits for', () => {
    let got = 0;
    const times = new PublishedTimes(() => got);
    for (let number = 0; number < 200_000; number += 1) {
      got = Math.max(0, number - 150_000);
      if (!times.keep(number, number * 10)) throw new Error(`${number} was refused`);
      if (times.at(got) !== got * 10) throw new Error(`the time of ${got} was lost at ${number}`);
    }
    expect(times.at(199_999)).toBe(1_999_990);
  });

  it('are no more than a bound, and go on when the slowest has caught up', () => {
    let got = 0;
    let looks = 0;
    const times = new PublishedTimes(() => {
      looks += 1;
      return got;
    });
    let number = 0;
    while (number < 2 * MOST_PUBLISHED && times.keep(number, number)) number += 1;
    expect(number).toBe(MOST_PUBLISHED);
    expect(looks).toBeLessThan(10);
    expect(times.at(0)).toBe(0);
    got = 1;
    expect(times.keep(number, 7)).toBe(true);
    expect(times.keep(number + 1, 8)).toBe(false);
    expect(times.at(1)).toBe(1);
    expect(times.at(number)).toBe(7);
  });
});
