import { UsageError } from './usage-error.ts';

/** Least and greatest value of each numeric option. */
export type OptionRanges<Options> = Readonly<Record<keyof Options, readonly [number, number]>>;

/** Options as a caller gives them: one that is undefined is one that is missing. */
export type GivenOptions<Options> = { [Name in keyof Options]?: Options[Name] | undefined };

/**
 * Picks the options that `ranges` names out of `given`, fills in the defaults, and checks each value.
 *
 * @param inside - What an error puts before the name: `compression.` for the options of an option.
 * @throws {@link UsageError} for a value that is not a whole number within its range.
 */
export function checkOptions<Options extends { [Name in keyof Options]: number }>(
  given: GivenOptions<Options>,
  defaults: Readonly<Options>,
  ranges: OptionRanges<Options>,
  inside = '',
): Options {
  const resolved: Record<string, number> = { ...defaults };
  for (const name of Object.keys(ranges) as (keyof Options & string)[]) {
    const value: unknown = given[name];
    if (value === undefined) continue;
    const [least, greatest] = ranges[name];
    if (
      typeof value !== 'number' ||
      !Number.isInteger(value) ||
      value < least ||
      value > greatest
    ) {
      throw new UsageError(
        'MEERKAT_OPTION_RANGE',
        `${inside}${name} is ${typeof value === 'string' ? JSON.stringify(value) : String(value)}, not a whole number from ${least} to ${greatest}`,
      );
    }
    resolved[name] = value;
  }
  return resolved as Options;
}

/**
 * Refuses options that nobody reads, so that a misspelt limit is not silently ignored.
 *
 * @param inside - What the error puts before the name.
 * @throws {@link UsageError} for a name that is not in `known`, or something that holds no options.
 */
export function refuseUnknownOptions(given: object, known: Iterable<string>, inside = ''): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UsageError('MEERKAT_OPTION_UNKNOWN', 'the options are not an object');
  }
  const names = new Set(known);
  for (const name of Object.keys(given)) {
    if (!names.has(name)) throw new UsageError('MEERKAT_OPTION_UNKNOWN', `${inside}${name}`);
  }
}
