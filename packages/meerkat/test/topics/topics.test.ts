import { type Connection, UsageError } from 'meerkat';
import { connectionPair } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import {
  PreparedMessage,
  type PublishOptions,
  type Subscriber,
  Topics,
} from '../../src/topics/index.ts';
import { recordConsoleErrors } from '../support/failures.ts';
import { turn } from '../support/waiting.ts';
import { FakeSubscriber } from './fake-subscriber.ts';

const some = (...names: string[]): FakeSubscriber[] =>
  names.map((name) => new FakeSubscriber(name));

/** Three subscribers, each of whom has subscribed to `tea`. */
function teaRoom(): { topics: Topics<FakeSubscriber>; guests: readonly FakeSubscriber[] } {
  const topics = new Topics<FakeSubscriber>();
  const guests = some('one', 'two', 'three');
  for (const guest of guests) topics.subscribe('tea', guest);
  return { topics, guests };
}

const heard = (guests: readonly FakeSubscriber[]): string[][] => guests.map((guest) => guest.heard);

const fail = (message: string): never => {
  throw new Error(message);
};

const code = (expected: string): unknown =>
  expect.objectContaining({ name: 'UsageError', code: expected });

describe('subscriptions', () => {
  it('are made once, and say whether they changed anything', () => {
    const topics = new Topics();
    const [one] = some('one') as [FakeSubscriber];
    expect(topics.subscribe('tea', one)).toBe(true);
    expect(topics.subscribe('tea', one)).toBe(false);
    expect(topics.subscribe('coffee', one)).toBe(true);
    expect(topics.publish('tea', 'once').sent).toBe(1);
    expect(one.heard).toEqual(['once']);
    expect(topics.unsubscribe('tea', one)).toBe(true);
    expect(topics.unsubscribe('tea', one)).toBe(false);
    expect(topics.unsubscribe('never', one)).toBe(false);
    expect(topics.topicsOf(one)).toEqual(['coffee']);
  });

  it('are counted and listed, by topic and by subscriber', () => {
    const { topics, guests } = teaRoom();
    const [one, two] = guests as [FakeSubscriber, FakeSubscriber];
    topics.subscribe('coffee', two);
    expect(topics.subscriberCount('tea')).toBe(3);
    expect(topics.subscriberCount('never')).toBe(0);
    expect(topics.subscribers('tea').map(({ name }) => name)).toEqual(['one', 'two', 'three']);
    expect(topics.subscribers('never')).toEqual([]);
    expect(topics.topicsOf(two)).toEqual(['tea', 'coffee']);
    expect(topics.topicsOf(new FakeSubscriber())).toEqual([]);
    expect(topics.names()).toEqual(['tea', 'coffee']);
    expect([topics.isSubscribed('coffee', two), topics.isSubscribed('coffee', one)]).toEqual([
      true,
      false,
    ]);
  });

  it('end all together, and tell how many they were', () => {
    const { topics, guests } = teaRoom();
    const [one] = guests as [FakeSubscriber];
    topics.subscribe('coffee', one);
    expect(topics.unsubscribeAll(one)).toBe(2);
    expect(topics.unsubscribeAll(one)).toBe(0);
    expect(topics.unsubscribeAll(new FakeSubscriber())).toBe(0);
    expect(topics.subscriberCount('tea')).toBe(2);
  });

  it('of a topic that nobody is subscribed to any more leave nothing of it', () => {
    const { topics, guests } = teaRoom();
    for (const guest of guests) topics.unsubscribe('tea', guest);
    expect([topics.names(), topics.subscriberCount('tea')]).toEqual([[], 0]);
  });

  it('are lists of their own: to change one changes nothing', () => {
    const { topics, guests } = teaRoom();
    topics.subscribers('tea').pop();
    topics.topicsOf(guests[0] as FakeSubscriber).pop();
    topics.names().pop();
    expect([topics.subscriberCount('tea'), topics.names()]).toEqual([3, ['tea']]);
  });

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '0',
    ' ',
    '\0',
    '🐿',
    '*',
    '#',
  ])('may have the name %j, which is one like any other', (name) => {
    const topics = new Topics();
    const one = new FakeSubscriber();
    expect([topics.subscriberCount(name), topics.subscribers(name)]).toEqual([0, []]);
    expect(topics.subscribe(name, one)).toBe(true);
    expect(topics.publish(name, 'hello').sent).toBe(1);
    expect(topics.names()).toEqual([name]);
    expect(topics.unsubscribe(name, one)).toBe(true);
    expect(topics.names()).toEqual([]);
  });

  it('are apart from those of other Topics', () => {
    const [here, there] = [new Topics(), new Topics()];
    const one = new FakeSubscriber();
    here.subscribe('tea', one);
    expect([there.subscriberCount('tea'), there.publish('tea', 'a').sent]).toEqual([0, 0]);
  });
});

