import type { CloseFrame } from '../protocol/close-frame.ts';
import { Endpoint, type EndpointHandler } from '../protocol/endpoint.ts';
import type { DeflateAgreement } from '../protocol/handshake/permessage-deflate.ts';
import { copyOctets, toOctets } from '../protocol/octets.ts';
import type { DataOpcode } from '../protocol/opcode.ts';
import type { Primitives } from '../protocol/primitives.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Role } from '../protocol/role.ts';
import type { Transport, TransportReceiver } from '../transport/transport.ts';
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

/** What the connections of one server have in common: the same object for all, so that an idle one is small. */
export interface ConnectionTerms<Data> {
  readonly role: Role;
  readonly options: ResolvedConnectionOptions;
  readonly handlers: ConnectionHandlers<Data>;
  /** Called before the open hook. */
  readonly begun?: ((connection: Connection<Data>) => void) | undefined;
  /** Called when nothing of the connection is left, after the `close` handler. */
  readonly gone?: ((connection: Connection<Data>) => void) | undefined;
  /** Where the limits that bite are counted. */
  readonly limitHits?: LimitHits | undefined;
  readonly primitives?: Primitives;
}

/** What a connection is made of. */
export interface ConnectionSetup<Data> {
  readonly terms: ConnectionTerms<Data>;
  readonly transport: Transport;
  /** Called before the first message; a promise delays it. */
  readonly open?: ((connection: Connection<Data>) => void | Promise<void>) | undefined;
  readonly data: Data;
  readonly url: string;
  readonly protocol: string;
  /** What was agreed on about permessage-deflate; needs `options.compression`. */
  readonly deflate?: DeflateAgreement | undefined;
  /** The agreed extensions as the handshake wrote them. @default none */
  readonly extensions?: string | undefined;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
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

  readonly #connection: Connection<Data>;
  readonly #terms: ConnectionTerms<Data>;
  readonly #transport: Transport;
  readonly #heartbeat: Heartbeat;
  readonly #inflationSettings: InflationSettings | undefined;
  /** While messages are in progress, and until the next Ping after them: see {@link delivery}. */
  #delivery: Delivery<Data> | undefined;
  /** From the first sign of the end on. */
  #end: Ending | undefined;
  #pings: Pings | undefined;

