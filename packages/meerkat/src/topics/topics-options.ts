import {
  checkOptions,
  type GivenOptions,
  type OptionRanges,
  refuseUnknownOptions,
} from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';

/** The options of topics that are numbers. */
export interface TopicsNumbers {
  /** Topics that one subscriber may have at a time; past it `subscribe` throws. Minimum 1. @default 128 */
  maxTopicsPerSubscriber: number;
  /** Octets of a topic's name in UTF-8. Minimum 1. @default 255 */
  maxTopicNameBytes: number;
}

/** What {@link Topics} can be told. */
export interface TopicsOptions<Member> extends GivenOptions<TopicsNumbers> {
  /**
   * A subscriber's `send` threw. Called when all others have the message.
   * @default console.error
   */
  error?: ((error: unknown, subscriber: Member, topic: string) => void) | undefined;
}

/** The same with the defaults filled in. */
export interface ResolvedTopicsOptions<Member> extends TopicsNumbers {
  readonly error: ((error: unknown, subscriber: Member, topic: string) => void) | undefined;
}

const DEFAULTS: Readonly<TopicsNumbers> = {
  maxTopicsPerSubscriber: 128,
  maxTopicNameBytes: 255,
};

const RANGES: OptionRanges<TopicsNumbers> = {
  maxTopicsPerSubscriber: [1, 2 ** 30],
  maxTopicNameBytes: [1, 65_535],
};

/** @throws {@link UsageError} for an unknown name or a value out of range. */
export function resolveTopicsOptions<Member>(
  given: TopicsOptions<Member>,
): ResolvedTopicsOptions<Member> {
  refuseUnknownOptions(given, [...Object.keys(RANGES), 'error']);
  const { error } = given;
  if (error !== undefined && typeof error !== 'function') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'error is not a function');
  }
  return { ...checkOptions(given, DEFAULTS, RANGES), error };
}
