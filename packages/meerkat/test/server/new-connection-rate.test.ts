import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NewConnectionRate } from '../../src/server/new-connection-rate.ts';

/** How many of `attempts` are let in, all at one time. */
function letIn(rate: NewConnectionRate, address: string, now: number, attempts = 100): number {
  let count = 0;
  for (let at = 0; at < attempts; at += 1) if (rate.take(address, now)) count += 1;
  return count;
}

describe('the rate of new connections', () => {
  it('allows twice its number at once, and then its number a second', () => {
    const rate = new NewConnectionRate(5);
    expect(letIn(rate, 'a', 0)).toBe(10);
    expect(letIn(rate, 'a', 199)).toBe(0);
    expect(letIn(rate, 'a', 200)).toBe(1);
    expect(letIn(rate, 'a', 1_200)).toBe(5);
    expect(letIn(rate, 'a', 60_000)).toBe(10);
  });

  it('counts each address for itself', () => {
    const rate = new NewConnectionRate(1);
    expect(letIn(rate, 'a', 0)).toBe(2);
    expect(letIn(rate, 'b', 0)).toBe(2);
    expect(letIn(rate, 'a', 0)).toBe(0);
  });

  it('does not count what it refuses', () => {
    const rate = new NewConnectionRate(1);
    letIn(rate, 'a', 0, 1_000);
    expect(letIn(rate, 'a', 1_000)).toBe(1);
  });

  it('0 is no limit, and remembers nobody', () => {
    const rate = new NewConnectionRate(0);
    expect(letIn(rate, 'a', 0, 1_000)).toBe(1_000);
    expect(rate.size).toBe(0);
  });

  it('forgets whoever may open its burst again', () => {
    const rate = new NewConnectionRate(10);
    for (let at = 0; at < 1_000; at += 1) rate.take(`early ${at}`, 0);
    letIn(rate, 'full', 50);
    expect(rate.size).toBe(1_001);
    rate.take('late', 100); // 100 ms after its one connection each early one is forgotten
    expect(rate.size).toBe(2);
    rate.take('last', 2_050);
    expect(rate.size).toBe(1);
  });

  it('remembers no more than its bound: past it, whoever was seen longest ago starts afresh', () => {
    const rate = new NewConnectionRate(1, 3);
    expect(letIn(rate, 'a', 0)).toBe(2);
    for (const address of ['b', 'c']) expect(letIn(rate, address, 1)).toBe(2);
    expect(letIn(rate, 'a', 1)).toBe(0);
    rate.take('d', 2);
    expect(rate.size).toBe(3);
    expect(letIn(rate, 'c', 2)).toBe(0);
    expect(letIn(rate, 'a', 2)).toBe(2);
    const many = new NewConnectionRate(1);
    for (let at = 0; at < 70_000; at += 1) many.take(`${at}`, 0);
    expect(many.size).toBe(65_536);
  });

  it('never lets in more than the burst and the rate allow, at whatever times they come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 }),
        (perSecond, gaps) => {
          const rate = new NewConnectionRate(perSecond);
          const taken: number[] = [];
          let now = 1e9; // some days of uptime: sums are not exact any more
          for (const gap of gaps) {
            now += gap;
            if (rate.take('a', now)) taken.push(now);
          }
          for (const [at, first] of taken.entries()) {
            for (const [beyond, last] of taken.slice(at).entries()) {
              const allowed = 2 * perSecond + ((last - first) / 1000) * perSecond + 0.01;
              expect(beyond + 1).toBeLessThanOrEqual(allowed);
            }
          }
        },
      ),
    );
  });
});