describe('the limits', () => {
  it('are 128 topics for each subscriber', () => {
    const topics = new Topics();
    const [one, other] = some('one', 'other') as [FakeSubscriber, FakeSubscriber];
    for (let at = 0; at < 128; at += 1) topics.subscribe(`topic ${at}`, one);
    expect(() => topics.subscribe('one more', one)).toThrow(code('MEERKAT_TOPIC_LIMIT'));
    expect(topics.topicsOf(one).length).toBe(128);
    expect(topics.names()).not.toContain('one more');
    expect(topics.subscribe('topic 0', one)).toBe(false); // there already
    expect(topics.subscribe('one more', other)).toBe(true);
    topics.unsubscribe('topic 5', one);
    expect(topics.subscribe('one more', one)).toBe(true);
  });

  it.each([
    ['255 octets', 'x'.repeat(255), true],
    ['256 octets', 'x'.repeat(256), false],
    ['127 characters of two octets', 'é'.repeat(127), true],
    ['128 characters of two octets', 'é'.repeat(128), false],
    ['63 characters of four octets', '🐿'.repeat(63), true],
    ['64 characters of four octets', '🐿'.repeat(64), false],
    ['no octet', '', false],
    ['a lone high surrogate', 'a\ud83d', false],
    ['a lone low surrogate', '\udc3fa', false],
  ])('allow a name of %s: %s is %s', (_what, name, allowed) => {
    const topics = new Topics();
    const one = new FakeSubscriber();
    if (allowed) {
      expect(topics.subscribe(name, one)).toBe(true);
      expect(topics.publish(name, 'a').sent).toBe(1);
      return;
    }
    expect(() => topics.subscribe(name, one)).toThrow(code('MEERKAT_TOPIC_NAME'));
    expect(() => topics.publish(name, 'a')).toThrow(code('MEERKAT_TOPIC_NAME'));
    expect([topics.names(), one.listeners]).toEqual([[], 0]);
  });

  it.each([null, undefined, 1, {}, ['tea'], Symbol('tea')])(
    'allow no name that is no string: case %#',
    (name) => {
      const topics = new Topics();
      const given = name as unknown as string;
      expect(() => topics.subscribe(given, new FakeSubscriber())).toThrow(
        code('MEERKAT_TOPIC_NAME'),
      );
      expect(() => topics.publish(given, 'a')).toThrow(code('MEERKAT_TOPIC_NAME'));
    },
  );

  it('are options', () => {
    const topics = new Topics({ maxTopicsPerSubscriber: 1, maxTopicNameBytes: 3 });
    const one = new FakeSubscriber();
    expect(() => topics.subscribe('long', one)).toThrow(code('MEERKAT_TOPIC_NAME'));
    topics.subscribe('tea', one);
    expect(() => topics.subscribe('mud', one)).toThrow(code('MEERKAT_TOPIC_LIMIT'));
    expect(new Topics({ maxTopicNameBytes: 300 }).subscribe('x'.repeat(300), one)).toBe(true);
  });

  it.each<[string, object, string]>([
    ['no topics', { maxTopicsPerSubscriber: 0 }, 'MEERKAT_OPTION_RANGE'],
    ['names without an octet', { maxTopicNameBytes: 0 }, 'MEERKAT_OPTION_RANGE'],
    ['a fraction', { maxTopicNameBytes: 1.5 }, 'MEERKAT_OPTION_RANGE'],
    ['an error handler that is none', { error: 'log' }, 'MEERKAT_OPTION_RANGE'],
    ['another name', { maxTopics: 3 }, 'MEERKAT_OPTION_UNKNOWN'],
    ['null', null as unknown as object, 'MEERKAT_OPTION_UNKNOWN'],
  ])('cannot be %s', (_what, options, expected) => {
    expect(() => new Topics(options)).toThrow(code(expected));
  });
});

