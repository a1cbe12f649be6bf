// From the payloads of compressed messages to the messages (RFC 7692 §7.2.2), and what is wrong with them.
import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { type InflateRaw, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';
import type { DeflateDirection } from './agreement.ts';
import { LARGEST_WINDOW_BITS } from './deflate-parameters.ts';
import { History } from './history.ts';
import { type DeflateDefect, type InflateResult, inflate } from './inflate.ts';

/** What {@link MessageInflater} is told. */
export interface InflaterSettings {
  /** What was agreed on for what the peer sends. */
  readonly direction: DeflateDirection;
  /** What the peer is. */
  readonly sender: 'server' | 'client';
  /** Larger messages are not inflated. */
  readonly maxBytes: number;
}

/** What is wrong with a compressed message; see `Finding` of the reports. */
interface DeflateFinding {
  readonly code: 'DEFLATE' | 'WINDOW' | 'CONTEXT';
  readonly text: string;
  readonly rule: string;
}

/** What became of a payload. */
export interface Inflated {
  /** The message, or as much of it as there is. */
  readonly octets: Uint8Array;
  /**
   * Why an ordinary reader fails the connection over it, with which code; `octets` are of no use then. Findings without this
   * are only seen by whoever looks for them.
   */
  readonly closeCode?: 1007 | 1009;
  readonly finding?: DeflateFinding;
  /** The largest distance of a match, where that was looked at. */
  readonly maxDistance?: number;
}

/** Behind a message, so that a cut one is seen: zlib takes it for the end of its data (RFC 7692 §7.2.2; RFC 1951 §3.2.4). */
const TAIL_AND_END = Buffer.from('0000ffff010000ffff', 'hex');
const TAIL = TAIL_AND_END.subarray(0, 4);
/** Larger payloads are inflated beside the event loop. */
const MOST_AT_ONCE = 16_384;
const LEAST_ROOM = 1024;
const MOST_ROOM = 1 << 20;

/** With the option `info`, an object of this shape is what zlib's calls answer. */
interface WithInfo {
  readonly buffer: Buffer;
  readonly engine: InflateRaw;
}

const inflateBeside = promisify<Uint8Array, ZlibOptions, unknown>(inflateRaw);

/**
 * Inflates the messages of one direction, one at a time. zlib does it where all is well and the largest window was agreed on;
 * the rest is walked octet by octet.
 */
export class MessageInflater {
  readonly #settings: InflaterSettings;
  /** Kept without takeover too: whoever refers to it is told so. */
  readonly #history = new History(LARGEST_WINDOW_BITS);
  #room = LEAST_ROOM;
  #maxBytes: number;

  constructor(settings: InflaterSettings) {
    this.#settings = settings;
    this.#maxBytes = settings.maxBytes;
  }

  /**
   * The next message, from its payload. It must not be called again before the answer is there.
   *
   * @param maxBytes - For this message, where that is less than for all.
   */
  inflate(payload: Uint8Array, maxBytes: number = Infinity): Inflated | Promise<Inflated> {
    this.#maxBytes = Math.min(this.#settings.maxBytes, maxBytes);
    if (this.#settings.direction.windowBits < LARGEST_WINDOW_BITS) return this.#walk(payload);
    const data = Buffer.concat([payload, TAIL_AND_END]);
    if (payload.length > MOST_AT_ONCE) {
      return inflateBeside(data, this.#options()).then(
        (answer) => this.#take(payload, data.length, answer),
        (error: unknown) => this.#refused(payload, error),
      );
    }
    let answer: unknown;
    try {
      answer = inflateRawSync(data, this.#options());
    } catch (error) {
      return this.#refused(payload, error);
    }
    return this.#take(payload, data.length, answer);
  }

  #options(): ZlibOptions {
    const dictionary = this.#history.octets;
    const { direction } = this.#settings;
    return {
      info: true,
      maxOutputLength: this.#maxBytes,
      chunkSize: this.#room,
      ...(direction.contextTakeover && dictionary.length > 0 ? { dictionary } : {}),
    };
  }

  #take(payload: Uint8Array, given: number, answer: unknown): Inflated {
    const { buffer, engine } = answer as WithInfo;
    // It ended before the end that was put behind it: at a final block of its own.
    if (engine.bytesWritten !== given) return this.#walk(payload);
    return this.#done({ octets: buffer });
  }

  #done(inflated: Inflated): Inflated {
    const { octets } = inflated;
    this.#room = Math.min(MOST_ROOM, Math.max(LEAST_ROOM, octets.length + 64));
    this.#history.push(octets);
    return inflated;
  }

  #refused(payload: Uint8Array, error: unknown): Inflated {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE')
      return this.#walk(payload);
    return this.#tooLarge();
  }

  #tooLarge(): Inflated {
    const most = this.#maxBytes.toLocaleString('en-US');
    const text = `sends a compressed message that becomes more than ${most} octets`;
    const finding = { code: 'DEFLATE', text, rule: 'RFC 7692 §8' } as const;
    return { octets: new Uint8Array(0), closeCode: 1009, finding };
  }

  #walk(payload: Uint8Array): Inflated {
    const { direction } = this.#settings;
    const walked = inflate(payload, {
      history: this.#history.octets,
      maxBytes: this.#maxBytes,
      tail: true,
      windowBits: direction.windowBits,
    });
    if (walked.defect?.tooLarge === true) return this.#tooLarge();
    return this.#done({
      octets: walked.octets,
      maxDistance: walked.maxDistance,
      ...this.#verdict(payload, walked),
    });
  }

  #verdict(payload: Uint8Array, walked: InflateResult): Pick<Inflated, 'closeCode' | 'finding'> {
    const { direction, sender } = this.#settings;
    if (!direction.contextTakeover && walked.intoHistory > 0) {
      const text = `refers back ${walked.intoHistory} octets behind the beginning of a message, in spite of ${sender}_no_context_takeover`;
      return { closeCode: 1007, finding: { code: 'CONTEXT', text, rule: RULES[sender].takeover } };
    }
    if (walked.defect !== undefined) return defective(payload, walked.defect);
    if (walked.beyond === undefined) return {};
    const { distance, at } = walked.beyond;
    const agreed = `${2 ** direction.windowBits} of ${sender}_max_window_bits=${direction.windowBits}`;
    const text = `makes octet ${at} of a message from one ${distance} before it, further back than the ${agreed}`;
    const finding = { code: 'WINDOW', text, rule: RULES[sender].window } as const;
    return walked.lostByCalls ? { closeCode: 1007, finding } : { finding };
  }
}

