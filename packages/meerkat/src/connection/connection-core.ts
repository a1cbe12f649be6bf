import type { CloseFrame } from '../protocol/close-frame.ts';
import { Endpoint, type EndpointHandler } from '../protocol/endpoint.ts';
import type { DeflateAgreement } from '../protocol/handshake/permessage-deflate.ts';
import { copyOctets, toOctets } from '../protocol/octets.ts';
import type { DataOpcode } from '../protocol/opcode.ts';
import type { Primitives } from '../protocol/primitives.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Role } from '../protocol/role.ts';
import type { Transport, TransportReceiver } from '../transport/transport.ts';
import type { Timer } from './clock.ts';
import type { Closed, ClosedBecause } from './closed.ts';
import type { DeflationSettings } from './compression/deflation.ts';
import type { InflationSettings } from './compression/inflation.ts';
import type { Connection } from './connection.ts';
import { ConnectionClosedError } from './connection-closed-error.ts';
import type { ConnectionHandlers } from './connection-handlers.ts';
import type { ResolvedConnectionOptions } from './connection-options.ts';
import { Delivery, type DeliveryActions } from './delivery.ts';
import { Ending } from './ending.ts';
import { Heartbeat, type HeartbeatActions } from './heartbeat.ts';
import type { LimitHits, LimitName } from './limit-hits.ts';
import { nodePrimitives } from './node-primitives.ts';
import { Outbox } from './outbox.ts';
import { Pings } from './pings.ts';
import { reportError } from './report-error.ts';
import { Sending, type SendingActions } from './sending.ts';
import { isThenable } from './thenable.ts';

/** What a connection is made of. */
export interface ConnectionSetup<Data> {
  readonly role: Role;
  readonly transport: Transport;
  readonly options: ResolvedConnectionOptions;
  readonly handlers: ConnectionHandlers<Data>;
  /** Called before the first message; a promise delays it. */
  readonly open?: ((connection: Connection<Data>) => void | Promise<void>) | undefined;
  /** Called when nothing of the connection is left, after the `close` handler. */
  readonly gone?: ((connection: Connection<Data>) => void) | undefined;
  readonly data: Data;
  readonly url: string;
  readonly protocol: string;
  /** What was agreed on about permessage-deflate; needs `options.compression`. */
  readonly deflate?: DeflateAgreement | undefined;
  /** The agreed extensions as the handshake wrote them. @default none */
  readonly extensions?: string | undefined;
  /** Where the limits that bite are counted. */
  readonly limitHits?: LimitHits | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly primitives?: Primitives;
}

/**
 * What holds the parts of a connection together: it hears of what happens, and ends the connection.
 *
 * One object with the methods of every interface in place of an object of closures for each: those were 2 KB a connection.
 */
