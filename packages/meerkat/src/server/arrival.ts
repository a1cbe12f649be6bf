import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../connection/clock.ts';
import { transportFor } from '../connection/transports.ts';
import type { TransportKind } from '../transport/open-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Hears what happens to an arrival that waits. */
export interface Waiter {
  /** Octets came; the memory is the waiter's. False: no more of them, please. */
  early(chunk: Buffer): boolean;
  /** The client left, or ended its direction. */
  left(): void;
}

/** A request to upgrade and the connection that it came on, whoever accepted that. */
export interface Arrival {
  /** The request as node:http shows it. */
  readonly incoming: IncomingMessage;
  readonly rawHeaders: readonly string[];
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  /** What was read behind the request, in memory of its own. */
  readonly head: Buffer;
  /** The connection is over. */
  readonly destroyed: boolean;
  destroy(): void;
  /** Answers the request with one complete response and ends the connection: see {@link refuse}. */
  refuse(refusal: Refusal, clock: Clock, closeTimeout: number): void;
  /** Reads while the decision is being waited for, since only a reader hears that the client has left. */
  wait(waiter: Waiter): void;
  /** Ends that: nothing is read. */
  stopWaiting(): void;
  /** Puts octets back: whoever reads next has them first. */
  unread(octets: Buffer): void;
  /** What the connection travels on from here. The arrival is done with. */
  transport(kind: TransportKind): Transport;
}

/** A request to upgrade that node:http has read. */
export class HttpArrival implements Arrival {
  readonly incoming: IncomingMessage;
  readonly head: Buffer;
  readonly #socket: Duplex;
  #listeners: { readonly onData: (chunk: Buffer) => void; readonly onGone: () => void } | undefined;

  constructor(incoming: IncomingMessage, socket: Duplex, head: Buffer) {
    this.incoming = incoming;
    this.#socket = socket;
    // Copied: node:http may hand out a part of memory that others see, and that is larger than what it carries.
    this.head = head.length === 0 ? head : Buffer.from(head);
  }

  get rawHeaders(): readonly string[] {
    return this.incoming.rawHeaders;
  }

  get remoteAddress(): string | undefined {
    return (this.#socket as Partial<Socket>).remoteAddress;
  }

  get remotePort(): number | undefined {
    return (this.#socket as Partial<Socket>).remotePort;
  }

  get localAddress(): string | undefined {
    return (this.#socket as Partial<Socket>).localAddress;
  }

  get destroyed(): boolean {
    return this.#socket.destroyed;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  refuse(refusal: Refusal, clock: Clock, closeTimeout: number): void {
    refuse(this.#socket, refusal, clock, closeTimeout, this.incoming.method);
  }

  wait(waiter: Waiter): void {
    const socket = this.#socket;
    const onData = (chunk: Buffer): void => {
      if (!waiter.early(chunk)) socket.pause();
    };
    const onGone = (): void => waiter.left();
    this.#listeners = { onData, onGone };
    socket.on('data', onData);
    socket.on('end', onGone);
    socket.on('close', onGone);
    socket.resume();
  }

  stopWaiting(): void {
    const socket = this.#socket;
    if (this.#listeners !== undefined) {
      const { onData, onGone } = this.#listeners;
      this.#listeners = undefined;
      socket.off('data', onData);
      socket.off('end', onGone);
      socket.off('close', onGone);
    }
    socket.pause();
  }

  unread(octets: Buffer): void {
    const socket = this.#socket;
    if (octets.length > 0 && !socket.destroyed && !socket.readableEnded) socket.unshift(octets);
  }

  transport(kind: TransportKind): Transport {
    return transportFor(this.#socket, kind);
  }
}