const RULES = {
  server: { takeover: 'RFC 7692 §7.1.1.1', window: 'RFC 7692 §7.1.2.1' },
  client: { takeover: 'RFC 7692 §7.1.1.2', window: 'RFC 7692 §7.1.2.2' },
} as const;

function defective(
  payload: Uint8Array,
  defect: DeflateDefect,
): Pick<Inflated, 'closeCode' | 'finding'> {
  const find = (text: string, rule: string): { readonly finding: DeflateFinding } => ({
    finding: { code: 'DEFLATE', text, rule },
  });
  // What is cut off is read by everybody as far as it goes: nobody's zlib complains.
  if (defect.cutOff === true && payload.length === 0) {
    return find(
      'compresses a message to no octet at all, where 00 is the least',
      'RFC 7692 §7.2.3.6',
    );
  }
  if (defect.cutOff === true && Buffer.from(payload).subarray(-TAIL.length).equals(TAIL)) {
    return find('leaves the 00 00 ff ff at the end of a compressed message', 'RFC 7692 §7.2.1');
  }
  const { at, bit, text } = defect;
  const octet = at < payload.length ? `octet ${at} is ${hex(payload[at])}` : 'after its last octet';
  const words = `sends data that is not DEFLATE: ${text}, at bit ${bit} of octet ${at} (${octet})`;
  const found = find(words, defect.cutOff === true ? 'RFC 7692 §7.2.1' : 'RFC 1951 §3.2');
  return defect.cutOff === true ? found : { closeCode: 1007, ...found };
}

function hex(octet: number | undefined): string {
  return (octet ?? 0).toString(16).padStart(2, '0');
}
