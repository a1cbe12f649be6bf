import type { CloseFrame } from '../protocol/close-frame.ts';
import type { ConnectionState } from '../protocol/connection-state.ts';
import { Endpoint, type EndpointHandler } from '../protocol/endpoint.ts';
import type { DeflateAgreement } from '../protocol/handshake/permessage-deflate.ts';
import { copyOctets } from '../protocol/octets.ts';
import type { Primitives } from '../protocol/primitives.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Role } from '../protocol/role.ts';
import type { Transport, TransportReceiver } from '../transport/transport.ts';
import type { Timer } from './clock.ts';
import type { Closed, ClosedBecause } from './closed.ts';
import type { DeflationSettings } from './compression/deflation.ts';
import type { InflationSettings } from './compression/inflation.ts';
import { ConnectionClosedError } from './connection-closed-error.ts';
import type { ConnectionHandlers } from './connection-handlers.ts';
import type { ResolvedConnectionOptions } from './connection-options.ts';
import { Delivery, type DeliveryActions } from './delivery.ts';
import { Ending } from './ending.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Message } from './inbox.ts';
import type { LimitHits, LimitName } from './limit-hits.ts';
import { nodePrimitives } from './node-primitives.ts';
import { Outbox } from './outbox.ts';
import { Pings } from './pings.ts';
import { reportError } from './report-error.ts';
import {
  type Sendable,
  Sending,
  type SendingActions,
  type SendResult,
  toOctets,
} from './sending.ts';
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
 * One WebSocket connection, as the server and the client see it.
 *
 * Messages go to the `message` handler, or, where there is none, to whoever iterates over the connection.
 */
export class Connection<Data = unknown> {
  /** What the application keeps with the connection. */
  data: Data;
  /** On the server path and query of the request, on the client the URL that was dialled. */
  readonly url: string;
  /** The subprotocol agreed on; empty for none. */
  readonly protocol: string;
  /** The extensions agreed on, as the server's answer wrote them: `permessage-deflate; …`, or empty for none. */
  readonly extensions: string;
  /** The peer's IP address; undefined where the transport has none. */
  readonly remoteAddress: string | undefined;
  /** The peer's port; undefined where the transport has none. */
  readonly remotePort: number | undefined;

  readonly #role: Role;
  readonly #transport: Transport;
  readonly #options: ResolvedConnectionOptions;
  readonly #handlers: ConnectionHandlers<Data>;
  readonly #gone: ((connection: Connection<Data>) => void) | undefined;
  readonly #endpoint: Endpoint;
  readonly #outbox: Outbox;
  readonly #sending: Sending;
  readonly #limitHits: LimitHits | undefined;
  readonly #delivery: Delivery<Data>;
  readonly #heartbeat: Heartbeat;
  readonly #ending = new Ending();
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

