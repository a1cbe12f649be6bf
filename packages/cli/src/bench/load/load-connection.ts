import { Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';
import { FIN, Opcode, type ProtocolError, parseClose } from 'meerkat/protocol';
import {
  type DialledTransport,
  dialBare,
  openTransport,
  type Transport,
  type TransportReceiver,
} from 'meerkat/transport';
import { CarefulReader, type CarefulReaderEvents } from './careful-reader.ts';
import { failureWords } from './failure-words.ts';
import type { LoadMeter } from './load-meter.ts';
import { endOfHead, type OpeningRequest, primitives } from './opening-request.ts';
import { maskedFrame, type PreparedMessages } from './prepared-messages.ts';
import { same } from './same-octets.ts';

/** Longest head of an answer that is read. */
const MAX_HEAD_BYTES = 16_384;
/** Answers before the one that counts, "103 Early Hints" for instance. */
const MOST_INFORMATIONAL = 16;
/** Octets up to the space behind a status. */
const STATUS_END = 13;
const INFORMATIONAL = /^HTTP\/\d\.\d 1(?!01)\d\d[ \r]/;

/** How a connection is made. */
export interface Dialling {
  readonly address: string;
  readonly port: number;
  /** Undefined for plain TCP. */
  readonly tls: ConnectionOptions | undefined;
  /** Whether connections can do without sockets of Node's: a dial takes half as long then. */
  readonly bare: boolean;
  /** What every connection reads into. */
  readonly memory: Buffer;
  readonly meter: LoadMeter;
  readonly messages: PreparedMessages;
}

/** Who wants to know of a connection. */
export interface LoadConnectionOwner {
  /** The 101 is here. */
  connectionOpened(connection: LoadConnection): void;
  /** Nothing of it is left; `wasOpen` where its opening handshake had succeeded. */
  connectionGone(connection: LoadConnection, wasOpen: boolean): void;
}

/** 1000. */
const NORMAL = Buffer.from([0x03, 0xe8]);

const DIALLING = 0;
const OPEN = 1;
/** Our Close was sent. */
const CLOSING = 2;
/** Both Closes have passed: the server is to end the connection. */
const CLOSED = 3;
const GONE = 4;

/**
 * One connection of a load, on a transport of meerkat's, without meerkat's connections: it knows what is to come, and compares.
 *
 * Hot path: as long as frames come as an echo sends them (whole, uncompressed, in order), a chunk is compared with the
 * octets it should be, however it was cut, and nothing is parsed. What differs goes to the {@link CarefulReader}.
 */
export abstract class LoadConnection implements TransportReceiver, CarefulReaderEvents {
  /** Its number in this process. */
  readonly index: number;
  readonly dialledAt: number = performance.now();
  /** Since when an answer to a handshake, or the end, is waited for, by `performance.now()`; Infinity where none is. */
  waitingSince: number = this.dialledAt;
  protected readonly meter: LoadMeter;
  protected readonly messages: PreparedMessages;
  protected readonly transport: Transport;
  /** The message that is to come next, as a slot of the ring. */
  protected expectedSlot = 0;
  /** Whether messages are sent, and come, compressed. */
  protected compressed = false;
  /** Whether it is known what is to come. */
  protected readonly comparing: boolean = true;
  readonly #owner: LoadConnectionOwner;
  /** One of them is how it was dialled. */
  readonly #bare: DialledTransport | undefined;
  readonly #socket: Socket | undefined;
  readonly #request: OpeningRequest;
  #state = DIALLING;
  #wasOpen = false;
  #head: Buffer | undefined;
  #informational = 0;
  /** Whether a Pong waits to leave, and what the latest Ping since asks: only that needs an answer (RFC 6455 §5.5.3). */
  #pongWaits = false;
  #asked: Uint8Array | undefined;
  /** Where in the expected octets of the ring we are: up to here they have come. */
  #position = 0;
  /** Reads what is not as expected. */
  #reader: CarefulReader | undefined;
  #careful = false;
  #complaint: readonly [kind: string, detail: string] | undefined;

  /** @param local - The address to dial from; undefined for any. */
  constructor(
    owner: LoadConnectionOwner,
    index: number,
    dialling: Dialling,
    request: OpeningRequest,
    local: string | undefined,
  ) {
    this.#owner = owner;
    this.index = index;
    this.meter = dialling.meter;
    this.messages = dialling.messages;
    this.#request = request;
    const { address, port, tls, memory, bare } = dialling;
    const sendRequest = (): void => this.transport.writeOwned(request.octets);
    if (bare && tls === undefined) {
      this.#bare = dialBare({ address, port, localAddress: local }, memory, sendRequest);
      this.transport = this.#bare;
    } else {
      const to = { host: address, port, ...(local === undefined ? {} : { localAddress: local }) };
      const socket = tls === undefined ? new Socket().connect(to) : connectTls({ ...tls, ...to });
      socket.once(tls === undefined ? 'connect' : 'secureConnect', sendRequest);
      this.#socket = socket;
      this.transport = openTransport(socket, 'handle', memory);
    }
    this.transport.start(this);
  }

  get isOpen(): boolean {
    return this.#state === OPEN;
  }

  get isGone(): boolean {
    return this.#state === GONE;
  }

  /** Gives up waiting. */
  expire(): void {
    if (this.#state === DIALLING) {
      this.#complaint ??= ['timeout', 'no answer to the opening handshake in time'];
    } else if (this.#state !== GONE) {
      this.meter.fail('timeout', 'no end of the closing handshake in time');
    }
    this.transport.destroy();
  }

  /** Begins a closing handshake. */
  close(): void {
    if (this.#state !== OPEN) return;
    this.#state = CLOSING;
    this.waitingSince = performance.now();
    this.transport.writeOwned(maskedFrame(FIN | Opcode.Close, NORMAL));
  }

  /** Ends it at once: with a reset, which leaves no port waiting. */
  abort(): void {
    if (this.#state === GONE) return;
    this.#state = CLOSED;
    if (this.#bare !== undefined) this.#bare.reset();
    else if (this.#socket instanceof TLSSocket || this.#socket?.connecting === true) {
      this.#socket.destroy();
    } else this.#socket?.resetAndDestroy(); // which only a plain TCP socket has
  }

  /** Counts messages that came without a cause, and were counted as right: they happened to be those that come next. */
  protected unasked(count: number): void {
    this.meter.wrong += count;
    this.meter.fail('payload', 'a message that answers nothing', count);
  }

  /** Counts why it was not opened, or was lost. */
  protected complain(kind: string, detail: string): void {
    this.meter.fail(kind, detail);
  }

  /** Sends messages, from a slot on. */
  protected write(slot: number, count: number): void {
    const { plain, compressed } = this.messages;
    const frames = this.compressed && compressed !== undefined ? compressed : plain;
    frames.write(this.transport, slot, count);
  }

  /** The 101 is here, and nothing behind it has been looked at. */
  protected abstract opened(): void;
  /** Messages came, each as expected or counted as wrong. */
  protected abstract received(count: number): void;

  // --- what the transport reports

  chunk(octets: Uint8Array, start: number, end: number): Uint8Array | undefined {
    if (this.#state === OPEN && !this.#careful) this.#compare(octets, start, end);
    else this.#chunk(octets, start, end);
    return undefined;
  }

  drained(): void {
    this.#pongWaits = false;
    const asked = this.#asked;
    if (asked === undefined) return;
    this.#asked = undefined;
    this.pingRead(asked);
  }

  ended(): void {
    this.transport.end();
  }

  closed(error: Error | undefined): void {
    const state = this.#state;
    if (state === GONE) return;
    this.#state = GONE;
    const { meter } = this;
    if (this.#wasOpen) meter.open -= 1;
    if (state === DIALLING) {
      meter.refused += 1;
      const [kind, detail] = this.#complaint ?? ['connect', failureWords(error, 'before the 101')];
      this.complain(kind, detail);
    } else if (state === OPEN) this.#lose('closed', failureWords(error, 'without a Close'));
    this.#owner.connectionGone(this, this.#wasOpen);
  }

  // --- the opening handshake

  #answer(octets: Uint8Array, start: number, end: number): void {
    const here = Buffer.from(octets.buffer, octets.byteOffset + start, end - start);
    let head = this.#head === undefined ? here : Buffer.concat([this.#head, here]);
    let length = endOfHead(head);
    while (length >= 0 && INFORMATIONAL.test(head.toString('latin1', 0, STATUS_END))) {
      this.#informational += 1;
      if (this.#informational > MOST_INFORMATIONAL) {
        this.#refuse('handshake', `more than ${MOST_INFORMATIONAL} informational answers`);
        return;
      }
      head = head.subarray(length);
      length = endOfHead(head);
    }
    if (length < 0) {
      if (head.length > MAX_HEAD_BYTES) this.#refuse('handshake', 'the answer has no end');
      else this.#head = Buffer.from(head);
      return;
    }
    this.#head = undefined;
    const answer = head.subarray(0, length);
    try {
      this.compressed = this.#request.judge(answer).deflate !== undefined;
    } catch (error) {
      this.#refuse('handshake', error instanceof Error ? error.message : String(error));
      return;
    }
    this.#careful = this.compressed || !this.comparing;
    this.#state = OPEN;
    this.#wasOpen = true;
    this.waitingSince = Number.POSITIVE_INFINITY;
    this.meter.handshake(performance.now() - this.dialledAt);
    if (this.compressed) this.meter.compressed += 1;
    this.#position = this.messages.expectedAt[this.expectedSlot] as number;
    this.opened();
    this.#owner.connectionOpened(this);
    if (length < head.length) this.chunk(head, length, head.length);
  }

  #refuse(kind: string, detail: string): void {
    this.#complaint ??= [kind, detail];
    this.transport.destroy();
  }

  // --- messages

  #chunk(octets: Uint8Array, start: number, end: number): void {
    if (this.#state === DIALLING) this.#answer(octets, start, end);
    else if (this.#state === GONE) return;
    else if (this.#careful) this.#read(octets, start, end);
    else this.#stumble(octets, start, end);
  }

  #compare(octets: Uint8Array, start: number, end: number): void {
    const { expected, expectedAt, slots } = this.messages;
    let position = this.#position;
    let slot = this.expectedSlot;
    let at = start;
    let count = 0;
    while (at < end) {
      const left = expected.length - position;
      const length = end - at < left ? end - at : left;
      if (!same(expected, position, octets, at, length)) {
        const from = this.expectedSlot;
        this.expectedSlot = slot;
        this.#position = position;
        if (count > 0) this.#right(from, count);
        this.#stumble(octets, at, end);
        return;
      }
      at += length;
      position += length;
      while (slot < slots && (expectedAt[slot + 1] as number) <= position) {
        slot += 1;
        count += 1;
      }
      if (slot === slots) {
        slot = 0;
        position = 0;
      }
    }
    const from = this.expectedSlot;
    this.#position = position;
    this.expectedSlot = slot;
    if (count > 0) this.#right(from, count);
  }

  /** So many messages are as they should be, from a slot on. */
  #right(from: number, count: number): void {
    const { slots, payloadAt } = this.messages;
    let bytes = 0;
    for (let slot = from, left = count; left > 0; ) {
      const run = left < slots - slot ? left : slots - slot;
      bytes += (payloadAt[slot + run] as number) - (payloadAt[slot] as number);
      left -= run;
      slot = 0;
    }
    this.meter.bytes += bytes;
    this.meter.received += count;
    this.received(count);
  }

  /** Something else came than was expected. */
  #stumble(octets: Uint8Array, start: number, end: number): void {
    const { expected, expectedAt } = this.messages;
    const before = expected.subarray(expectedAt[this.expectedSlot], this.#position);
    this.#careful = true;
    if (before.length > 0) this.#read(before, 0, before.length);
    this.#read(octets, start, end);
  }

  #read(octets: Uint8Array, start: number, end: number): void {
    this.#reader ??= new CarefulReader(this.messages, this.compressed, this);
    this.#reader.read(octets, start, end);
    if (this.#state !== OPEN || this.compressed || !this.comparing) return;
    if (!this.#reader.between) return;
    this.#careful = false;
    this.#position = this.messages.expectedAt[this.expectedSlot] as number;
  }

  // --- what the careful reader finds

  /** See {@link CarefulReaderEvents}. */
  get due(): number {
    return this.expectedSlot;
  }

  messageRead(bytes: number, wrong: string | undefined, slot: number): void {
    const { meter } = this;
    meter.bytes += bytes;
    meter.received += 1;
    if (wrong !== undefined) {
      meter.wrong += 1;
      meter.fail('payload', wrong);
    }
    if (slot >= 0) this.expectedSlot = (slot + 1) % this.messages.slots;
    if (slot >= 0 && this.#state === OPEN) this.received(1);
  }

  pingRead(payload: Uint8Array): void {
    if (this.#state !== OPEN) return;
    // A server that asks and does not read must not fill our memory.
    if (this.#pongWaits) {
      this.#asked = Buffer.from(payload);
      return;
    }
    this.transport.writeOwned(maskedFrame(FIN | Opcode.Pong, payload));
    this.#pongWaits = this.transport.queuedBytes > 0;
  }

  closeRead(payload: Uint8Array): void {
    if (this.#state === OPEN) {
      this.transport.writeOwned(maskedFrame(FIN | Opcode.Close, payload.subarray(0, 2)));
      this.#lose('closed', `the server closed: ${closeWords(payload)}`);
    }
    this.waitingSince = performance.now();
    this.#state = CLOSED;
  }

  broken(error: ProtocolError): void {
    if (this.#state === OPEN) this.#lose('protocol', error.message);
    this.#state = CLOSED;
    this.transport.destroy();
  }

  #lose(kind: string, detail: string): void {
    this.meter.lost += 1;
    this.complain(kind, detail);
  }
}

function closeWords(payload: Uint8Array): string {
  try {
    const { code, reason } = parseClose(payload, 0, payload.length, primitives);
    return `${code} ${reason}`.trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
