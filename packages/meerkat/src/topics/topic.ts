import type { PreparedMessage } from '../protocol/prepared-message.ts';
import type { SendOptions, SendResult } from '../protocol/sendable.ts';
import { UsageError } from '../protocol/usage-error.ts';
import type { ResolvedPublishOptions } from './publish-options.ts';
import type { Subscriber } from './subscriber.ts';

/** What became of a message: how many subscribers answered what. */
export interface Published {
  /** Accepted: their queues are short. */
  readonly sent: number;
  /** Accepted, but their queues are long. */
  readonly queued: number;
  /** Not accepted: they do not get it. */
  readonly dropped: number;
}

/** A subscriber's `send` threw that. */
export interface SubscriberFailure<Member> {
  readonly subscriber: Member;
  readonly error: unknown;
}

/** One topic and who subscribed to it. */
export class Topic<Member extends Subscriber> {
  readonly #name: string;
  readonly #members = new Set<Member>();
  /** The same in a row, as they were at the last publish; made anew when they have changed. */
  #row: readonly Member[] | undefined;
  #publishing = false;

  constructor(name: string) {
    this.#name = name;
  }

  get size(): number {
    return this.#members.size;
  }

  get members(): Member[] {
    return [...this.#members];
  }

  add(member: Member): void {
    this.#members.add(member);
    this.#row = undefined;
  }

  delete(member: Member): void {
    this.#members.delete(member);
    this.#row = undefined;
  }

  /**
   * Hands the message to everyone who is subscribed when it begins, in the order they came, and still is at their turn.
   *
   * Hot path: nothing is made for a subscriber.
   *
   * @param failures - Gets what they threw.
   * @throws {@link UsageError} while the topic is being published to: those whose turn is still to come would get the
   * inner message first, and others the outer one.
   */
  publish(
    message: PreparedMessage,
    options: ResolvedPublishOptions<Member>,
    failures: SubscriberFailure<Member>[],
  ): Published {
    if (this.#publishing) {
      throw new UsageError('MEERKAT_TOPIC_BUSY', JSON.stringify(this.#name));
    }
    this.#publishing = true;
    try {
      return this.#handOut(message, options, failures);
    } finally {
      this.#publishing = false;
    }
  }

  #handOut(
    message: PreparedMessage,
    { exceptOne, exceptSome, send }: ResolvedPublishOptions<Member>,
    failures: SubscriberFailure<Member>[],
  ): Published {
    this.#row ??= [...this.#members];
    const row = this.#row;
    let sent = 0;
    let queued = 0;
    let dropped = 0;
    for (let index = 0; index < row.length; index += 1) {
      const member = row[index] as Member;
      if (member === exceptOne || exceptSome?.has(member) === true) continue;
      // What a subscriber does when it gets the message may make another one leave.
      if (row !== this.#row && !this.#members.has(member)) continue;
      const result = hand(member, message, send, failures);
      if (result === 'sent') sent += 1;
      else if (result === 'queued') queued += 1;
      else dropped += 1;
    }
    return { sent, queued, dropped };
  }
}

/** Apart from the loop, for the sake of its `try`. */
function hand<Member extends Subscriber>(
  member: Member,
  message: PreparedMessage,
  options: SendOptions | undefined,
  failures: SubscriberFailure<Member>[],
): SendResult {
  try {
    return member.send(message, options);
  } catch (error) {
    failures.push({ subscriber: member, error });
    return 'dropped';
  }
}
