import type { DeflateDirection } from '../../protocol/handshake/permessage-deflate.ts';
import { copyOctets } from '../../protocol/octets.ts';
import { type DataOpcode, Opcode } from '../../protocol/opcode.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { Fifo } from '../fifo.ts';
import type { Message } from '../inbox.ts';
import { nodePrimitives } from '../node-primitives.ts';
import { History } from './history.ts';
import { inflateShare, LOOP_BYTES } from './loop-share.ts';
import { type InflateFault, inflateBeside, inflateNow } from './raw-deflate.ts';
import type { ZlibPool } from './zlib-pool.ts';

/** What {@link Inflation} is told. */
export interface InflationSettings {
  /** What was agreed on for what the peer sends. */
  readonly direction: DeflateDirection;
  readonly maxMessageBytes: number;
  readonly maxInflateRatio: number;
  readonly pool: ZlibPool;
}

/** What an inflation does with its messages. */
export interface InflationActions {
  /** The next message, in the order they came. */
  deliver(message: Message, bytes: number): void;
  /** A message cannot be inflated, or may not be: no other follows. */
  failed(error: ProtocolError): void;
  /** Whether a message can be delivered. */
  hasRoom(): boolean;
  /** Something that waited does no longer. */
  progressed(): void;
}

/** A message that waits: compressed, or behind one that is. */
interface Waiting {
  readonly message: Message | undefined;
  readonly opcode: DataOpcode;
  readonly compressed: Uint8Array;
  readonly bytes: number;
  /** It was tried on the loop, and turned out to be large. */
  large: boolean;
}

const NO_OCTETS = new Uint8Array(0);

/**
 * Inflates the messages of one connection, one after the other, and keeps the others behind them in their order.
 *
 * A message waits compressed until there is room for it, so what thousands of small ones would inflate to is never held
 * at once. Small ones are inflated on the loop, within its share of a turn, the others in the pool.
 */
export class Inflation {
  readonly #settings: InflationSettings;
  readonly #actions: InflationActions;
  readonly #history: History | undefined;
  readonly #waiting = new Fifo<Waiting>();
  #bytes = 0;
  /** The first one is being worked on, or waits for the loop's share. */
  #busy = false;
  /** It waited for the loop's share, and has it for one message. */
  #itsTurn = false;
  #advancing = false;
  #stopped = false;

  constructor(settings: InflationSettings, actions: InflationActions) {
    this.#settings = settings;
    this.#actions = actions;
    const { contextTakeover, windowBits } = settings.direction;
    this.#history = contextTakeover ? new History(windowBits) : undefined;
  }

  /** Messages that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Octets that they take here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a message will be delivered without anybody making room for it. */
  get active(): boolean {
    return this.#busy || (this.length > 0 && this.#actions.hasRoom());
  }

  /** Keeps a message that is not compressed behind those that wait. False when none does: it may pass. */
  queue(message: Message, bytes: number): boolean {
    if (this.#stopped) return true;
    if (this.length === 0) return false;
    this.#push({ message, opcode: Opcode.Text, compressed: NO_OCTETS, bytes, large: false });
    return true;
  }

  /** Takes a compressed message; the octets are copied. */
  receive(opcode: DataOpcode, octets: Uint8Array, start: number, end: number): void {
    if (this.#stopped) return;
    const small = end - start <= LOOP_BYTES;
    const compressed = octets.subarray(start, end);
    if (this.length === 0 && small && !inflateShare.taken && this.#actions.hasRoom()) {
      const result = this.#inflateNow(compressed);
      if (result !== 'large') {
        this.#takeFromLoop(opcode, result);
        return;
      }
    }
    const copy = copyOctets(octets, start, end);
    this.#push({ message: undefined, opcode, compressed: copy, bytes: copy.length, large: !small });
    this.advance();
  }

  /** Goes on, now that there is room. */
  advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (!this.#busy && this.#actions.hasRoom()) {
      const next = this.#waiting.first;
      if (next === undefined) break;
      this.#step(next);
    }
    this.#advancing = false;
  }

  /** Delivers nothing any more; what waits is let go. */
  stop(): void {
    this.#stopped = true;
    this.#busy = false;
    this.#waiting.clear();
    this.#bytes = 0;
  }

  #step(next: Waiting): void {
    if (next.message !== undefined) {
      this.#shift();
      this.#actions.deliver(next.message, next.bytes);
      return;
    }
    if (next.large) {
      this.#inflateBeside(next);
      return;
    }
    if (inflateShare.taken && !this.#itsTurn) {
      this.#busy = true;
      inflateShare.later(() => {
        this.#itsTurn = true;
        this.#resume();
        this.#itsTurn = false;
      });
      return;
    }
    this.#itsTurn = false;
    const result = this.#inflateNow(next.compressed);
    if (result === 'large') {
      next.large = true;
      return;
    }
    this.#shift();
    this.#takeFromLoop(next.opcode, result);
  }

