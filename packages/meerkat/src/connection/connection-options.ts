import type { KeepaliveTimes } from '../protocol/keepalive.ts';
import { DEFAULT_LIMITS, LIMIT_RANGES, type Limits } from '../protocol/limits.ts';
import type { MessageTypes } from '../protocol/message-reader.ts';
import { checkOptions, type GivenOptions, type OptionRanges } from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';
import type { TransportKind } from '../transport/open-transport.ts';
import { type Clock, systemClock } from './clock.ts';
import {
  type CompressionOptions,
  type ResolvedCompression,
  resolveCompression,
} from './compression/compression-options.ts';
import type { OverRate } from './receive-rate.ts';

/** The options that are numbers: limits, queues and times. */
export interface ConnectionNumbers extends Limits, KeepaliveTimes {
  /** Messages received and not yet handled at which reading pauses. Minimum 1. @default 16 */
  maxInboxMessages: number;
  /** Octets received and not yet handled at which reading pauses. Minimum 1. @default 65_536 */
  maxInboxBytes: number;
  /** Messages a second that are accepted, on average; past it see `overRate`. 0 for no limit. @default 0 */
  maxMessagesPerSecond: number;
  /** Messages accepted at once before the rate counts. 0 for twice `maxMessagesPerSecond`. @default 0 */
  messageBurst: number;
  /** Octets of messages a second that are accepted, inflated, on average; past it see `overRate`. 0 for no limit. @default 0 */
  maxBytesPerSecond: number;
  /**
   * Octets accepted at once before the rate counts. 0 for twice `maxBytesPerSecond`. Unless `overRate` is 'pause', a
   * longer message never passes. @default 0
   */
  byteBurst: number;
  /**
   * How many times its own octets a compressed message may inflate to, where that is more than 16 KiB; past it: close
   * 1008. 0 for no limit but `maxMessageBytes`: deflate reaches 1,032. @default 0
   */
  maxInflateRatio: number;
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
  /**
   * What becomes of messages beyond `maxMessagesPerSecond` or `maxBytesPerSecond`: 'pause' hands them over when their
   * time has come, and reads on when the inbox has room; 'drop' discards and counts them, 'close' fails the connection with 1008. @default 'pause'
   */
  overRate?: OverRate | undefined;
  /**
   * permessage-deflate (RFC 7692), with its options or with the defaults. A server accepts what clients offer, a client
   * offers it. It costs processor time, and secrets that are compressed beside what an attacker chooses can be guessed
   * (CRIME, BREACH). @default false for a server, true for a client
   */
  compression?: boolean | CompressionOptions | undefined;
  /**
   * How octets travel. 'handle': past Node's streams, where this Node and the connection allow it (plain TCP), which takes
   * less processor time. 'stream': through Node's streams, always. @default 'handle', unless the environment has MEERKAT_TRANSPORT=stream
   */
  transport?: TransportKind | undefined;
  /**
   * Binary messages are not copied for the handler, where that can be: it gets a view of memory that the next read
   * overwrites. It is valid until the handler returns, or awaits for the first time. Whoever keeps such a message, or
   * looks at its `buffer`, finds other people's octets there. @default false
   */
  dangerouslyLendMessages?: boolean | undefined;
  /** The source of time. @default the system's monotonic clock */
  clock?: Clock | undefined;
}

/** The same with every default filled in. */
export interface ResolvedConnectionOptions extends ConnectionNumbers {
  readonly messageTypes: MessageTypes;
  readonly overRate: OverRate;
  readonly compression: ResolvedCompression | undefined;
  readonly transport: TransportKind;
  readonly dangerouslyLendMessages: boolean;
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
  maxMessagesPerSecond: 0,
  messageBurst: 0,
  maxBytesPerSecond: 0,
  byteBurst: 0,
  maxInflateRatio: 0,
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
  maxMessagesPerSecond: [0, 2 ** 30],
  messageBurst: [0, 2 ** 30],
  maxBytesPerSecond: [0, 2 ** 40],
  byteBurst: [0, 2 ** 40],
  maxInflateRatio: [0, 2 ** 20],
  softQueuedBytes: [1, 2 ** 30],
  maxQueuedBytes: [1, 2 ** 30],
  closeTimeout: [1, MAX_MILLISECONDS],
};

/** The names of every option of a connection. */
export const CONNECTION_OPTION_NAMES: readonly string[] = [
  ...Object.keys(CONNECTION_RANGES),
  'messageTypes',
  'overRate',
  'compression',
  'transport',
  'dangerouslyLendMessages',
  'clock',
];

/**
 * @param compressionByDefault - Whether messages are compressed where `compression` is not given.
 * @throws {@link UsageError} for a value out of range.
 */
export function resolveConnectionOptions(
  given: ConnectionOptions,
  compressionByDefault = false,
): ResolvedConnectionOptions {
  const {
    messageTypes = 'any',
    overRate = 'pause',
    transport = 'handle',
    dangerouslyLendMessages = false,
    clock = systemClock,
  } = given;
  if (messageTypes !== 'any' && messageTypes !== 'text' && messageTypes !== 'binary') {
    throw new UsageError(
      'MEERKAT_OPTION_RANGE',
      `messageTypes is ${shown(messageTypes)}, not 'any', 'text' or 'binary'`,
    );
  }
  if (overRate !== 'pause' && overRate !== 'drop' && overRate !== 'close') {
    throw new UsageError(
      'MEERKAT_OPTION_RANGE',
      `overRate is ${shown(overRate)}, not 'pause', 'drop' or 'close'`,
    );
  }
  if (transport !== 'handle' && transport !== 'stream') {
    throw new UsageError(
      'MEERKAT_OPTION_RANGE',
      `transport is ${shown(transport)}, not 'handle' or 'stream'`,
    );
  }
  if (typeof dangerouslyLendMessages !== 'boolean') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'dangerouslyLendMessages is not a boolean');
  }
  const numbers = checkOptions(given, DEFAULT_CONNECTION_NUMBERS, CONNECTION_RANGES);
  // Above the cap, `drained()` would resolve at once while `send` drops: who loops over the two would never stop.
  const softQueuedBytes = Math.min(numbers.softQueuedBytes, numbers.maxQueuedBytes);
  const compression = resolveCompression(given.compression, compressionByDefault);
  return {
    ...numbers,
    softQueuedBytes,
    messageTypes,
    overRate,
    compression,
    transport,
    dangerouslyLendMessages,
    clock,
  };
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
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
