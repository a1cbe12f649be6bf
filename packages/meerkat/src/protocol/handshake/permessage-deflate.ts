// Negotiation of permessage-deflate (RFC 7692 §5, §7.1).
import type { ExtensionOffer } from './extension-header.ts';

const NAME = 'permessage-deflate';
/** The largest LZ77 window, as a power of two, and the one that counts where nothing is said (RFC 7692 §7.1.2). */
const LARGEST_WINDOW_BITS = 15;

/** What one side wants of the extension. */
export interface DeflateTerms {
  /** Largest window of either direction, as a power of two: 8 to 15. */
  readonly windowBits: number;
  /** The server forgets one message before it compresses the next (§7.1.1.1). */
  readonly serverNoContextTakeover: boolean;
  /** The client does (§7.1.1.2). */
  readonly clientNoContextTakeover: boolean;
}

/** What holds for the messages of one direction. */
export interface DeflateDirection {
  /** A message refers back to at most 2^windowBits octets. */
  readonly windowBits: number;
  /** Whether a message may refer to the ones before it. */
  readonly contextTakeover: boolean;
}

/** What both sides agreed on. */
export interface DeflateAgreement {
  /** What the server sends. */
  readonly server: DeflateDirection;
  /** What the client sends. */
  readonly client: DeflateDirection;
}

/** The parameters of one offer or answer. */
interface Parameters {
  server_no_context_takeover?: true;
  client_no_context_takeover?: true;
  server_max_window_bits?: number;
  /** `true`: the client says that it understands the parameter, without a limit of its own. */
  client_max_window_bits?: number | true;
}

/**
 * The offers of a client: what it wants, and behind it what browsers offer, for servers that would decline the first, or
 * answer 400 to it as ws does.
 */
export function offerDeflate(terms: DeflateTerms): ExtensionOffer[] {
  const wanted: [string, string | true][] = [];
  if (terms.serverNoContextTakeover) wanted.push(['server_no_context_takeover', true]);
  if (terms.clientNoContextTakeover) wanted.push(['client_no_context_takeover', true]);
  const limited = terms.windowBits < LARGEST_WINDOW_BITS;
  // A server that cannot limit its window has to decline, so it is asked only where that saves us memory: without
  // takeover nothing is kept between messages.
  if (limited && !terms.serverNoContextTakeover) {
    wanted.push(['server_max_window_bits', `${terms.windowBits}`]);
  }
  wanted.push(['client_max_window_bits', limited ? `${terms.windowBits}` : true]);
  const plain: ExtensionOffer = { name: NAME, parameters: [['client_max_window_bits', true]] };
  const same = wanted.length === 1 && !limited;
  return same ? [plain] : [{ name: NAME, parameters: wanted }, plain];
}

/**
 * The server's choice: the first offer that keeps the rules, "an extension negotiation offer" being declined otherwise
 * (§7.1). Every offer that does can be met.
 *
 * @returns What is agreed on with the element that says so; undefined to do without.
 */
export function acceptDeflate(
  offers: readonly ExtensionOffer[],
  terms: DeflateTerms,
): { readonly agreement: DeflateAgreement; readonly answer: ExtensionOffer } | undefined {
  for (const offer of offers) {
    const offered = offer.name === NAME ? readParameters(offer) : undefined;
    if (offered !== undefined) return accept(offered, terms);
  }
  return undefined;
}

function accept(
  offered: Parameters,
  terms: DeflateTerms,
): { readonly agreement: DeflateAgreement; readonly answer: ExtensionOffer } {
  const parameters: [string, string | true][] = [];
  // These two may be answered whether they were offered or not (§7.1.1).
  const serverForgets =
    terms.serverNoContextTakeover || offered.server_no_context_takeover === true;
  if (serverForgets) parameters.push(['server_no_context_takeover', true]);
  const clientForgets =
    terms.clientNoContextTakeover || offered.client_no_context_takeover === true;
  if (clientForgets) parameters.push(['client_no_context_takeover', true]);
  const serverBits = Math.min(
    terms.windowBits,
    offered.server_max_window_bits ?? LARGEST_WINDOW_BITS,
  );
  if (offered.server_max_window_bits !== undefined) {
    parameters.push(['server_max_window_bits', `${serverBits}`]);
  }
  // A client that did not offer it may not understand it (§7.1.2.2).
  let clientBits = LARGEST_WINDOW_BITS;
  const understood = offered.client_max_window_bits;
  if (understood !== undefined) {
    clientBits = Math.min(terms.windowBits, understood === true ? LARGEST_WINDOW_BITS : understood);
    if (clientBits < LARGEST_WINDOW_BITS)
      parameters.push(['client_max_window_bits', `${clientBits}`]);
  }
  return {
    agreement: {
      server: { windowBits: serverBits, contextTakeover: !serverForgets },
      client: { windowBits: clientBits, contextTakeover: !clientForgets },
    },
    answer: { name: NAME, parameters },
  };
}

/**
 * What a client makes of the server's answer to {@link offerDeflate}.
 *
 * The second offer leaves the server free, so what it says of itself is followed. Our own compressor keeps to the terms in
 * any case: a client may always do with less than it was allowed (§7.1.1.2, §7.1.2.2).
 *
 * @returns The agreement, or what is wrong with the answer.
 */
export function readDeflateAnswer(
  answer: ExtensionOffer,
  terms: DeflateTerms,
): DeflateAgreement | string {
  const agreed = readParameters(answer);
  if (agreed === undefined || agreed.client_max_window_bits === true) {
    return 'permessage-deflate: an unknown, repeated or malformed parameter';
  }
  const allowed = agreed.client_max_window_bits ?? LARGEST_WINDOW_BITS;
  return {
    server: {
      windowBits: agreed.server_max_window_bits ?? LARGEST_WINDOW_BITS,
      contextTakeover: agreed.server_no_context_takeover !== true,
    },
    client: {
      windowBits: Math.min(terms.windowBits, allowed),
      contextTakeover: !terms.clientNoContextTakeover && agreed.client_no_context_takeover !== true,
    },
  };
}

/** Reads the parameters; undefined when one is unknown, there twice, or has no value that it may have (§7.1). */
function readParameters({ parameters }: ExtensionOffer): Parameters | undefined {
  const read: Parameters = {};
  for (const [name, value] of parameters) {
    if (Object.hasOwn(read, name)) return undefined;
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        if (value !== true) return undefined;
        read[name] = true;
        break;
      case 'server_max_window_bits':
        if (!isWindowBits(value)) return undefined;
        read[name] = Number(value);
        break;
      case 'client_max_window_bits':
        if (value !== true && !isWindowBits(value)) return undefined;
        read[name] = value === true ? true : Number(value);
        break;
      default:
        return undefined;
    }
  }
  return read;
}

/** "a decimal integer value without leading zeroes between 8 to 15, inclusive" (§7.1.2.1) */
function isWindowBits(value: string | true): boolean {
  return value !== true && /^([89]|1[0-5])$/.test(value);
}
