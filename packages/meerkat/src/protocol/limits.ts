import {
  checkOptions,
  type GivenOptions,
  type OptionRanges,
  refuseUnknownOptions,
} from './option-range.ts';

/** What one endpoint accepts from its peer. */
export interface Limits {
  /** Largest message accepted, in octets. Minimum 1. Past it: close 1009. @default 1_048_576 */
  maxMessageBytes: number;
  /** Most frames of one message, empty ones counted. Minimum 1. Past it: close 1008. @default 131_072 */
  maxFramesPerMessage: number;
  /** Control frames per second, sustained. Minimum 1. Past it: close 1008. @default 1_000 */
  maxControlFramesPerSecond: number;
  /** Control frames accepted at once before the rate counts. Minimum 1. @default 2_000 */
  controlFrameBurst: number;
}

/** The defaults, safe on the open internet. */
export const DEFAULT_LIMITS: Readonly<Limits> = {
  maxMessageBytes: 1_048_576,
  maxFramesPerMessage: 131_072,
  maxControlFramesPerSecond: 1_000,
  controlFrameBurst: 2_000,
};

/** What V8 makes of one string at most, in UTF-16 units: a text of more octets could not be handed over. */
const MAX_STRING_LENGTH = 2 ** 29 - 24;

/**
 * Most octets of a compressed message. Deflate makes what it cannot compress longer: zlib by an eighth at the very most,
 * with its smallest memory level. Whoever sends more than that for what may be a message of `maxMessageBytes` fills
 * the rest with blocks of nothing.
 */
export function maxCompressedBytes(maxMessageBytes: number): number {
  return maxMessageBytes + (maxMessageBytes >>> 3) + 1024;
}

/** The range of each limit. */
export const LIMIT_RANGES: OptionRanges<Limits> = {
  maxMessageBytes: [1, MAX_STRING_LENGTH],
  maxFramesPerMessage: [1, 2 ** 30],
  maxControlFramesPerSecond: [1, 2 ** 30],
  controlFrameBurst: [1, 2 ** 30],
};

/**
 * Fills in the defaults.
 *
 * @throws {@link UsageError} for an unknown name or a value out of range.
 */
export function resolveLimits(given: GivenOptions<Limits> = {}): Limits {
  refuseUnknownOptions(given, Object.keys(LIMIT_RANGES));
  return checkOptions(given, DEFAULT_LIMITS, LIMIT_RANGES);
}
