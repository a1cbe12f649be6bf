import { acceptDeflate, type ExtensionOffer } from 'meerkat/protocol';
import { ANY_TERMS, DEFLATE } from './deflate-answer.ts';

/** Offers that are explained; a client needs two or three. */
const MAX_OFFERS = 8;

type Words = Readonly<Record<string, (window: string | undefined) => string>>;

/** What a client says with each parameter; `window` is there where it has a value. */
const OFFERED: Words = {
  server_no_context_takeover: () => 'asks the server to compress each message on its own',
  client_no_context_takeover: () => 'the client will compress each message on its own',
  server_max_window_bits: (window) => `asks the server to refer back ${window} octets at most`,
  client_max_window_bits: (window) =>
    window === undefined
      ? 'the server may limit how far the client refers back'
      : `the client will refer back ${window} octets at most, or fewer if the server says so`,
};

/** What a server says with each. */
const ANSWERED: Words = {
  server_no_context_takeover: () => 'the server compresses each message on its own',
  client_no_context_takeover: () => 'the client has to compress each message on its own',
  server_max_window_bits: (window) => `the server refers back ${window} octets at most`,
  client_max_window_bits: (window) => `the client may refer back ${window} octets at most`,
};

/** What a client offers, in words, a line each. */
export function offerWords(offers: readonly ExtensionOffer[]): string[] {
  const lines = offers.slice(0, MAX_OFFERS).flatMap((offer) => {
    if (offer.name !== DEFLATE) return [unknownExtension(offer)];
    const can = acceptDeflate([offer], ANY_TERMS) !== undefined;
    const what = can
      ? 'the client offers to compress messages (RFC 7692)'
      : 'this offer has to be declined (RFC 7692 §7.1)';
    return [`${DEFLATE}: ${what}`, ...parameterWords(offer, OFFERED)];
  });
  const more = offers.length - MAX_OFFERS;
  return more <= 0 ? lines : [...lines, `… and ${more} more`];
}

/** What a server agreed to, in words, a line each. */
export function answerWords(answers: readonly ExtensionOffer[]): string[] {
  return answers.flatMap((answer) =>
    answer.name === DEFLATE
      ? [
          `${DEFLATE}: agreed, messages may be compressed (RFC 7692)`,
          ...parameterWords(answer, ANSWERED),
        ]
      : [unknownExtension(answer)],
  );
}

/** What an answer without extensions means for these offers. */
export function declinedWords(offers: readonly ExtensionOffer[]): string[] {
  return offers.some(({ name }) => name === DEFLATE)
    ? [`${DEFLATE} was offered and is declined: no message may be compressed`]
    : [];
}

function unknownExtension({ name }: ExtensionOffer): string {
  return `${name}: not known here`;
}

function parameterWords({ parameters }: ExtensionOffer, words: Words): string[] {
  return parameters.map(([name, value], at) => {
    const shown = value === true ? name : `${name}=${value}`;
    const isRepeated = parameters.findIndex(([one]) => one === name) < at;
    return `  ${shown}: ${isRepeated ? 'it is there twice' : meaning(name, value, words)}`;
  });
}

function meaning(name: string, value: string | true, words: Words): string {
  const word = Object.hasOwn(words, name) ? words[name] : undefined;
  if (word === undefined) return 'there is no such parameter';
  if (name.endsWith('_takeover')) return value === true ? word(undefined) : 'it has no value';
  if (value === true) return name.startsWith('client') ? word(undefined) : 'its value is missing';
  if (!/^(?:[89]|1[0-5])$/.test(value)) return 'its value is not 8 to 15';
  return word(`${2 ** Number(value)}`);
}
