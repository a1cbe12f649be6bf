// Cases with the same thing wrong, put together: what a peer's author has to mend is one thing.
import { type AgentReport, type CaseResult, type Outcome, outcomeOf } from './result.ts';

/** Cases in which the same is wrong. */
export interface FaultGroup {
  readonly outcome: Exclude<Outcome, 'pass' | 'info'>;
  /** What is wrong, as it stands in the reports. */
  readonly words: string;
  /** Where it is said. */
  readonly rule: string;
  /** What is wrong with the end, if that is not all that is wrong; each with its cases. */
  readonly closings: ReadonlyMap<string, readonly string[]>;
  /** In the order of the case list. */
  readonly results: readonly CaseResult[];
}

/** What is wrong in verdicts, the failing cases first. */
export function faultGroups(agent: AgentReport): FaultGroup[] {
  const groups = new Map<string, CaseResult[]>();
  for (const result of agent.results) {
    const outcome = verdictOutcome(result);
    if (outcome === 'pass' || outcome === 'info') continue;
    // What is not there at all is one thing, whatever each case would have looked at.
    const rule = outcome === 'unimplemented' ? '' : result.rule;
    const key = JSON.stringify([outcome, withoutPayloads(wordsOf(result)), rule]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [result]);
    else group.push(result);
  }
  const order = ['fail', 'unimplemented', 'non-strict'];
  return [...groups.values()]
    .map(groupOf)
    .filter((group) => group !== undefined)
    .sort((one, other) => order.indexOf(one.outcome) - order.indexOf(other.outcome));
}

function groupOf(results: readonly CaseResult[]): FaultGroup | undefined {
  const [first] = results;
  if (first === undefined) return undefined;
  const outcome = verdictOutcome(first);
  if (outcome === 'pass' || outcome === 'info') return undefined;
  return {
    outcome,
    words: sharedWords(results),
    rule: first.rule,
    closings: closingsOf(results),
    results,
  };
}

function verdictOutcome(result: CaseResult): Outcome {
  return outcomeOf({ ...result, findings: [] });
}

/** The reason of the verdict that is not good; of the two, that on the behaviour. */
function wordsOf(result: CaseResult): string {
  return isGood(result.behavior) ? result.resultClose : result.result;
}

const PAYLOAD =
  /(?:"[^"]*"|(?<![\w-])[0-9a-f]{2}(?: [0-9a-f]{2})+(?: \u2026)?)(?: \(\d+ octets\))?/g;

/** Words on what came where something else was asked for: one fault may show with many payloads. */
function withoutPayloads(words: string): string {
  return / (?:is|are) asked for$/.test(words) ? words.replace(PAYLOAD, '\u2026') : words;
}

function sharedWords(results: readonly CaseResult[]): string {
  const [words = '', ...others] = new Set(results.map(wordsOf));
  return others.length === 0 ? words : withoutPayloads(words);
}

function closingsOf(results: readonly CaseResult[]): Map<string, string[]> {
  const closings = new Map<string, string[]>();
  for (const result of results) {
    if (isGood(result.behavior) || isGood(result.behaviorClose)) continue;
    const words = `${result.behaviorClose}: ${result.resultClose}`;
    const ids = closings.get(words);
    if (ids === undefined) closings.set(words, [result.id]);
    else ids.push(result.id);
  }
  return closings;
}

function isGood(verdict: string): boolean {
  return verdict === 'OK' || verdict === 'INFORMATIONAL';
}

/** Things with the same words, with the ids of the cases they are in. */
export interface SaidOfCases {
  readonly words: string;
  readonly ids: readonly string[];
}

/** Findings, put together by what they say. */
export function findingGroups(agent: AgentReport): SaidOfCases[] {
  return together(agent.results, (result) =>
    result.findings.map(
      ({ code, text, rule }) => `${code}: ${text}${rule === undefined ? '' : ` (${rule})`}`,
    ),
  );
}

/** Notes, put together by what they say. */
export function noteGroups(agent: AgentReport): SaidOfCases[] {
  return together(agent.results, (result) => result.notes);
}

/** What was not run, put together by the reason. */
export function notRunGroups(agent: AgentReport): SaidOfCases[] {
  return together(agent.notRun, ({ reason }) => [reason]);
}

function together<Item extends { readonly id: string }>(
  items: readonly Item[],
  wordsOfItem: (item: Item) => readonly string[],
): SaidOfCases[] {
  const groups = new Map<string, string[]>();
  for (const item of items) {
    for (const words of new Set(wordsOfItem(item))) {
      const ids = groups.get(words);
      if (ids === undefined) groups.set(words, [item.id]);
      else ids.push(item.id);
    }
  }
  return [...groups].map(([words, ids]) => ({ words, ids }));
}

/** Four or more neighbours are written as a range. */
const MIN_RANGE = 4;

/**
 * Ids as a list: `5.6, 5.7, 6.4.1-6.4.4`.
 *
 * @param order - All ids, in the order of the case list: a range leaves none of them out.
 */
export function idList(ids: readonly string[], order: ReadonlyMap<string, number>): string {
  const runs: string[][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    const follows = before !== undefined && order.get(id) === (order.get(before) ?? NaN) + 1;
    if (run !== undefined && follows) run.push(id);
    else runs.push([id]);
  }
  return runs
    .map((run) => (run.length < MIN_RANGE ? run.join(', ') : `${run[0]}-${run.at(-1)}`))
    .join(', ');
}