describe('a subscriber', () => {
  const closed = Promise.resolve();
  it.each<[string, unknown]>([
    ['null', null],
    ['a string', 'one'],
    ['without send', { closed }],
    ['whose send is no function', { send: 'now', closed }],
    ['without closed', { send: () => 'sent' }],
    ['whose closed is no promise', { send: () => 'sent', closed: false }],
    ['a function', () => 'sent'],
  ])('cannot be what has not the shape: %s', (_what, given) => {
    const topics = new Topics();
    expect(() => topics.subscribe('tea', given as Subscriber)).toThrow(code('MEERKAT_SUBSCRIBER'));
    expect(topics.names()).toEqual([]);
    expect(topics.unsubscribe('tea', given as Subscriber)).toBe(false);
    expect(topics.unsubscribeAll(given as Subscriber)).toBe(0);
  });

  it('leaves all its topics by itself when it has ended', async () => {
    const { topics, guests } = teaRoom();
    const [one] = guests as [FakeSubscriber];
    topics.subscribe('coffee', one);
    one.close();
    await turn();
    expect([topics.names(), topics.topicsOf(one)]).toEqual([['tea'], []]);
    expect(topics.publish('tea', 'who is left?')).toEqual({ sent: 2, queued: 0, dropped: 0 });
    expect(one.heard).toEqual([]);
  });

  it('leaves them as well when its end is a rejection', async () => {
    const { topics, guests } = teaRoom();
    (guests[1] as FakeSubscriber).fail(new Error('gone'));
    await turn();
    expect(topics.subscriberCount('tea')).toBe(2);
  });

  it('does not come back once it has ended', async () => {
    const { topics, guests } = teaRoom();
    const [one] = guests as [FakeSubscriber];
    one.close();
    await turn();
    expect(topics.subscribe('tea', one)).toBe(false);
    expect(topics.subscribe('coffee', one)).toBe(false);
    expect(topics.names()).toEqual(['tea']);
  });

  it('that had ended before is subscribed for no longer than the microtasks', async () => {
    const topics = new Topics();
    const one = new FakeSubscriber();
    one.close();
    topics.subscribe('tea', one);
    await turn();
    expect(topics.names()).toEqual([]);
  });

  it('may say at once that it has ended', () => {
    const topics = new Topics();
    // biome-ignore lint/suspicious/noThenProperty: it calls back at once, as no promise does.
    const closed = { then: (told: () => void) => told() } as unknown as PromiseLike<unknown>;
    expect(topics.subscribe('tea', { send: () => 'sent', closed })).toBe(false);
    expect(topics.names()).toEqual([]);
  });

  it('is listened to once, however often it comes and goes', () => {
    const topics = new Topics();
    const one = new FakeSubscriber();
    for (let at = 0; at < 100; at += 1) {
      topics.subscribe(`topic ${at}`, one);
      topics.subscribe('another', one);
      if (at % 2 === 0) topics.unsubscribe(`topic ${at}`, one);
      else topics.unsubscribeAll(one);
    }
    expect(one.listeners).toBe(1);
  });

  it('has no effect where its closed throws', () => {
    const topics = new Topics();
    // biome-ignore lint/suspicious/noThenProperty: it throws.
    const closed = { then: () => fail('broken') } as unknown as PromiseLike<unknown>;
    const broken: Subscriber = { send: () => 'sent', closed };
    expect(() => topics.subscribe('tea', broken)).toThrow('broken');
    expect(topics.names()).toEqual([]);
  });

  it('is a connection, by its shape', async () => {
    const texts: unknown[] = [];
    const pair = connectionPair({}, { message: (_connection, text) => void texts.push(text) });
    const topics = new Topics<Connection<undefined>>();
    topics.subscribe('tea', pair.server);
    expect(topics.publish('tea', 'hello')).toEqual({ sent: 1, queued: 0, dropped: 0 });
    pair.client.close();
    await pair.server.closed;
    await turn();
    expect([texts, topics.names()]).toEqual([['hello'], []]);
  });
});

