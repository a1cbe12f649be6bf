// permessage-deflate with the parameters of RFC 7692 §7.1, in eighteen sizes.
import type { DeflateDemand } from '../deflate/agreement.ts';
import type { RoundsCase } from './case.ts';
import { OFFER, roundsCases } from './deflate-rounds.ts';

/** What is offered behind the common beginning, and demanded of a client that offers. */
interface ParameterSet {
  readonly offers: readonly string[];
  readonly answers: readonly DeflateDemand[];
  readonly agreed: string;
  readonly rule: string;
}

const FREE: DeflateDemand = { clientNoContextTakeover: false };
const FORGETS: DeflateDemand = { clientNoContextTakeover: true };
const SMALL = 9;
const LARGE = 15;

const SETS: readonly ParameterSet[] = [
  {
    offers: [''],
    answers: [FREE],
    agreed: 'nothing is asked of the peer',
    rule: 'RFC 7692 §7.1',
  },
  {
    offers: ['; server_no_context_takeover'],
    answers: [FORGETS],
    agreed: 'the peer is asked for no context takeover',
    rule: 'RFC 7692 §7.1.1',
  },
  {
    offers: [`; server_max_window_bits=${SMALL}`],
    answers: [{ ...FREE, clientMaxWindowBits: SMALL }],
    agreed: 'the peer is asked for a window of 2^9 octets',
    rule: 'RFC 7692 §7.1.2',
  },
  {
    offers: [`; server_max_window_bits=${LARGE}`],
    answers: [{ ...FREE, clientMaxWindowBits: LARGE }],
    agreed: 'the peer is asked for a window of 2^15 octets',
    rule: 'RFC 7692 §7.1.2',
  },
  {
    offers: [`; server_no_context_takeover; server_max_window_bits=${SMALL}`],
    answers: [{ ...FORGETS, clientMaxWindowBits: SMALL }],
    agreed: 'the peer is asked for no context takeover and a window of 2^9 octets',
    rule: 'RFC 7692 §7.1',
  },
  {
    offers: [`; server_no_context_takeover; server_max_window_bits=${LARGE}`],
    answers: [{ ...FORGETS, clientMaxWindowBits: LARGE }],
    agreed: 'the peer is asked for no context takeover and a window of 2^15 octets',
    rule: 'RFC 7692 §7.1',
  },
  {
    offers: [
      `; server_no_context_takeover; server_max_window_bits=${SMALL}`,
      '; server_no_context_takeover',
      '',
    ],
    answers: [{ ...FORGETS, clientMaxWindowBits: SMALL }, FORGETS, FREE],
    agreed: 'the peer has the choice between the terms of 13.5, 13.2 and 13.1',
    rule: 'RFC 7692 §5.2',
  },
];

/** 13.1 to 13.7. */
export const SECTION_13: readonly RoundsCase[] = SETS.flatMap((set, index) =>
  roundsCases({
    id: `13.${index + 1}`,
    kind: 'json',
    binary: false,
    content: 'JSON',
    deflate: {
      offer: set.offers.map((offer) => OFFER + offer).join(', '),
      answers: set.answers,
    },
    agreed: set.agreed,
    rule: set.rule,
    fault: 'does not echo compressed messages on the terms it agreed to',
  }),
);
