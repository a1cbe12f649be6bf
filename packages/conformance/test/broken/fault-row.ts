// A fault, and what a run has to say about it.
import type { FindingCode } from '../../src/report/result.ts';
import type { Habits } from './habits.ts';

export interface FaultRow {
  /** What is wrong with the peer; it begins with a verb. */
  readonly words: string;
  readonly habits?: Partial<Habits>;
  /**
   * What is run: cases that have to catch it, and their neighbours that must not. `5.1` is a case or a group of that id, not
   * 5.10.
   */
  readonly cases: readonly string[];
  /** Exactly these of them fail. */
  readonly fails: readonly string[];
  /** Exactly these come out as NON-STRICT. */
  readonly nonStrict?: readonly string[];
  /** Exactly these come out as UNIMPLEMENTED. */
  readonly unimplemented?: readonly string[];
  /** All that fail have a finding of this kind: the verdicts of the original are not enough. */
  readonly finding?: FindingCode;
  /** Milliseconds, where the fault needs more than the tests' own. */
  readonly patienceMs?: number;
  readonly pauseMs?: number;
}

/** Whether a case's id is the pattern, or in the group of that name. */
export function isIn(patterns: readonly string[], id: string): boolean {
  return patterns.some((pattern) => id === pattern || id.startsWith(`${pattern}.`));
}

/** Whether its cases keep a core busy, so that nothing that is measured may run beside them. */
export function isBusy(row: FaultRow): boolean {
  return row.cases.some((pattern) => /^(?:9\.(?!\d\.1$)|12|13|C9|C11|F21)/.test(pattern));
}

/** Of the table, what a run of all tests tries: the whole of it keeps two cores busy for a minute, and CI does that. */
const EACH = 5;

/**
 * The rows that this run tries: all with MEERKAT_ALL_FAULTS=true, as `npm run conformance -- faults` sets it, else each fifth and those
 * where a peer dies.
 */
export function chosenRows<Fault extends string, Row extends FaultRow>(
  table: Readonly<Record<Fault, Row>>,
): (readonly [words: string, fault: Fault, row: Row])[] {
  const rows = Object.entries<Row>(table).map(
    ([fault, row]) => [row.words, fault as Fault, row] as const,
  );
  if (process.env['MEERKAT_ALL_FAULTS'] === 'true') return rows;
  const chosen = rows.filter(([, fault], at) => at % EACH === 0 || fault.startsWith('crashes'));
  console.log(
    `${chosen.length} of ${rows.length} faults are tried; all with npm run conformance -- faults`,
  );
  return chosen;
}
