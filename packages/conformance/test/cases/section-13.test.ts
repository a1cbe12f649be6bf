import { describe, expect, it } from 'vitest';
import { SECTION_12 } from '../../src/cases/section-12.ts';
import { SECTION_13 } from '../../src/cases/section-13.ts';
import { chooseAnswer, readAnswer, readOffers } from '../../src/deflate/agreement.ts';

const BASE = 'permessage-deflate; client_no_context_takeover; client_max_window_bits';

/** The table of 13: what follows in the offer, what is answered to a client that offers all, and to one that offers nothing. */
const SETS: readonly (readonly [string, string, string | undefined])[] = [
  [BASE, '', ''],
  [
    `${BASE}; server_no_context_takeover`,
    '; client_no_context_takeover',
    '; client_no_context_takeover',
  ],
  [`${BASE}; server_max_window_bits=9`, '; client_max_window_bits=9', undefined],
  [`${BASE}; server_max_window_bits=15`, '; client_max_window_bits=15', undefined],
  [
    `${BASE}; server_no_context_takeover; server_max_window_bits=9`,
    '; client_no_context_takeover; client_max_window_bits=9',
    undefined,
  ],
  [
    `${BASE}; server_no_context_takeover; server_max_window_bits=15`,
    '; client_no_context_takeover; client_max_window_bits=15',
    undefined,
  ],
  [
    `${BASE}; server_no_context_takeover; server_max_window_bits=9, ${BASE}; server_no_context_takeover, ${BASE}`,
    '; client_no_context_takeover; client_max_window_bits=9',
    '; client_no_context_takeover',
  ],
];

const groups = SETS.map((set, index) => ({
  set,
  cases: SECTION_13.filter((one) => one.id.startsWith(`13.${index + 1}.`)),
}));

describe('section 13', () => {
  it('has 126 cases in seven groups of 18, in their order', () => {
    const ids = SETS.flatMap((_set, p) =>
      Array.from({ length: 18 }, (_none, r) => `13.${p + 1}.${r + 1}`),
    );
    expect(SECTION_13.map((one) => one.id)).toEqual(ids);
  });

  it('sends what 12.1 does', () => {
    for (const [index, one] of SECTION_13.entries()) {
      const other = SECTION_12[index % 18];
      expect(one.message(7).key).toBe(other?.message(7).key);
      expect([one.fragmentBytes, one.limit, one.count, one.fullCount, one.binary]).toEqual([
        other?.fragmentBytes,
        other?.limit,
        other?.count,
        other?.fullCount,
        false,
      ]);
    }
  });

  it('offers what the table says', () => {
    for (const { set, cases } of groups) {
      expect(new Set(cases.map((one) => one.deflate?.offer))).toEqual(new Set([set[0]]));
    }
  });

  it.each(groups)('answers what the table says: $set', ({ set, cases }) => {
    const answers = cases[0]?.deflate?.answers ?? [];
    const header = (field: string): string | undefined =>
      chooseAnswer(readOffers(field).offers, answers)?.header;
    expect(header(BASE)).toBe(`permessage-deflate${set[1]}`);
    expect(header('permessage-deflate')).toBe(
      set[2] === undefined ? undefined : `permessage-deflate${set[2]}`,
    );
  });

  it('catches a server that answers the bare name to every set', () => {
    const caught = groups.map(
      ({ set }) => readAnswer('permessage-deflate', set[0]).findings.length,
    );
    expect(caught).toEqual([0, 1, 1, 1, 2, 2, 0]);
  });
});
