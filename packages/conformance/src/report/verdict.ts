// Verdicts as an overview shows them: the worse of the two, and which was worse than which.
import { type Behavior, type BehaviorClose, type Outcome, outcomeOf } from './result.ts';

/** Verdicts of a report that was read back: some tools write words that ours does not. */
export interface ReadVerdicts {
  readonly behavior: Behavior;
  readonly behaviorClose: BehaviorClose | 'NON-STRICT' | 'UNIMPLEMENTED' | 'NO_CLOSE';
  /** Null where nobody looked for any. */
  readonly findings: readonly { readonly code: string; readonly text: string }[] | null;
}

/** As {@link Outcome}; `missing` is a case that was not run. */
export type CellOutcome = Outcome | 'missing';

/** A case as a table shows it. */
export interface VerdictCell {
  readonly outcome: CellOutcome;
  /** `Finding` where only a stricter look found something. */
  readonly label: string;
  /** Both verdicts: `FAILED / UNCLEAN`. Empty where there are none. */
  readonly both: string;
}

const LABELS: Readonly<Record<CellOutcome, string>> = {
  pass: 'Pass',
  'non-strict': 'Non-Strict',
  info: 'Info',
  unimplemented: 'Unimplemented',
  fail: 'Fail',
  missing: 'Missing',
};

const RANKS: Readonly<Record<string, number>> = {
  OK: 0,
  INFORMATIONAL: 0,
  'NON-STRICT': 1,
  UNIMPLEMENTED: 2,
};

/** From good to bad: OK and INFORMATIONAL 0, NON-STRICT 1, UNIMPLEMENTED 2, whatever fails 3. */
export function rankOf(verdict: string): number {
  return Object.hasOwn(RANKS, verdict) ? (RANKS[verdict] ?? 3) : 3;
}

/** The worse of both verdicts as a cell. */
export function cellOf(verdicts: ReadVerdicts | undefined): VerdictCell {
  if (verdicts === undefined) return { outcome: 'missing', label: LABELS.missing, both: '' };
  const both = `${verdicts.behavior} / ${verdicts.behaviorClose}`;
  const outcome = verdictsOutcome(verdicts);
  if (outcome !== 'fail' && verdicts.findings !== null && verdicts.findings.length > 0) {
    return { outcome: 'fail', label: 'Finding', both };
  }
  return { outcome, label: LABELS[outcome], both };
}

/** The same without a look at findings. */
function verdictsOutcome(verdicts: Omit<ReadVerdicts, 'findings'>): Outcome {
  const { behavior, behaviorClose } = verdicts;
  switch (behaviorClose) {
    case 'NO_CLOSE':
      return 'fail';
    case 'NON-STRICT':
    case 'UNIMPLEMENTED': {
      const outcome = outcomeOf({ behavior, behaviorClose: 'OK', findings: [] });
      if (rankOf(behavior) >= rankOf(behaviorClose)) return outcome;
      return behaviorClose === 'NON-STRICT' ? 'non-strict' : 'unimplemented';
    }
    default:
      return outcomeOf({ behavior, behaviorClose, findings: [] });
  }
}
