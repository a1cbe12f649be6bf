// Where meerkat and the package `ws` differ, and are meant to. Whatever none of these explains is a finding.
import {
  announcedBytes,
  withShortestLengths,
  withWholeFrame,
  withWholeMessage,
} from './completion.ts';
import { agree, beginsWith, type Outcome } from './outcome.ts';
import { readWithMeerkat, readWithWs, type Terms } from './readers.ts';

/** A stream that the two read differently. */
export interface Disagreement {
  readonly stream: Uint8Array;
  readonly terms: Terms;
  /** Read octet by octet, so that `needed` says where meerkat came to its end. */
  readonly meerkat: Outcome & { readonly needed: number };
  readonly ws: Outcome;
}

interface Allowed {
  /** The entry of the list in the catalogue of bad input, where it has one. */
  readonly entry: string;
  readonly why: string;
  /** Whether this, and nothing else, explains the disagreement. */
  explains(disagreement: Disagreement): boolean | Promise<boolean>;
}

/** What is filled in for a length may be one that is not in its shortest form. */
const SEEN_LATER: readonly (string | undefined)[] = [
  'WS_CLOSE_PAYLOAD_LENGTH',
  'WS_CONTINUATION_UNEXPECTED',
  'WS_LENGTH_MSB_SET',
  'WS_LENGTH_NOT_MINIMAL',
  'WS_MESSAGE_INTERRUPTED',
];

export const ALLOWED: readonly Allowed[] = [
  {
    entry: '4 (F5)',
    why: 'A length that is not in its shortest form: meerkat 1002, ws takes it (§5.2: "the minimal number of bytes MUST be used").',
    async explains({ stream, terms, meerkat, ws }) {
      if (ruleOf(meerkat) !== 'WS_LENGTH_NOT_MINIMAL') return false;
      // ws reads the stream as if the lengths were right; and with right lengths the two agree, or differ for a reason.
      const right = withShortestLengths(stream, terms.role === 'server');
      if (right.length === stream.length) return false;
      const same = agree(ws, await readWithWs(right, terms));
      return same && beginsWith(ws.events, meerkat.events) && (await isExplained(right, terms));
    },
  },
  {
    entry: '6 (F6)',
    why: 'A length with the top bit set: meerkat 1002 (§5.2: "the most significant bit MUST be 0"), ws 1009.',
    async explains({ stream, terms, meerkat }) {
      if (ruleOf(meerkat) !== 'WS_LENGTH_MSB_SET') return false;
      const ws = await readWithWs(completed(stream, meerkat, terms), terms);
      return sameEvents(meerkat, ws) && ws.end?.code === 1009;
    },
  },
  {
    entry: '10 (F20)',
    why: 'Text that is not UTF-8: meerkat refuses it at the wrong octet, ws when the message is complete.',
    async explains({ stream, terms, meerkat }) {
      if (ruleOf(meerkat) !== 'WS_TEXT_UTF8') return false;
      const { role, maxMessageBytes, maxFramesPerMessage } = terms;
      const text = stream.subarray(0, meerkat.needed);
      const whole = withWholeMessage(text, role === 'server', maxMessageBytes);
      // One frame more may be needed to end it.
      const more = { ...terms, maxFramesPerMessage: maxFramesPerMessage + 1 };
      const ws = await readWithWs(whole, more);
      return sameEvents(meerkat, ws) && ws.end?.code === 1007;
    },
  },
  {
    entry: 'rule 7 (F6, F21)',
    why: 'A frame that is one too many and too long: meerkat counts frames first, ws octets.',
    async explains({ stream, terms, meerkat }) {
      if (ruleOf(meerkat) !== 'WS_TOO_MANY_FRAMES') return false;
      const read = stream.subarray(0, meerkat.needed);
      const tooLong = announcedBytes(read, terms.role === 'server') > BigInt(terms.maxMessageBytes);
      const ws = await readWithWs(completed(stream, meerkat, terms), terms);
      return tooLong && sameEvents(meerkat, ws) && ws.end?.code === 1009;
    },
  },
  {
    entry: 'when (meerkat first)',
    why: 'A header is refused at the octet that shows what is wrong: ws waits for the second octet, all of the length, or the payload.',
    async explains({ stream, terms, meerkat }) {
      if (meerkat.end?.by !== 'failure') return false;
      return agree(meerkat, await readWithWs(completed(stream, meerkat, terms), terms));
    },
  },
  {
    entry: 'when (ws first)',
    why: 'What ws sees at the second octet, meerkat sees with the whole length (a frame in the wrong place) or with the payload (a Close of one octet).',
    explains({ stream, terms, meerkat, ws }) {
      if (meerkat.end !== undefined || ws.end?.by !== 'failure') return false;
      const whole = withWholeFrame(stream, terms.role === 'server', terms.maxMessageBytes);
      const then = readWithMeerkat(whole, terms);
      return agree(then, ws) && SEEN_LATER.includes(ruleOf(then));
    },
  },
];

/** Which of {@link ALLOWED} explains it; undefined for a finding. */
export async function explanation(disagreement: Disagreement): Promise<Allowed | undefined> {
  for (const allowed of ALLOWED) if (await allowed.explains(disagreement)) return allowed;
  return undefined;
}

/** Reads a stream with both; answers what they differ in, unless that is nothing. */
export async function disagreement(
  stream: Uint8Array,
  terms: Terms,
): Promise<Disagreement | undefined> {
  const ws = await readWithWs(stream, terms);
  if (agree(readWithMeerkat(stream, terms), ws)) return undefined;
  return { stream, terms, meerkat: readWithMeerkat(stream, terms, true), ws };
}

async function isExplained(stream: Uint8Array, terms: Terms): Promise<boolean> {
  const differing = await disagreement(stream, terms);
  return differing === undefined || (await explanation(differing)) !== undefined;
}

/** What meerkat read until its end, and as much more as lets ws decide on that frame. */
function completed(
  stream: Uint8Array,
  { needed }: { readonly needed: number },
  { role, maxMessageBytes }: Terms,
): Uint8Array {
  return withWholeFrame(stream.subarray(0, needed), role === 'server', maxMessageBytes);
}

function ruleOf({ end }: Outcome): string | undefined {
  return end?.by === 'failure' ? end.rule : undefined;
}

function sameEvents(one: Outcome, other: Outcome): boolean {
  return one.events.length === other.events.length && beginsWith(one.events, other.events);
}
