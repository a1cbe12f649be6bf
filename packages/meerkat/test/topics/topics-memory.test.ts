import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Connection } from 'meerkat';
import { connectionPair } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Subscriber, Topics } from '../../src/topics/index.ts';
import { observe } from '../support/observed.ts';
import { turn } from '../support/waiting.ts';
import { FakeSubscriber } from './fake-subscriber.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const CYCLES = 100_000;
/** More than the code itself and Vitest take meanwhile, and 3 octets a cycle: less than anything that is forgotten. */
const MOST = 300_000;

/** Octets in use on and beside the heap, after collections. */
async function held(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    collect();
    await turn();
  }
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** Octets that more rounds add, once the code is warm. What else the process does changes a little by itself. */
async function growth(cycles: (count: number) => unknown): Promise<number> {
  await cycles(CYCLES / 10);
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && least >= MOST; attempt += 1) {
    const before = await held();
    await cycles(CYCLES);
    least = Math.min(least, (await held()) - before);
  }
  return least;
}

describe('after 100,000 subscriptions that ended nothing is left', () => {
  const topics = new Topics<Subscriber>();
  const one = new FakeSubscriber();
  const neverClosed = { closed: new Promise<void>(() => {}), send: () => 'sent' as const };

  it.each<[string, (at: number) => unknown]>([
    [
      'one subscriber came and went',
      () => {
        topics.subscribe('tea', one);
        topics.publish('tea', '');
        one.heard.length = 0;
        one.messages.length = 0;
        one.options.length = 0;
        topics.unsubscribe('tea', one);
      },
    ],
    [
      'each topic had another name',
      (at) => {
        topics.subscribe(`topic ${at}`, neverClosed);
        topics.unsubscribeAll(neverClosed);
      },
    ],
    [
      'each subscriber was another one, and never ended',
      () => {
        const other = { closed: new Promise<void>(() => {}), send: () => 'sent' as const };
        topics.subscribe('tea', other);
        topics.unsubscribe('tea', other);
      },
    ],
    [
      'each subscriber was another one, and ended',
      async (at) => {
        topics.subscribe('tea', { closed: Promise.resolve(), send: () => 'sent' });
        topics.subscribe(`topic ${at}`, { closed: Promise.resolve(), send: () => 'sent' });
        if (at % 1_000 === 0) await turn();
      },
    ],
  ])('R16 %s', async (_what, cycle) => {
    const grown = await growth(async (count) => {
      for (let at = 0; at < count; at += 1) await cycle(at);
    });
    observe(`${(grown / CYCLES).toFixed(1)} octets a cycle`);
    expect(topics.names()).toEqual([]);
    expect(grown).toBeLessThan(MOST);
  });

  it('R16 a connection subscribed and unsubscribed, again and again', async () => {
    const { server, client } = connectionPair();
    onTestFinished(async () => {
      client.terminate();
      await server.closed;
    });
    const rooms = new Topics<Connection<undefined>>();
    const grown = await growth((count) => {
      for (let at = 0; at < count; at += 1) {
        rooms.subscribe(`room ${at % 7}`, server);
        rooms.subscribe('lobby', server);
        rooms.unsubscribe('lobby', server);
        if (at % 7 === 0) rooms.unsubscribeAll(server);
      }
    });
    observe(`${(grown / CYCLES).toFixed(1)} octets a cycle`);
    expect(grown).toBeLessThan(MOST);
  });
});
