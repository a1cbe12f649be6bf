// Faults in compressing that either side may have, and the cases that catch them.
import type { FaultRow } from './fault-row.ts';

/** Cases with messages that are compressed, one or more of each kind. */
export const COMPRESSED: readonly string[] = [
  ...['12.1.3', '13.1.5', '13.2.5', '13.3.5', '13.4.5', '13.5.5', '13.6.5', '13.7.5'],
  ...['C11.1', 'C11.2', 'C11.3', 'C11.4', 'C12.5'],
];

/** It goes on with the context that it had promised to forget. */
export function keepsContext(side: 'client' | 'server'): FaultRow {
  return {
    words: `keeps its context although ${side}_no_context_takeover was agreed on`,
    habits: { keepsContext: true },
    cases: COMPRESSED,
    fails: ['13.2', '13.5', '13.6', '13.7', 'C11.2', 'C11.4'],
  };
}

/** It reaches further back than it had promised. */
export const IGNORES_WINDOW: FaultRow = {
  words: 'promises a window of 9 bits and uses 15',
  habits: { ignoresWindow: true },
  cases: COMPRESSED,
  fails: ['13.3', '13.5', '13.7', 'C11'],
  finding: 'WINDOW',
};

/** That messages are not compressed is no fault: the cases that need it are not judged. */
export const WITHOUT_COMPRESSION: Pick<FaultRow, 'cases' | 'fails' | 'unimplemented'> = {
  cases: ['1.1.2', '12.1.3', '13.1.5'],
  fails: [],
  unimplemented: ['12', '13'],
};
