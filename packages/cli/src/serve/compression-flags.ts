import type { Command } from 'commander';
import {
  COMPRESSION_RANGES,
  type CompressionNumbers,
  type CompressionOptions,
  DEFAULT_COMPRESSION_NUMBERS,
} from 'meerkat';
import { attributeOf, kebabCase, wholeNumberFlag } from './flag.ts';

/** What each number means. Exhaustive by type: a new one without its flag does not compile. */
const NUMBERS: Readonly<Record<keyof CompressionNumbers, string>> = {
  level: 'how hard to try: 0 not at all, 9 most',
  threshold: 'octets of a message from which on it is compressed',
  windowBits:
    'repetitions are found within 2^n octets; with takeover so many are kept for each direction of a connection',
  memLevel: 'memory to compress a message with: 1 least, 9 most',
  concurrency: 'large messages worked on at a time, beside the event loop',
};

const NAMES = Object.keys(NUMBERS) as (keyof CompressionNumbers)[];

/** What stands in front of each flag but the first, `--compression` itself. */
const PREFIX = '--compression';
const TAKEOVER = `${PREFIX}-takeover`;

/** The flags that say how it is done, and do nothing without `--compression`. */
export const COMPRESSION_DETAILS: readonly string[] = [...NAMES.map(flagOf), TAKEOVER];

/** Adds `--compression`, and a flag for everything that can be said of it. */
export function addCompressionFlags(command: Command): void {
  command
    .optionsGroup('Compression:')
    .option(
      PREFIX,
      'compress messages for clients that offer it, as browsers do (permessage-deflate); it costs processor time, and see BREACH about secrets',
    );
  for (const name of NAMES) {
    const description = `${NUMBERS[name]} (default: ${DEFAULT_COMPRESSION_NUMBERS[name]})`;
    command.addOption(
      wholeNumberFlag(`${flagOf(name)} <n>`, description, COMPRESSION_RANGES[name]),
    );
  }
  command.option(
    TAKEOVER,
    'let a message refer to the ones before it: fewer octets, more memory for each connection',
  );
}

/** Picks the option `compression` out of a parsed command line; undefined for none. */
export function compressionOption(
  flags: Readonly<Record<string, unknown>>,
): CompressionOptions | undefined {
  if (flags[attributeOf(PREFIX)] !== true) return undefined;
  const options: CompressionOptions = {};
  for (const name of NAMES) {
    const value = flags[attributeOf(flagOf(name))];
    if (typeof value === 'number') options[name] = value;
  }
  if (flags[attributeOf(TAKEOVER)] === true) {
    options.serverNoContextTakeover = false;
    options.clientNoContextTakeover = false;
  }
  return options;
}

function flagOf(name: string): string {
  return `${PREFIX}-${kebabCase(name)}`;
}
