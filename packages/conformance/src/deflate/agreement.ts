// What both sides of a connection agree on about permessage-deflate (RFC 7692 §5, §7.1).
import {
  type DeflateParameters,
  LARGEST_WINDOW_BITS,
  PERMESSAGE_DEFLATE,
  readParameters,
} from './deflate-parameters.ts';
import { type Extension, ExtensionFieldError, readExtensions } from './extension-field.ts';

/** What holds for the messages of one direction. */
export interface DeflateDirection {
  /** Whether a message may refer to the ones before it. */
  readonly contextTakeover: boolean;
  /** A message refers back by no more than 2^windowBits octets. */
  readonly windowBits: number;
}

export interface DeflateAgreement {
  /** What the server sends. */
  readonly server: DeflateDirection;
  /** What the client sends. */
  readonly client: DeflateDirection;
}

/** What a runner that is the server demands of a client (RFC 7692 §7.1). */
export interface DeflateDemand {
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15; needs an offer with `client_max_window_bits`. */
  readonly clientMaxWindowBits?: number;
}

/** Something stricter than what the original looks at; see `Finding` of the reports. */
interface NegotiationFinding {
  readonly code: 'NEGOTIATION';
  readonly text: string;
  readonly rule: string;
}

/** What a server's answer means. */
export interface AnswerReading {
  /** Undefined where the server declined, or the handshake fails. */
  readonly agreement?: DeflateAgreement;
  /** Why the handshake fails; a sentence whose subject is the peer. */
  readonly error?: string;
  readonly findings: readonly NegotiationFinding[];
}

/**
 * Reads the server's answer to an offer of ours.
 *
 * @param answer - The value of its Sec-WebSocket-Extensions, several lines joined with commas; undefined without any.
 * @param offer - The value of ours.
 */
export function readAnswer(answer: string | undefined, offer: string): AnswerReading {
  if (answer === undefined) return { findings: [] };
  try {
    const extensions = readExtensions(answer);
    const foreign = extensions.find((extension) => extension.name !== PERMESSAGE_DEFLATE);
    if (foreign !== undefined) {
      return {
        error: `answers with the extension ${foreign.name}, which was not offered`,
        findings: [],
      };
    }
    const [only, second] = extensions;
    if (only === undefined) return { findings: [] };
    if (second !== undefined) return { error: `answers ${PERMESSAGE_DEFLATE} twice`, findings: [] };
    const parameters = readParameters(only, 'answer');
    return { agreement: agreementOf(parameters), findings: compareWithOffer(parameters, offer) };
  } catch (error) {
    if (!(error instanceof ExtensionFieldError)) throw error;
    return { error: `answers with an extension that ${error.message}`, findings: [] };
  }
}

function agreementOf(answer: DeflateParameters): DeflateAgreement {
  const { serverMaxWindowBits, clientMaxWindowBits } = answer;
  return {
    server: {
      contextTakeover: !answer.serverNoContextTakeover,
      windowBits: serverMaxWindowBits ?? LARGEST_WINDOW_BITS,
    },
    client: {
      contextTakeover: !answer.clientNoContextTakeover,
      windowBits:
        typeof clientMaxWindowBits === 'number' ? clientMaxWindowBits : LARGEST_WINDOW_BITS,
    },
  };
}

/** What keeps the answer from being one to the first offer, unless it fits another. */
function compareWithOffer(answer: DeflateParameters, offer: string): NegotiationFinding[] {
  const lists = validOffers(offer).map((one) => misfits(answer, one));
  if (lists.length === 0) {
    const text = 'accepts an offer of permessage-deflate that breaks the rules';
    return [{ code: 'NEGOTIATION', text, rule: 'RFC 7692 §5.1' }];
  }
  return lists.find((list) => list.length === 0) ?? lists[0] ?? [];
}

/** Our own offers break the rules where a case wants to know what becomes of that. */
function validOffers(offer: string): DeflateParameters[] {
  try {
    return readExtensions(offer)
      .filter((extension) => extension.name === PERMESSAGE_DEFLATE)
      .flatMap((extension) => {
        try {
          return [readParameters(extension, 'offer')];
        } catch (error) {
          if (error instanceof ExtensionFieldError) return [];
          throw error;
        }
      });
  } catch (error) {
    if (error instanceof ExtensionFieldError) return [];
    throw error;
  }
}

