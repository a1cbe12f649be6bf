import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExtensionOffer,
  formatExtensions,
  parseExtensions,
} from '../../../src/protocol/handshake/extension-header.ts';
import {
  acceptDeflate,
  type DeflateAgreement,
  type DeflateTerms,
  offerDeflate,
  readDeflateAnswer,
} from '../../../src/protocol/handshake/permessage-deflate.ts';

/** Both sides forget, windows of 12 bits: what the library does by default. */
const FRUGAL: DeflateTerms = {
  windowBits: 12,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
};
/** Nothing limited. */
const LAVISH: DeflateTerms = {
  windowBits: 15,
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
};
const TAKEOVER_10: DeflateTerms = { ...LAVISH, windowBits: 10 };

/** What a server with these terms makes of a field's value. */
function accepted(
  value: string,
  terms: DeflateTerms,
): { readonly answer: string; readonly agreement: DeflateAgreement } | undefined {
  const offers = parseExtensions(value);
  if (offers === undefined) throw new Error(`malformed: ${value}`);
  const result = acceptDeflate(offers, terms);
  if (result === undefined) return undefined;
  return { answer: formatExtensions([result.answer]), agreement: result.agreement };
}

/** What a client with these terms makes of a field's value. */
function read(value: string, terms: DeflateTerms): DeflateAgreement | string {
  const [answer, ...others] = parseExtensions(value) ?? [];
  if (answer === undefined || others.length > 0) throw new Error(`not one extension: ${value}`);
  return readDeflateAnswer(answer, terms);
}

const direction = (windowBits: number, contextTakeover: boolean) => ({
  windowBits,
  contextTakeover,
});

describe('the offer of a client (RFC 7692 §7.1)', () => {
  it.each<[string, DeflateTerms, string]>([
    [
      'asks both sides to forget, and says how large its window is',
      FRUGAL,
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12, permessage-deflate; client_max_window_bits',
    ],
    [
      'without limits says only that it understands them',
      LAVISH,
      'permessage-deflate; client_max_window_bits',
    ],
    [
      'asks for a smaller window of the server where the context is kept',
      TAKEOVER_10,
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10, permessage-deflate; client_max_window_bits',
    ],
    [
      'does not ask for one where the server forgets anyway',
      { ...TAKEOVER_10, serverNoContextTakeover: true },
      'permessage-deflate; server_no_context_takeover; client_max_window_bits=10, permessage-deflate; client_max_window_bits',
    ],
  ])('%s', (_title, terms, value) => {
    expect(formatExtensions(offerDeflate(terms))).toBe(value);
  });
});

