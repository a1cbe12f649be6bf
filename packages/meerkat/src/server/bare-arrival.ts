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
  HandleOwner,
  own,
  socketOf,
} from '../transport/bare-handle.ts';
import type { TransportKind } from '../transport/open-transport.ts';
import type { Transport } from '../transport/transport.ts';
import type { Arrival, Waiter } from './arrival.ts';
import { bareIncoming, standIn } from './bare-incoming.ts';
import { type Refusal, refuse } from './refusal.ts';

const NO_OCTETS = Buffer.alloc(0);

let latestAddress: string | undefined;

/** Who has accepted the connection. */
export interface Reception extends HandleKeeper {
  /** Octets came, the request is not known yet: all that has come so far. False stops reading. */
  came(arrival: BareArrival, octets: Buffer): boolean;
  /** Before the request was known: the client ended its direction, or the connection broke. */
  gone(arrival: BareArrival, broken: boolean): void;
  /** Somebody has asked for the socket: this one is to be destroyed with the handle. */
  standsFor(socket: Socket, handle: BareHandle): void;
  readonly joinDuplicateHeaders: boolean;
}

/** A TCP connection that has no socket: first of somebody who may ask for an upgrade, then of one who did. */
export class BareArrival extends HandleOwner implements Arrival {
  readonly handle: BareHandle;
  /** When it came, in milliseconds of a monotonic clock. */
  readonly since: number;
  /** In how many pieces the octets came. */
  pieces = 0;
  readonly #reception: Reception;
  /** What has come so far; once the request is known, what came behind it. */
  #octets: Buffer = NO_OCTETS;
  #head: UpgradeHead | undefined;
  #waiter: Waiter | undefined;
  #destroyed = false;
  #peer: Partial<HandleAddress> | undefined;
  #incoming: IncomingMessage | undefined;
  #rawHeaders: readonly string[] | undefined;
  /** What it has become. */
  #became: { destroy(): void } | undefined;

  constructor(handle: BareHandle, reception: Reception, since: number) {
    super();
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
  get octets(): Buffer {
    return this.#octets;
  }

  /** It is known what it asks for. */
  know(head: UpgradeHead): void {
    this.#head = head;
    // A copy: the rest of a chunk would keep the request in memory.
    const rest = this.#octets.length - head.headEnd;
    this.#octets = rest === 0 ? NO_OCTETS : Buffer.from(this.#octets.subarray(head.headEnd));
  }

  // --- what the handle reports

  push(chunk: Buffer | null): boolean {
    if (this.#destroyed) return true;
    if (this.#head !== undefined) {
      if (chunk !== null) return this.#waiter?.early(chunk) ?? true;
      this.#waiter?.left();
      return true;
    }
    if (chunk === null) {
      this.#reception.gone(this, false);
      return true;
    }
    this.pieces += 1;
    this.#octets = this.#octets.length === 0 ? chunk : Buffer.concat([this.#octets, chunk]);
    return this.#reception.came(this, this.#octets);
  }

  /** Also what the handle reports: that it is broken. */
  destroy(error?: Error): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.handle.close(() => this.#reception.released(this.handle));
    if (this.#head === undefined) this.#reception.gone(this, error !== undefined);
    else this.#waiter?.left();
  }

  // --- what an arrival can tell

  get destroyed(): boolean {
    return this.#destroyed;
  }

  get head(): Buffer {
    return this.#octets;
  }

  get remoteAddress(): string | undefined {
    return this.#remote.address;
  }

  get remotePort(): number | undefined {
    return this.#remote.port;
  }

  get localAddress(): string | undefined {
    const address: Partial<HandleAddress> = {};
    this.handle.getsockname(address);
    return address.address;
  }

  get #remote(): Partial<HandleAddress> {
    if (this.#peer === undefined) {
      const peer: Partial<HandleAddress> = {};
      this.handle.getpeername(peer); // it stays empty where the connection is gone
      const { address } = peer;
      if (address !== latestAddress) latestAddress = address;
      // Behind a proxy all come from one address, and each connection keeps it: one string for all.
      this.#peer = address === undefined ? peer : { ...peer, address: latestAddress ?? address };
    }
    return this.#peer;
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
    const socket = standIn(local, this.#remote, () => this.#destroyAll());
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
    if (this.#destroyed || !this.handle.reading) return;
    this.handle.reading = false;
    this.handle.readStop();
  }

  unread(octets: Buffer): void {
    this.#octets = octets;
  }

  transport(kind: TransportKind): Transport {
    if (kind === 'stream') {
      const socket = this.#socket();
      if (this.#octets.length > 0) socket.unshift(this.#octets);
      return transportFor(socket, kind);
    }
    const transport = bareTransportFor(this.handle, this.#octets, this.#reception);
    this.#became = transport;
    return transport;
  }
}
