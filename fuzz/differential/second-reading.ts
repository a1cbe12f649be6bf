import { CloseCode, FIN, maxCompressedBytes, RSV1 } from 'meerkat/protocol';
import { encodeFrame, type FramePlace, walkFrames } from '../reference/frames.ts';
import { type Inflated, inflate } from '../reference/inflate.ts';
import { type Outcome, type OutcomeEnd, readsLike } from './outcome.ts';
import { readWithMeerkat, type Terms } from './readers.ts';

/** A message of a stream that is compressed, as a second reading of RFC 7692 has it. */
export interface CompressedMessage {
  /** How many events came before its first frame, and before its end. */
  readonly before: number;
  readonly until: number;
  readonly frames: number;
  /** Octets that its frames announce, as they are on the wire. */
  readonly announced: bigint;
  readonly complete: boolean;
  /** What its octets stand for; of a message that is not complete, without the tail. */
  readonly inflated: Inflated;
  /** The close codes that fit it: of what is wrong with it, which shows first is up to how it is cut. */
  readonly codes: readonly number[];
}

/** A stream read once more. */
export interface SecondReading {
  readonly outcome: Outcome;
  readonly messages: readonly CompressedMessage[];
  /** Whether somebody else read the same, but for the order of {@link readsLike}. */
  agrees(other: Outcome): boolean;
}

/** Where a stream goes behind a frame: on, to the end as it is, or no further. */
type Next = 'on' | 'rest' | 'over';

const { InvalidPayload, PolicyViolation, MessageTooBig } = CloseCode;
const NO_OCTETS = new Uint8Array(0);
const MOST_FINAL_BLOCKS = 16;
/** Beyond a limit zlib may go on for a piece of its output: what is wrong there may be found first. */
const PIECE = 65_536;

/**
 * Reads what a client sends that compresses, with the frames left to meerkat's parser: each compressed message is
 * inflated by the second reading of RFC 1951, and stands in the stream that the parser is given as if it had not been
 * compressed.
 */
export async function readAgain(stream: Uint8Array, terms: Terms): Promise<SecondReading> {
  const { plain, messages } = new Rewriting(stream, terms).done();
  const codes = messages.at(-1)?.codes ?? [];
  const { events, end: plainEnd } = await readWithMeerkat(plain, { ...terms, deflate: undefined });
  const [code] = codes;
  const failure: OutcomeEnd | undefined = code === undefined ? undefined : { by: 'failure', code };
  const end = plainEnd ?? failure;
  return {
    outcome: { events, end },
    messages,
    agrees: (other) =>
      readsLike({ events, end }, other) ||
      (plainEnd === undefined &&
        codes.some((fits) => readsLike({ events, end: { by: 'failure', code: fits } }, other))),
  };
}

/** Puts plain messages in the place of compressed ones, up to one that may not be. */
class Rewriting {
  readonly #stream: Uint8Array;
  readonly #terms: Terms;
  readonly #parts: Uint8Array[] = [];
  readonly #messages: CompressedMessage[] = [];
  #events = 0;
  #window: Uint8Array = NO_OCTETS;
  /** The message in progress. */
  #open: 'none' | 'plain' | 'compressed' = 'none';
  #before = 0;
  #frames = 0;
  #announced = 0n;
  #payload: Uint8Array[] = [];

  constructor(stream: Uint8Array, terms: Terms) {
    this.#stream = stream;
    this.#terms = terms;
  }

