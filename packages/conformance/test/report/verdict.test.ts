import { expect, it } from 'vitest';
import { cellOf, rankOf } from '../../src/report/verdict.ts';

const FINDING = { code: 'CONTENT', text: 'corrupts the echo' };

it.each([
  ['OK', 'OK', 'pass', 'Pass'],
  ['INFORMATIONAL', 'INFORMATIONAL', 'info', 'Info'],
  ['NON-STRICT', 'OK', 'non-strict', 'Non-Strict'],
  ['UNIMPLEMENTED', 'OK', 'unimplemented', 'Unimplemented'],
  ['UNIMPLEMENTED', 'UNIMPLEMENTED', 'unimplemented', 'Unimplemented'],
  ['OK', 'NON-STRICT', 'non-strict', 'Non-Strict'],
  ['FAILED', 'OK', 'fail', 'Fail'],
  ['OK', 'UNCLEAN', 'fail', 'Fail'],
  ['OK', 'WRONG CODE', 'fail', 'Fail'],
  ['NON-STRICT', 'FAILED BY CLIENT', 'fail', 'Fail'],
  ['OK', 'NO_CLOSE', 'fail', 'Fail'],
] as const)(
  '%s / %s is shown by the worse of the two',
  (behavior, behaviorClose, outcome, label) => {
    const both = `${behavior} / ${behaviorClose}`;
    expect(cellOf({ behavior, behaviorClose, findings: [] })).toEqual({ outcome, label, both });
  },
);

it('shows a finding apart from the verdicts, and as a failure', () => {
  expect(cellOf({ behavior: 'OK', behaviorClose: 'OK', findings: [FINDING] })).toEqual({
    outcome: 'fail',
    label: 'Finding',
    both: 'OK / OK',
  });
  expect(cellOf({ behavior: 'FAILED', behaviorClose: 'OK', findings: [FINDING] }).label).toBe(
    'Fail',
  );
});

it('says that a case is missing', () => {
  expect(cellOf(undefined)).toEqual({ outcome: 'missing', label: 'Missing', both: '' });
});

it('ranks what it does not know as a failure', () => {
  expect(rankOf('toString')).toBe(3);
});
