// Which cases a run is about.
import { allCases } from './all-cases.ts';
import type { Case, Tested } from './case.ts';

/** A pattern that fits no case, or patterns that together leave none. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** The chosen cases, in the order of the list. */
export interface SelectedCases {
  readonly tested: Tested;
  readonly cases: readonly Case[];
}

/**
 * Chooses cases by patterns of ids. A pattern names a case (`6.4.1`), or all below a number or letter (`6.4`, `6`, `F`, `F5`);
 * `*` in it stands for anything (`6.4.*`, `5.1*`, `*.1`). Upper and lower case are the same.
 *
 * @param patterns - What is chosen; without any, all that fit the tested side.
 * @param exclude - What is left out again.
 * @throws {@link PatternError} when a pattern fits nothing: it is a slip of the keyboard, and not to be passed over.
 */
export function selectCases(
  tested: Tested,
  patterns: readonly string[] = [],
  exclude: readonly string[] = [],
): SelectedCases {
  const all = allCases(tested);
  const chosen = patterns.map((pattern) => matcher(pattern));
  const left = exclude.map((pattern) => matcher(pattern));
  for (const [index, matches] of chosen.entries()) {
    if (!all.some(matches)) throw new PatternError(unfit(patterns[index] ?? '', tested, matches));
  }
  const everything = [...all, ...allCases(otherSide(tested))];
  for (const [index, matches] of left.entries()) {
    // One list of exclusions may serve servers and clients.
    if (!everything.some(matches))
      throw new PatternError(unfit(exclude[index] ?? '', tested, matches));
  }
  const cases = all.filter(
    (one) =>
      (chosen.length === 0 || chosen.some((matches) => matches(one))) &&
      !left.some((matches) => matches(one)),
  );
  if (cases.length === 0) {
    throw new PatternError(`nothing is left to run when ${exclude.join(', ')} is excluded`);
  }
  return { tested, cases };
}

type Matcher = (one: Case) => boolean;

/** The end of a pattern is the end of an id or of one of its numbers; after a letter alone a number may follow. */
function matcher(pattern: string): Matcher {
  const escaped = pattern.replace(/[\\^$+?.()|[\]{}]/g, '\\$&').replace(/\*+/g, '.*');
  const end = /^[a-z]$/i.test(pattern) ? '\\d' : '(?:\\.|$)';
  const expression = new RegExp(`^${escaped}${end}`, 'i');
  return (one) => expression.test(one.id);
}

function unfit(pattern: string, tested: Tested, matches: Matcher): string {
  const other = allCases(otherSide(tested)).some(matches);
  const why = other ? `; it fits cases for ${otherSide(tested)}s only` : '';
  return `no case for ${tested}s fits the pattern ${JSON.stringify(pattern)}${why}`;
}

function otherSide(tested: Tested): Tested {
  return tested === 'server' ? 'client' : 'server';
}
