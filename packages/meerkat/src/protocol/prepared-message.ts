// A message for many: RFC 6455 §5.2 has the same octets for every receiver of what is not masked, and RFC 7692 §7.2.1 for
// every receiver who agreed on the same, as long as the message refers to no other.
import { FIN, RSV1 } from './frame-parser.ts';
import { makeFrame } from './frame-writer.ts';
import { toOctets } from './octets.ts';
import { type DataOpcode, Opcode } from './opcode.ts';
import type { Primitives } from './primitives.ts';

/** What a message is made of: text, or octets in any of JavaScript's forms. */
export type MessageContent = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** Who waits until a message is compressed, and is to send it then. */
export interface CompressionWaiter {
  /** Whether it still waits for `message`. */
  waitsFor(message: PreparedMessage): boolean;
  /** There is a {@link PreparedMessage.compressedFrame} now. */
  compressed(message: PreparedMessage): void;
}

/** A message as it leaves uncompressed. */
interface Encoded {
  readonly frame: Uint8Array;
  /** A view of it. */
  readonly payload: Uint8Array;
}

/** What a message is when it is compressed in one way. */
interface CompressedForm {
  readonly way: number;
  /** Undefined as long as somebody works on it. */
  frame: Uint8Array | undefined;
  waiters: CompressionWaiter[];
}

/**
 * A message that is sent to many: it is encoded once, and compressed once for all who agreed on the same.
 *
 * `connection.send` takes it as it takes what it was made of. What it was made of is copied; nobody changes `content`.
 *
 * Hot path: who sends it finds a frame that is ready, and makes nothing.
 */
export class PreparedMessage {
  readonly opcode: DataOpcode;
  readonly #text: string | undefined;
  #encoded: Encoded | undefined;
  readonly #forms: CompressedForm[] = [];

  /**
   * @param message - A string is sent as text, anything else as binary. Octets are copied at once.
   * @throws {@link UsageError} for anything that is not a message.
   */
  constructor(message: MessageContent) {
    if (typeof message === 'string') {
      this.opcode = Opcode.Text;
      this.#text = message;
      return;
    }
    const octets = toOctets(message, 'MEERKAT_MESSAGE_TYPE');
    this.opcode = Opcode.Binary;
    this.#text = undefined;
    this.#encoded = makeEncoded(Opcode.Binary, octets.length);
    this.#encoded.payload.set(octets);
  }

  /** What it says, to somebody who is not sent frames: the text, or octets, which nobody changes. */
  get content(): string | Uint8Array {
    return this.#text ?? (this.#encoded as Encoded).payload;
  }

  /**
   * The whole frame, uncompressed and unmasked: the same memory every time, which nobody changes.
   *
   * @internal
   */
  frame(primitives: Primitives): Uint8Array {
    return (this.#encoded ?? this.#encode(primitives)).frame;
  }

  /**
   * The octets of the message: a view of {@link frame}.
   *
   * @internal
   */
  payload(primitives: Primitives): Uint8Array {
    return (this.#encoded ?? this.#encode(primitives)).payload;
  }

  /**
   * The frame for those who agreed on compression: undefined as long as nobody has compressed the message in this way, the
   * uncompressed one where it does not get shorter by it.
   *
   * @param way - Stands for all that the result depends on, beside the message.
   * @internal
   */
  compressedFrame(way: number): Uint8Array | undefined {
    return this.#form(way)?.frame;
  }

  /**
   * Keeps what became of it, without the last four octets of the flush; undefined for nothing. Answers the {@link compressedFrame}.
   *
   * @internal
   */
  keepCompressed(
    way: number,
    compressed: Uint8Array | undefined,
    primitives: Primitives,
  ): Uint8Array {
    const form = this.#form(way) ?? this.#newForm(way);
    const { waiters } = form;
    form.waiters = [];
    form.frame = this.#shorter(compressed, primitives);
    for (const waiter of waiters) waiter.compressed(this);
    return form.frame;
  }

  /**
   * Tells `waiter` when somebody has compressed the message in this way.
   *
   * @returns True for the first one: it sees to it that somebody does.
   * @internal
   */
  awaitCompressed(way: number, waiter: CompressionWaiter): boolean {
    const known = this.#form(way);
    const { waiters } = known ?? this.#newForm(way);
    waiters.push(waiter);
    return known === undefined;
  }

  /**
   * Whether anybody still waits for it to be compressed in this way. If not, who was to do that may let it be: the next one
   * who wants it begins anew.
   *
   * @internal
   */
  isAwaited(way: number): boolean {
    const form = this.#form(way);
    if (form === undefined) return false;
    if (form.waiters.some((waiter) => waiter.waitsFor(this))) return true;
    if (form.frame === undefined) this.#forms.splice(this.#forms.indexOf(form), 1);
    return false;
  }

  #encode(primitives: Primitives): Encoded {
    const text = this.#text as string;
    const encoded = makeEncoded(Opcode.Text, primitives.utf8Length(text));
    const { frame, payload } = encoded;
    primitives.encodeUtf8Into(text, frame, frame.length - payload.length);
    this.#encoded = encoded;
    return encoded;
  }

  #shorter(compressed: Uint8Array | undefined, primitives: Primitives): Uint8Array {
    if (compressed === undefined || compressed.length >= this.payload(primitives).length) {
      return this.frame(primitives);
    }
    const frame = makeFrame(FIN | RSV1 | this.opcode, compressed.length);
    frame.set(compressed, frame.length - compressed.length);
    return frame;
  }

  #newForm(way: number): CompressedForm {
    const form: CompressedForm = { way, frame: undefined, waiters: [] };
    this.#forms.push(form);
    return form;
  }

  /** There are as many as ways in which somebody compresses: mostly one. */
  #form(way: number): CompressedForm | undefined {
    for (let index = 0; index < this.#forms.length; index += 1) {
      const form = this.#forms[index] as CompressedForm;
      if (form.way === way) return form;
    }
    return undefined;
  }
}

/** A frame and the payload in it, which is to be filled in. */
function makeEncoded(opcode: DataOpcode, length: number): Encoded {
  const frame = makeFrame(FIN | opcode, length);
  return { frame, payload: frame.subarray(frame.length - length) };
}
