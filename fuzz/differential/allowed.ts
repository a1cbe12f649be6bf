// Where meerkat and the package `ws` differ, and are meant to. Whatever none of these explains is a finding.
import {
  announcedBytes,
  withShortestLengths,
  withWholeFrame,
  withWholeMessage,
} from './completion.ts';
import { agree, beginsWith, inParts, type Outcome, readsLike } from './outcome.ts';
import { readToEnd, readWithMeerkat, type Terms } from './readers.ts';
import { type CompressedMessage, readAgain, type SecondReading } from './second-reading.ts';
import { readWithWs } from './ws-receiver.ts';

/** A stream that the two read differently. */
export interface Disagreement {
  readonly stream: Uint8Array;
  readonly terms: Terms;
  /** Of all of the stream. */
  readonly whole: Outcome;
  /** Of as little of it as takes meerkat to its end: `needed` octets. */
  readonly meerkat: Outcome & { readonly needed: number };
  readonly ws: Outcome;
  /** What a second reading makes of it, where messages are compressed. */
  readonly again: SecondReading | undefined;
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
      return sameEvents(meerkat, ws, terms) && ws.end?.code === 1009;
    },
  },
  {
    entry: '10 (F20)',
    why: 'Text that is not UTF-8: meerkat refuses it at the wrong octet, ws when the message is complete.',
    async explains({ stream, terms, meerkat, ws: theirs }) {
      if (ruleOf(meerkat) !== 'WS_TEXT_UTF8' || readsLike(meerkat, theirs)) return false;
      const { role, maxMessageBytes, maxFramesPerMessage } = terms;
      const text = stream.subarray(0, meerkat.needed);
      const whole = withWholeMessage(text, role === 'server', maxMessageBytes);
      // One frame more may be needed to end it.
      const more = { ...terms, maxFramesPerMessage: maxFramesPerMessage + 1 };
      const ws = await readWithWs(whole, more);
      return sameEvents(meerkat, ws, terms) && ws.end?.code === 1007;
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
      return tooLong && sameEvents(meerkat, ws, terms) && ws.end?.code === 1009;
    },
  },
  {
    entry: 'when (meerkat first)',
    why: 'A header is refused at the octet that shows what is wrong: ws waits for the second octet, all of the length, or the payload.',
    async explains({ stream, terms, meerkat }) {
      if (meerkat.end?.by !== 'failure') return false;
      const more = completed(stream, meerkat, terms);
      return more.length > meerkat.needed && alike(meerkat, await readWithWs(more, terms), terms);
    },
  },
  {
    entry: 'when (ws first)',
    why: 'What ws sees at the second octet, meerkat sees with the whole length (a frame in the wrong place) or with the payload (a Close of one octet).',
    async explains({ stream, terms, meerkat, ws }) {
      if (meerkat.end !== undefined || ws.end?.by !== 'failure') return false;
      const whole = withWholeFrame(stream, terms.role === 'server', terms.maxMessageBytes);
      const then = await readWithMeerkat(whole, terms);
      return alike(then, ws, terms) && SEEN_LATER.includes(ruleOf(then));
    },
  },
  {
    entry: '8 (C3)',
    why: 'Behind a final block ws begins with an empty window; meerkat keeps it, as nothing in RFC 7692 §7.2 ends the context.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ here, earlier, ws }) => {
        const refersBack = (here?.inflated.reach ?? 0) > 0 && earlier.some(hasFinalBlock);
        return refersBack && ws.end?.code === 1007;
      }),
  },
  {
    entry: '12 (C4)',
    why: 'What follows a final block: meerkat goes on with it as new blocks, 16 at most, ws ignores the rest of the frame.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ at, here, ws }) => {
        if (here === undefined || here.inflated.finalBlocks === 0) return false;
        // A later frame it begins to inflate anew.
        if (!isOneFrame(here) || ws.events.length === at) return true;
        const hex = ws.events[at]?.split(' ')[1] ?? '';
        return Buffer.from(here.inflated.octets).toString('hex').startsWith(hex);
      }),
  },
  {
    entry: '12 (the tail)',
    why: 'A final block that takes in the tail: ws has nothing left to see the end of its inflater by, and ignores the next frame.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ earlier, terms }) => {
        const ended = ({ inflated }: CompressedMessage): boolean =>
          inflated.final && inflated.atRest;
        return terms.deflate?.takeover === true && earlier.some(ended);
      }),
  },
  {
    entry: 'C5',
    why: 'A message that ends inside a block: meerkat begins the next one anew, ws goes on in the middle of the block.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ earlier, terms }) => {
        return terms.deflate?.takeover === true && earlier.some(endsInsideBlock);
      }),
  },
  {
    entry: 'C11',
    why: 'A distance beyond the window that was agreed on: meerkat takes it within a message, ws refuses it by how the octets are cut.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ here, ws, terms }) => {
        const most = 2 ** (terms.deflate?.windowBits ?? 15);
        return (here?.inflated.farthest ?? 0) > most && ws.end?.code === 1007;
      }),
  },
  {
    entry: 'C8 (before inflating)',
    why: 'A message that is longer than the limit as it is compressed: ws 1009, meerkat has an eighth and 1 KiB to spare.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ here, ws, terms }) => {
        const tooLong = (here?.announced ?? 0n) > BigInt(terms.maxMessageBytes);
        return tooLong && ws.end?.code === 1009;
      }),
  },
  {
    entry: '9, 13 (C2, C8)',
    why: 'A message that is both broken and too long: which shows first is up to how much is inflated at a time.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ here, ws }) => {
        const { codes = [] } = here ?? {};
        return codes.length > 1 && codes.includes(ws.end?.code ?? 0);
      }),
  },
  {
    entry: 'when (C10)',
    why: 'ws inflates each frame of a message as it comes, meerkat the whole message: what is wrong ws sees earlier.',
    explains: (disagreement) =>
      whereTheyPart(disagreement, ({ here, ws, terms }) => {
        if (here === undefined || isOneFrame(here) || ws.end?.by !== 'failure') return false;
        const { broken, octets } = here.inflated;
        if (ws.end.code === 1007) return broken;
        return ws.end.code === 1009 && octets.length > terms.maxMessageBytes;
      }),
  },
  {
    entry: 'when (C13)',
    why: 'While meerkat inflates a message beside the loop, it hears control frames and what is wrong with frames behind it.',
    explains({ terms, whole, meerkat, ws }) {
      if (terms.deflate === undefined || !readsLike(meerkat, ws)) return false;
      const [all, some] = [inParts(whole), inParts(ws)];
      const sameMessages = all.messages.join() === some.messages.join();
      return sameMessages && beginsWith(all.controls, some.controls);
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
  const whole = await readWithMeerkat(stream, terms);
  if (agree(whole, ws)) return undefined;
  const meerkat = await readToEnd(stream, terms);
  const again = terms.deflate === undefined ? undefined : await readAgain(stream, terms);
  return { stream, terms, whole, meerkat, ws, again };
}

/** Where ws leaves what meerkat and the second reading agree on. */
interface Parting {
  /** How many events they agree on. */
  readonly at: number;
  /** The compressed message that ws stood at. */
  readonly here: CompressedMessage | undefined;
  /** The compressed messages before it. */
  readonly earlier: readonly CompressedMessage[];
  readonly ws: Outcome;
  readonly terms: Terms;
}

/** Whether the second reading says that meerkat is right, and the place where ws is not fits `fits`. */
function whereTheyPart(
  { terms, meerkat, ws, again }: Disagreement,
  fits: (parting: Parting) => boolean,
): boolean {
  if (again === undefined || !again.agrees(meerkat)) return false;
  const { events } = again.outcome;
  const differing = ws.events.findIndex((event, at) => event !== events[at]);
  const at = differing === -1 ? ws.events.length : differing;
  const here = again.messages.find(({ before, until }) => before <= at && at <= until);
  const earlier = again.messages.filter(({ until }) => until < at);
  return fits({ at, here, earlier, ws, terms });
}

/** Whether ws inflates it at once. */
function isOneFrame({ complete, frames }: CompressedMessage): boolean {
  return complete && frames === 1;
}

function hasFinalBlock({ inflated }: CompressedMessage): boolean {
  return inflated.final;
}

/** Whether it leaves zlib in the middle of a block: a final one ends it instead, unless a frame behind it begins anew. */
function endsInsideBlock(message: CompressedMessage): boolean {
  const { atRest, final } = message.inflated;
  return !atRest && (!final || !isOneFrame(message));
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

/** Whether the two say the same; what is inflated beside the loop may come later among the control frames. */
function alike(one: Outcome, other: Outcome, { deflate }: Terms): boolean {
  return deflate === undefined ? agree(one, other) : readsLike(one, other);
}

function sameEvents({ events }: Outcome, other: Outcome, terms: Terms): boolean {
  return alike({ events, end: other.end }, other, terms);
}
