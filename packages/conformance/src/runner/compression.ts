// What permessage-deflate comes to on a connection of a case, in either role.
import type { AgreedTerms } from '../cases/case.ts';
import {
  chooseAnswer,
  type DeflateAgreement,
  type DeflateDemand,
  readAnswer,
  readOffers,
} from '../deflate/agreement.ts';
import type { CompressedCache } from '../deflate/compressed-cache.ts';
import { MessageDeflater } from '../deflate/message-deflater.ts';
import { MessageInflater } from '../deflate/message-inflater.ts';
import type { Finding } from '../report/result.ts';

/** More than any case sends or asks for. */
const MAX_INFLATED_BYTES = 64 << 20;

export interface Compression {
  /** For what the peer sends; undefined where nothing was agreed on. */
  readonly inflating: MessageInflater | undefined;
  /** For what the runner sends. */
  readonly deflating: MessageDeflater | undefined;
  /** What a script may do depends on it. */
  readonly agreed?: AgreedTerms;
  /** What is to be said of the negotiation, apart from the verdicts. */
  readonly findings: readonly Finding[];
  /** The value of our own Sec-WebSocket-Extensions, where the runner is the server. */
  readonly header?: string;
}

/** The negotiation fails the handshake; the words end a sentence whose subject is the peer. */
export interface NegotiationFault {
  readonly fault: string;
}

const NONE: Compression = { inflating: undefined, deflating: undefined, findings: [] };

/** The runner is the client: what was offered, and what the server answered. */
export function compressionOf(
  offer: string | undefined,
  answer: string | undefined,
  cache: CompressedCache,
): Compression | NegotiationFault {
  if (offer === undefined) return NONE;
  const { agreement, error, findings } = readAnswer(answer, offer);
  if (error !== undefined) return { fault: error };
  return agreement === undefined
    ? { ...NONE, findings }
    : compressionWith(agreement, 'client', findings, cache);
}

/** The runner is the server: what the client offers, and what the case demands of it. */
export function answerOffers(
  demands: readonly DeflateDemand[] | undefined,
  field: string | undefined,
  cache: CompressedCache,
): Compression | NegotiationFault {
  if (demands === undefined) return NONE;
  const { offers, error } = readOffers(field);
  if (error !== undefined) return { fault: error };
  const chosen = chooseAnswer(offers, demands);
  if (chosen === undefined) return NONE;
  return { ...compressionWith(chosen.agreement, 'server', [], cache), header: chosen.header };
}

function compressionWith(
  agreement: DeflateAgreement,
  role: 'client' | 'server',
  findings: readonly Finding[],
  cache: CompressedCache,
): Compression {
  const sender = role === 'client' ? 'server' : 'client';
  return {
    inflating: new MessageInflater({
      direction: agreement[sender],
      sender,
      maxBytes: MAX_INFLATED_BYTES,
    }),
    deflating: new MessageDeflater(agreement[role], cache),
    agreed: { runner: agreement[role], peer: agreement[sender] },
    findings,
  };
}
