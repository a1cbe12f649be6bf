// permessage-deflate with five kinds of content in eighteen sizes.
import type { RoundsCase } from './case.ts';
import { OFFER, roundsCases } from './deflate-rounds.ts';

const COMMON = {
  rule: 'RFC 7692 §7.2',
  fault: 'does not echo compressed messages as they were sent',
  deflate: { offer: OFFER, answers: [{ clientNoContextTakeover: false }] },
} as const;

/** 12.1 to 12.5. */
export const SECTION_12: readonly RoundsCase[] = [
  ...roundsCases({ ...COMMON, id: '12.1', kind: 'json', binary: false, content: 'JSON' }),
  ...roundsCases({
    ...COMMON,
    id: '12.2',
    kind: 'picture',
    binary: true,
    content: 'an uncompressed picture',
  }),
  ...roundsCases({ ...COMMON, id: '12.3', kind: 'book', binary: true, content: 'verse in UTF-8' }),
  ...roundsCases({ ...COMMON, id: '12.4', kind: 'html', binary: false, content: 'HTML tables' }),
  ...roundsCases({
    ...COMMON,
    id: '12.5',
    kind: 'pdf',
    binary: true,
    content: 'a PDF whose streams are compressed',
  }),
];
