import { describe, expect, it } from 'vitest';
import type { Timer } from '../../src/connection/clock.ts';
import { callAfter } from '../../src/connection/coarse-timers.ts';

/** What Node's timers would do, at the word of the test. */
class Scheduled {
  readonly timers: { due: number; fire: () => void; cancelled: boolean }[] = [];

  readonly schedule = (due: number, fire: () => void): Timer => {
    const timer = { due, fire, cancelled: false };
    this.timers.push(timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  };

  fire(): void {
    for (const { fire, cancelled } of this.timers.splice(0)) if (!cancelled) fire();
  }
}

// Each test has a time of its own: groups are the process's.
let now = 1e9;

function times(): number {
  now += 1_000_000;
  return now;
}

describe('coarse timers', () => {
  it('call at the time or up to 64 ms later, together', () => {
    const base = Math.ceil(times() / 64) * 64;
    const scheduled = new Scheduled();
    const called: number[] = [];
    for (const offset of [1, 30, 64, 65, 128]) {
      callAfter(base + offset, () => called.push(offset), scheduled.schedule);
    }
    expect(scheduled.timers.map(({ due }) => due - base)).toEqual([64, 128]);
    scheduled.fire();
    expect(called.toSorted((one, other) => one - other)).toEqual([1, 30, 64, 65, 128]);
  });

  it('wake objects as they call functions', () => {
    const scheduled = new Scheduled();
    const called: string[] = [];
    const base = times();
    const sleeper = { name: 'sleeper', wake: () => void called.push('woken') };
    callAfter(base, sleeper, scheduled.schedule);
    callAfter(base, () => called.push('called'), scheduled.schedule);
    scheduled.fire();
    expect(called.toSorted()).toEqual(['called', 'woken']);
  });

  it('do not call who left, first, last or in the middle', () => {
    const base = times();
    for (const leaver of [0, 1, 2]) {
      const scheduled = new Scheduled();
      const called: number[] = [];
      const all = [0, 1, 2].map((one) =>
        callAfter(base + leaver * 1_000, () => called.push(one), scheduled.schedule),
      );
      all[leaver]?.cancel();
      all[leaver]?.cancel();
      scheduled.fire();
      expect(called.toSorted()).toEqual([0, 1, 2].filter((one) => one !== leaver));
    }
  });

  it('let go of a far timer when the last one leaves it', () => {
    const scheduled = new Scheduled();
    const due = times() + performance.now();
    const all = [1, 2].map(() => callAfter(due, () => {}, scheduled.schedule));
    all[0]?.cancel();
    expect(scheduled.timers[0]?.cancelled).toBe(false);
    all[1]?.cancel();
    expect(scheduled.timers[0]?.cancelled).toBe(true);
    callAfter(due, () => {}, scheduled.schedule);
    expect(scheduled.timers).toHaveLength(2);
  });

  it('let those in a call leave, and come', () => {
    const base = times();
    const scheduled = new Scheduled();
    const called: string[] = [];
    const late = callAfter(base, () => called.push('late'), scheduled.schedule);
    callAfter(
      base,
      () => {
        late.cancel();
        callAfter(base, () => called.push('again'), scheduled.schedule);
      },
      scheduled.schedule,
    );
    scheduled.fire();
    expect(called).toEqual([]);
    scheduled.fire();
    expect(called).toEqual(['again']);
  });

  it('call the others when one throws', async () => {
    const base = times();
    const scheduled = new Scheduled();
    const called = await new Promise<string>((resolve) => {
      callAfter(base, () => resolve('called'), scheduled.schedule);
      callAfter(
        base,
        () => {
          throw new Error('thrown');
        },
        scheduled.schedule,
      );
      expect(() => scheduled.fire()).toThrow('thrown');
    });
    expect(called).toBe('called');
  });

  it('who keeps a timer that is over keeps no other', () => {
    const scheduled = new Scheduled();
    const due = times();
    const all = [1, 2, 3].map(() => callAfter(due, () => {}, scheduled.schedule));
    all[1]?.cancel();
    scheduled.fire();
    const links = all.map((timer) => {
      const { previous, next } = timer as Timer & { previous?: Timer; next?: Timer };
      return [previous, next];
    });
    expect(links.flat()).toEqual(Array.from({ length: 6 }, () => undefined));
  });
});
