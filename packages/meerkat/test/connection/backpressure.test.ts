import { ManualClock } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { Backpressure } from '../../src/connection/backpressure.ts';
import { resolveConnectionOptions } from '../../src/connection/connection-options.ts';
import { turns } from '../support/waiting.ts';

function make(): {
  backpressure: Backpressure;
  clock: ManualClock;
  queue: { bytes: number };
  events: string[];
} {
  const clock = new ManualClock();
  const queue = { bytes: 0 };
  const events: string[] = [];
  const options = resolveConnectionOptions({ softQueuedBytes: 10, maxQueuedBytes: 100, clock });
  const backpressure = new Backpressure(options, clock, {
    get queuedBytes() {
      return queue.bytes;
    },
    drain: () => events.push('drain'),
    overflow: () => events.push('overflow'),
  });
  return { backpressure, clock, queue, events };
}

describe('Backpressure', () => {
  it('says nothing to those who were not told to wait', () => {
    const { backpressure, events } = make();
    backpressure.relieved();
    expect(events).toEqual([]);
  });

  it('drains once, below the soft mark and not at it', () => {
    const { backpressure, queue, events } = make();
    queue.bytes = 20;
    backpressure.queued();
    backpressure.queued();
    backpressure.relieved();
    queue.bytes = 10;
    backpressure.relieved();
    expect(events).toEqual([]);
    queue.bytes = 9;
    backpressure.relieved();
    backpressure.relieved();
    expect(events).toEqual(['drain']);
  });

  it('overflows when the queue was at the cap for all of closeTimeout', () => {
    const { backpressure, clock, queue, events } = make();
    queue.bytes = 100;
    backpressure.dropped();
    clock.advance(5_000);
    backpressure.dropped(); // the time counts from the first
    queue.bytes = 100;
    backpressure.relieved();
    clock.advance(4_999);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual(['overflow']);
  });

  it('does not overflow when the queue was below the cap once', () => {
    const { backpressure, clock, queue, events } = make();
    queue.bytes = 100;
    backpressure.dropped();
    queue.bytes = 99;
    backpressure.relieved();
    expect(clock.pending).toBe(0);
    queue.bytes = 100;
    clock.advance(20_000);
    expect(events).toEqual([]);
  });

  it('lets everybody go at the end, and keeps no timer', async () => {
    const { backpressure, clock, queue, events } = make();
    queue.bytes = 100;
    backpressure.dropped();
    const drained = Promise.all([backpressure.drained(), backpressure.drained()]);
    backpressure.end();
    await drained;
    await backpressure.drained();
    queue.bytes = 0;
    backpressure.relieved();
    clock.advance(20_000);
    await turns();
    expect([events, clock.pending]).toEqual([[], 0]);
  });

  it('lets those who wait go before it calls for more', async () => {
    const { backpressure, queue, events } = make();
    queue.bytes = 50;
    backpressure.queued();
    const drained = backpressure.drained().then(() => events.push('drained'));
    queue.bytes = 0;
    backpressure.relieved();
    await drained;
    expect(events).toEqual(['drain', 'drained']);
  });
});
