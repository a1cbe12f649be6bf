import { Buffer, isUtf8 } from 'node:buffer';
import type { Inflated, MessageInflater } from '../../deflate/message-inflater.ts';
import type { Finding } from '../../report/result.ts';
import type { Defect, ReceivedFrame } from '../../wire/frame-reader.ts';

/** A message in more frames than this is not read on; the most that is sent to a peer are 65,537. */
const MAX_PARTS = 100_000;

/** Who wants the messages, and to know what is wrong with them. */
export interface MessageTaker {
  messageComes(binary: boolean, payload: Uint8Array): void;
  peerIsWrong(defect: Defect): void;
  addFinding(finding: Finding): void;
}

/** What a message's place in the queue needs to be known of it. */
interface Assembling {
  readonly binary: boolean;
  readonly compressed: boolean;
  /** Those that are not empty. */
  readonly parts: Uint8Array[];
  frames: number;
  length: number;
}

/** Makes messages of data frames: puts fragments together, inflates, and looks whether text is UTF-8. */
export class MessageAssembler {
  /** How many messages of the peer came compressed, and how many not where they could have been. */
  compressed = 0;
  plain = 0;
  /** Compressed data could not be inflated. */
  inflatingFailed = false;
  readonly #inflating: MessageInflater | undefined;
  readonly #limits: { readonly maxBytes: number };
  readonly #taker: MessageTaker;
  #assembling: Assembling | undefined;

  /**
   * @param inflating - Where compression was agreed on.
   * @param limits - How long a message may be; it may change.
   */
  constructor(
    inflating: MessageInflater | undefined,
    limits: { readonly maxBytes: number },
    taker: MessageTaker,
  ) {
    this.#inflating = inflating;
    this.#limits = limits;
    this.#taker = taker;
  }

  /** Takes a data frame; answers a promise when what comes behind it has to wait for it. */
  take(frame: ReceivedFrame): Promise<void> | undefined {
    this.#assembling ??= {
      binary: frame.opcode === 2,
      compressed: (frame.rsv & 4) !== 0,
      parts: [],
      frames: 0,
      length: 0,
    };
    const assembling = this.#assembling;
    assembling.frames += 1;
    if (frame.payload.length > 0) assembling.parts.push(frame.payload);
    assembling.length += frame.payload.length;
    if (assembling.length > this.#limits.maxBytes || assembling.frames > MAX_PARTS) {
      const text = `sends a message without end: ${assembling.length} octets in ${assembling.frames} frames`;
      this.#taker.peerIsWrong({ closeCode: 1009, text, rule: 'RFC 6455 §5.4' });
      return undefined;
    }
    if (!frame.fin) return undefined;
    this.#assembling = undefined;
    const [only] = assembling.parts;
    const payload =
      assembling.parts.length === 1 && only !== undefined ? only : Buffer.concat(assembling.parts);
    if (!assembling.compressed || this.#inflating === undefined) {
      if (this.#inflating !== undefined) this.plain += 1;
      this.#message(assembling.binary, payload);
      return undefined;
    }
    this.compressed += 1;
    return this.#inflated(assembling.binary, payload, this.#inflating);
  }

  #inflated(
    binary: boolean,
    payload: Uint8Array,
    inflating: MessageInflater,
  ): Promise<void> | undefined {
    const take = ({ octets, closeCode, finding }: Inflated): void => {
      if (finding !== undefined) this.#taker.addFinding(finding);
      if (closeCode === undefined) this.#message(binary, octets);
      else {
        this.inflatingFailed = true;
        const { text = 'sends a message that cannot be inflated', rule = 'RFC 7692 §7.2.2' } =
          finding ?? {};
        this.#taker.peerIsWrong({ closeCode, text, rule });
      }
    };
    const inflated = inflating.inflate(payload, this.#limits.maxBytes);
    if (inflated instanceof Promise) return inflated.then(take);
    take(inflated);
    return undefined;
  }

  #message(binary: boolean, payload: Uint8Array): void {
    if (binary || isUtf8(payload)) this.#taker.messageComes(binary, payload);
    else {
      const text = 'sends text that is not UTF-8';
      this.#taker.peerIsWrong({ closeCode: 1007, text, rule: 'RFC 6455 §8.1' });
    }
  }
}