  /** Something beside the loop is done. */
  #resume(): void {
    if (this.#stopped) return;
    this.#busy = false;
    this.advance();
    this.#actions.progressed();
  }

  #inflateNow(compressed: Uint8Array): Buffer | InflateFault | 'large' {
    const { maxMessageBytes } = this.#settings;
    const most = Math.min(maxMessageBytes, LOOP_BYTES);
    const result = inflateShare.spend(() => inflateNow(compressed, this.#history?.octets, most));
    return result === 'size' && most < maxMessageBytes ? 'large' : result;
  }

  #inflateBeside(next: Waiting): void {
    this.#busy = true;
    const most = this.#mostOf(next.compressed);
    this.#settings.pool.run((done) => {
      if (this.#stopped) {
        // Not at once: a long row of them would be one deep stack.
        setImmediate(done);
        return;
      }
      inflateBeside(next.compressed, this.#history?.octets, most, (result) => {
        done();
        if (this.#stopped) return;
        this.#shift();
        this.#take(next.opcode, result, most, ownOctets);
        this.#resume();
      });
    });
  }

  /** Octets that a large message may inflate to. */
  #mostOf(compressed: Uint8Array): number {
    const { maxMessageBytes, maxInflateRatio } = this.#settings;
    if (maxInflateRatio === 0) return maxMessageBytes;
    return Math.min(maxMessageBytes, Math.max(LOOP_BYTES, maxInflateRatio * compressed.length));
  }

  #takeFromLoop(opcode: DataOpcode, result: Buffer | InflateFault): void {
    this.#take(opcode, result, this.#settings.maxMessageBytes, copyOf);
  }

  #take(
    opcode: DataOpcode,
    result: Buffer | InflateFault,
    most: number,
    own: (octets: Buffer) => Uint8Array,
  ): void {
    if (typeof result === 'string') {
      this.#fail(this.#errorOf(result, most));
      return;
    }
    this.#history?.push(result);
    if (opcode === Opcode.Binary) {
      this.#actions.deliver(own(result), result.length);
      return;
    }
    const text = nodePrimitives.decodeUtf8(result, 0, result.length);
    if (text === undefined) this.#fail(new ProtocolError('WS_TEXT_UTF8'));
    else this.#actions.deliver(text, result.length);
  }

  #errorOf(fault: InflateFault, most: number): ProtocolError {
    const { maxMessageBytes, maxInflateRatio } = this.#settings;
    if (fault === 'data') return new ProtocolError('WS_DEFLATE_INVALID');
    if (fault === 'blocks') return new ProtocolError('WS_DEFLATE_FINAL_BLOCKS');
    return most < maxMessageBytes
      ? new ProtocolError('WS_INFLATE_RATIO', `${maxInflateRatio} times`)
      : new ProtocolError('WS_MESSAGE_TOO_BIG', `${maxMessageBytes} octets`);
  }

  #fail(error: ProtocolError): void {
    this.stop();
    this.#actions.failed(error);
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#bytes += waiting.bytes;
  }

  #shift(): void {
    this.#bytes -= this.#waiting.shift()?.bytes ?? 0;
  }
}

/** For what holds only until the loop inflates again. */
function copyOf(octets: Buffer): Uint8Array {
  return copyOctets(octets, 0, octets.length);
}

/** The octets alone, as a Uint8Array: zlib's output may be a part of a larger piece of memory. */
function ownOctets(buffer: Buffer): Uint8Array {
  if (buffer.length * 2 < buffer.buffer.byteLength) return copyOctets(buffer, 0, buffer.length);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
