import { ManualClock } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock();
    const { now } = clock;
    expect([clock.now(), now()]).toEqual([0, 0]);
    clock.advance(1.5);
    clock.advance(10);
    expect(now()).toBe(11.5);
  });

  it('makes the calls that fall due, in the order of their times, at their times', () => {
    const clock = new ManualClock();
    const calls: [string, number][] = [];
    for (const [name, delay] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
      ['b2', 20],
      ['d', 31],
    ] as const) {
      clock.after(delay, () => calls.push([name, clock.now()]));
    }
    expect(clock.pending).toBe(5);
    clock.advance(30);
    expect(calls).toEqual([
      ['a', 10],
      ['b', 20],
      ['b2', 20],
      ['c', 30],
    ]);
    expect([clock.now(), clock.pending]).toEqual([30, 1]);
    clock.advance(1);
    expect(calls.at(-1)).toEqual(['d', 31]);
  });

  it('does not call what was cancelled, in a call before it either', () => {
    const clock = new ManualClock();
    let calls = 0;
    const first = clock.after(5, () => {
      calls += 1;
    });
    const second = clock.after(10, () => {
      calls += 1;
    });
    clock.after(7, () => second.cancel());
    first.cancel();
    first.cancel();
    clock.advance(100);
    expect([calls, clock.pending]).toEqual([0, 0]);
  });

  it('makes calls that were asked for in a call, when they fall due in the same advance', () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const repeat = (): void => {
      times.push(clock.now());
      clock.after(10, repeat);
    };
    clock.after(10, repeat);
    clock.advance(35);
    expect([times, clock.now(), clock.pending]).toEqual([[10, 20, 30], 35, 1]);
  });

  it('calls what is due at once on the next advance, even by nothing', () => {
    const clock = new ManualClock();
    let calls = 0;
    clock.after(0, () => {
      calls += 1;
    });
    expect(calls).toBe(0);
    clock.advance(0);
    expect(calls).toBe(1);
  });
});
