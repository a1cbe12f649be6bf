// The list of all cases, in their order.
import type { Case, Tested } from './case.ts';
import { SECTION_1 } from './section-1.ts';
import { SECTION_2 } from './section-2.ts';
import { SECTION_3 } from './section-3.ts';
import { SECTION_4 } from './section-4.ts';
import { SECTION_5 } from './section-5.ts';
import { SECTION_6 } from './section-6.ts';
import { SECTION_7 } from './section-7.ts';
import { SECTION_9 } from './section-9.ts';
import { SECTION_10 } from './section-10.ts';
import { SECTION_12 } from './section-12.ts';
import { SECTION_13 } from './section-13.ts';
import { SECTION_C } from './section-c.ts';
import { SECTION_F } from './section-f.ts';
import { SECTION_H } from './section-h.ts';
import { SECTION_K } from './section-k.ts';

/**
 * The version of the list: the release of the Autobahn|Testsuite whose numbers sections 1 to 13 have, and our own count of
 * what is beside them. Compare reports only where it is the same.
 */
export const CASE_LIST = '25.10.1+1';

/** Sections 1 to 13: 517 cases, for either side. */
const NUMBERED: readonly Case[] = [
  ...SECTION_1,
  ...SECTION_2,
  ...SECTION_3,
  ...SECTION_4,
  ...SECTION_5,
  ...SECTION_6,
  ...SECTION_7,
  ...SECTION_9,
  ...SECTION_10,
  ...SECTION_12,
  ...SECTION_13,
];

const EVERY: readonly Case[] = [
  ...NUMBERED,
  ...SECTION_F,
  ...SECTION_C,
  ...SECTION_H,
  ...SECTION_K,
];

const BY_SIDE: Readonly<Record<Tested, readonly Case[]>> = {
  server: EVERY.filter((one) => one.tested !== 'client'),
  client: EVERY.filter((one) => one.tested !== 'server'),
};

/** All cases that fit the tested side: those with numbers first, then ours. */
export function allCases(tested: Tested): readonly Case[] {
  return BY_SIDE[tested];
}