describe('publish', () => {
  it('hands one prepared message to all, in the order they came', () => {
    const { topics, guests } = teaRoom();
    const order: string[] = [];
    for (const guest of guests) guest.onMessage = () => order.push(guest.name);
    expect(topics.publish('tea', 'hello')).toEqual({ sent: 3, queued: 0, dropped: 0 });
    expect(order).toEqual(['one', 'two', 'three']);
    const messages = new Set(guests.map((guest) => guest.messages[0]));
    expect(messages.size).toBe(1);
    expect([...messages][0]).toBeInstanceOf(PreparedMessage);
  });

  it('takes whatever can be sent; what is prepared already as it is', () => {
    const { topics, guests } = teaRoom();
    const [one] = guests as [FakeSubscriber];
    const prepared = new PreparedMessage('prepared');
    for (const message of ['text', Uint8Array.of(1, 2), new ArrayBuffer(1), prepared]) {
      topics.publish('tea', message);
    }
    expect(one.heard).toEqual(['text', '0102', '00', 'prepared']);
    expect(one.messages.at(-1)).toBe(prepared);
  });

  it('has copied octets when it returns', () => {
    const { topics, guests } = teaRoom();
    const octets = Uint8Array.of(1, 2);
    topics.publish('tea', octets);
    octets.fill(9);
    expect(guests[0]?.messages[0]?.content).toEqual(Uint8Array.of(1, 2));
  });

  it('counts what the subscribers answer', () => {
    const topics = new Topics();
    const answers = ['sent', 'queued', 'sent', 'dropped', 'sent'] as const;
    for (const answer of answers) {
      const one = new FakeSubscriber();
      one.answer = answer;
      topics.subscribe('tea', one);
    }
    expect(topics.publish('tea', 'hello')).toEqual({ sent: 3, queued: 1, dropped: 1 });
  });

  it('reaches nobody where nobody is subscribed, and makes no topic', () => {
    const topics = new Topics();
    expect(topics.publish('tea', 'hello')).toEqual({ sent: 0, queued: 0, dropped: 0 });
    expect(topics.names()).toEqual([]);
  });

  it('leaves out one subscriber, or a set of them', () => {
    const { topics, guests } = teaRoom();
    const [one, two, three] = guests as [FakeSubscriber, FakeSubscriber, FakeSubscriber];
    expect(topics.publish('tea', 'a', { except: two }).sent).toBe(2);
    expect(topics.publish('tea', 'b', { except: new Set([one, three]) }).sent).toBe(1);
    expect(topics.publish('tea', 'c', { except: new Set() }).sent).toBe(3);
    expect(topics.publish('tea', 'd', { except: new FakeSubscriber() }).sent).toBe(3);
    expect(topics.publish('tea', 'e', { except: undefined }).sent).toBe(3);
    expect(heard(guests)).toEqual([
      ['a', 'c', 'd', 'e'],
      ['b', 'c', 'd', 'e'],
      ['a', 'c', 'd', 'e'],
    ]);
  });

  it('leaves out one that has a method `has` itself', () => {
    const topics = new Topics();
    const one = Object.assign(new FakeSubscriber(), { has: () => true });
    const two = new FakeSubscriber();
    topics.subscribe('tea', one);
    topics.subscribe('tea', two);
    topics.publish('tea', 'a', { except: one });
    expect(heard([one, two])).toEqual([[], ['a']]);
  });

  it('passes on whether it is compressed, and makes no options for each', () => {
    const { topics, guests } = teaRoom();
    topics.publish('tea', 'a');
    topics.publish('tea', 'b', { compress: false });
    topics.publish('tea', 'c', { compress: true });
    topics.publish('tea', 'd', { compress: false });
    for (const { options } of guests) {
      expect(options).toEqual([
        undefined,
        { compress: false },
        { compress: true },
        { compress: false },
      ]);
      expect(options[1]).toBe(options[3]);
    }
  });

  it.each<[string, unknown, unknown, string]>([
    ['no message', 1, undefined, 'MEERKAT_MESSAGE_TYPE'],
    ['null', null, undefined, 'MEERKAT_MESSAGE_TYPE'],
    ['an option that is not there', 'a', { expect: 1 }, 'MEERKAT_OPTION_UNKNOWN'],
    ['options that are none', 'a', 'except', 'MEERKAT_OPTION_UNKNOWN'],
    ['an exception that is none', 'a', { except: 'two' }, 'MEERKAT_OPTION_RANGE'],
    [
      'an array of exceptions, which would leave out nobody',
      'a',
      { except: [] },
      'MEERKAT_OPTION_RANGE',
    ],
    ['a map of exceptions', 'a', { except: new Map() }, 'MEERKAT_OPTION_RANGE'],
    ['a compress that is no boolean', 'a', { compress: 1 }, 'MEERKAT_OPTION_RANGE'],
  ])('refuses %s before anybody gets anything, and without subscribers too', (_what, ...given) => {
    const [message, options, expected] = given;
    const { topics, guests } = teaRoom();
    for (const topic of ['tea', 'nobody’s']) {
      expect(() =>
        topics.publish(topic, message as string, options as PublishOptions<FakeSubscriber>),
      ).toThrow(code(expected));
    }
    expect(heard(guests)).toEqual([[], [], []]);
  });
});

