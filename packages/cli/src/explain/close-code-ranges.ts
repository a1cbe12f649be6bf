/** Close codes without an entry of their own, by range (RFC 6455 §7.4.2). */
export interface CloseCodeRange {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly meaning: string;
  /** Whether a code of it may stand in a Close frame. */
  readonly onTheWire: boolean;
  readonly sentBy: string;
  readonly remedies: readonly string[];
  readonly source: string;
  /** Codes of it that are registered with IANA. */
  readonly registered: readonly RegisteredCode[];
}

/** A code that a library or framework registered. */
interface RegisteredCode {
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
}

const SOURCE = 'RFC 6455 §7.4.2';

/** In order, without gaps, up to what 16 bits can hold. The codes with a name, 1000 to 1015, are not in here. */
export const CLOSE_CODE_RANGES: readonly CloseCodeRange[] = [
  {
    from: 0,
    to: 999,
    name: 'not used',
    meaning: 'No close code. Numbers like these in a log are HTTP statuses, or a bug.',
    onTheWire: false,
    sentBy: 'nobody',
    remedies: ['If a peer sends it, the peer is wrong; meerkat answers with 1002.'],
    source: SOURCE,
    registered: [],
  },
  {
    from: 1016,
    to: 2999,
    name: 'reserved for the protocol',
    meaning:
      'Has no meaning yet: set aside for future versions of the protocol and its extensions.',
    onTheWire: false,
    sentBy: 'nobody',
    remedies: [
      'If a peer sends it, the peer is wrong; meerkat answers with 1002.',
      'For codes of your own take 4000 to 4999.',
    ],
    source: SOURCE,
    registered: [],
  },
  {
    from: 3000,
    to: 3999,
    name: 'for libraries and frameworks',
    meaning:
      'Means what the library, framework or application says that registered it with IANA; the protocol does not know.',
    onTheWire: true,
    sentBy: 'either side',
    remedies: [
      'Read the documentation of the library or service.',
      'For codes of your own take 4000 to 4999: these here are registered, first come, first served.',
    ],
    source: `${SOURCE}, IANA registry`,
    registered: [
      {
        code: 3000,
        name: 'unauthorized',
        meaning: 'The client has to authenticate first. As HTTP 401.',
      },
      {
        code: 3003,
        name: 'forbidden',
        meaning: 'The client is known, but may not do this. As HTTP 403.',
      },
      { code: 3008, name: 'timeout', meaning: 'The peer took too long to answer. As HTTP 408.' },
    ],
  },
  {
    from: 4000,
    to: 4999,
    name: 'private use',
    meaning: 'Means what this one application says: nobody registers these.',
    onTheWire: true,
    sentBy: 'either side',
    remedies: ["Read the service's documentation, or ask whoever wrote it; the reason may tell."],
    source: SOURCE,
    registered: [],
  },
  {
    from: 5000,
    to: 65_535,
    name: 'not defined',
    meaning: 'No close code: the two octets could hold it, but nothing is defined above 4999.',
    onTheWire: false,
    sentBy: 'nobody',
    remedies: ['If a peer sends it, the peer is wrong; meerkat answers with 1002.'],
    source: SOURCE,
    registered: [],
  },
];
