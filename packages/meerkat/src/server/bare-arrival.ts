import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../connection/clock.ts';
import { nodePrimitives } from '../connection/node-primitives.ts';
import { bareTransportFor, transportFor } from '../connection/transports.ts';
import { rawHeadersOf, type UpgradeHead } from '../protocol/handshake/upgrade-head.ts';
import {
  type BareHandle,
  type HandleAddress,
  type HandleKeeper,
  type HandleOwner,
  own,
  socketOf,
} from '../transport/bare-handle.ts';
import type { TransportKind } from '../transport/open-transport.ts';
import type { Transport } from '../transport/transport.ts';
import type { Arrival, Waiter } from './arrival.ts';
import { bareIncoming, standIn } from './bare-incoming.ts';
import { type Refusal, refuse } from './refusal.ts';

const NO_OCTETS = Buffer.alloc(0);

/** What the system is asked to fill in: an object that has the fields already takes 0.6 µs less. */
const filled: HandleAddress = { address: '', family: 'IPv4', port: 0 };
let latestAddress = '';

/** Who has accepted the connection. */
export interface Reception extends HandleKeeper {
  /** Octets came, the request is not known yet: all that has come so far. */
  came(arrival: BareArrival, octets: Uint8Array): void;
  /** Before the request was known: the client ended its direction, or the connection broke. */
  gone(arrival: BareArrival, broken: boolean): void;
  /** Somebody has asked for the socket: this one is to be destroyed with the handle. */
  standsFor(socket: Socket, handle: BareHandle): void;
  readonly joinDuplicateHeaders: boolean;
}

/** A TCP connection that has no socket: first of somebody who may ask for an upgrade, then of one who did. */
export class BareArrival implements HandleOwner, Arrival {
  bytesRead = 0;
  readonly handle: BareHandle;
  /** When it came, in milliseconds of a monotonic clock. */
  readonly since: number;
  /** In how many pieces the octets came. */
  pieces = 0;
  readonly #reception: Reception;
  /** What has come so far, until the request is known. */
  #octets: Uint8Array = NO_OCTETS;
  /** What came behind the request. */
  #rest: Buffer = NO_OCTETS;
  #head: UpgradeHead | undefined;
  #waiter: Waiter | undefined;
  #destroyed = false;
  #asked = false;
  #remoteAddress: string | undefined;
  #remotePort: number | undefined;
  #incoming: IncomingMessage | undefined;
  #rawHeaders: readonly string[] | undefined;
  /** What it has become. */
  #became: { destroy(): void } | undefined;

  constructor(handle: BareHandle, reception: Reception, since: number) {
    this.handle = handle;
    this.#reception = reception;
    this.since = since;
  }

  /** Begins to read. */
  begin(): void {
    own(this.handle, this);
    this.handle.reading = true;
    if (this.handle.readStart() !== 0) this.destroy();
  }

  /** What has come so far, and is nobody's. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  /** It is known what it asks for. */
  know(head: UpgradeHead): void {
    this.#head = head;
    // A copy: the rest of a chunk would keep the request in memory.
    if (head.headEnd < this.#octets.length) {
      this.#rest = Buffer.from(this.#octets.subarray(head.headEnd));
    }
    this.#octets = NO_OCTETS;
  }

  // --- what the handle reports

  received(_length: number, octets: Uint8Array | undefined): undefined {
    if (this.#destroyed || octets === undefined) return;
    if (this.#head !== undefined) {
      if (this.#waiter?.early(asBuffer(octets)) === false) this.#stopReading();
      return;
    }
    this.pieces += 1;
    this.#octets = this.#octets.length === 0 ? octets : Buffer.concat([this.#octets, octets]);
    this.#reception.came(this, this.#octets);
  }

  ended(): void {
    if (this.#destroyed) return;
    if (this.#head === undefined) this.#reception.gone(this, false);
    else this.#waiter?.left();
  }

  broken(): void {
    this.#close(true);
  }

  destroy(): void {
    this.#close(false);
  }

  #close(broken: boolean): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.handle.close();
    this.#reception.released(this.handle);
    if (this.#head === undefined) this.#reception.gone(this, broken);
    else this.#waiter?.left();
  }

  #stopReading(): void {
    if (!this.handle.reading) return;
    this.handle.reading = false;
    this.handle.readStop();
  }

  // --- what an arrival can tell

  get destroyed(): boolean {
    return this.#destroyed;
  }

  get head(): Buffer {
    return this.#rest;
  }

  get remoteAddress(): string | undefined {
    this.#ask();
    return this.#remoteAddress;
  }

  get remotePort(): number | undefined {
    this.#ask();
    return this.#remotePort;
  }

  get localAddress(): string | undefined {
    const address: Partial<HandleAddress> = {};
    this.handle.getsockname(address);
    return address.address;
  }

  /** Who the peer is; nobody where the connection is gone. */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    if (this.handle.getpeername(filled) !== 0) return;
    // Behind a proxy all come from one address, and each connection keeps it: one string for all.
    if (filled.address !== latestAddress) latestAddress = filled.address;
    this.#remoteAddress = latestAddress;
    this.#remotePort = filled.port;
  }

  get rawHeaders(): readonly string[] {
    if (this.#incoming !== undefined) return this.#incoming.rawHeaders;
    this.#rawHeaders ??= rawHeadersOf((this.#head as UpgradeHead).headerLines, nodePrimitives);
    return this.#rawHeaders;
  }

  get incoming(): IncomingMessage {
    this.#incoming ??= bareIncoming(
      this.#head as UpgradeHead,
      this.#reception.joinDuplicateHeaders,
      () => this.#makeStandIn(),
    );
    return this.#incoming;
  }

  #makeStandIn(): Socket {
    const local: Partial<HandleAddress> = {};
    this.handle.getsockname(local);
    const { remoteAddress: address, remotePort: port } = this;
    const remote: Partial<HandleAddress> =
      address === undefined || port === undefined
        ? {}
        : { address, port, family: address.includes(':') ? 'IPv6' : 'IPv4' };
    const socket = standIn(local, remote, () => this.#destroyAll());
    this.#reception.standsFor(socket, this.handle);
    return socket;
  }

  #destroyAll(): void {
    if (this.#became === undefined) this.destroy();
    else this.#became.destroy();
  }

  // --- what becomes of it

  refuse(refusal: Refusal, clock: Clock, closeTimeout: number): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    // Nobody counts the cost of a refusal.
    refuse(this.#socket(), refusal, clock, closeTimeout);
  }

  /** A socket from here on. */
  #socket(): Socket {
    const socket = socketOf(this.handle);
    socket.on('error', () => {});
    socket.once('close', () => this.#reception.released(this.handle));
    this.#became = socket;
    return socket;
  }

  wait(waiter: Waiter): void {
    this.#waiter = waiter;
    if (this.handle.reading) return;
    this.handle.reading = true;
    this.handle.readStart();
  }

  stopWaiting(): void {
    this.#waiter = undefined;
    if (!this.#destroyed) this.#stopReading();
  }

  unread(octets: Buffer): void {
    this.#rest = octets;
  }

  transport(kind: TransportKind): Transport {
    if (kind === 'stream') {
      const socket = this.#socket();
      if (this.#rest.length > 0) socket.unshift(this.#rest);
      return transportFor(socket, kind);
    }
    const transport = bareTransportFor(this.handle, this.#rest, this.#reception);
    this.#became = transport;
    return transport;
  }
}

/** The same memory. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