export class ConnectionCore<Data>
  implements EndpointHandler, TransportReceiver, DeliveryActions, SendingActions, HeartbeatActions
{
  readonly endpoint: Endpoint;
  readonly sending: Sending;
  readonly delivery: Delivery<Data>;

  readonly #connection: Connection<Data>;
  readonly #role: Role;
  readonly #transport: Transport;
  readonly #options: ResolvedConnectionOptions;
  readonly #handlers: ConnectionHandlers<Data>;
  readonly #gone: ((connection: Connection<Data>) => void) | undefined;
  readonly #outbox: Outbox;
  readonly #limitHits: LimitHits | undefined;
  readonly #heartbeat: Heartbeat;
  /** From the first sign of the end on. */
  #end: Ending | undefined;
  #pings: Pings | undefined;

  /** The peer's Close waits for the messages before it. */
  #unanswered: CloseFrame | undefined;
  #peerEnded = false;
  #transportClosed = false;
  /** Of the step of the ending that is being waited for. */
  #timer: Timer | undefined;
  #closed: Closed | undefined;
  #closedPromise: Promise<Closed> | undefined;
  #resolveClosed: ((closed: Closed) => void) | undefined;

  constructor(connection: Connection<Data>, setup: ConnectionSetup<Data>) {
    const { role, transport, options, handlers, primitives = nodePrimitives } = setup;
    this.#connection = connection;
    this.#role = role;
    this.#transport = transport;
    this.#options = options;
    this.#handlers = handlers;
    this.#gone = setup.gone;
    this.#limitHits = setup.limitHits;
    this.#outbox = new Outbox(transport);
    const inflation = inflationSettings(setup);
    this.delivery = new Delivery(connection, role, handlers, options, inflation, this);
    this.endpoint = new Endpoint({
      role,
      handler: this,
      output: this.#outbox,
      primitives,
      limits: options,
      messageTypes: options.messageTypes,
      clock: options.clock,
      compression: inflation !== undefined,
    });
    this.sending = new Sending({
      endpoint: this.endpoint,
      outbox: this.#outbox,
      transport,
      options,
      deflation: deflationSettings(setup),
      actions: this,
    });
    this.#heartbeat = new Heartbeat(options, options.clock, this);
  }

  /** Starts to read, and calls the open hook. `open` is not kept: it would keep its request. */
  begin(open: ConnectionSetup<Data>['open']): void {
    this.#transport.start(this);
    this.#heartbeat.start();
    const connection = this.#connection;
    this.delivery.begin(open === undefined ? undefined : () => open(connection));
  }

  // --- what the application asks for: see `Connection`

  whenClosed(): Promise<Closed> {
    this.#closedPromise ??=
      this.#closed === undefined
        ? new Promise((resolve) => {
            this.#resolveClosed = resolve;
          })
        : Promise.resolve(this.#closed);
    return this.#closedPromise;
  }

  sendPing(payload: Uint8Array | undefined): Promise<number> {
    this.#pings ??= new Pings();
    const octets =
      payload === undefined
        ? this.#pings.uniquePayload()
        : toOctets(payload, 'MEERKAT_CONTROL_PAYLOAD');
    const sent = this.endpoint.ping(octets);
    const pong = sent
      ? this.#pings.wait(octets, this.#options.clock.now())
      : Promise.reject(this.#closedError());
    if (sent) this.sending.scheduleFlush();
    // The peer's leaving must not end the process of an application that pings without waiting.
    pong.catch(() => {});
    return pong;
  }

  close(code: number, reason: string): void {
    this.#close(code, reason, 'close', undefined);
  }

  terminate(): void {
    this.delivery.abandon();
    this.#lost('terminated');
    this.#proceed();
  }

  // --- what the protocol reports

  textMessage(text: string, bytes: number): void {
    this.delivery.receive(text, bytes);
  }

  binaryMessage(octets: Uint8Array, start: number, end: number, owned: boolean): void {
    const lent = owned || (this.#options.dangerouslyLendMessages && this.delivery.handsOver);
    const message = lent ? viewOf(octets, start, end) : copyOctets(octets, start, end);
    this.delivery.receive(message, end - start);
  }

  compressedMessage(opcode: DataOpcode, octets: Uint8Array, start: number, end: number): void {
    this.delivery.receiveCompressed(opcode, octets, start, end);
  }

  ping(octets: Uint8Array, start: number, end: number): void {
    const { ping } = this.#handlers;
    if (ping === undefined) return;
    this.#call(() => ping.call(this.#handlers, this.#connection, copyOctets(octets, start, end)));
  }

  pong(octets: Uint8Array, start: number, end: number): void {
    this.#pings?.answered(octets, start, end, this.#options.clock.now());
    const { pong } = this.#handlers;
    if (pong === undefined) return;
    this.#call(() => pong.call(this.#handlers, this.#connection, copyOctets(octets, start, end)));
  }

  closing(): void {
    this.sending.closing();
  }

  closeReceived(close: CloseFrame): void {
    this.#heartbeat.stop(); // from here on the steps of the ending have their own time
    this.delivery.hurry();
    this.#ending.received(close);
    if (this.endpoint.state === 'closed') {
      this.#bothClosed(); // it answers ours
      return;
    }
    this.#ending.began('peer', 'close', 'open');
    this.#unanswered = close;
    // Not longer than this: a handler may never come to an end.
    this.#arm(() => this.#answerClose());
    this.#proceed();
  }

  #answerClose(): void {
    const close = this.#unanswered;
    if (close === undefined) return;
    this.#unanswered = undefined;
    if (this.endpoint.answerClose(close)) this.#ending.sent({ code: close.code, reason: '' });
    this.#bothClosed();
  }

  /** The closing handshake is done. The server ends the transport first (§7.1.1), the client waits for that. */
  #bothClosed(): void {
    this.delivery.readOn();
    this.#outbox.flush();
    if (this.#role === 'server' || this.#peerEnded) this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  failed(error: ProtocolError): void {
    this.#unanswered = undefined; // what stands behind the fault does not count
    this.delivery.hurry();
    this.#heartbeat.stop();
    this.#noteViolation(error);
    this.#ending.sent({ code: error.closeCode, reason: error.message });
    this.delivery.readOn();
    this.#outbox.flush();
    this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  // --- what the transport reports

  chunk(octets: Uint8Array, start: number, end: number): Uint8Array | undefined {
    this.#heartbeat.heard();
    this.sending.chunkBegins();
    let room: Uint8Array | undefined;
    try {
      this.endpoint.receive(octets, start, end);
      if (this.#transport.heedsWishes) room = this.endpoint.room;
    } catch (error) {
      this.handlerFailed(error);
    }
    this.sending.chunkEnds();
    return room;
  }

  drained(): void {
    this.sending.transportDrained();
  }

  /** The peer's direction is over. Unless its Close came before, that is an abnormal end. */
  ended(): void {
    this.#peerEnded = true;
    this.delivery.hurry();
    if (this.#unanswered !== undefined) return; // our Close still follows the messages before the peer's
    this.sending.closing();
    const phase = this.endpoint.transportEnd();
    this.#ending.began('peer', 'transportEnd', phase);
    this.#heartbeat.stop();
    this.#outbox.flush();
    this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  closed(error: Error | undefined): void {
    if (this.#transportClosed) return;
    this.#transportClosed = true;
    const phase = this.endpoint.transportEnd();
    if (error !== undefined) this.#ending.broke(error, phase);
    else this.#ending.began('peer', 'transportEnd', phase);
    this.#unanswered = undefined;
    this.#heartbeat.stop();
    this.sending.end();
    this.#pings?.rejectAll(this.#closedError());
    this.delivery.hurry();
    this.#proceed();
    // What was complete is still handed over, as long as the handler gets on with it.
    if (this.#closed === undefined) this.#arm(() => this.#finish());
  }

  // --- what the application does

  pauseReading(): void {
    this.#transport.pause();
  }

  resumeReading(): void {
    this.#heartbeat.excuse();
    this.#transport.resume();
  }

  exceeded(limit: LimitName): void {
    this.#limitHits?.add(limit);
  }

  /** The peer broke a rule in a message that was looked at later than it came. */
  violated(error: ProtocolError): void {
    if (this.endpoint.fail(error) || this.#closed !== undefined) return;
    // The end came before; it waits for the messages, of which there are no more.
    this.#noteViolation(error);
    this.handled();
  }

  #noteViolation(error: ProtocolError): void {
    if (error.limit !== undefined) this.#limitHits?.add(error.limit as LimitName);
    this.#ending.violated(error);
  }

  drain(): void {
    const { drain } = this.#handlers;
    if (drain === undefined || !this.endpoint.maySend) return;
    this.#call(() => drain.call(this.#handlers, this.#connection));
  }

  overflow(): void {
    this.#close(1013, 'the outgoing queue is full', 'overflow', undefined);
  }

  handled(): void {
    if (this.#closed !== undefined) return;
    if (this.#transportClosed) this.#arm(() => this.#finish()); // it gets on: wait for the next as long again
    this.#proceed();
  }

  /** Goes on with what waits for the messages, once nothing is being worked on. */
  #proceed(): void {
    if (!this.delivery.idle) return;
    if (this.#transportClosed) this.#finish();
    else if (this.#unanswered !== undefined) this.#answerClose();
  }

  /** Calls a handler that delays nothing; what it throws or rejects with closes the connection. */
  #call(handler: () => unknown): void {
    try {
      const pending = handler();
      if (isThenable(pending)) {
        Promise.resolve(pending).catch((error: unknown) => this.handlerFailed(error));
      }
    } catch (error) {
      this.handlerFailed(error);
    }
  }

  handlerFailed(error: unknown): void {
    // Whatever the handler left half done, the next message would meet it.
    this.delivery.stop();
    reportError(this.#handlers, error, this.#connection);
    this.#close(1011, '', 'handler', error);
  }

  // --- the end

  get #ending(): Ending {
    this.#end ??= new Ending();
    return this.#end;
  }

  #close(code: number, reason: string, because: ClosedBecause, error: unknown): void {
    const phase = this.endpoint.state;
    if (!this.endpoint.close(code, reason)) return;
    this.#heartbeat.stop();
    this.#ending.sent({ code, reason });
    this.#ending.began('local', because, phase, error);
    this.#outbox.flush();
    if (this.endpoint.state === 'closed') {
      this.#unanswered = undefined; // the peer's Close was here before
      this.#bothClosed();
      return;
    }
    // A peer that stops reading or never answers is not waited for. What it sends meanwhile is still read.
    this.#arm(() => this.#lost('closeTimeout'));
    this.delivery.closing();
  }

  /** Ends without a closing handshake. */
  #lost(because: ClosedBecause): void {
    this.#ending.began('local', because, this.endpoint.state);
    if (because === 'pongTimeout' || because === 'closeTimeout') this.#limitHits?.add(because);
    if (because === 'closeTimeout') this.#ending.unanswered();
    this.endpoint.transportEnd();
    this.#unanswered = undefined;
    this.#heartbeat.stop();
    if (!this.#transportClosed) this.#destroy();
  }

  #destroy(): void {
    this.#transport.destroy();
    // Even of a stream that never says that it is closed.
    this.#arm(() => this.closed(undefined));
  }

  /** Replaces the step of the ending that is being waited for. */
  #arm(expired: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(this.#options.closeTimeout, expired);
  }

  #finish(): void {
    if (this.#closed !== undefined) return;
    this.#timer?.cancel();
    const closed = this.#ending.closed(
      this.sending.droppedMessages,
      this.delivery.discardedMessages,
    );
    this.#closed = closed;
    this.delivery.finish();
    const { close } = this.#handlers;
    if (close !== undefined) this.#call(() => close.call(this.#handlers, this.#connection, closed));
    this.#gone?.(this.#connection);
    this.#resolveClosed?.(closed);
  }

  // --- the heartbeat

  pingDue(): void {
    if (this.endpoint.ping(NO_OCTETS)) this.sending.scheduleFlush();
  }

  peerDead(): void {
    this.#lost('pongTimeout');
  }

  get reading(): boolean {
    return this.delivery.reading;
  }

  #closedError(): ConnectionClosedError {
    const { code, reason } = this.#closed ?? this.#ending.closed(0, 0);
    return new ConnectionClosedError(code, reason);
  }
}

const NO_OCTETS = new Uint8Array(0);

/** A plain view: a Buffer's `subarray` would be a Buffer. */
function viewOf(octets: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(octets.buffer, octets.byteOffset + start, end - start);
}

function inflationSettings<Data>(setup: ConnectionSetup<Data>): InflationSettings | undefined {
  const { deflate, options, role } = setup;
  if (deflate === undefined || options.compression === undefined) return undefined;
  const { maxMessageBytes, maxInflateRatio } = options;
  return {
    direction: role === 'server' ? deflate.client : deflate.server,
    maxMessageBytes,
    maxInflateRatio,
    pool: options.compression.pool,
  };
}

function deflationSettings<Data>(setup: ConnectionSetup<Data>): DeflationSettings | undefined {
  const { deflate, options, role } = setup;
  if (deflate === undefined || options.compression === undefined) return undefined;
  return { ...options.compression, direction: role === 'server' ? deflate.server : deflate.client };
}
