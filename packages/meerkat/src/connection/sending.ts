import type { Endpoint } from '../protocol/endpoint.ts';
import { toOctets } from '../protocol/octets.ts';
import { refuseUnknownOptions } from '../protocol/option-range.ts';
import { PreparedMessage } from '../protocol/prepared-message.ts';
import type { Sendable, SendOptions, SendResult } from '../protocol/sendable.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { Backpressure, type BackpressureActions } from './backpressure.ts';
import { Deflation, type DeflationSettings } from './compression/deflation.ts';
import type { ResolvedConnectionOptions } from './connection-options.ts';
import type { LimitName } from './limit-hits.ts';
import { nodePrimitives } from './node-primitives.ts';
import type { Outbox } from './outbox.ts';
import { flushAtEndOfTurn } from './turn.ts';

/** What a {@link Sending} is made of. */
export interface SendingSetup {
  readonly endpoint: Endpoint;
  readonly outbox: Outbox;
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
  readonly #options: ResolvedConnectionOptions;
  readonly #actions: SendingActions;
  /** From the first sender on who was told to wait. */
  #waiting: Backpressure | undefined;
  /** What compresses, from the first message on; how until then; undefined where that was not agreed on. */
  #compressor: Deflation | DeflationSettings | undefined;
  /** A chunk is being handled: what is sent leaves at its end. */
  #inChunk = false;
  #flushScheduled = false;
  #droppedMessages = 0;

  constructor({ endpoint, outbox, options, deflation, actions }: SendingSetup) {
    this.#endpoint = endpoint;
    this.#outbox = outbox;
    this.#options = options;
    this.#actions = actions;
    this.#compressor = deflation;
  }

  /** Octets accepted that the network has not taken yet. */
  get queuedBytes(): number {
    const queued = this.#outbox.queuedBytes;
    const compressor = this.#compressor;
    if (compressor === undefined || !(compressor instanceof Deflation)) return queued;
    return queued + compressor.pendingBytes;
  }

  /** Messages that were not accepted. */
  get droppedMessages(): number {
    return this.#droppedMessages;
  }

  /** See `Connection.send`. */
  send(message: Sendable, options?: SendOptions): SendResult {
    const compress = options === undefined ? undefined : readSendOptions(options);
    const given = readMessage(message);
    if (this.queuedBytes >= this.#options.maxQueuedBytes && this.#endpoint.maySend) {
      this.#droppedMessages += 1;
      this.#backpressure.dropped();
      this.#actions.exceeded('maxQueuedBytes');
      return 'dropped';
    }
    if (!this.#accept(given, compress)) {
      this.#droppedMessages += 1;
      return 'dropped';
    }
    this.scheduleFlush();
    if (this.queuedBytes < this.#options.softQueuedBytes) return 'sent';
    if (this.#backpressure.queued()) this.#actions.exceeded('softQueuedBytes');
    return 'queued';
  }

  /** Writes a message, or has it compressed. False when it may not be sent any more. */
  #accept(message: string | Uint8Array | PreparedMessage, compress: boolean | undefined): boolean {
    const deflation = this.#compressing;
    if (typeof message === 'string') {
      if (deflation === undefined) return this.#endpoint.sendText(message);
      return deflation.sendText(message, compress);
    }
    if (message instanceof PreparedMessage) {
      if (deflation === undefined) return this.#endpoint.sendFrame(message.frame(nodePrimitives));
      return deflation.sendPrepared(message, compress);
    }
    if (deflation === undefined) return this.#endpoint.sendBinary(message);
    return deflation.sendBinary(message, compress);
  }

  /** What compresses; undefined where that was not agreed on. */
  get #compressing(): Deflation | undefined {
    const compressor = this.#compressor;
    if (compressor === undefined || compressor instanceof Deflation) return compressor;
    const deflation = new Deflation(this.#endpoint, compressor, () => this.flush());
    this.#compressor = deflation;
    return deflation;
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
    if (this.#waiting === undefined) flushAtEndOfTurn(this);
    else this.#flushLater();
  }

  /** By itself: who is told that the queue is short again hears it in the asynchronous context that it was sent in. */
  #flushLater(): void {
    process.nextTick(() => this.flush());
  }

  /** The end of the turn, for many connections: nobody is told anything. */
  flushTurn(): void {
    this.#flushScheduled = false;
    this.#outbox.flushUnlessCongested();
  }

  /** Gives what was written to the transport, unless earlier output still waits there. */
  flush(): void {
    this.#flushScheduled = false;
    this.#outbox.flushUnlessCongested();
    this.#waiting?.relieved();
  }

  /** Gives all that was written to the transport: the end is near. */
  flushAll(): void {
    this.#outbox.flush();
  }

  /** The network took something. */
  transportDrained(): void {
    if (this.#outbox.drained) this.#endpoint.drained();
    this.#outbox.flush();
    this.#waiting?.relieved();
  }

  drain(): void {
    this.#actions.drain();
  }

  overflow(): void {
    this.#actions.overflow();
  }

  /** The Close frame follows, or the end: writes what still waits to be compressed. */
  closing(): void {
    if (this.#compressor instanceof Deflation) this.#compressor.flush();
  }

  get #backpressure(): Backpressure {
    if (this.#waiting === undefined) {
      this.#waiting = new Backpressure(this.#options, this.#options.clock, this);
      if (this.#flushScheduled) this.#flushLater();
    }
    return this.#waiting;
  }

  /** Nothing leaves any more. */
  end(): void {
    if (this.#compressor instanceof Deflation) this.#compressor.stop();
    this.#backpressure.end();
  }
}

/** @throws {@link UsageError} for anything that is not a message. */
function readMessage(message: Sendable): string | Uint8Array | PreparedMessage {
  if (typeof message === 'string' || message instanceof PreparedMessage) return message;
  return toOctets(message, 'MEERKAT_MESSAGE_TYPE');
}

/** @throws {@link UsageError} for an unknown option, or a value that is none. */
function readSendOptions(options: SendOptions): boolean | undefined {
  if (!hasOnlyKnownNames(options)) refuseUnknownOptions(options, ['compress']);
  const { compress } = options;
  if (compress !== undefined && typeof compress !== 'boolean') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'compress is not a boolean');
  }
  return compress;
}

/** Hot path: a message for many is sent with the same options to each of them, and this makes nothing. */
function hasOnlyKnownNames(options: SendOptions): boolean {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return false;
  for (const name in options) if (name !== 'compress') return false;
  return true;
}
