// A peer that dies in the middle of a run, of one Close frame.
import type { FaultRow } from './fault-row.ts';

/** What it dies of: a Close that says 0, which is in 7.9.1 alone; and cases before and after. */
export const DIES_OF_CLOSE_ZERO: Pick<FaultRow, 'habits' | 'cases'> = {
  habits: {
    diesOf: (opcode, payload) =>
      opcode === 8 && payload.length >= 2 && payload.readUInt16BE() === 0,
  },
  cases: ['1.1.2', '7.7.1', '7.9.1', '7.9.2', '9.1.1'],
};
