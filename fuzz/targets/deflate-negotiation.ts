// Of any offers the first valid one is accepted, with an answer within it (RFC 7692 §7.1); both ends make the same of it; no answer is taken that raises a limit.
import {
  acceptDeflate,
  type DeflateAgreement,
  type DeflateTerms,
  type ExtensionOffer,
  offerDeflate,
  parseExtensions,
  readDeflateAnswer,
} from 'meerkat/protocol';
import { extensionField } from '../generate/http-text.ts';
import { hold, same } from '../invariant.ts';
import type { FuzzTarget } from '../target.ts';

const NAME = 'permessage-deflate';
const BITS = '([89]|1[0-5])';
/** The four parameters with the values that they may have (RFC 7692 §7.1.1, §7.1.2). */
const PARAMETER = new RegExp(
  `^(?:(?:server|client)_no_context_takeover|server_max_window_bits=${BITS}|client_max_window_bits(?:=${BITS})?)$`,
);

const words = [
  ...['; ', ', ', '=', '"', NAME, 'server_no_context_takeover', 'client_no_context_takeover'],
  ...['server_max_window_bits', 'client_max_window_bits', '=8', '=9', '=10', '=12', '=15', '=16'],
  ...['=7', '=010', '="10"', '=1000'],
];

/** The text is the terms of both sides in two characters (see `termsOf`), then offers or an answer. */
export const target: FuzzTarget = {
  name: 'deflate-negotiation',
  form: 'text',
  dictionary: words.map((word) => Uint8Array.from(Buffer.from(word))),
  generate: (random) => {
    const parameters = Array.from({ length: random.below(4) }, () => {
      const value = random.oneIn(2) ? random.pick(words.slice(-9)) : '';
      return `; ${random.pick(words.slice(5, 9))}${value}`;
    });
    const field = random.oneIn(4) ? extensionField(random) : `${NAME}${parameters.join('')}`;
    const terms = String.fromCharCode(0x40 + random.below(32), 0x40 + random.below(32));
    const more = random.oneIn(3) ? `, ${extensionField(random)}` : '';
    return Uint8Array.from(Buffer.from(`${terms}${field}${more}`, 'latin1'));
  },
  run: (input) => {
    const ours = termsOf(input[0] ?? 0);
    const theirs = termsOf(input[1] ?? 0);
    const offers = parseExtensions(Buffer.from(input.subarray(2)).toString('latin1')) ?? [];
    checkAccept(offers, ours);
    checkBothEnds(ours, theirs);
    for (const answer of offers.filter(({ name }) => name === NAME)) checkAnswer(answer, ours);
  },
};

function termsOf(octet: number): DeflateTerms {
  return {
    windowBits: 8 + (octet & 7),
    serverNoContextTakeover: (octet & 8) !== 0,
    clientNoContextTakeover: (octet & 16) !== 0,
  };
}

/** The parameters as they are written, by name; undefined when one of them may not be. */
function readValid({ parameters }: ExtensionOffer): Map<string, string> | undefined {
  const read = new Map<string, string>();
  for (const [name, value] of parameters) {
    const written = value === true ? name : `${name}=${value}`;
    if (read.has(name) || !PARAMETER.test(written)) return undefined;
    read.set(name, value === true ? '' : value);
  }
  return read;
}

function checkAccept(offers: readonly ExtensionOffer[], terms: DeflateTerms): void {
  const accepted = acceptDeflate(offers, terms);
  const first = offers.find((offer) => offer.name === NAME && readValid(offer) !== undefined);
  same(accepted !== undefined, first !== undefined, 'accepted where there is a valid offer');
  if (accepted === undefined || first === undefined) return;
  const { agreement, answer } = accepted;
  const offered = readValid(first) ?? new Map<string, string>();
  const answered = readValid(answer);
  hold(answered !== undefined && answer.name === NAME, 'the answer is valid');
  const said = meaning(answered);
  same(said.client, agreement.client, 'the answer says what the client may send');
  // A server may keep to less than it says, and says nothing of that to a client that does not ask.
  hold(agreement.server.windowBits <= said.server.windowBits, 'it says what the server may send');
  same(said.server.contextTakeover, agreement.server.contextTakeover, 'it says who forgets');
  const server = answered.get('server_max_window_bits');
  const client = answered.get('client_max_window_bits');
  // "a server MUST NOT include" what the client does not say that it understands (§7.1.2.2).
  hold(client === undefined || offered.has('client_max_window_bits'), 'the client understands it');
  hold(client !== '', 'an answer has a value');
  const asked = offered.get('server_max_window_bits');
  if (asked !== undefined) hold(Number(server) <= Number(asked), 'what was asked for is kept');
  const hint = offered.get('client_max_window_bits');
  if (hint !== undefined && hint !== '') {
    hold(agreement.client.windowBits <= Number(hint), 'what the client said of itself is kept');
  }
  if (offered.has('server_no_context_takeover')) {
    hold(!agreement.server.contextTakeover, 'the server forgets when it is asked to');
  }
  hold(agreement.server.windowBits <= terms.windowBits, 'our own limit is kept');
}

/** What an answer means for both directions (§7.1). */
function meaning(answered: ReadonlyMap<string, string>): DeflateAgreement {
  const direction = (side: string) => ({
    windowBits: Number(answered.get(`${side}_max_window_bits`) ?? 15),
    contextTakeover: !answered.has(`${side}_no_context_takeover`),
  });
  return { server: direction('server'), client: direction('client') };
}

/** What a server of ours answers to a client of ours, both take for the same; each may do less than it may. */
function checkBothEnds(ours: DeflateTerms, theirs: DeflateTerms): void {
  const offers = offerDeflate(theirs);
  for (const offer of offers) hold(readValid(offer) !== undefined, 'an offer of ours is valid');
  const accepted = acceptDeflate(offers, ours);
  hold(accepted !== undefined, 'an offer of ours is accepted');
  const read = readDeflateAnswer(accepted.answer, theirs);
  hold(typeof read !== 'string', 'an answer of ours is taken', () => String(read));
  checkReaders(accepted.agreement, read);
}

/** Whoever reads a direction must be ready for all that its writer may do. */
function checkReaders(server: DeflateAgreement, client: DeflateAgreement): void {
  hold(
    client.server.windowBits >= server.server.windowBits,
    'the client reads what the server may write',
  );
  hold(
    client.server.contextTakeover || !server.server.contextTakeover,
    'the client remembers what the server refers to',
  );
  hold(
    server.client.windowBits >= client.client.windowBits,
    'the server reads what the client may write',
  );
  hold(
    server.client.contextTakeover || !client.client.contextTakeover,
    'the server remembers what the client refers to',
  );
}

function checkAnswer(answer: ExtensionOffer, terms: DeflateTerms): void {
  const agreement = readDeflateAnswer(answer, terms);
  const answered = readValid(answer);
  if (typeof agreement === 'string') {
    const client = answered?.get('client_max_window_bits');
    hold(answered === undefined || client === '', 'refused for a reason', () => agreement);
    return;
  }
  hold(answered !== undefined, 'an answer that is taken is valid');
  const said = meaning(answered);
  same(agreement.server, said.server, 'what the server may send is what it said');
  hold(agreement.client.windowBits <= said.client.windowBits, 'we keep to its limit');
  hold(agreement.client.windowBits <= terms.windowBits, 'we keep to our limit');
  hold(said.client.contextTakeover || !agreement.client.contextTakeover, 'we forget if told to');
}