  constructor(connection: Connection<Data>, setup: ConnectionSetup<Data>) {
    const { terms, transport } = setup;
    const { role, options, primitives = nodePrimitives } = terms;
    this.#connection = connection;
    this.#terms = terms;
    this.#transport = transport;
    const outbox = new Outbox(transport);
    const inflation = inflationSettings(setup);
    this.#inflationSettings = inflation;
    this.endpoint = new Endpoint({
      role,
      handler: this,
      output: outbox,
      primitives,
      limits: options,
      messageTypes: options.messageTypes,
      clock: options.clock,
      compression: inflation !== undefined,
    });
    this.sending = new Sending({
      endpoint: this.endpoint,
      outbox,
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
    this.#terms.begun?.(connection);
    if (open === undefined) return;
    const delivery = this.#makeDelivery(false);
    delivery.begin(() => open(connection));
    // Most connections of many only listen, and their hook is done at once: they have none until a message comes.
    if (delivery.dispensable) this.#delivery = undefined;
  }

  /** Made when it is needed: an idle connection does without, and so does one that only comes and goes. */
  get delivery(): Delivery<Data> {
    return this.#delivery ?? this.#makeDelivery(true);
  }

  get discardedMessages(): number {
    return this.#delivery?.discardedMessages ?? 0;
  }

  #makeDelivery(opened: boolean): Delivery<Data> {
    this.#delivery = new Delivery(
      this.#connection,
      this.#terms.role,
      this.#terms.handlers,
      this.#terms.options,
      this.#inflationSettings,
      this,
      opened,
    );
    if (this.#end?.outcome !== undefined) this.#delivery.finish();
    return this.#delivery;
  }

  // --- what the application asks for: see `Connection`

  whenClosed(): Promise<Closed> {
    return this.#ending.whenOver();
  }

  sendPing(payload: Uint8Array | undefined): Promise<number> {
    this.#pings ??= new Pings();
    const octets =
      payload === undefined
        ? this.#pings.uniquePayload()
        : toOctets(payload, 'MEERKAT_CONTROL_PAYLOAD');
    const sent = this.endpoint.ping(octets);
    const pong = sent
      ? this.#pings.wait(octets, this.#terms.options.clock.now())
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
    const lent = owned || (this.#terms.options.dangerouslyLendMessages && this.delivery.handsOver);
    const message = lent ? viewOf(octets, start, end) : copyOctets(octets, start, end);
    this.delivery.receive(message, end - start);
  }

  compressedMessage(opcode: DataOpcode, octets: Uint8Array, start: number, end: number): void {
    this.delivery.receiveCompressed(opcode, octets, start, end);
  }

  ping(octets: Uint8Array, start: number, end: number): void {
    const { ping } = this.#terms.handlers;
    if (ping === undefined) return;
    this.#call(() =>
      ping.call(this.#terms.handlers, this.#connection, copyOctets(octets, start, end)),
    );
  }

  pong(octets: Uint8Array, start: number, end: number): void {
    this.#pings?.answered(octets, start, end, this.#terms.options.clock.now());
    const { pong } = this.#terms.handlers;
    if (pong === undefined) return;
    this.#call(() =>
      pong.call(this.#terms.handlers, this.#connection, copyOctets(octets, start, end)),
    );
  }

  closing(): void {
    this.sending.closing();
  }

  closeReceived(close: CloseFrame): void {
    this.#heartbeat.stop(); // from here on the steps of the ending have their own time
    this.#delivery?.hurry();
    this.#ending.received(close);
    if (this.endpoint.state === 'closed') {
      this.#bothClosed(); // it answers ours
      return;
    }
    this.#ending.began('peer', 'close', 'open');
    this.#ending.waitingClose = close;
    // Not longer than this: a handler may never come to an end.
    this.#arm(() => this.#answerClose());
    this.#proceed();
  }

  #answerClose(): void {
    const close = this.#end?.waitingClose;
    if (close === undefined) return;
    this.#ending.waitingClose = undefined;
    if (this.endpoint.answerClose(close)) this.#ending.sent({ code: close.code, reason: '' });
    this.#bothClosed();
  }

  /** The closing handshake is done. The server ends the transport first (§7.1.1), the client waits for that. */
  #bothClosed(): void {
    this.#delivery?.readOn();
    this.sending.flushAll();
    if (this.#terms.role === 'server' || this.#end?.peerEnded === true) this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  failed(error: ProtocolError): void {
    this.#ending.waitingClose = undefined; // what stands behind the fault does not count
    this.#delivery?.hurry();
    this.#heartbeat.stop();
    this.#noteViolation(error);
    this.#ending.sent({ code: error.closeCode, reason: error.message });
    this.#delivery?.readOn();
    this.sending.flushAll();
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
    this.#ending.peerEnded = true;
    this.#delivery?.hurry();
    if (this.#end?.waitingClose !== undefined) return; // our Close still follows the messages before the peer's
    this.sending.closing();
    const phase = this.endpoint.transportEnd();
    this.#ending.began('peer', 'transportEnd', phase);
    this.#heartbeat.stop();
    this.sending.flushAll();
    this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  closed(error: Error | undefined): void {
    if (this.#end?.transportClosed === true) return;
    this.#ending.transportClosed = true;
    const phase = this.endpoint.transportEnd();
    if (error !== undefined) this.#ending.broke(error, phase);
    else this.#ending.began('peer', 'transportEnd', phase);
    this.#ending.waitingClose = undefined;
    this.#heartbeat.stop();
    this.sending.end();
    this.#pings?.rejectAll(this.#closedError());
    this.#delivery?.hurry();
    this.#proceed();
    // What was complete is still handed over, as long as the handler gets on with it.
    if (this.#end?.outcome === undefined) this.#arm(() => this.#finish());
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
    this.#terms.limitHits?.add(limit);
  }

  /** The peer broke a rule in a message that was looked at later than it came. */
  violated(error: ProtocolError): void {
    if (this.endpoint.fail(error) || this.#end?.outcome !== undefined) return;
    // The end came before; it waits for the messages, of which there are no more.
    this.#noteViolation(error);
    this.handled();
  }

  #noteViolation(error: ProtocolError): void {
    if (error.limit !== undefined) this.#terms.limitHits?.add(error.limit as LimitName);
    this.#ending.violated(error);
  }

  drain(): void {
    const { drain } = this.#terms.handlers;
    if (drain === undefined || !this.endpoint.maySend) return;
    this.#call(() => drain.call(this.#terms.handlers, this.#connection));
  }

  overflow(): void {
    this.#close(1013, 'the outgoing queue is full', 'overflow', undefined);
  }

  handled(): void {
    if (this.#end?.outcome !== undefined) return;
    if (this.#end?.transportClosed === true) this.#arm(() => this.#finish()); // it gets on: wait for the next as long again
    this.#proceed();
  }

  /** Goes on with what waits for the messages, once nothing is being worked on. */
  #proceed(): void {
    if (this.#delivery?.idle === false) return;
    if (this.#end?.transportClosed === true) this.#finish();
    else if (this.#end?.waitingClose !== undefined) this.#answerClose();
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
    reportError(this.#terms.handlers, error, this.#connection);
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
    this.sending.flushAll();
    if (this.endpoint.state === 'closed') {
      this.#ending.waitingClose = undefined; // the peer's Close was here before
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
    if (because === 'pongTimeout' || because === 'closeTimeout')
      this.#terms.limitHits?.add(because);
    if (because === 'closeTimeout') this.#ending.unanswered();
    this.endpoint.transportEnd();
    this.#ending.waitingClose = undefined;
    this.#heartbeat.stop();
    if (this.#end?.transportClosed !== true) this.#destroy();
  }

  #destroy(): void {
    this.#transport.destroy();
    // Even of a stream that never says that it is closed.
    this.#arm(() => this.closed(undefined));
  }

  /** Replaces the step of the ending that is being waited for. */
  #arm(expired: () => void): void {
    this.#end?.timer?.cancel();
    this.#ending.timer = this.#terms.options.clock.after(this.#terms.options.closeTimeout, expired);
  }

  #finish(): void {
    if (this.#end?.outcome !== undefined) return;
    this.#end?.timer?.cancel();
    const closed = this.#ending.closed(this.sending.droppedMessages, this.discardedMessages);
    this.#ending.outcome = closed;
    this.#delivery?.finish();
    const { close } = this.#terms.handlers;
    if (close !== undefined)
      this.#call(() => close.call(this.#terms.handlers, this.#connection, closed));
    this.#terms.gone?.(this.#connection);
    this.#ending.tell();
  }

  // --- the heartbeat

  pingDue(): void {
    // Whoever idles is small, also after it has spoken.
    if (this.#delivery?.dispensable === true) this.#delivery = undefined;
    if (this.endpoint.ping(NO_OCTETS)) this.sending.scheduleFlush();
  }

  peerDead(): void {
    this.#lost('pongTimeout');
  }

  get reading(): boolean {
    return this.#delivery === undefined || this.#delivery.reading;
  }

  #closedError(): ConnectionClosedError {
    const { code, reason } = this.#end?.outcome ?? this.#ending.closed(0, 0);
    return new ConnectionClosedError(code, reason);
  }
}

const NO_OCTETS = new Uint8Array(0);

/** A plain view: a Buffer's `subarray` would be a Buffer. */
function viewOf(octets: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(octets.buffer, octets.byteOffset + start, end - start);
}

function inflationSettings<Data>(setup: ConnectionSetup<Data>): InflationSettings | undefined {
  const { deflate, terms } = setup;
  const { options, role } = terms;
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
  const { deflate, terms } = setup;
  const { options, role } = terms;
  if (deflate === undefined || options.compression === undefined) return undefined;
  return { ...options.compression, direction: role === 'server' ? deflate.server : deflate.client };
}
