import type { DeflateTerms } from '../../protocol/handshake/permessage-deflate.ts';
import {
  checkOptions,
  type GivenOptions,
  type OptionRanges,
  refuseUnknownOptions,
} from '../../protocol/option-range.ts';
import { UsageError } from '../../protocol/usage-error.ts';
import { takesDictionaries } from './dictionaries.ts';
import { type ZlibPool, zlibPool } from './zlib-pool.ts';

/** The options of permessage-deflate that are numbers. */
export interface CompressionNumbers {
  /** Messages of fewer octets are sent as they are. Minimum 0. @default 1_024 */
  threshold: number;
  /** How hard zlib tries: 0 (not at all) to 9. For JSON from 1 KiB on, level 6 takes 1.2 to 1.5 times as long as level 3, and leaves 2 to 3 octets fewer of each 100. @default 3 */
  level: number;
  /** How much memory zlib takes to compress: 1 to 9. Only while it works on a message. @default 5 */
  memLevel: number;
  /**
   * The largest LZ77 window of either direction, as a power of two: 8 to 15. With takeover, 2^windowBits octets are kept a
   * direction. @default 12
   */
  windowBits: number;
  /**
   * Messages that zlib works on beside the event loop at a time: of all servers and clients of the process with the same
   * number together. Different numbers add up. Minimum 1. @default 4
   */
  concurrency: number;
}

/** How permessage-deflate is done (RFC 7692). */
export interface CompressionOptions extends GivenOptions<CompressionNumbers> {
  /** Whether the server compresses each message on its own, so that neither side keeps the last ones. @default true */
  serverNoContextTakeover?: boolean | undefined;
  /** The same for what the client sends. @default true */
  clientNoContextTakeover?: boolean | undefined;
}

/** The same with every default filled in. */
export interface ResolvedCompression {
  readonly terms: DeflateTerms;
  readonly threshold: number;
  readonly level: number;
  readonly memLevel: number;
  readonly pool: ZlibPool;
}

export const DEFAULT_COMPRESSION_NUMBERS: Readonly<CompressionNumbers> = {
  threshold: 1_024,
  level: 3,
  memLevel: 5,
  windowBits: 12,
  concurrency: 4,
};

export const COMPRESSION_RANGES: OptionRanges<CompressionNumbers> = {
  threshold: [0, 2 ** 30],
  level: [0, 9],
  memLevel: [1, 9],
  windowBits: [8, 15],
  concurrency: [1, 1_024],
};

/** How errors name its options. */
const INSIDE = 'compression.';

const FLAGS = ['serverNoContextTakeover', 'clientNoContextTakeover'] as const;

/**
 * @param given - `true` for the defaults; undefined for what `byDefault` says.
 * @returns Undefined for no compression.
 * @throws {@link UsageError} for an unknown name or a value out of range.
 */
export function resolveCompression(
  given: boolean | CompressionOptions | undefined,
  byDefault: boolean,
): ResolvedCompression | undefined {
  const wanted = given === undefined ? byDefault : given;
  if (wanted === false) return undefined;
  const options = wanted === true ? {} : wanted;
  if (typeof options !== 'object' || options === null) {
    throw new UsageError(
      'MEERKAT_OPTION_RANGE',
      'compression is neither a boolean nor an object of options',
    );
  }
  refuseUnknownOptions(options, [...Object.keys(COMPRESSION_RANGES), ...FLAGS], INSIDE);
  for (const name of FLAGS) {
    const flag: unknown = options[name];
    if (flag !== undefined && typeof flag !== 'boolean') {
      throw new UsageError('MEERKAT_OPTION_RANGE', `${INSIDE}${name} is not a boolean`);
    }
  }
  const { serverNoContextTakeover = true, clientNoContextTakeover = true } = options;
  const { windowBits, concurrency, threshold, level, memLevel } = checkOptions(
    options,
    DEFAULT_COMPRESSION_NUMBERS,
    COMPRESSION_RANGES,
    INSIDE,
  );
  // Either side may ask for it of the other, and do it by itself.
  const alone = !(serverNoContextTakeover && clientNoContextTakeover) && !takesDictionaries();
  return {
    terms: {
      windowBits,
      serverNoContextTakeover: serverNoContextTakeover || alone,
      clientNoContextTakeover: clientNoContextTakeover || alone,
    },
    threshold,
    level,
    memLevel,
    pool: zlibPool(concurrency),
  };
}
