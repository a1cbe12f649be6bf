// Reads index.json back: ours, the original's, and whatever somebody passes off as one.

import type { ReadVerdicts } from './verdict.ts';
import { visibleText } from './visible-text.ts';

/** A case of an earlier run. */
export interface EarlierCase extends ReadVerdicts {
  readonly id: string;
  /** Milliseconds. The original counts from 1970 where the handshake failed. */
  readonly duration: number;
  readonly remoteCloseCode: number | null;
  /** The version of the case list; null where the file does not say. */
  readonly caseList: string | null;
}

export interface EarlierAgent {
  readonly agent: string;
  readonly cases: ReadonlyMap<string, EarlierCase>;
}

/** An earlier run, as far as its index.json tells. */
export interface EarlierReport {
  readonly agents: readonly EarlierAgent[];
}

/** A file is no report, or one that makes no sense. */
export class ReportFormatError extends Error {
  override readonly name = 'ReportFormatError';
}

const BEHAVIORS = ['OK', 'NON-STRICT', 'INFORMATIONAL', 'FAILED', 'UNIMPLEMENTED'] as const;
const BEHAVIORS_CLOSE = [
  'OK',
  'FAILED',
  'UNCLEAN',
  'WRONG CODE',
  'FAILED BY CLIENT',
  'INFORMATIONAL',
  'NON-STRICT',
  'UNIMPLEMENTED',
  'NO_CLOSE',
] as const;
const CASE_ID = /^(?=.{1,32}$)(?=.*\d)[a-z\d]+(?:[.-][a-z\d]+)*$/i;
const MAX_SHOWN = 60;

/**
 * Reads an index.json, made by this program or by the Autobahn|Testsuite. Fields that nobody knows are passed over.
 *
 * @throws {@link ReportFormatError} when it is none; the message says where.
 */
export function readIndexJson(text: string): EarlierReport {
  const agents = Object.entries(objectAt(parse(text), 'the report'));
  return {
    agents: agents.map(([agent, cases]) => ({ agent, cases: casesAt(cases, quoted(agent)) })),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  } catch (cause) {
    throw new ReportFormatError(`the report is not JSON: ${visibleText(String(cause))}`, { cause });
  }
}

function casesAt(value: unknown, where: string): ReadonlyMap<string, EarlierCase> {
  const cases = new Map<string, EarlierCase>();
  for (const [id, entry] of Object.entries(objectAt(value, where))) {
    if (!CASE_ID.test(id)) throw new ReportFormatError(`${where}: ${quoted(id)} is not a case id`);
    cases.set(id, caseAt(id, entry, `${where}, case ${id}`));
  }
  return cases;
}

function caseAt(id: string, value: unknown, where: string): EarlierCase {
  const entry = objectAt(value, where);
  return {
    id,
    behavior: wordAt(entry, 'behavior', BEHAVIORS, where),
    behaviorClose: wordAt(entry, 'behaviorClose', BEHAVIORS_CLOSE, where),
    duration: numberAt(entry, 'duration', where) ?? 0,
    remoteCloseCode: numberAt(entry, 'remoteCloseCode', where),
    ...extrasAt(entry['meerkat'], `${where}, meerkat`),
  };
}

/** What only our own files have. */
function extrasAt(value: unknown, where: string): Pick<EarlierCase, 'caseList' | 'findings'> {
  if (value === undefined) return { caseList: null, findings: null };
  const extras = objectAt(value, where);
  const { caseList, findings } = extras;
  if (!Array.isArray(findings)) throw new ReportFormatError(`${where}: findings is not a list`);
  return {
    caseList: typeof caseList === 'string' ? caseList : null,
    findings: findings.map((finding: unknown) => {
      const { code, text } = objectAt(finding, `${where}, findings`);
      if (typeof code === 'string' && typeof text === 'string') return { code, text };
      throw new ReportFormatError(`${where}: a finding without a code or a text`);
    }),
  };
}

function objectAt(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ReportFormatError(`${where} is not an object`);
}

function wordAt<Word extends string>(
  entry: Record<string, unknown>,
  field: string,
  words: readonly Word[],
  where: string,
): Word {
  const value = entry[field];
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  const given = value === undefined ? 'is missing' : `is ${quoted(JSON.stringify(value))}`;
  throw new ReportFormatError(`${where}: ${field} ${given}, not one of ${words.join(', ')}`);
}

function numberAt(entry: Record<string, unknown>, field: string, where: string): number | null {
  const value = entry[field] ?? null;
  if (value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw new ReportFormatError(`${where}: ${field} is not a number`);
}

function quoted(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return `"${visibleText(shown)}"`;
}
