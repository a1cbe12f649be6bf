import { describe, expect, it } from 'vitest';
import { Keepalive, type KeepaliveVerdict } from '../../src/protocol/keepalive.ts';

const TIMES = { pingInterval: 25_000, pongTimeout: 20_000 };
const keepalive = (now = 0, spread = 0, times = TIMES) => new Keepalive(times, now, spread);

/** Checks whenever it is due, for `milliseconds`, answering each Ping after `delay`; tells when it pinged. */
function pingsWithin(
  milliseconds: number,
  times: typeof TIMES,
  delay: number,
): { pings: number[]; last: KeepaliveVerdict } {
  const subject = keepalive(0, 0, times);
  const pings: number[] = [];
  let last: KeepaliveVerdict = 'wait';
  let answerAt = Infinity;
  for (let now = 0; now <= milliseconds; now = Math.min(subject.wakeAt, answerAt)) {
    if (answerAt <= now) {
      subject.heard();
      answerAt = Infinity;
      if (subject.wakeAt > now) continue;
    }
    last = subject.check(now);
    if (last === 'dead') break;
    if (last === 'ping') {
      pings.push(now);
      answerAt = now + delay;
    }
  }
  return { pings, last };
}

describe('pinging', () => {
  it('begins one interval after the connection did', () => {
    const subject = keepalive(1_000);
    expect(subject.wakeAt).toBe(26_000);
    expect(subject.check(25_999)).toBe('wait');
    expect(subject.check(26_000)).toBe('ping');
  });

  it.each([
    [-1, 22_500],
    [0, 25_000],
    [0.5, 26_250],
    [1, 27_500],
  ])('is spread: %d stands for an interval of %d ms', (spread, interval) => {
    const subject = keepalive(0, spread);
    expect(subject.wakeAt).toBeCloseTo(interval, 6);
    expect(subject.check(subject.wakeAt)).toBe('ping');
    subject.heard();
    subject.check(subject.wakeAt);
    expect(subject.wakeAt).toBeCloseTo(2 * interval, 6);
  });

  it('goes on at the interval while the peer answers', () => {
    const { pings, last } = pingsWithin(100_000, TIMES, 50);
    expect(pings).toEqual([25_000, 50_000, 75_000, 100_000]);
    expect(last).toBe('ping');
  });

  it('keeps to an interval that is shorter than the timeout', () => {
    const { pings } = pingsWithin(30_000, { pingInterval: 5_000, pongTimeout: 20_000 }, 50);
    expect(pings).toEqual([5_000, 10_000, 15_000, 20_000, 25_000, 30_000]);
  });

  it('does not send a second Ping while the first is unanswered', () => {
    const { pings, last } = pingsWithin(
      100_000,
      { pingInterval: 5_000, pongTimeout: 20_000 },
      Infinity,
    );
    expect(pings).toEqual([5_000]);
    expect(last).toBe('dead');
  });

  it('says only "wait" when asked too early, as often as it is asked', () => {
    const subject = keepalive();
    for (let now = 0; now < 25_000; now += 100) expect(subject.check(now)).toBe('wait');
  });

  it('never asks to be woken at a time that it has let pass', () => {
    const subject = keepalive(0, 0, { pingInterval: 5_000, pongTimeout: 20_000 });
    for (let now = 0; now < 24_999; now += 7) {
      subject.check(now);
      expect(subject.wakeAt, `at ${now} ms`).toBeGreaterThan(now);
    }
  });
});

describe('giving a peer up', () => {
  it('happens when nothing was heard for the timeout after a Ping', () => {
    const subject = keepalive();
    subject.check(25_000);
    expect(subject.wakeAt).toBe(45_000);
    expect(subject.check(44_999)).toBe('wait');
    expect(subject.check(45_000)).toBe('dead');
  });

  it('stays the verdict until something is heard', () => {
    const subject = keepalive();
    subject.check(25_000);
    expect(subject.check(45_000)).toBe('dead');
    expect(subject.check(45_001)).toBe('dead');
    subject.heard();
    expect(subject.check(45_002)).toBe('wait');
    expect(subject.wakeAt).toBe(50_000);
  });

  it('does not happen to a peer of whom anything at all was heard since the Ping', () => {
    const subject = keepalive();
    subject.check(25_000);
    subject.heard();
    expect(subject.check(45_000)).toBe('wait');
  });

  it('is not prevented by what was heard before the Ping', () => {
    const subject = keepalive();
    subject.heard();
    subject.check(25_000);
    expect(subject.check(45_000)).toBe('dead');
  });

  it('waits for the timeout from when the Ping was sent, not from when it was due', () => {
    const subject = keepalive();
    expect(subject.check(60_000)).toBe('ping');
    expect(subject.check(79_999)).toBe('wait');
    expect(subject.check(80_000)).toBe('dead');
  });
});

describe('an excuse', () => {
  it('lets the wait for a sign of life begin again', () => {
    const subject = keepalive();
    subject.check(25_000);
    subject.excuse(44_000);
    expect(subject.check(63_999)).toBe('wait');
    expect(subject.check(64_000)).toBe('dead');
  });

  it('changes nothing while no Ping is out', () => {
    const subject = keepalive();
    subject.excuse(10_000);
    expect(subject.wakeAt).toBe(25_000);
    expect(subject.check(25_000)).toBe('ping');
  });

  it('given before each check keeps a connection that is not read alive for ever', () => {
    const subject = keepalive();
    for (let now = 25_000; now < 3_600_000; now += 20_000) {
      subject.excuse(now);
      expect(subject.check(now)).not.toBe('dead');
    }
  });
});
