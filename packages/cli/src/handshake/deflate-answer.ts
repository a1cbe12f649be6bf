// permessage-deflate between two others: what they agreed on, and what a server may not answer (RFC 7692 §7.1).
import {
  type DeflateAgreement,
  type DeflateTerms,
  type ExtensionOffer,
  HeaderFields,
  parseExtensions,
  type RequestHead,
  type ResponseHead,
  readDeflateAnswer,
} from 'meerkat/protocol';

/** The name of the extension. */
export const DEFLATE = 'permessage-deflate';

/** The terms of somebody who puts up with every answer that keeps the rules. */
export const ANY_TERMS: DeflateTerms = {
  windowBits: 15,
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
};

/** The extensions in the head of a message; none where the field is missing or malformed. */
export function extensionsIn({ rawHeaders }: Pick<RequestHead, 'rawHeaders'>): ExtensionOffer[] {
  const value = new HeaderFields(rawHeaders).combined('sec-websocket-extensions');
  return (value === undefined ? undefined : parseExtensions(value)) ?? [];
}

/**
 * What holds for the messages behind a 101; undefined where none of them may be compressed.
 *
 * @param request - What it answers, where that is known.
 */
export function agreedDeflate(
  response: ResponseHead,
  request: RequestHead | undefined,
): DeflateAgreement | undefined {
  const answer = extensionsIn(response).find(({ name }) => name === DEFLATE);
  if (answer === undefined) return undefined;
  const offers = request === undefined ? [answer] : extensionsIn(request);
  if (!offers.some(({ name }) => name === DEFLATE)) return undefined;
  const agreement = readDeflateAnswer(answer, ANY_TERMS);
  return typeof agreement === 'string' ? undefined : agreement;
}

/**
 * What is wrong with an answer in the light of the offers. Our engine does not look for this: the last offer of a client
 * of ours leaves the server free, so every answer that keeps the rules fits.
 *
 * @returns Undefined when the answer fits one of the offers.
 */
export function unfitAnswer(
  answer: ExtensionOffer,
  offers: readonly ExtensionOffer[],
): string | undefined {
  const ours = offers.filter(({ name }) => name === DEFLATE);
  const problems = ours.map((offer) => unfit(answer, offer));
  return problems.includes(undefined) ? undefined : problems[0];
}

function unfit(answer: ExtensionOffer, offer: ExtensionOffer): string | undefined {
  for (const name of ['server_max_window_bits', 'client_max_window_bits']) {
    const agreed = parameterOf(answer, name);
    const offered = parameterOf(offer, name);
    // The server may limit itself as it likes; the client it may limit only if that says that it understands it.
    if (agreed !== undefined && offered === undefined && name.startsWith('client')) {
      return `${name} was not offered (RFC 7692 §7.1.2.2)`;
    }
    if (typeof offered === 'string' && Number(agreed) > Number(offered)) {
      return `${name}=${agreed}, though ${offered} was offered (RFC 7692 §7.1.2)`;
    }
  }
  return undefined;
}

function parameterOf({ parameters }: ExtensionOffer, wanted: string): string | true | undefined {
  return parameters.find(([name]) => name === wanted)?.[1];
}