describe('a subscriber whose send throws', () => {
  it('keeps the message from nobody else, and counts as dropped', () => {
    const errors: unknown[][] = [];
    const topics = new Topics<FakeSubscriber>({ error: (...told) => void errors.push(told) });
    const guests = some('one', 'two', 'three');
    for (const guest of guests) topics.subscribe('tea', guest);
    const [, two] = guests as [FakeSubscriber, FakeSubscriber];
    const failure = new Error('cannot');
    two.onMessage = () => {
      throw failure;
    };
    expect(topics.publish('tea', 'hello')).toEqual({ sent: 2, queued: 0, dropped: 1 });
    expect(errors).toEqual([[failure, two, 'tea']]);
    two.onMessage = () => {};
    expect(topics.publish('tea', 'again')).toEqual({ sent: 3, queued: 0, dropped: 0 });
  });

  it('is reported on the console where nobody else is told', () => {
    const logged = recordConsoleErrors();
    const { topics, guests } = teaRoom();
    const failure = new Error('cannot');
    (guests[0] as FakeSubscriber).onMessage = () => {
      throw failure;
    };
    topics.publish('tea', 'hello');
    expect(logged).toEqual([['meerkat: a subscriber of "tea" failed:', failure]]);
  });

  it('and an error handler that throws as well still do not fail publish', () => {
    const logged = recordConsoleErrors();
    const topics = new Topics<FakeSubscriber>({
      error() {
        throw new Error('the handler');
      },
    });
    const [one] = some('one') as [FakeSubscriber];
    one.onMessage = () => fail('the subscriber');
    topics.subscribe('tea', one);
    expect(topics.publish('tea', 'hello').dropped).toBe(1);
    expect(logged.length).toBe(1);
  });

  it('is told of when all others have the message: the handler may publish itself', () => {
    const topics = new Topics<FakeSubscriber>({
      error(_error, { name }, topic) {
        topics.unsubscribe(topic, guests[0] as FakeSubscriber);
        topics.publish(topic, `${name} is broken`);
      },
    });
    const guests = some('one', 'two');
    for (const guest of guests) topics.subscribe('tea', guest);
    const [one, two] = guests as [FakeSubscriber, FakeSubscriber];
    one.onMessage = () => fail('cannot');
    expect(topics.publish('tea', 'hello')).toEqual({ sent: 1, queued: 0, dropped: 1 });
    expect(two.heard).toEqual(['hello', 'one is broken']);
  });
});