describe('the choice of a server (RFC 7692 §5.1)', () => {
  it.each<[string, DeflateTerms, string, DeflateAgreement]>([
    [
      'permessage-deflate',
      LAVISH,
      'permessage-deflate',
      { server: direction(15, true), client: direction(15, true) },
    ],
    [
      // Of what the client did not offer, only these two may be answered.
      'permessage-deflate',
      FRUGAL,
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      { server: direction(12, false), client: direction(15, false) },
    ],
    [
      'permessage-deflate; client_max_window_bits',
      FRUGAL,
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12',
      { server: direction(12, false), client: direction(12, false) },
    ],
    [
      'permessage-deflate; client_max_window_bits',
      LAVISH,
      'permessage-deflate',
      { server: direction(15, true), client: direction(15, true) },
    ],
    [
      'permessage-deflate; client_max_window_bits=10; server_max_window_bits=9',
      TAKEOVER_10,
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=10',
      { server: direction(9, true), client: direction(10, true) },
    ],
    [
      'permessage-deflate; server_max_window_bits=15',
      TAKEOVER_10,
      'permessage-deflate; server_max_window_bits=10',
      { server: direction(10, true), client: direction(15, true) },
    ],
    [
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      LAVISH,
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      { server: direction(15, false), client: direction(15, false) },
    ],
    [
      'permessage-deflate; server_max_window_bits="8"; client_max_window_bits="8"',
      LAVISH,
      'permessage-deflate; server_max_window_bits=8; client_max_window_bits=8',
      { server: direction(8, true), client: direction(8, true) },
    ],
  ])('answers %s', (offer, terms, answer, agreement) => {
    expect(accepted(offer, terms)).toEqual({ answer, agreement });
  });

  it.each([
    ['another extension', 'x-webkit-deflate-frame'],
    ['the name in other case', 'Permessage-Deflate'],
    ['an unknown parameter', 'permessage-deflate; foo'],
    ['a parameter in other case', 'permessage-deflate; Client_Max_Window_Bits'],
    ['a name of Object.prototype', 'permessage-deflate; __proto__'],
    ['another name of Object.prototype', 'permessage-deflate; constructor=1'],
    [
      'a flag that is there twice',
      'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    ],
    [
      'window bits that are there twice',
      'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
    ],
    ['a flag with a value', 'permessage-deflate; server_no_context_takeover=1'],
    ['the other flag with a value', 'permessage-deflate; client_no_context_takeover=true'],
    ['window bits of the server without a value', 'permessage-deflate; server_max_window_bits'],
  ])('declines %s', (_title, offer) => {
    expect(accepted(offer, LAVISH)).toBeUndefined();
  });

  // "a decimal integer value without leading zeroes between 8 to 15, inclusive" (§7.1.2.1)
  it.each([
    '0',
    '1',
    '7',
    '16',
    '08',
    '010',
    '0x9',
    '9.0',
    '+9',
    '-9',
    '1e1',
    '100',
    '1000',
    'nine',
  ])('declines window bits of %s, of either side', (bits) => {
    expect(accepted(`permessage-deflate; server_max_window_bits=${bits}`, LAVISH)).toBeUndefined();
    expect(accepted(`permessage-deflate; client_max_window_bits=${bits}`, LAVISH)).toBeUndefined();
  });

  it.each(['8', '9', '10', '11', '12', '13', '14', '15'])(
    'takes window bits of %s, of either side',
    (bits) => {
      const offer = `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`;
      const { agreement } = accepted(offer, LAVISH) ?? {};
      expect(agreement?.server.windowBits).toBe(Number(bits));
      expect(agreement?.client.windowBits).toBe(Number(bits));
    },
  );

  it('is the first offer that keeps the rules, whatever stands around it', () => {
    const value =
      'mux, permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=9, permessage-deflate';
    expect(accepted(value, LAVISH)?.answer).toBe('permessage-deflate; server_max_window_bits=9');
    expect(accepted('mux, permessage-deflate; foo', LAVISH)).toBeUndefined();
    expect(acceptDeflate([], LAVISH)).toBeUndefined();
  });
});

describe('the answer that a client gets (RFC 7692 §5.1)', () => {
  it.each<[string, DeflateTerms, DeflateAgreement]>([
    // What the answer leaves out, the server does its own way: we keep up with that.
    ['permessage-deflate', FRUGAL, { server: direction(15, true), client: direction(12, false) }],
    ['permessage-deflate', LAVISH, { server: direction(15, true), client: direction(15, true) }],
    [
      'permessage-deflate; server_max_window_bits=8',
      LAVISH,
      { server: direction(8, true), client: direction(15, true) },
    ],
    [
      'permessage-deflate; server_max_window_bits=8',
      FRUGAL,
      { server: direction(8, true), client: direction(12, false) },
    ],
    [
      'permessage-deflate; client_max_window_bits=8',
      FRUGAL,
      { server: direction(15, true), client: direction(8, false) },
    ],
    [
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      LAVISH,
      { server: direction(15, false), client: direction(15, false) },
    ],
    [
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
      TAKEOVER_10,
      { server: direction(10, true), client: direction(10, true) },
    ],
    [
      'permessage-deflate; client_max_window_bits="9"',
      LAVISH,
      { server: direction(15, true), client: direction(9, true) },
    ],
    // What the second offer allows, and what we do with it.
    [
      'permessage-deflate; client_max_window_bits=13',
      FRUGAL,
      { server: direction(15, true), client: direction(12, false) },
    ],
    [
      'permessage-deflate; server_max_window_bits=11',
      TAKEOVER_10,
      { server: direction(11, true), client: direction(10, true) },
    ],
  ])('may be %s', (value, terms, agreement) => {
    expect(read(value, terms)).toEqual(agreement);
  });

  it.each<[string, string, DeflateTerms]>([
    ['an unknown parameter', 'permessage-deflate; foo', LAVISH],
    [
      'a repeated flag',
      'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
      LAVISH,
    ],
    [
      'repeated window bits',
      'permessage-deflate; server_max_window_bits=9; server_max_window_bits=9',
      LAVISH,
    ],
    ['a flag with a value', 'permessage-deflate; server_no_context_takeover=1', LAVISH],
    [
      'client_max_window_bits without a value',
      'permessage-deflate; client_max_window_bits',
      LAVISH,
    ],
    [
      'server_max_window_bits without a value',
      'permessage-deflate; server_max_window_bits',
      LAVISH,
    ],
    ...['7', '16', '010', '1000', '0'].map((bits): [string, string, DeflateTerms] => [
      `window bits of ${bits}`,
      `permessage-deflate; server_max_window_bits=${bits}`,
      LAVISH,
    ]),
  ])('fails for %s', (_title, value, terms) => {
    expect(read(value, terms)).toMatch(/^permessage-deflate: /);
  });
});

describe('P7 any negotiation', () => {
  const terms: fc.Arbitrary<DeflateTerms> = fc.record({
    windowBits: fc.integer({ min: 8, max: 15 }),
    serverNoContextTakeover: fc.boolean(),
    clientNoContextTakeover: fc.boolean(),
  });
  const NAMES = [
    'server_no_context_takeover',
    'client_no_context_takeover',
    'server_max_window_bits',
    'client_max_window_bits',
  ] as const;
  const parameter: fc.Arbitrary<readonly [string, string | true]> = fc.tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
      fc.constantFrom('foo', '__proto__'),
    ),
    fc.oneof(
      fc.constant(true as const),
      fc.integer({ min: 6, max: 17 }).map(String),
      fc.constantFrom('010', '1000', 'x'),
    ),
  );
  const offer: fc.Arbitrary<ExtensionOffer> = fc.record({
    name: fc.constantFrom('permessage-deflate', 'permessage-deflate', 'other'),
    parameters: fc.uniqueArray(parameter, { maxLength: 5 }),
  });

  const isFlag = (name: string): boolean => name.endsWith('_takeover');
  const isBits = (value: string | true): boolean =>
    value !== true && Array.from({ length: 8 }, (_, at) => `${at + 8}`).includes(value);
  /** The rules of §7.1 once more, written differently. */
  const isValid = ({ name, parameters }: ExtensionOffer): boolean =>
    name === 'permessage-deflate' &&
    new Set(parameters.map(([key]) => key)).size === parameters.length &&
    parameters.every(([key, value]) => {
      if (!(NAMES as readonly string[]).includes(key)) return false;
      if (isFlag(key)) return value === true;
      return isBits(value) || (key === 'client_max_window_bits' && value === true);
    });

  it('takes the first offer that keeps the rules, and answers nothing that it does not allow', () => {
    fc.assert(
      fc.property(fc.array(offer, { maxLength: 4 }), terms, (offers, ours) => {
        const chosen = offers.find(isValid);
        const result = acceptDeflate(offers, ours);
        expect(result === undefined).toBe(chosen === undefined);
        if (result === undefined || chosen === undefined) return;
        const offered = new Map(chosen.parameters);
        const { answer, agreement } = result;
        expect(isValid(answer)).toBe(true);
        for (const [key, value] of answer.parameters) {
          if (isFlag(key)) continue; // the server may answer them unasked (§7.1.1)
          expect(value).not.toBe(true);
          expect(offered.has(key)).toBe(true);
          const most = offered.get(key);
          if (most !== true) expect(Number(value)).toBeLessThanOrEqual(Number(most));
        }
        // What the client limited stays limited, and what it asked for is granted.
        const answered = new Map(answer.parameters);
        for (const key of offered.keys()) {
          if (key !== 'client_max_window_bits') expect(answered.has(key)).toBe(true);
        }
        const limit = Number(offered.get('server_max_window_bits') ?? 15);
        expect(agreement.server.windowBits).toBeLessThanOrEqual(Math.min(limit, ours.windowBits));
        if (ours.serverNoContextTakeover || offered.has('server_no_context_takeover')) {
          expect(agreement.server.contextTakeover).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('between two of ours ends in agreement: what either sends, the other can read', () => {
    fc.assert(
      fc.property(terms, terms, (client, server) => {
        const result = acceptDeflate(offerDeflate(client), server);
        if (result === undefined) throw new Error('a proper offer was declined');
        const value = formatExtensions([result.answer]);
        const theirs = read(value, client);
        if (typeof theirs === 'string') throw new Error(theirs);
        const ours = result.agreement;
        // The sender may keep to less than the reader provides for, never to more.
        expect(ours.server.windowBits).toBeLessThanOrEqual(theirs.server.windowBits);
        expect(theirs.client.windowBits).toBeLessThanOrEqual(ours.client.windowBits);
        expect(Number(ours.server.contextTakeover)).toBeLessThanOrEqual(
          Number(theirs.server.contextTakeover),
        );
        expect(Number(theirs.client.contextTakeover)).toBeLessThanOrEqual(
          Number(ours.client.contextTakeover),
        );
        // And both keep what either of them wanted.
        expect(theirs.client.windowBits).toBeLessThanOrEqual(client.windowBits);
        expect(ours.server.windowBits).toBeLessThanOrEqual(server.windowBits);
        if (client.serverNoContextTakeover) expect(theirs.server.contextTakeover).toBe(false);
        if (server.clientNoContextTakeover) expect(ours.client.contextTakeover).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads any answer without a throw: an agreement within the offer, or what is wrong', () => {
    fc.assert(
      fc.property(offer, terms, (given, ours) => {
        const answer = { ...given, name: 'permessage-deflate' };
        const result = readDeflateAnswer(answer, ours);
        const answered = new Map(answer.parameters);
        const proper = isValid(answer) && answered.get('client_max_window_bits') !== true;
        if (!proper) expect(typeof result).toBe('string');
        if (typeof result === 'string') return;
        expect(result.client.windowBits).toBeLessThanOrEqual(ours.windowBits);
        if (ours.clientNoContextTakeover) expect(result.client.contextTakeover).toBe(false);
        const bits = answered.get('server_max_window_bits');
        expect(result.server.windowBits).toBe(bits === undefined ? 15 : Number(bits));
      }),
      { numRuns: 2_000 },
    );
  });
});
