import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Topics } from '../../src/topics/index.ts';
import { turn } from '../support/waiting.ts';
import { FakeSubscriber } from './fake-subscriber.ts';

const NAMES = ['tea', 'coffee', '__proto__', '🐿'];
const LIMIT = 3;

/** The same by the plainest means: rows of pairs. */
class Model {
  pairs: (readonly [topic: string, subscriber: number])[] = [];
  readonly heard: string[][];
  readonly gone = new Set<number>();

  constructor(count: number) {
    this.heard = Array.from({ length: count }, () => []);
  }

  has(topic: string, subscriber: number): boolean {
    return this.pairs.some(([name, who]) => name === topic && who === subscriber);
  }

  of(topic: string): number[] {
    return this.pairs.filter(([name]) => name === topic).map(([, who]) => who);
  }

  topicsOf(subscriber: number): string[] {
    return this.pairs.filter(([, who]) => who === subscriber).map(([name]) => name);
  }

  drop(keep: (topic: string, subscriber: number) => boolean): number {
    const before = this.pairs.length;
    this.pairs = this.pairs.filter(([name, who]) => keep(name, who));
    return before - this.pairs.length;
  }
}

const topic = fc.constantFrom(...NAMES);
const who = fc.nat(4);
const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('subscribe' as const), topic, who }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), topic, who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribeAll' as const), topic, who }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topic,
      except: fc.array(who, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), topic, who }) },
);

it('topics do what rows of pairs would do, whatever is asked of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      const topics = new Topics<FakeSubscriber>({ maxTopicsPerSubscriber: LIMIT });
      const subscribers = Array.from({ length: 5 }, (_, at) => new FakeSubscriber(String(at)));
      const one = (at: number): FakeSubscriber => subscribers[at] as FakeSubscriber;
      // It is known to the topics: who closes before that is noticed a turn after it has subscribed.
      for (const subscriber of subscribers) {
        topics.subscribe('tea', subscriber);
        topics.unsubscribe('tea', subscriber);
      }
      const model = new Model(subscribers.length);
      for (const [at, each] of commands.entries()) {
        switch (each.do) {
          case 'subscribe': {
            const has = model.has(each.topic, each.who);
            const closed = model.gone.has(each.who);
            if (!has && !closed && model.topicsOf(each.who).length === LIMIT) {
              expect(() => topics.subscribe(each.topic, one(each.who))).toThrow();
              break;
            }
            expect(topics.subscribe(each.topic, one(each.who))).toBe(!has && !closed);
            if (!has && !closed) model.pairs.push([each.topic, each.who]);
            break;
          }
          case 'unsubscribe': {
            const left = model.drop((name, who) => name !== each.topic || who !== each.who);
            expect(topics.unsubscribe(each.topic, one(each.who))).toBe(left === 1);
            break;
          }
          case 'unsubscribeAll': {
            const left = model.drop((_name, who) => who !== each.who);
            expect(topics.unsubscribeAll(one(each.who))).toBe(left);
            break;
          }
          case 'publish': {
            const reached = model.of(each.topic).filter((who) => !each.except.includes(who));
            for (const who of reached) model.heard[who]?.push(`${each.topic} ${at}`);
            const [only] = each.except;
            const except =
              only !== undefined && each.except.length === 1
                ? one(only)
                : new Set(each.except.map(one));
            expect(topics.publish(each.topic, `${each.topic} ${at}`, { except })).toEqual({
              sent: reached.length,
              queued: 0,
              dropped: 0,
            });
            break;
          }
          case 'close':
            one(each.who).close();
            await turn();
            model.gone.add(each.who);
            model.drop((_name, who) => who !== each.who);
            break;
        }
        for (const name of NAMES) {
          expect(topics.subscribers(name).map((each) => Number(each.name))).toEqual(model.of(name));
          expect(topics.subscriberCount(name)).toBe(model.of(name).length);
        }
      }
      await turn();
      for (const [at, subscriber] of subscribers.entries()) {
        expect(subscriber.heard).toEqual(model.heard[at]);
        expect(subscriber.listeners).toBe(1);
        expect(topics.topicsOf(subscriber)).toEqual(model.topicsOf(at));
      }
      expect(topics.names().sort()).toEqual([...new Set(model.pairs.map(([name]) => name))].sort());
    }),
    { numRuns: 200 },
  );
});