function misfits(answer: DeflateParameters, offer: DeflateParameters): NegotiationFinding[] {
  const findings: NegotiationFinding[] = [];
  const find = (text: string, rule: string): void => {
    findings.push({ code: 'NEGOTIATION', text, rule });
  };
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) {
    find(
      'accepts an offer with server_no_context_takeover without repeating it',
      'RFC 7692 §7.1.1.1',
    );
  }
  const asked = offer.serverMaxWindowBits;
  const given = answer.serverMaxWindowBits;
  if (asked !== undefined && given === undefined) {
    const text = `accepts an offer with server_max_window_bits=${asked} without repeating it`;
    find(text, 'RFC 7692 §7.1.2.1');
  } else if (asked !== undefined && given !== undefined && given > asked) {
    const text = `answers server_max_window_bits=${given} where ${asked} was the most that was offered`;
    find(text, 'RFC 7692 §7.1.2.1');
  }
  const most = offer.clientMaxWindowBits;
  const demanded = answer.clientMaxWindowBits;
  if (demanded !== undefined && most === undefined) {
    const text = 'demands client_max_window_bits of a client that did not offer it';
    find(text, 'RFC 7692 §7.1.2.2');
  } else if (typeof demanded === 'number' && typeof most === 'number' && demanded > most) {
    const text = `demands client_max_window_bits=${demanded} where ${most} was offered`;
    find(text, 'RFC 7692 §7.1.2.2');
  }
  return findings;
}

/** What a client's field means to a server. */
export interface OffersReading {
  /** Its offers of permessage-deflate, in their order. */
  readonly offers: readonly DeflateParameters[];
  /** Why the handshake is refused, with 400; a sentence whose subject is the peer. */
  readonly error?: string;
}

/** Reads what a client offers; `undefined` stands for a request without the field. */
export function readOffers(field: string | undefined): OffersReading {
  if (field === undefined) return { offers: [] };
  try {
    const offers = readExtensions(field)
      .filter((extension: Extension) => extension.name === PERMESSAGE_DEFLATE)
      .map((extension) => readParameters(extension, 'offer'));
    return { offers };
  } catch (error) {
    if (!(error instanceof ExtensionFieldError)) throw error;
    return { offers: [], error: `offers an extension that ${error.message}` };
  }
}

/** What a server answers, and what is agreed on with it. */
export interface ChosenAnswer {
  /** The value of its Sec-WebSocket-Extensions. */
  readonly header: string;
  readonly agreement: DeflateAgreement;
}

/**
 * Chooses what a runner that is the server answers: the first demand that an offer allows, with the first such offer. The
 * answer repeats what the offer asks of the server, then comes the demand.
 *
 * @returns Undefined where no offer allows any.
 */
export function chooseAnswer(
  offers: readonly DeflateParameters[],
  demands: readonly DeflateDemand[],
): ChosenAnswer | undefined {
  for (const demand of demands) {
    const offer = offers.find(
      (one) => demand.clientMaxWindowBits === undefined || one.clientMaxWindowBits !== undefined,
    );
    if (offer !== undefined) return answerTo(offer, demand);
  }
  return undefined;
}

function answerTo(offer: DeflateParameters, demand: DeflateDemand): ChosenAnswer {
  const answer: DeflateParameters = {
    serverNoContextTakeover: offer.serverNoContextTakeover,
    clientNoContextTakeover: demand.clientNoContextTakeover,
    ...pick('serverMaxWindowBits', offer.serverMaxWindowBits),
    ...pick('clientMaxWindowBits', clientBits(offer, demand)),
  };
  return { header: write(answer), agreement: agreementOf(answer) };
}

/** Never more than the client said it has (§7.1.2.2). */
function clientBits(offer: DeflateParameters, demand: DeflateDemand): number | undefined {
  const { clientMaxWindowBits: most } = offer;
  const { clientMaxWindowBits: demanded } = demand;
  if (demanded === undefined || typeof most !== 'number') return demanded;
  return Math.min(demanded, most);
}

function pick<K extends string>(name: K, bits: number | undefined): { [name in K]?: number } {
  return bits === undefined ? {} : ({ [name]: bits } as { [name in K]: number });
}

function write(answer: DeflateParameters): string {
  const parts: string[] = [PERMESSAGE_DEFLATE];
  if (answer.serverNoContextTakeover) parts.push('server_no_context_takeover');
  if (answer.serverMaxWindowBits !== undefined) {
    parts.push(`server_max_window_bits=${answer.serverMaxWindowBits}`);
  }
  if (answer.clientNoContextTakeover) parts.push('client_no_context_takeover');
  if (answer.clientMaxWindowBits !== undefined) {
    parts.push(`client_max_window_bits=${answer.clientMaxWindowBits}`);
  }
  return parts.join('; ');
}
