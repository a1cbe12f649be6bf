import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { systemClock, type Timer, wakeAfter } from '../../src/connection/clock.ts';
import { rawPeer } from '../support/handshake.ts';
import { listen } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';

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

  it('is never a whole millisecond early, whatever the fractions of its time', async () => {
    const keepAlive = setInterval(() => {}, 1_000);
    const waits = Array.from({ length: 40 }, () => {
      const begun = systemClock.now();
      while (systemClock.now() - begun < 0.13);
      const asked = systemClock.now();
      return new Promise<number>((resolve) => {
        systemClock.after(20, () => resolve(systemClock.now() - asked));
      });
    });
    const least = Math.min(...(await Promise.all(waits)));
    clearInterval(keepAlive);
    expect(least).toBeGreaterThanOrEqual(19);
  });

  it('wakes a sleeper as it calls', async () => {
    const keepAlive = setInterval(() => {}, 1_000);
    let cancelled = 0;
    wakeAfter(systemClock, 1, { wake: () => (cancelled += 1) }).cancel();
    await new Promise<void>((resolve) => {
      wakeAfter(systemClock, 20, { wake: () => resolve() });
    });
    clearInterval(keepAlive);
    expect(cancelled).toBe(0);
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

  it.each([
    ['is not called when what is read cancels it', true, ['read']],
    ['is called behind what is read', false, ['read', 'due']],
  ])('what is due after a blocked loop %s', async (_how, cancels, expected) => {
    const { port, sockets } = await listen(createServer());
    const peer = await rawPeer(port);
    await until(() => sockets.length > 0);
    const log: string[] = [];
    let timer: Timer | undefined;
    sockets[0]?.on('data', () => {
      log.push('read');
      if (cancels) timer?.cancel();
    });
    await turns();
    timer = systemClock.after(1, () => log.push('due'));
    // The octets are here, and the time is long over, before the loop comes to either.
    void peer.send('00');
    const since = systemClock.now();
    while (systemClock.now() - since < 200);
    await until(() => log.length === expected.length);
    await turns();
    expect(log).toEqual(expected);
  });

  it('keeps no process alive', () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const timer = systemClock.after(1_000_000, () => {});
    const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    timer.cancel();
    expect(after).toBe(before);
  });
});
