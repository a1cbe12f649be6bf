import { CloseCode } from 'meerkat';
import { CLOSE_CODE_RANGES } from './close-code-ranges.ts';
import {
  CLOSE_CODE_EXPLANATIONS,
  ERROR_EXPLANATIONS,
  type Explanation,
  explainCloseCode,
} from './explanation.ts';

/** What a question found, or what it may have meant. */
export interface Answer {
  readonly found: readonly Explanation[];
  /** The nearest there is, when nothing was found. */
  readonly near: readonly Explanation[];
}

interface Candidate {
  readonly explanation: Explanation;
  /** Names to be found by, reduced to letters and digits. */
  readonly names: readonly string[];
}

/** Shorter parts of a name match nearly everything. */
const MIN_PART_LENGTH = 3;
const MAX_NEAR = 4;

const CANDIDATES: readonly Candidate[] = [
  ...CLOSE_CODE_EXPLANATIONS.map((explanation) => {
    const constants = Object.entries(CloseCode).filter(
      ([, code]) => explanation.code === `${code}`,
    );
    return candidate(explanation, [explanation.name, ...constants.map(([name]) => name)]);
  }),
  ...CLOSE_CODE_RANGES.flatMap(({ registered }) =>
    registered.flatMap(({ code, name }) => {
      const explanation = explainCloseCode(code);
      return explanation === undefined ? [] : [candidate(explanation, [name])];
    }),
  ),
  ...ERROR_EXPLANATIONS.map((explanation) => candidate(explanation, [explanation.name])),
];

/**
 * Finds what a user asks for: a number, a code, a name, or a part of a name, in any spelling: `going away`,
 * `GoingAway`, `too big`.
 */
export function lookUp(question: string): Answer {
  if (/^[0-9]+$/.test(question)) {
    const explanation = explainCloseCode(Number(question));
    return { found: explanation === undefined ? [] : [explanation], near: [] };
  }
  const wanted = reduced(question);
  const exact = CANDIDATES.filter(({ names }) => names.includes(wanted));
  if (exact.length > 0) return { found: explanations(exact), near: [] };
  const partial =
    wanted.length < MIN_PART_LENGTH
      ? []
      : CANDIDATES.filter(({ names }) => names.some((name) => name.includes(wanted)));
  if (partial.length > 0) return { found: explanations(partial), near: [] };
  return { found: [], near: nearest(wanted, question) };
}

function candidate(explanation: Explanation, names: readonly string[]): Candidate {
  return { explanation, names: [explanation.code, ...names].map(reduced) };
}

function reduced(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function explanations(candidates: readonly Candidate[]): Explanation[] {
  return candidates.map(({ explanation }) => explanation);
}

/** Names that differ by a typing mistake or two; after them whatever mentions the word. */
function nearest(wanted: string, question: string): Explanation[] {
  const misspelt = CANDIDATES.map(({ explanation, names }) => ({
    explanation,
    distance: Math.min(...names.map((name) => editDistance(wanted, name))),
  }))
    .filter(({ distance }) => distance <= Math.max(1, wanted.length / 3))
    .sort((one, other) => one.distance - other.distance)
    .map(({ explanation }) => explanation);
  const word = question.toLowerCase();
  const mentioning = CANDIDATES.map(({ explanation }) => explanation).filter(
    (explanation) =>
      wanted.length >= MIN_PART_LENGTH && JSON.stringify(explanation).toLowerCase().includes(word),
  );
  return [...new Set([...misspelt, ...mentioning])].slice(0, MAX_NEAR);
}

/** Insertions, deletions and replacements that make one word of the other (Levenshtein). */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      const inserted = (current[column - 1] ?? 0) + 1;
      const deleted = (previous[column] ?? 0) + 1;
      current.push(Math.min(replaced, inserted, deleted));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}
