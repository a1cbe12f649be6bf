import type { Endpoint } from '../../protocol/endpoint.ts';
import type { DeflateDirection } from '../../protocol/handshake/permessage-deflate.ts';
import { copyOctets } from '../../protocol/octets.ts';
import { type DataOpcode, Opcode } from '../../protocol/opcode.ts';
import type { CompressionWaiter, PreparedMessage } from '../../protocol/prepared-message.ts';
import { Fifo } from '../fifo.ts';
import { nodePrimitives } from '../node-primitives.ts';
import { History } from './history.ts';
import { deflateShare, LOOP_BYTES } from './loop-share.ts';
import { type DeflateSettings, deflateBeside, deflateNow } from './raw-deflate.ts';
import { compressLater, compressShared, deflateWay } from './shared-deflate.ts';
import type { ZlibPool } from './zlib-pool.ts';

/** What {@link Deflation} is told. */
export interface DeflationSettings {
  /** What was agreed on for what we send. */
  readonly direction: DeflateDirection;
  readonly threshold: number;
  readonly level: number;
  readonly memLevel: number;
  readonly pool: ZlibPool;
}

/** What a message that waits costs beside its octets: without it, a million of one octet would count for a megabyte. */
const ENTRY_BYTES = 128;

/** Octets that may wait for the loop to compress them. What is more leaves as it is: it would be dropped in the end. */
const MOST_WAITING = 65_536;

/** A message that waits: to be compressed, or behind one that is. */
interface Waiting {
  readonly opcode: DataOpcode;
  readonly octets: Uint8Array;
  readonly compress: boolean;
  /** Whose octets these are, where they are compressed for others too. */
  readonly prepared: PreparedMessage | undefined;
}

/**
 * Compresses what one connection sends, and keeps the order. Small messages are compressed on the loop, within its share
 * of this turn or a later one, the others in the pool. A message that does not become shorter is sent as it is, as is what
 * has no time to be compressed: when the loop is behind, or the Close frame has to follow (RFC 7692 §6: each message may be
 * compressed or not).
 */
export class Deflation implements CompressionWaiter {
  readonly #endpoint: Endpoint;
  readonly #settings: DeflationSettings;
  readonly #deflate: DeflateSettings;
  /** What of it is the same for whoever gets the same compressed octets. */
  readonly #way: number;
  readonly #written: () => void;
  readonly #history: History | undefined;
  readonly #waiting = new Fifo<Waiting>();
  #bytes = 0;
  #busy = false;
  /** It waited for the loop's share, and has it for one message. */
  #itsTurn = false;

  /** @param written - Called when messages were written later than they were sent. */
  constructor(endpoint: Endpoint, settings: DeflationSettings, written: () => void) {
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#written = written;
    const { level, memLevel, direction } = settings;
    this.#deflate = { level, memLevel, windowBits: direction.windowBits };
    this.#way = deflateWay(this.#deflate);
    this.#history = direction.contextTakeover ? new History(direction.windowBits) : undefined;
  }