  /** Connections are made by a server or a dial. */
  constructor(setup: ConnectionSetup<Data>) {
    const { role, transport, options, primitives = nodePrimitives } = setup;
    this.data = setup.data;
    this.url = setup.url;
    this.protocol = setup.protocol;
    this.extensions = setup.extensions ?? '';
    this.remoteAddress = setup.remoteAddress;
    this.remotePort = setup.remotePort;
    this.#transport = transport;
    this.#options = options;
    this.#handlers = setup.handlers;
    this.#gone = setup.gone;
    this.#role = role;
    this.#outbox = new Outbox(transport);
    this.#limitHits = setup.limitHits;
    const inflation = inflationSettings(setup);
    const actions = this.#deliveryActions();
    this.#delivery = new Delivery(this, role, setup.handlers, options, inflation, actions);
    this.#endpoint = new Endpoint({
      role,
      handler: this.#endpointHandler(),
      output: this.#outbox,
      primitives,
      limits: options,
      messageTypes: options.messageTypes,
      now: () => options.clock.now(),
      compression: inflation !== undefined,
    });
    this.#sending = new Sending({
      endpoint: this.#endpoint,
      outbox: this.#outbox,
      transport,
      options,
      deflation: deflationSettings(setup),
      actions: this.#sendingActions(),
    });
    this.#heartbeat = new Heartbeat(options, options.clock, {
      ping: () => this.#heartbeatPing(),
      dead: () => this.#lost('pongTimeout'),
      reading: () => this.#delivery.reading,
    });
    transport.start(this.#transportReceiver());
    this.#heartbeat.start();
    this.#begin(setup.open);
  }

  // Not in the constructor: its closures live as long as the connection, and would keep `open` and its request with them.
  #begin(open: ConnectionSetup<Data>['open']): void {
    this.#delivery.begin(open === undefined ? undefined : () => open(this));
  }

  /** Where the connection is in its life; `open` until one side closes. */
  get state(): ConnectionState {
    return this.#endpoint.state;
  }

  /** Octets accepted by `send` that the network has not taken yet, framing included. */
  get queuedBytes(): number {
    return this.#sending.queuedBytes;
  }

  /** Messages that `send` did not accept so far. */
  get droppedMessages(): number {
    return this.#sending.droppedMessages;
  }

  /** Messages that came too fast so far, and were not handed over: see the option `overRate`. */
  get discardedMessages(): number {
    return this.#delivery.discardedMessages;
  }

  /**
   * How and why it ended. Never rejects; resolves after the last message was handled and the transport is gone. A loop
   * handles a message until it asks for the next one: one that does not is waited for, `closeTimeout` for each step.
   */
  get closed(): Promise<Closed> {
    this.#closedPromise ??=
      this.#closed === undefined
        ? new Promise((resolve) => {
            this.#resolveClosed = resolve;
          })
        : Promise.resolve(this.#closed);
    return this.#closedPromise;
  }

  /**
   * Sends one message: a string as text, anything else as binary. The octets are copied before it returns.
   *
   * - `sent`: accepted, and less than `softQueuedBytes` wait with it.
   * - `queued`: accepted, but the queue is long: wait for `drained()` or the `drain` handler.
   * - `dropped`: not accepted, because the connection is closing or `maxQueuedBytes` are waiting. It is counted; a peer
   *   for whom the queue is still that long after `closeTimeout` is closed with 1013.
   *
   * @throws {@link UsageError} for anything that is not a message.
   */
  send(message: Sendable): SendResult {
    return this.#sending.send(message);
  }

  /** Resolves when less than `softQueuedBytes` wait to leave: at once if that is so now, and when the connection ends. */
  drained(): Promise<void> {
    return this.#sending.drained();
  }

  /**
   * Sends a Ping and resolves with the milliseconds until its Pong.
   *
   * @param payload - At most 125 octets; one that is unique by default.
   * @throws {@link UsageError} for a longer payload, or one that is not octets. Rejects with
   * {@link ConnectionClosedError} when no Pong can come; where nobody listens to that, it is not an unhandled rejection.
   */
  ping(payload?: Uint8Array): Promise<number> {
    this.#pings ??= new Pings();
    const octets =
      payload === undefined
        ? this.#pings.uniquePayload()
        : toOctets(payload, 'MEERKAT_CONTROL_PAYLOAD');
    const sent = this.#endpoint.ping(octets);
    const pong = sent
      ? this.#pings.wait(octets, this.#options.clock.now())
      : Promise.reject(this.#closedError());
    if (sent) this.#sending.scheduleFlush();
    // The peer's leaving must not end the process of an application that pings without waiting.
    pong.catch(() => {});
    return pong;
  }

  /**
   * Begins the closing handshake: nothing can be sent after it, what the peer sends until its own Close is still
   * handed over. A second call does nothing.
   *
   * @param code - 1000-1003, 1007-1014 or 3000-4999; 1005 sends an empty Close frame.
   * @param reason - At most 123 octets of UTF-8.
   * @throws {@link UsageError} for a code or reason that may not be sent.
   */
  close(code = 1000, reason = ''): void {
    this.#close(code, reason, 'close', undefined);
  }

  /**
   * Ends the connection at once, without a closing handshake. What waits to be sent or to be handed over is lost, and
   * handlers that are still at work are not waited for.
   */
  terminate(): void {
    this.#delivery.abandon();
    this.#lost('terminated');
    this.#proceed();
  }

  /** For `await using`: closes with 1000 and resolves when nothing of the connection is left. Never rejects. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.closed;
  }

  /**
   * The messages, pulled: the next one is asked for when the body of the loop is done. The loop ends with the
   * connection, whatever ended it: see `closed`. Leaving the loop early keeps the connection and its messages.
   *
   * @throws {@link UsageError} when there is a `message` handler, or another loop runs.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    return this.#delivery.iterate();
  }

  // --- what the protocol reports

  #endpointHandler(): EndpointHandler {
    return {
      textMessage: (text, bytes) => this.#delivery.receive(text, bytes),
      binaryMessage: (octets, start, end) =>
        this.#delivery.receive(copyOctets(octets, start, end), end - start),
      compressedMessage: (opcode, octets, start, end) =>
        this.#delivery.receiveCompressed(opcode, octets, start, end),
      ping: (octets, start, end) => {
        const { ping } = this.#handlers;
        if (ping !== undefined) {
          this.#call(() => ping.call(this.#handlers, this, copyOctets(octets, start, end)));
        }
      },
      pong: (octets, start, end) => {
        this.#pings?.answered(octets, start, end, this.#options.clock.now());
        const { pong } = this.#handlers;
        if (pong !== undefined) {
          this.#call(() => pong.call(this.#handlers, this, copyOctets(octets, start, end)));
        }
      },
      closeReceived: (close) => this.#closeReceived(close),
      closing: () => this.#sending.closing(),
      failed: (error) => this.#failed(error),
    };
  }

  #closeReceived(close: CloseFrame): void {
    this.#heartbeat.stop(); // from here on the steps of the ending have their own time
    this.#ending.received(close);
    if (this.#endpoint.state === 'closed') {
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
    if (this.#endpoint.answerClose(close)) this.#ending.sent({ code: close.code, reason: '' });
    this.#bothClosed();
  }

  /** The closing handshake is done. The server ends the transport first (§7.1.1), the client waits for that. */
  #bothClosed(): void {
    this.#delivery.readOn();
    this.#outbox.flush();
    if (this.#role === 'server' || this.#peerEnded) this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  #failed(error: ProtocolError): void {
    this.#unanswered = undefined; // what stands behind the fault does not count
    this.#heartbeat.stop();
    this.#noteViolation(error);
    this.#ending.sent({ code: error.closeCode, reason: error.message });
    this.#delivery.readOn();
    this.#outbox.flush();
    this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  // --- what the transport reports

  #transportReceiver(): TransportReceiver {
    return {
      chunk: (octets, start, end) => this.#chunk(octets, start, end),
      drained: () => this.#sending.transportDrained(),
      ended: () => this.#transportEnded(),
      closed: (error) => this.#transportGone(error),
    };
  }

  #chunk(octets: Uint8Array, start: number, end: number): void {
    this.#heartbeat.heard();
    this.#sending.chunkBegins();
    try {
      this.#endpoint.receive(octets, start, end);
    } catch (error) {
      this.#handlerFailed(error);
    }
    this.#sending.chunkEnds();
  }

  /** The peer's direction is over. Unless its Close came before, that is an abnormal end. */
  #transportEnded(): void {
    this.#peerEnded = true;
    if (this.#unanswered !== undefined) return; // our Close still follows the messages before the peer's
    this.#sending.closing();
    const phase = this.#endpoint.transportEnd();
    this.#ending.began('peer', 'transportEnd', phase);
    this.#heartbeat.stop();
    this.#outbox.flush();
    this.#transport.end();
    this.#arm(() => this.#destroy());
  }

  #transportGone(error: Error | undefined): void {
    if (this.#transportClosed) return;
    this.#transportClosed = true;
    const phase = this.#endpoint.transportEnd();
    if (error !== undefined) this.#ending.broke(error, phase);
    else this.#ending.began('peer', 'transportEnd', phase);
    this.#unanswered = undefined;
    this.#heartbeat.stop();
    this.#sending.end();
    this.#pings?.rejectAll(this.#closedError());
    // What was complete is still handed over, as long as the handler gets on with it.
    this.#arm(() => this.#finish());
    this.#proceed();
  }

  // --- what the application does

  #deliveryActions(): DeliveryActions {
    return {
      pauseReading: () => this.#transport.pause(),
      resumeReading: () => {
        this.#heartbeat.excuse();
        this.#transport.resume();
      },
      failed: (error) => this.#handlerFailed(error),
      violated: (error) => this.#violated(error),
      exceeded: (limit) => this.#limitHits?.add(limit),
      handled: () => this.#handled(),
    };
  }

  /** The peer broke a rule in a message that was looked at later than it came. */
  #violated(error: ProtocolError): void {
    if (this.#endpoint.fail(error) || this.#closed !== undefined) return;
    // The end came before; it waits for the messages, of which there are no more.
    this.#noteViolation(error);
    this.#handled();
  }

  #noteViolation(error: ProtocolError): void {
    if (error.limit !== undefined) this.#limitHits?.add(error.limit as LimitName);
    this.#ending.violated(error);
  }

  #sendingActions(): SendingActions {
    return {
      drain: () => {
        const { drain } = this.#handlers;
        if (drain !== undefined && this.#endpoint.maySend) {
          this.#call(() => drain.call(this.#handlers, this));
        }
      },
      overflow: () => {
        this.#close(1013, 'the outgoing queue is full', 'overflow', undefined);
      },
      exceeded: (limit) => this.#limitHits?.add(limit),
    };
  }

  #handled(): void {
    if (this.#closed !== undefined) return;
    if (this.#transportClosed) this.#arm(() => this.#finish()); // it gets on: wait for the next as long again
    this.#proceed();
  }

  /** Goes on with what waits for the messages, once nothing is being worked on. */
  #proceed(): void {
    if (!this.#delivery.idle) return;
    if (this.#transportClosed) this.#finish();
    else if (this.#unanswered !== undefined) this.#answerClose();
  }

  /** Calls a handler that delays nothing; what it throws or rejects with closes the connection. */
  #call(handler: () => unknown): void {
    try {
      const pending = handler();
      if (isThenable(pending)) {
        Promise.resolve(pending).catch((error: unknown) => this.#handlerFailed(error));
      }
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #handlerFailed(error: unknown): void {
    // Whatever the handler left half done, the next message would meet it.
    this.#delivery.stop();
    reportError(this.#handlers, error, this);
    this.#close(1011, '', 'handler', error);
  }

  // --- the end

  #close(code: number, reason: string, because: ClosedBecause, error: unknown): void {
    const phase = this.#endpoint.state;
    if (!this.#endpoint.close(code, reason)) return;
    this.#heartbeat.stop();
    this.#ending.sent({ code, reason });
    this.#ending.began('local', because, phase, error);
    this.#outbox.flush();
    if (this.#endpoint.state === 'closed') {
      this.#unanswered = undefined; // the peer's Close was here before
      this.#bothClosed();
      return;
    }
    // A peer that stops reading or never answers is not waited for. What it sends meanwhile is still read.
    this.#arm(() => this.#lost('closeTimeout'));
    this.#delivery.closing();
  }

  /** Ends without a closing handshake. */
  #lost(because: ClosedBecause): void {
    this.#ending.began('local', because, this.#endpoint.state);
    if (because === 'pongTimeout' || because === 'closeTimeout') this.#limitHits?.add(because);
    if (because === 'closeTimeout') this.#ending.unanswered();
    this.#endpoint.transportEnd();
    this.#unanswered = undefined;
    this.#heartbeat.stop();
    if (!this.#transportClosed) this.#destroy();
  }

  #destroy(): void {
    this.#transport.destroy();
    // Even of a stream that never says that it is closed.
    this.#arm(() => this.#transportGone(undefined));
  }

  /** Replaces the step of the ending that is being waited for. */
  #arm(expired: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(this.#options.closeTimeout, expired);
  }

  #finish(): void {
    if (this.#closed !== undefined) return;
    this.#timer?.cancel();
    const closed = this.#ending.closed(this.droppedMessages, this.discardedMessages);
    this.#closed = closed;
    this.#delivery.finish();
    const { close } = this.#handlers;
    if (close !== undefined) this.#call(() => close.call(this.#handlers, this, closed));
    this.#gone?.(this);
    this.#resolveClosed?.(closed);
  }

  #closedError(): ConnectionClosedError {
    const { code, reason } = this.#closed ?? this.#ending.closed(0, 0);
    return new ConnectionClosedError(code, reason);
  }

  #heartbeatPing(): void {
    if (this.#endpoint.ping(NO_OCTETS)) this.#sending.scheduleFlush();
  }
}

const NO_OCTETS = new Uint8Array(0);

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
