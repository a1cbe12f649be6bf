import { toOctets } from '../protocol/octets.ts';
import { PreparedMessage } from '../protocol/prepared-message.ts';
import type { Sendable } from '../protocol/sendable.ts';
import { UsageError } from '../protocol/usage-error.ts';
import {
  type PublishOptions,
  type ResolvedPublishOptions,
  resolvePublishOptions,
} from './publish-options.ts';
import { checkSubscriber, type Subscriber } from './subscriber.ts';
import { type Published, type SubscriberFailure, Topic } from './topic.ts';
import { checkTopicName } from './topic-name.ts';
import {
  type ResolvedTopicsOptions,
  resolveTopicsOptions,
  type TopicsOptions,
} from './topics-options.ts';

/** What is known of a subscriber, from its first topic until it is garbage. */
interface Membership<Member extends Subscriber> {
  readonly topics: Map<string, Topic<Member>>;
  /** Its `closed` has settled. */
  gone: boolean;
}

const TO_ALL: ResolvedPublishOptions<never> = {
  exceptOne: undefined,
  exceptSome: undefined,
  send: undefined,
};

/**
 * Publish and subscribe. A topic is a name; it is there as long as somebody is subscribed to it.
 *
 * A message is encoded once, and compressed once for all who agreed on the same. Delivery is synchronous, and waits for
 * nobody: each subscriber answers at once, and who is slow drops. Messages of one topic reach every subscriber in the
 * same order.
 *
 * @typeParam Member - Who subscribes: `Topics<Connection<User>>` answers with such connections.
 */
export class Topics<Member extends Subscriber = Subscriber> {
  readonly #options: ResolvedTopicsOptions<Member>;
  readonly #topics = new Map<string, Topic<Member>>();
  /** Who has gone is remembered too: `closed` is listened to once, however often somebody comes back. */
  readonly #memberships = new WeakMap<Member, Membership<Member>>();

  /** @throws {@link UsageError} for an unknown option or a value out of range. */
  constructor(options: TopicsOptions<Member> = {}) {
    this.#options = resolveTopicsOptions(options);
  }

  /**
   * Subscribes to a topic, until `unsubscribe` or the end of the subscriber.
   *
   * @returns False when it changes nothing: it is subscribed already, or has ended.
   * @throws {@link UsageError} for a name that cannot be one, for what is no subscriber, and past `maxTopicsPerSubscriber`.
   */
  subscribe(topic: string, subscriber: Member): boolean {
    if (!this.#topics.has(topic)) checkTopicName(topic, this.#options.maxTopicNameBytes);
    const { topics, gone } = this.#memberships.get(subscriber) ?? this.#welcome(subscriber);
    if (gone || topics.has(topic)) return false;
    const { maxTopicsPerSubscriber } = this.#options;
    if (topics.size >= maxTopicsPerSubscriber) {
      throw new UsageError('MEERKAT_TOPIC_LIMIT', String(maxTopicsPerSubscriber));
    }
    let entry = this.#topics.get(topic);
    if (entry === undefined) {
      entry = new Topic(topic);
      this.#topics.set(topic, entry);
    }
    entry.add(subscriber);
    topics.set(topic, entry);
    return true;
  }

  /** Ends a subscription. False when there was none. */
  unsubscribe(topic: string, subscriber: Member): boolean {
    const entry = this.#memberships.get(subscriber)?.topics.get(topic);
    if (entry === undefined) return false;
    this.#leave(topic, entry, subscriber);
    return true;
  }

  /** Ends all subscriptions of one subscriber; answers how many there were. */
  unsubscribeAll(subscriber: Member): number {
    const topics = this.#memberships.get(subscriber)?.topics;
    if (topics === undefined) return 0;
    const { size } = topics;
    for (const [name, topic] of topics) this.#leave(name, topic, subscriber);
    return size;
  }

  /**
   * Sends a message to everyone who is subscribed to a topic, at once.
   *
   * @returns How many of them answered what. Nobody gets it again: who dropped it misses it.
   * @throws {@link UsageError} for a name that cannot be one, for what is no message, for wrong options, and inside of
   * the `send` of a subscriber of the same topic.
   */
  publish(topic: string, message: Sendable, options?: PublishOptions<Member>): Published {
    const resolved: ResolvedPublishOptions<Member> =
      options === undefined ? TO_ALL : resolvePublishOptions(options);
    const entry = this.#topics.get(topic);
    if (entry === undefined) {
      checkTopicName(topic, this.#options.maxTopicNameBytes);
      checkMessage(message);
      return { sent: 0, queued: 0, dropped: 0 };
    }
    const prepared = message instanceof PreparedMessage ? message : new PreparedMessage(message);
    const failures: SubscriberFailure<Member>[] = [];
    const published = entry.publish(prepared, resolved, failures);
    for (const { error, subscriber } of failures) this.#report(error, subscriber, topic);
    return published;
  }

  /** How many are subscribed to a topic. */
  subscriberCount(topic: string): number {
    return this.#topics.get(topic)?.size ?? 0;
  }

  /** Who is subscribed to a topic, in the order they came. The array is the caller's. */
  subscribers(topic: string): Member[] {
    return this.#topics.get(topic)?.members ?? [];
  }

  /** Whether somebody is subscribed to a topic. */
  isSubscribed(topic: string, subscriber: Member): boolean {
    return this.#memberships.get(subscriber)?.topics.has(topic) ?? false;
  }

  /** The topics of a subscriber, in the order of its subscriptions. The array is the caller's. */
  topicsOf(subscriber: Member): string[] {
    return [...(this.#memberships.get(subscriber)?.topics.keys() ?? [])];
  }

  /** The names of all topics: those that somebody is subscribed to. The array is the caller's. */
  names(): string[] {
    return [...this.#topics.keys()];
  }

  #welcome(subscriber: Member): Membership<Member> {
    checkSubscriber(subscriber);
    const membership: Membership<Member> = { topics: new Map(), gone: false };
    const left = (): void => {
      membership.gone = true;
      this.unsubscribeAll(subscriber);
    };
    // Before it is subscribed: something that is no promise may call back at once.
    subscriber.closed.then(left, left);
    this.#memberships.set(subscriber, membership);
    return membership;
  }

  #leave(name: string, topic: Topic<Member>, subscriber: Member): void {
    this.#memberships.get(subscriber)?.topics.delete(name);
    topic.delete(subscriber);
    if (topic.size === 0) this.#topics.delete(name);
  }

  #report(error: unknown, subscriber: Member, topic: string): void {
    const told = this.#options.error;
    if (told === undefined) {
      console.error(`meerkat: a subscriber of ${JSON.stringify(topic)} failed:`, error);
      return;
    }
    try {
      told(error, subscriber, topic);
    } catch (second) {
      console.error('meerkat: the error handler failed:', second, 'when it was told of:', error);
    }
  }
}

/** @throws {@link UsageError} for what is no message; nothing is copied. */
function checkMessage(message: Sendable): void {
  if (typeof message === 'string' || message instanceof PreparedMessage) return;
  toOctets(message, 'MEERKAT_MESSAGE_TYPE');
}
