// Section C: compression, where sections 12 and 13 leave off. The numbers of its groups are those of our catalogue of bad input.
import type { Case } from './case.ts';
import { BITS_C, BROKEN_C } from './section-c-broken.ts';
import { FINAL_C, FORMS_C, MIXED_C, SIZES_C } from './section-c-forms.ts';
import { CONTEXTS_C, OFFERS_C, WINDOWS_C } from './section-c-terms.ts';

/** Cases of our own on permessage-deflate, in the order of their ids. */
export const SECTION_C: readonly Case[] = [
  ...FORMS_C,
  ...BROKEN_C,
  ...FINAL_C,
  ...BITS_C,
  ...SIZES_C,
  ...WINDOWS_C,
  ...CONTEXTS_C,
  ...MIXED_C,
  ...OFFERS_C,
];