  done(): { readonly plain: Uint8Array; readonly messages: readonly CompressedMessage[] } {
    for (const place of walkFrames(this.#stream, true)) {
      const next = this.#frame(place);
      if (next === 'on') continue;
      if (next === 'rest') this.#copyRest(place);
      break;
    }
    if (this.#open === 'compressed' && this.#messages.at(-1)?.before !== this.#before) {
      this.#keep(false, this.#inflate([]), []);
    }
    const plain = Uint8Array.from(Buffer.concat(this.#parts));
    return { plain, messages: this.#messages };
  }

  #frame(place: FramePlace): Next {
    const { head, length, headerDue, payloadDue } = place;
    if (length === undefined || !this.#isSound(place)) return 'rest';
    const whole = headerDue === 0 && payloadDue === 0n;
    if ((head & 8) !== 0) {
      if (!whole) return 'rest';
      this.#copy(place);
      this.#events += 1;
      return (head & 0xf) === 8 ? 'over' : 'on';
    }
    if ((head & 0xf) !== 0) {
      this.#open = (head & RSV1) === 0 ? 'plain' : 'compressed';
      this.#before = this.#events;
      this.#frames = 0;
      this.#announced = 0n;
      this.#payload = [];
    }
    return this.#open === 'plain'
      ? this.#plainFrame(place, whole)
      : this.#compressedFrame(place, length, whole);
  }

  #plainFrame(place: FramePlace, whole: boolean): Next {
    if (!whole) return 'rest';
    this.#copy(place);
    if ((place.head & FIN) !== 0) this.#end();
    return 'on';
  }

  #compressedFrame(place: FramePlace, length: bigint, whole: boolean): Next {
    const { maxFramesPerMessage, maxMessageBytes } = this.#terms;
    const head = place.head & ~RSV1;
    this.#frames += 1;
    this.#announced += length;
    if (this.#frames > maxFramesPerMessage) {
      this.#write(head, NO_OCTETS); // where the parser ends
      return 'over';
    }
    if (this.#announced > BigInt(maxCompressedBytes(maxMessageBytes))) {
      this.#keep(false, this.#inflate([]), [MessageTooBig]);
      return 'over';
    }
    if (!whole) return 'over';
    this.#payload.push(this.#payloadOf(place));
    if ((head & FIN) === 0) {
      this.#write(head, NO_OCTETS);
      return 'on';
    }
    const inflated = this.#inflate();
    const codes = this.#codesOf(inflated);
    this.#keep(true, inflated, codes);
    if (codes.length > 0) return 'over';
    this.#write(head, inflated.octets);
    const { takeover = false, windowBits = 15 } = this.#terms.deflate ?? {};
    if (takeover) {
      this.#window = Buffer.concat([this.#window, inflated.octets]).subarray(-(2 ** windowBits));
    }
    this.#end();
    return 'on';
  }

  #inflate(tail?: readonly number[]): Inflated {
    const most = this.#terms.maxMessageBytes + PIECE;
    const octets = Buffer.concat(this.#payload);
    return inflate(octets, this.#window, most, MOST_FINAL_BLOCKS, tail);
  }

  #codesOf({ octets, broken, finalBlocks }: Inflated): number[] {
    const codes: number[] = [];
    if (broken) codes.push(InvalidPayload);
    if (finalBlocks === MOST_FINAL_BLOCKS) codes.push(PolicyViolation);
    if (octets.length > this.#terms.maxMessageBytes) codes.push(MessageTooBig);
    return codes;
  }

  #keep(complete: boolean, inflated: Inflated, codes: readonly number[]): void {
    this.#messages.push({
      before: this.#before,
      until: this.#events,
      frames: this.#frames,
      announced: this.#announced,
      complete,
      inflated,
      codes,
    });
  }

  #end(): void {
    this.#open = 'none';
    this.#events += 1;
  }

  #write(head: number, payload: Uint8Array): void {
    this.#parts.push(encodeFrame({ head, payload, key: 0 }));
  }

  #copy(place: FramePlace): void {
    this.#parts.push(this.#stream.subarray(place.start, this.#endOf(place)));
  }

  /** A frame that is wrong or cut: whether it is compressed does not matter to the parser, which says what is wrong. */
  #copyRest({ start, head }: FramePlace): void {
    const rest = this.#stream.slice(start);
    if ((head & 0xf) === 1 || (head & 0xf) === 2) rest[0] = head & ~RSV1;
    this.#parts.push(rest);
  }

  #payloadOf(place: FramePlace): Uint8Array {
    const start = place.start + 2 + place.lengthForm;
    const key = this.#stream.subarray(start, start + 4);
    const masked = this.#stream.subarray(start + 4, this.#endOf(place));
    return masked.map((octet, at) => octet ^ (key[at % 4] as number));
  }

  #endOf({ start, lengthForm, length = 0n }: FramePlace): number {
    return start + 2 + lengthForm + 4 + Number(length);
  }

  /** Whether a frame may stand where it does, with a length in its shortest form: else the parser says what is wrong. */
  #isSound({ start, head, lengthForm, length = 0n }: FramePlace): boolean {
    if ((head & 0x30) !== 0 || ((this.#stream[start + 1] ?? 0x80) & 0x80) === 0) return false;
    const fewest = length <= 125n ? 0 : length <= 0xffffn ? 2 : 8;
    if (lengthForm !== fewest || length >= 2n ** 63n) return false;
    const opcode = head & 0xf;
    if (opcode === 0) return (head & RSV1) === 0 && this.#open !== 'none';
    if (opcode <= 2) return this.#open === 'none';
    return (head & 0xc0) === 0x80 && opcode >= 8 && opcode <= 10 && length <= 125n;
  }
}
