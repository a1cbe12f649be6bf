import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/connection/clock.ts';

describe('systemClock', () => {
  it('is monotonic', () => {
    const times = Array.from({ length: 1_000 }, () => systemClock.now());
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  it('calls once, not before the time', async () => {
    const begun = systemClock.now();
    let calls = 0;
    // The timer itself does not keep the process alive.
    const keepAlive = setInterval(() => {}, 1_000);
    await new Promise<void>((resolve) => {
      systemClock.after(20, () => {
        calls += 1;
        resolve();
      });
    });
    clearInterval(keepAlive);
    expect(calls).toBe(1);
    // A timer of Node counts whole milliseconds of its own clock.
    expect(systemClock.now() - begun).toBeGreaterThanOrEqual(19);
  });

  it('does not call what was cancelled, and cancels twice in peace', async () => {
    let calls = 0;
    const timer = systemClock.after(1, () => {
      calls += 1;
    });
    timer.cancel();
    timer.cancel();
    const keepAlive = setInterval(() => {}, 1_000);
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    clearInterval(keepAlive);
    expect(calls).toBe(0);
  });

  it('keeps no process alive', () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const timer = systemClock.after(1_000_000, () => {});
    const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    timer.cancel();
    expect(after).toBe(before);
  });
});
