import { isAnyArrayBuffer } from 'node:util/types';
import type { Endpoint } from '../protocol/endpoint.ts';
import { refuseUnknownOptions } from '../protocol/option-range.ts';
import { type UsageCode, UsageError } from '../protocol/usage-error.ts';
import type { Transport } from '../transport/transport.ts';
import { Backpressure, type BackpressureActions } from './backpressure.ts';
import { Deflation, type DeflationSettings } from './compression/deflation.ts';
import type { ResolvedConnectionOptions } from './connection-options.ts';
import type { LimitName } from './limit-hits.ts';
import type { Outbox } from './outbox.ts';

/** What became of a message: see `Connection.send`. */
export type SendResult = 'sent' | 'queued' | 'dropped';

/** What can be sent: text, or octets in any of JavaScript's forms. */
export type Sendable = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/** How one message is sent. */
export interface SendOptions {
  /**
   * Whether it is compressed, where compression was agreed on. `false` for a message that holds a secret beside what somebody
   * else chose, or that is compressed already. @default what the option `threshold` says
   */
  readonly compress?: boolean | undefined;
}

/** What a {@link Sending} is made of. */
export interface SendingSetup {
  readonly endpoint: Endpoint;
  readonly outbox: Outbox;
  readonly transport: Transport;
  readonly options: ResolvedConnectionOptions;
  /** How messages are compressed; undefined where that was not agreed on. */
  readonly deflation: DeflationSettings | undefined;
  readonly actions: SendingActions;
}

/** What a sending asks of its connection. */
export interface SendingActions {
  /** The queue is below the soft mark again, after a sender was told that it is not. */
  drain(): void;
  /** Messages were dropped, and the queue is still at the cap. */
  overflow(): void;
  /** A limit bit. */
  exceeded(limit: LimitName): void;
}

/** The way out of a connection: what is sent, what waits, and when it leaves. */
export class Sending implements BackpressureActions {
  readonly #endpoint: Endpoint;
  readonly #outbox: Outbox;
  readonly #transport: Transport;
  readonly #options: ResolvedConnectionOptions;
  readonly #actions: SendingActions;
  readonly #backpressure: Backpressure;
  readonly #deflationSettings: DeflationSettings | undefined;
  /** From the first message on: a connection that sends none does without. */
  #deflation: Deflation | undefined;
  /** A chunk is being handled: what is sent leaves at its end. */
  #inChunk = false;
  #flushScheduled = false;
  #droppedMessages = 0;

  constructor({ endpoint, outbox, transport, options, deflation, actions }: SendingSetup) {
    this.#endpoint = endpoint;
    this.#outbox = outbox;
    this.#transport = transport;
    this.#options = options;
    this.#actions = actions;
    this.#backpressure = new Backpressure(options, options.clock, this);
    this.#deflationSettings = deflation;
  }

  /** Octets accepted that the network has not taken yet. */
  get queuedBytes(): number {
    const compressing = this.#deflation?.pendingBytes ?? 0;
    return compressing + this.#outbox.pendingBytes + this.#transport.queuedBytes;
  }

  /** Messages that were not accepted. */
  get droppedMessages(): number {
    return this.#droppedMessages;
  }

  /** See `Connection.send`. */
  send(message: Sendable, options?: SendOptions): SendResult {
    const compress = options === undefined ? undefined : readSendOptions(options);
    const octets =
      typeof message === 'string' ? undefined : toOctets(message, 'MEERKAT_MESSAGE_TYPE');
    if (this.queuedBytes >= this.#options.maxQueuedBytes && this.#endpoint.maySend) {
      this.#droppedMessages += 1;
      this.#backpressure.dropped();
      this.#actions.exceeded('maxQueuedBytes');
      return 'dropped';
    }
    const way = this.#way;
    const accepted =
      octets === undefined
        ? way.sendText(message as string, compress)
        : way.sendBinary(octets, compress);
    if (!accepted) {
      this.#droppedMessages += 1;
      return 'dropped';
    }
    this.scheduleFlush();
    if (this.queuedBytes < this.#options.softQueuedBytes) return 'sent';
    if (this.#backpressure.queued()) this.#actions.exceeded('softQueuedBytes');
    return 'queued';
  }

  /** What takes the messages: they are compressed, or leave as they are. */
  get #way(): Deflation | Endpoint {
    if (this.#deflationSettings === undefined) return this.#endpoint;
    this.#deflation ??= new Deflation(this.#endpoint, this.#deflationSettings, () => this.flush());
    return this.#deflation;
  }

  /** Resolves below the soft mark, and at the end. */
  drained(): Promise<void> {
    return this.#backpressure.drained();
  }

  /** What is sent from now on leaves together, at {@link chunkEnds}. */
  chunkBegins(): void {
    this.#outbox.chunkBegins();
    this.#inChunk = true;
  }

  chunkEnds(): void {
    this.#inChunk = false;
    this.flush();
  }

  /** Something was written, and leaves at the end of the chunk or of this tick. */
  scheduleFlush(): void {
    if (this.#inChunk || this.#flushScheduled) return;
    this.#flushScheduled = true;
    process.nextTick(() => this.flush());
  }

  /** Gives what was written to the transport, unless earlier output still waits there. */
  flush(): void {
    this.#flushScheduled = false;
    this.#outbox.flushUnlessCongested();
    this.#backpressure.relieved();
  }

  /** The network took something. */
  transportDrained(): void {
    if (this.#transport.queuedBytes === 0) this.#endpoint.drained();
    this.#outbox.flush();
    this.#backpressure.relieved();
  }

  drain(): void {
    this.#actions.drain();
  }

  overflow(): void {
    this.#actions.overflow();
  }

  /** The Close frame follows, or the end: writes what still waits to be compressed. */
  closing(): void {
    this.#deflation?.flush();
  }

  /** Nothing leaves any more. */
  end(): void {
    this.#deflation?.stop();
    this.#backpressure.end();
  }
}

/** @throws {@link UsageError} for an unknown option, or a value that is none. */
function readSendOptions(options: SendOptions): boolean | undefined {
  refuseUnknownOptions(options, ['compress']);
  const { compress } = options;
  if (compress !== undefined && typeof compress !== 'boolean') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'compress is not a boolean');
  }
  return compress;
}

/**
 * The octets of a buffer or a view, of any realm.
 *
 * @throws {@link UsageError} with `code` for anything else.
 */
export function toOctets(value: unknown, code: UsageCode): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  try {
    if (isAnyArrayBuffer(value)) return new Uint8Array(value);
  } catch {
    throw new UsageError(code, 'a detached ArrayBuffer');
  }
  throw new UsageError(code, value === null ? 'null' : typeof value);
}