describe('what a subscriber does when it gets a message', () => {
  it('may be to leave, or to make others leave: who has not got it yet does not', () => {
    const { topics, guests } = teaRoom();
    const [one, , three] = guests as [FakeSubscriber, FakeSubscriber, FakeSubscriber];
    one.onMessage = () => {
      topics.unsubscribe('tea', one);
      topics.unsubscribe('tea', three);
    };
    expect(topics.publish('tea', 'a')).toEqual({ sent: 2, queued: 0, dropped: 0 });
    expect(heard(guests)).toEqual([['a'], ['a'], []]);
    expect(topics.publish('tea', 'b').sent).toBe(1);
  });

  it('may be to subscribe others: they get the next message, and it ends', () => {
    const { topics, guests } = teaRoom();
    const [one] = guests as [FakeSubscriber];
    const late: FakeSubscriber[] = [];
    one.onMessage = () => {
      const guest = new FakeSubscriber(`late ${late.length}`);
      late.push(guest);
      topics.subscribe('tea', guest);
    };
    expect(topics.publish('tea', 'a').sent).toBe(3);
    expect(topics.publish('tea', 'b').sent).toBe(4);
    expect(heard(late)).toEqual([['b'], []]);
  });

  it('may be to leave and come back: it gets a message once', () => {
    const { topics, guests } = teaRoom();
    for (const guest of guests) {
      guest.onMessage = () => {
        for (const other of guests) {
          topics.unsubscribe('tea', other);
          topics.subscribe('tea', other);
        }
      };
    }
    topics.publish('tea', 'a');
    expect(guests.map((guest) => guest.heard.length <= 1)).toEqual([true, true, true]);
    expect(topics.subscriberCount('tea')).toBe(3);
  });

  it('may be to publish to another topic, but not to its own: who comes after it would get them the wrong way round', () => {
    const { topics, guests } = teaRoom();
    const [one, two, three] = guests as [FakeSubscriber, FakeSubscriber, FakeSubscriber];
    topics.subscribe('coffee', three);
    const refused: unknown[] = [];
    two.onMessage = (text) => {
      if (text !== 'a') return;
      topics.publish('coffee', 'aside');
      try {
        topics.publish('tea', 'inner');
      } catch (error) {
        refused.push(error);
      }
    };
    expect(topics.publish('tea', 'a').sent).toBe(3);
    expect(refused).toEqual([code('MEERKAT_TOPIC_BUSY')]);
    expect(refused[0]).toBeInstanceOf(UsageError);
    expect(heard(guests)).toEqual([['a'], ['a'], ['aside', 'a']]);
    topics.publish('tea', 'b');
    expect(one.heard).toEqual(['a', 'b']);
  });

  it('may be to throw: the topic can be published to afterwards', () => {
    recordConsoleErrors();
    const { topics, guests } = teaRoom();
    (guests[2] as FakeSubscriber).onMessage = () => topics.publish('tea', 'inner');
    expect(topics.publish('tea', 'a')).toEqual({ sent: 2, queued: 0, dropped: 1 });
    expect(topics.publish('tea', 'b', { except: guests[2] }).sent).toBe(2);
  });

  it('is told to a set that throws as well', () => {
    const { topics } = teaRoom();
    const except = {
      has(): boolean {
        throw new Error('no set');
      },
    } as unknown as ReadonlySet<FakeSubscriber>;
    expect(() => topics.publish('tea', 'a', { except })).toThrow('no set');
    expect(topics.publish('tea', 'b').sent).toBe(3);
  });
});
