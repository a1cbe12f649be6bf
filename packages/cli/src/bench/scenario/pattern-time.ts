import { createContext, Script } from 'node:vm';

/** Longest time that one search may take, in milliseconds. */
export const PATTERN_TIME = 100;
/** Steps of a search that take no time worth a watch: a few milliseconds. */
const FEW_STEPS = 1_000_000;

/** What has no effect on how many ways there are to try: escapes, classes, and how a group begins. */
const PLAIN = /\\.|\[(?:\\.|[^\]\\])*\]|(?<=\()\?(?:[:=!]|<[=!]|<\w+>)/gsu;
/** Where a search can go on in more than one way. */
const CHOICES = /[*+?{|]/g;
/** Something repeated that may hold a choice itself: the ways multiply with each character. */
const REPEATED_GROUP = /\)[*+?{]/;

const search: { pattern: RegExp; text: string } = { pattern: /$/, text: '' };
const context = createContext(search);
const script = new Script('pattern.exec(text)');

/**
 * Searches as `pattern.exec(text)` does, for {@link PATTERN_TIME} milliseconds at most. To watch the time takes longer than most searches do:
 * a pattern that cannot take long on a text of this length is not watched.
 *
 * @returns `'endless'` where it takes longer.
 */
export function findWithin(pattern: RegExp, text: string): RegExpExecArray | null | 'endless' {
  if (mostSteps(pattern.source, text.length) <= FEW_STEPS) return pattern.exec(text);
  search.pattern = pattern;
  search.text = text;
  try {
    return script.runInContext(context, { timeout: PATTERN_TIME }) as RegExpExecArray | null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    return 'endless';
  } finally {
    search.text = '';
  }
}

/** From each character on, each choice tried with each length: more steps it cannot be. */
function mostSteps(source: string, length: number): number {
  const bare = source.replace(PLAIN, '');
  if (REPEATED_GROUP.test(bare)) return Number.POSITIVE_INFINITY;
  const choices = bare.match(CHOICES)?.length ?? 0;
  return source.length * Math.max(2, length + 1) ** (choices + 1);
}