  /** Octets that the messages that wait take here. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  /**
   * Sends a text, now or in its turn. False when it may not be sent any more.
   *
   * @param wanted - Whether it is compressed; undefined for what the threshold says.
   */
  sendText(text: string, wanted: boolean | undefined): boolean {
    const compress = wanted ?? this.#isLong(text);
    if (!compress && this.#waiting.length === 0) return this.#endpoint.sendText(text);
    if (!this.#endpoint.maySend) return false;
    this.#send(Opcode.Text, Buffer.from(text), compress, true);
    return true;
  }

  /** Sends octets, which are copied. False when they may not be sent any more. */
  sendBinary(octets: Uint8Array, wanted: boolean | undefined): boolean {
    const compress = wanted ?? octets.length >= this.#settings.threshold;
    if (!compress && this.#waiting.length === 0) return this.#endpoint.sendBinary(octets);
    if (!this.#endpoint.maySend) return false;
    // Another thread may write to shared memory while the window takes in what was compressed.
    const shared = this.#history !== undefined && octets.buffer instanceof SharedArrayBuffer;
    this.#send(
      Opcode.Binary,
      shared ? copyOctets(octets, 0, octets.length) : octets,
      compress,
      shared,
    );
    return true;
  }

  /**
   * Sends a message that others get too. It is compressed once for all who agreed on the same, without a dictionary: to a
   * peer that takes its context over, it is one that refers to nothing. False when it may not be sent any more.
   *
   * Hot path: who finds it compressed writes the frame as it is.
   */
  sendPrepared(message: PreparedMessage, wanted: boolean | undefined): boolean {
    const octets = message.payload(nodePrimitives);
    const compress = wanted ?? octets.length >= this.#settings.threshold;
    if (this.#waiting.length === 0) {
      if (!compress) return this.#endpoint.sendFrame(message.frame(nodePrimitives));
      const frame = message.compressedFrame(this.#way);
      if (frame !== undefined) return this.#writeShared(message, frame);
    }
    if (!this.#endpoint.maySend) return false;
    if (this.#waiting.length === 0 && octets.length <= LOOP_BYTES && !deflateShare.taken) {
      return this.#writeShared(message, compressShared(message, this.#deflate));
    }
    this.#queue({ opcode: message.opcode, octets, compress, prepared: message });
    return true;
  }

  /** See {@link CompressionWaiter}: it stands first, unless a Close or the end came in between. */
  waitsFor(message: PreparedMessage): boolean {
    return this.#waiting.first?.prepared === message;
  }

  compressed(message: PreparedMessage): void {
    if (this.waitsFor(message)) this.#goOn();
  }

  #isLong(text: string): boolean {
    const { threshold } = this.#settings;
    return (
      text.length >= threshold ||
      (text.length * 3 >= threshold && nodePrimitives.utf8Length(text) >= threshold)
    );
  }

  /** Writes everything that waits, uncompressed: nothing can be sent after the Close frame that follows. */
  flush(): void {
    this.#bytes = 0;
    for (const each of this.#waiting.takeAll()) this.#writePlain(each);
  }

  /** Lets go of what waits. */
  stop(): void {
    this.#waiting.clear();
    this.#bytes = 0;
  }

  /** @param owned - Whether the octets are ours alone. */
  #send(opcode: DataOpcode, octets: Uint8Array, compress: boolean, owned: boolean): void {
    if (this.#waiting.length === 0 && octets.length <= LOOP_BYTES && !deflateShare.taken) {
      this.#compressNow(opcode, octets);
      return;
    }
    const kept = owned ? octets : copyOctets(octets, 0, octets.length);
    this.#queue({ opcode, octets: kept, compress, prepared: undefined });
  }

  #queue(message: Waiting): void {
    this.#waiting.push(message);
    this.#bytes += message.octets.length + ENTRY_BYTES;
    if (!this.#busy) this.#advance();
  }

  /** Works on those that wait, in their order, up to one that takes its time. */
  #advance(): void {
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      const { opcode, octets, compress, prepared } = next;
      const ready = prepared?.compressedFrame(this.#way);
      if (!compress) {
        this.#shift(next);
        this.#writePlain(next);
      } else if (prepared !== undefined && ready !== undefined) {
        this.#shift(next);
        this.#writeShared(prepared, ready);
      } else if (octets.length > LOOP_BYTES) {
        if (prepared === undefined) this.#compressBeside(next);
        else this.#awaitShared(prepared);
        return;
      } else if (deflateShare.taken && !this.#itsTurn) {
        if (this.#bytes < MOST_WAITING) {
          if (prepared === undefined) this.#wait();
          else this.#awaitShared(prepared);
          return;
        }
        this.#shift(next);
        this.#writePlain(next);
      } else {
        this.#itsTurn = false;
        this.#shift(next);
        if (prepared === undefined) this.#compressNow(opcode, octets);
        else this.#writeShared(prepared, compressShared(prepared, this.#deflate));
      }
    }
  }

  #wait(): void {
    this.#busy = true;
    deflateShare.later(() => {
      this.#itsTurn = true;
      this.#goOn();
      this.#itsTurn = false;
    });
  }

  /** Waits for what is done once for all, by whoever comes first. */
  #awaitShared(message: PreparedMessage): void {
    this.#busy = true;
    if (message.awaitCompressed(this.#way, this)) {
      compressLater(message, this.#deflate, this.#settings.pool);
    }
  }

  #compressNow(opcode: DataOpcode, octets: Uint8Array): void {
    const deflate = (): Buffer => deflateNow(octets, this.#history?.octets, this.#deflate);
    this.#write(opcode, octets, deflateShare.spend(deflate));
  }

  #compressBeside(next: Waiting): void {
    this.#busy = true;
    this.#settings.pool.run((done) => {
      if (this.#waiting.first !== next) {
        setImmediate(() => {
          done();
          this.#goOn();
        });
        return;
      }
      deflateBeside(next.octets, this.#history?.octets, this.#deflate, (compressed) => {
        done();
        if (this.#waiting.first === next) {
          this.#shift(next);
          this.#write(next.opcode, next.octets, compressed);
        }
        this.#goOn();
      });
    });
  }

  #goOn(): void {
    this.#busy = false;
    this.#advance();
    this.#written();
  }

  #write(opcode: DataOpcode, octets: Uint8Array, compressed: Uint8Array | undefined): void {
    if (compressed === undefined || compressed.length >= octets.length) {
      this.#plain(opcode, octets);
      return;
    }
    if (this.#endpoint.sendCompressed(opcode, compressed)) this.#history?.push(octets);
  }

  #writeShared(message: PreparedMessage, frame: Uint8Array): boolean {
    if (!this.#endpoint.sendFrame(frame)) return false;
    if (this.#history !== undefined && frame !== message.frame(nodePrimitives)) {
      this.#history.refer(message.payload(nodePrimitives));
    }
    return true;
  }

  #writePlain({ opcode, octets, prepared }: Waiting): void {
    if (prepared === undefined) this.#plain(opcode, octets);
    else this.#endpoint.sendFrame(prepared.frame(nodePrimitives));
  }

  #plain(opcode: DataOpcode, octets: Uint8Array): void {
    if (opcode === Opcode.Text) this.#endpoint.sendTextOctets(octets);
    else this.#endpoint.sendBinary(octets);
  }

  #shift(next: Waiting): void {
    this.#waiting.shift();
    this.#bytes -= next.octets.length + ENTRY_BYTES;
  }
}
