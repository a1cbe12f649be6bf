import type { Role } from 'meerkat/protocol';
import { RecordedEndpoint, situationOf } from '../recorded-endpoint.ts';
import { readWithConnection } from './meerkat-connection.ts';
import type { Outcome, OutcomeEnd } from './outcome.ts';

/** What both readers are told. */
export interface Terms {
  readonly role: Role;
  readonly maxMessageBytes: number;
  readonly maxFramesPerMessage: number;
  /** What was agreed on about permessage-deflate, for what a server reads. @default without */
  readonly deflate?: ClientDeflate | undefined;
}

/** How a client compresses. */
export interface ClientDeflate {
  readonly takeover: boolean;
  readonly windowBits: number;
}

/** The first octet of an input says what its readers are told, in the words of `situationOf`. */
export function termsOf(octet: number): Terms {
  const { role, limits } = situationOf(octet);
  const { maxMessageBytes, maxFramesPerMessage } = limits;
  return { role, maxMessageBytes, maxFramesPerMessage };
}

/** The same where messages are compressed. */
export function deflateTermsOf(octet: number): Terms {
  return {
    role: 'server',
    // The larger one is more than is inflated on the event loop at once.
    maxMessageBytes: (octet & 1) === 0 ? 300 : 20_000,
    maxFramesPerMessage: (octet & 8) === 0 ? 1000 : 3,
    deflate: { takeover: (octet & 2) === 0, windowBits: (octet & 4) === 0 ? 15 : 9 },
  };
}

/** What meerkat makes of a stream. */
export async function readWithMeerkat(stream: Uint8Array, terms: Terms): Promise<Outcome> {
  if (terms.deflate !== undefined) return readWithConnection(stream, terms, terms.deflate);
  const reader = endpoint(terms).receive([stream.slice()]);
  return { events: reader.events, end: endOf(reader) };
}

/** What meerkat makes of a stream up to the octet that brings the end, and how many octets that takes. */
export async function readToEnd(
  stream: Uint8Array,
  terms: Terms,
): Promise<Outcome & { readonly needed: number }> {
  if (terms.deflate === undefined) {
    const reader = endpoint(terms);
    let needed = 0;
    for (; needed < stream.length && reader.end === undefined; needed += 1) {
      reader.receive([stream.slice(needed, needed + 1)]);
    }
    return { events: reader.events, end: endOf(reader), needed };
  }
  let outcome = await readWithMeerkat(stream, terms);
  if (outcome.end === undefined) return { ...outcome, needed: stream.length };
  // What has an end has it with whatever follows.
  let without = -1;
  let needed = stream.length;
  while (needed - without > 1) {
    const middle = (without + needed) >> 1;
    const shorter = await readWithMeerkat(stream.slice(0, middle), terms);
    if (shorter.end === undefined) without = middle;
    else {
      needed = middle;
      outcome = shorter;
    }
  }
  return { ...outcome, needed };
}

function endpoint({ role, maxMessageBytes, maxFramesPerMessage }: Terms): RecordedEndpoint {
  const situation = situationOf(0);
  const limits = { ...situation.limits, maxMessageBytes, maxFramesPerMessage };
  return new RecordedEndpoint({ ...situation, role, limits });
}

function endOf({ end }: RecordedEndpoint): OutcomeEnd | undefined {
  if (end?.by !== 'violation') return end;
  return { by: 'failure', code: end.code, rule: end.error.code };
}
