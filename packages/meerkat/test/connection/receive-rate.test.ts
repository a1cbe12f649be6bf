import { ManualClock } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { type OverRate, type RateNumbers, ReceiveRate } from '../../src/connection/receive-rate.ts';

const OFF: RateNumbers = {
  maxMessagesPerSecond: 0,
  messageBurst: 0,
  maxBytesPerSecond: 0,
  byteBurst: 0,
};

function make(overRate: OverRate, numbers: Partial<RateNumbers>) {
  const clock = new ManualClock();
  const events: string[] = [];
  const rate = new ReceiveRate({ ...OFF, ...numbers }, overRate, clock, {
    exceeded: (limit) => events.push(`exceeded ${limit}`),
    failed: (error) => events.push(`failed ${error.code}`),
    resumed: () => events.push('resumed'),
  });
  /** How many messages of so many octets are let pass. */
  const admitted = (count: number, bytes = 1): number =>
    Array.from({ length: count }, () => rate.admit(bytes)).filter(Boolean).length;
  return { clock, events, rate, admitted };
}

describe('ReceiveRate', () => {
  it('is wanted where there is a limit', () => {
    expect(ReceiveRate.wanted(OFF)).toBe(false);
    expect(ReceiveRate.wanted({ ...OFF, messageBurst: 5, byteBurst: 5 })).toBe(false);
    expect(ReceiveRate.wanted({ ...OFF, maxMessagesPerSecond: 1 })).toBe(true);
    expect(ReceiveRate.wanted({ ...OFF, maxBytesPerSecond: 1 })).toBe(true);
  });

  it.each<[string, Partial<RateNumbers>, number, number]>([
    ['messages', { maxMessagesPerSecond: 10 }, 1, 20],
    ['messages, burst given', { maxMessagesPerSecond: 10, messageBurst: 3 }, 1, 3],
    ['octets', { maxBytesPerSecond: 1_000 }, 100, 20],
    ['octets, burst given', { maxBytesPerSecond: 1_000, byteBurst: 500 }, 100, 5],
  ])(
    'lets a burst through, twice the rate unless told otherwise: %s',
    (_what, numbers, bytes, burst) => {
      expect(make('drop', numbers).admitted(50, bytes)).toBe(burst);
    },
  );
});

describe("ReceiveRate with 'drop'", () => {
  it('lets through what the rate allows, and counts the rest', () => {
    const { clock, admitted, rate, events } = make('drop', {
      maxMessagesPerSecond: 10,
      messageBurst: 2,
    });
    expect(admitted(5)).toBe(2);
    clock.advance(100);
    expect(admitted(5)).toBe(1);
    expect(rate.discarded).toBe(7);
    expect(events).toEqual(Array(7).fill('exceeded maxMessagesPerSecond'));
    expect(rate.ready()).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('never lets through what is longer than the burst', () => {
    const { clock, admitted } = make('drop', { maxBytesPerSecond: 1_000, byteBurst: 100 });
    expect(admitted(1, 101)).toBe(0);
    clock.advance(60_000);
    expect(admitted(1, 101)).toBe(0);
    expect(admitted(1, 100)).toBe(1);
  });
});

describe("ReceiveRate with 'close'", () => {
  it.each<[string, Partial<RateNumbers>, string]>([
    ['messages', { maxMessagesPerSecond: 10, messageBurst: 2 }, 'failed WS_MESSAGE_RATE'],
    ['octets', { maxBytesPerSecond: 10, byteBurst: 2 }, 'failed WS_BYTE_RATE'],
  ])('fails: %s', (_what, numbers, event) => {
    const { admitted, rate, events } = make('close', numbers);
    expect(admitted(2)).toBe(2);
    expect(rate.admit(1)).toBe(false);
    expect(events).toEqual([event]);
    expect(rate.discarded).toBe(0);
  });
});

describe("ReceiveRate with 'pause'", () => {
  /** How many of so many messages may be handed over now. */
  function handed(rate: ReceiveRate, count: number, bytes = 1): number {
    let at = 0;
    for (; at < count && rate.ready(); at += 1) rate.handed(bytes);
    return at;
  }

  it('takes everything, and hands over what the rate allows', () => {
    const { clock, admitted, rate, events } = make('pause', {
      maxMessagesPerSecond: 10,
      messageBurst: 2,
    });
    expect(admitted(50)).toBe(50);
    expect(handed(rate, 50)).toBe(2);
    clock.advance(99);
    expect(rate.ready()).toBe(false);
    expect(events).toEqual(['exceeded maxMessagesPerSecond']);
    clock.advance(1);
    expect(events).toEqual(['exceeded maxMessagesPerSecond', 'resumed']);
    expect(clock.pending).toBe(0);
    expect(handed(rate, 48)).toBe(1);
    clock.advance(100);
    expect(handed(rate, 47)).toBe(1);
  });

  it('lets a message of any length pass, and waits until it is paid for', () => {
    const { clock, rate, events } = make('pause', { maxBytesPerSecond: 100, byteBurst: 100 });
    expect(handed(rate, 2, 1_100)).toBe(1);
    clock.advance(9_999);
    expect(events).toEqual(['exceeded maxBytesPerSecond']);
    clock.advance(1);
    expect(events.at(-1)).toBe('resumed');
    expect(handed(rate, 2, 1)).toBe(1);
  });

  it('waits for the limit that takes longer', () => {
    const { clock, rate, events } = make('pause', {
      maxMessagesPerSecond: 10,
      messageBurst: 1,
      maxBytesPerSecond: 100,
      byteBurst: 100,
    });
    expect(handed(rate, 2, 1_100)).toBe(1);
    clock.advance(9_999);
    expect(events).not.toContain('resumed');
    clock.advance(1);
    expect(events.at(-1)).toBe('resumed');
  });

  it('keeps one timer, and none when it is stopped: then nothing waits', () => {
    const { clock, rate, events } = make('pause', { maxMessagesPerSecond: 1 });
    expect(handed(rate, 100)).toBe(2);
    expect([rate.ready(), clock.pending]).toEqual([false, 1]);
    rate.stop();
    expect(clock.pending).toBe(0);
    expect(handed(rate, 100)).toBe(100);
    clock.advance(1_000_000);
    expect(events).not.toContain('resumed');
  });
});
