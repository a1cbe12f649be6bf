import type { KeepaliveTimes } from '../protocol/keepalive.ts';
import { DEFAULT_LIMITS, LIMIT_RANGES, type Limits } from '../protocol/limits.ts';
import type { MessageTypes } from '../protocol/message-reader.ts';
import { checkOptions, type GivenOptions, type OptionRanges } from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { type Clock, systemClock } from './clock.ts';

/** The options that are numbers: limits, queues and times. */
export interface ConnectionNumbers extends Limits, KeepaliveTimes {
  /** Messages received and not yet handled at which reading pauses. Minimum 1. @default 16 */
  maxInboxMessages: number;
  /** Octets received and not yet handled at which reading pauses. Minimum 1. @default 65_536 */
  maxInboxBytes: number;
  /**
   * Octets waiting to leave from which on `send` answers 'queued'. Minimum 1; above `maxQueuedBytes` it counts as that.
   * @default 65_536
   */
  softQueuedBytes: number;
  /** Octets waiting to leave from which on `send` answers 'dropped'. Minimum 1. @default 1_048_576 */
  maxQueuedBytes: number;
  /** How long each step of the closing handshake may take, in milliseconds; then the transport is destroyed. @default 10_000 */
  closeTimeout: number;
}

/** What every connection can be told, on the server and on the client. */
export interface ConnectionOptions extends GivenOptions<ConnectionNumbers> {
  /** Which messages are accepted; others are answered with close code 1003. @default 'any' */
  messageTypes?: MessageTypes | undefined;
  /** The source of time. @default the system's monotonic clock */
  clock?: Clock | undefined;
}

/** The same with every default filled in. */
export interface ResolvedConnectionOptions extends ConnectionNumbers {
  readonly messageTypes: MessageTypes;
  readonly clock: Clock;
}

/** One day: longer times are a mistake in the unit. */
export const MAX_MILLISECONDS = 86_400_000;

export const DEFAULT_CONNECTION_NUMBERS: Readonly<ConnectionNumbers> = {
  ...DEFAULT_LIMITS,
  pingInterval: 25_000,
  pongTimeout: 20_000,
  maxInboxMessages: 16,
  maxInboxBytes: 65_536,
  softQueuedBytes: 65_536,
  maxQueuedBytes: 1_048_576,
  closeTimeout: 10_000,
};

export const CONNECTION_RANGES: OptionRanges<ConnectionNumbers> = {
  ...LIMIT_RANGES,
  pingInterval: [0, MAX_MILLISECONDS],
  pongTimeout: [1, MAX_MILLISECONDS],
  maxInboxMessages: [1, 2 ** 30],
  maxInboxBytes: [1, 2 ** 30],
  softQueuedBytes: [1, 2 ** 30],
  maxQueuedBytes: [1, 2 ** 30],
  closeTimeout: [1, MAX_MILLISECONDS],
};

/** The names of every option of a connection. */
export const CONNECTION_OPTION_NAMES: readonly string[] = [
  ...Object.keys(CONNECTION_RANGES),
  'messageTypes',
  'clock',
];

/** @throws {@link UsageError} for a value out of range. */
export function resolveConnectionOptions(given: ConnectionOptions): ResolvedConnectionOptions {
  const { messageTypes = 'any', clock = systemClock } = given;
  if (messageTypes !== 'any' && messageTypes !== 'text' && messageTypes !== 'binary') {
    throw new UsageError('MEERKAT_OPTION_RANGE', `messageTypes is ${String(messageTypes)}`);
  }
  const numbers = checkOptions(given, DEFAULT_CONNECTION_NUMBERS, CONNECTION_RANGES);
  // Above the cap, `drained()` would resolve at once while `send` drops: who loops over the two would never stop.
  const softQueuedBytes = Math.min(numbers.softQueuedBytes, numbers.maxQueuedBytes);
  return { ...numbers, softQueuedBytes, messageTypes, clock };
}

/**
 * How long an opening handshake may take, in milliseconds; 10 s by default.
 *
 * @throws {@link UsageError} for a value out of range.
 */
export function resolveHandshakeTimeout(given: { handshakeTimeout?: number | undefined }): number {
  return checkOptions<{ handshakeTimeout: number }>(
    given,
    { handshakeTimeout: 10_000 },
    { handshakeTimeout: [1, MAX_MILLISECONDS] },
  ).handshakeTimeout;
}
