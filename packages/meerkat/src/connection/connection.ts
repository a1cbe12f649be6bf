import type { CloseFrame } from '../protocol/close-frame.ts';
import type { ConnectionState } from '../protocol/connection-state.ts';
import { Endpoint, type EndpointHandler } from '../protocol/endpoint.ts';
import { copyOctets } from '../protocol/octets.ts';
import type { Primitives } from '../protocol/primitives.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Role } from '../protocol/role.ts';
import { UsageError } from '../protocol/usage-error.ts';
import type { Transport, TransportReceiver } from '../transport/transport.ts';
import type { Timer } from './clock.ts';
import type { Closed, ClosedBecause } from './closed.ts';
import { ConnectionClosedError } from './connection-closed-error.ts';
import type { ConnectionHandlers } from './connection-handlers.ts';
import type { ResolvedConnectionOptions } from './connection-options.ts';
import { Ending } from './ending.ts';
import { Heartbeat } from './heartbeat.ts';
import { Inbox, type Message } from './inbox.ts';
import { nodePrimitives } from './node-primitives.ts';
import { Outbox } from './outbox.ts';
import { Pings } from './pings.ts';
import { reportError } from './report-error.ts';

/** What became of a message: see {@link Connection.send}. */
export type SendResult = 'sent' | 'queued' | 'dropped';

/** What can be sent: text, or octets in any of JavaScript's forms. */
export type Sendable = string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

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
  readonly #inbox = new Inbox();
  readonly #heartbeat: Heartbeat;
  readonly #ending = new Ending();
  #pings: Pings | undefined;

  /** A chunk is being handled: what is sent leaves at its end. */
  #inChunk = false;
  #flushScheduled = false;
  /** A handler's promise is pending, or the pulled message is still being worked on. */
  #busy = true;
  #readingPaused = false;
  #iterating = false;
  #pulls: ((result: IteratorResult<Message, undefined>) => void)[] = [];
  /** The peer's Close waits for the inbox. */
  #unanswered: CloseFrame | undefined;
  #transportClosed = false;
  #timer: Timer | undefined;
  #overflowTimer: Timer | undefined;
  #drainWanted = false;
  #drainWaiters: (() => void)[] = [];
  #droppedMessages = 0;
  /** Messages that still arrive are let go: there is, or will be, nobody to take them. */
  #discarding = false;
  #closed: Closed | undefined;
  #closedPromise: Promise<Closed> | undefined;
  #resolveClosed: ((closed: Closed) => void) | undefined;

  /** Connections are made by a server or a dial. */
  constructor(setup: ConnectionSetup<Data>) {
    const { role, transport, options, primitives = nodePrimitives } = setup;
    this.data = setup.data;
    this.url = setup.url;
    this.protocol = setup.protocol;
    this.remoteAddress = setup.remoteAddress;
    this.remotePort = setup.remotePort;
    this.#transport = transport;
    this.#options = options;
    this.#handlers = setup.handlers;
    this.#gone = setup.gone;
    this.#role = role;
    this.#outbox = new Outbox(transport);
    this.#endpoint = new Endpoint({
      role,
      handler: this.#endpointHandler(),
      output: this.#outbox,
      primitives,
      limits: options,
      messageTypes: options.messageTypes,
      now: () => options.clock.now(),
    });
    this.#heartbeat = new Heartbeat(options, options.clock, {
      ping: () => this.#heartbeatPing(),
      dead: () => this.#lost('pongTimeout'),
      reading: () => !this.#readingPaused,
    });
    transport.start(this.#transportReceiver());
    this.#heartbeat.start();
    this.#runOpen(setup.open);
  }

  /** Where the connection is in its life; `open` until one side closes. */
  get state(): ConnectionState {
    return this.#endpoint.state;
  }

  /** Octets accepted by `send` that the network has not taken yet, framing included. */
  get queuedBytes(): number {
    return this.#outbox.pendingBytes + this.#transport.queuedBytes;
  }

  /** How and why it ended. Never rejects; resolves after the last message was handled and the transport is gone. */
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
   * - `sent`: accepted, and less than `softQueuedBytes` were waiting before it.
   * - `queued`: accepted, but the queue is long: wait for `drained()` or the `drain` handler.
   * - `dropped`: not accepted, because the connection is closing or `maxQueuedBytes` are waiting. It is counted; a peer
   *   for whom the queue is still that long after `closeTimeout` is closed with 1013.
   *
   * @throws {@link UsageError} for anything that is not a message.
   */
  send(message: Sendable): SendResult {
    const octets = typeof message === 'string' ? undefined : asOctets(message);
    const waiting = this.queuedBytes;
    if (waiting >= this.#options.maxQueuedBytes && this.#endpoint.maySend) {
      this.#overflow();
      return 'dropped';
    }
    const accepted =
      octets === undefined
        ? this.#endpoint.sendText(message as string)
        : this.#endpoint.sendBinary(octets);
    if (!accepted) {
      this.#droppedMessages += 1;
      return 'dropped';
    }
    this.#scheduleFlush();
    if (waiting < this.#options.softQueuedBytes) return 'sent';
    this.#drainWanted = true;
    return 'queued';
  }

  /** Resolves when less than `softQueuedBytes` wait to leave: at once if that is so now, and when the connection ends. */
  drained(): Promise<void> {
    if (this.#transportClosed || this.queuedBytes < this.#options.softQueuedBytes) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#drainWaiters.push(resolve);
    });
  }

  /**
   * Sends a Ping and resolves with the milliseconds until its Pong.
   *
   * @param payload - At most 125 octets; one that is unique by default.
   * @throws {@link UsageError} for a longer payload. Rejects with {@link ConnectionClosedError} when no Pong can come.
   */
  ping(payload?: Uint8Array): Promise<number> {
    this.#pings ??= new Pings();
    const sent = payload ?? this.#pings.uniquePayload();
    if (!this.#endpoint.ping(sent)) return Promise.reject(this.#closedError());
    this.#scheduleFlush();
    return this.#pings.wait(sent, this.#options.clock.now());
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

  /** Ends the connection at once, without a closing handshake. What waits to be sent is lost. */
  terminate(): void {
    this.#inbox.clear();
    this.#discard();
    this.#lost('terminated');
  }

  /**
   * The messages, pulled: the next one is asked for when the body of the loop is done. The loop ends with the
   * connection, whatever ended it: see `closed`. Leaving the loop early keeps the connection and its messages.
   *
   * @throws {@link UsageError} when there is a `message` handler, or another loop runs.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    if (this.#iterating || this.#handlers.message !== undefined) {
      throw new UsageError('MEERKAT_CONSUMED_TWICE');
    }
    this.#iterating = true;
    const iterator: AsyncIterableIterator<Message, undefined> = {
      next: () => this.#pull(),
      return: () => {
        this.#iterating = false;
        this.#handled();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  // --- what the protocol reports

  #endpointHandler(): EndpointHandler {
    return {
      textMessage: (text, bytes) => this.#receive(text, bytes),
      binaryMessage: (octets, start, end) =>
        this.#receive(copyOctets(octets, start, end), end - start),
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
      failed: (error) => this.#failed(error),
    };
  }

  #closeReceived(close: CloseFrame): void {
    this.#ending.received(close);
    if (this.#endpoint.state === 'closed') {
      this.#bothClosed(); // it answers ours
      return;
    }
    this.#ending.began('peer', 'close', 'open');
    this.#unanswered = close;
    // Not longer than this: a handler may never come to an end.
    this.#arm(() => this.#answerClose());
    this.#whenHandled();
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
    this.#heartbeat.stop();
    this.#outbox.flush();
    if (this.#role === 'server') this.#transport.end();
    this.#arm(() => this.#transport.destroy());
  }

  #failed(error: ProtocolError): void {
    this.#heartbeat.stop();
    this.#unanswered = undefined;
    this.#ending.sent({ code: error.closeCode, reason: error.message });
    this.#ending.violated(error);
    this.#outbox.flush();
    this.#transport.end();
    this.#arm(() => this.#transport.destroy());
  }

  // --- what the transport reports

  #transportReceiver(): TransportReceiver {
    return {
      chunk: (octets, start, end) => this.#chunk(octets, start, end),
      drained: () => this.#transportDrained(),
      ended: () => this.#transportEnded(),
      closed: (error) => this.#transportGone(error),
    };
  }

  #chunk(octets: Uint8Array, start: number, end: number): void {
    this.#heartbeat.heard();
    this.#inChunk = true;
    try {
      this.#endpoint.receive(octets, start, end);
    } catch (error) {
      this.#handlerFailed(error);
    }
    this.#inChunk = false;
    this.#flush();
  }

  #transportDrained(): void {
    if (!this.#outbox.congested) {
      this.#endpoint.drained();
      this.#outbox.flush();
    }
    if (this.queuedBytes < this.#options.maxQueuedBytes) {
      this.#overflowTimer?.cancel();
      this.#overflowTimer = undefined;
    }
    this.#resumeSenders();
  }

  #resumeSenders(): void {
    if (this.#drainWaiters.length === 0 && !this.#drainWanted) return;
    if (this.queuedBytes >= this.#options.softQueuedBytes) return;
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
    if (!this.#drainWanted) return;
    this.#drainWanted = false;
    const { drain } = this.#handlers;
    if (drain !== undefined) this.#call(() => drain.call(this.#handlers, this));
  }

  /** The peer's direction is over. Unless both Close frames passed, that is an abnormal end. */
  #transportEnded(): void {
    const phase = this.#endpoint.transportEnd();
    this.#ending.began('peer', 'transportEnd', phase);
    this.#unanswered = undefined;
    this.#heartbeat.stop();
    this.#transport.end();
    this.#arm(() => this.#transport.destroy());
  }

  #transportGone(error: Error | undefined): void {
    const phase = this.#endpoint.transportEnd();
    if (error !== undefined) this.#ending.broke(error, phase);
    else this.#ending.began('peer', 'transportEnd', phase);
    this.#transportClosed = true;
    this.#unanswered = undefined;
    this.#heartbeat.stop();
    this.#overflowTimer?.cancel();
    this.#pings?.rejectAll(this.#closedError());
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
    // What was complete is still handed over, as long as the handler gets on with it.
    this.#arm(() => this.#finish());
    this.#whenHandled();
  }

  // --- messages, in order, one at a time

  #runOpen(open: ConnectionSetup<Data>['open']): void {
    try {
      const pending = open?.(this);
      if (isThenable(pending)) {
        this.#waitFor(pending);
        return;
      }
    } catch (error) {
      this.#handlerFailed(error);
    }
    this.#handled();
  }

  #receive(message: Message, bytes: number): void {
    if (!this.#busy && this.#inbox.length === 0 && this.#handlers.message !== undefined) {
      this.#handle(message);
      return;
    }
    if (this.#discarding) return;
    this.#inbox.push(message, bytes);
    const pull = this.#pulls.shift();
    if (pull !== undefined) this.#answerPull(pull);
    else if (this.#inboxFull() && !this.#readingPaused) {
      this.#readingPaused = true;
      this.#transport.pause();
    }
  }

  #inboxFull(): boolean {
    const { maxInboxMessages, maxInboxBytes } = this.#options;
    return this.#inbox.length >= maxInboxMessages || this.#inbox.bytes >= maxInboxBytes;
  }

  #handle(message: Message): void {
    // Not through #call(): this is the hot path, and a closure per message is not free.
    try {
      const pending = this.#handlers.message?.(this, message);
      if (isThenable(pending)) this.#waitFor(pending);
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  /** Calls a handler that delays nothing; what it throws or rejects with closes the connection. */
  #call(handler: () => unknown): void {
    try {
      const pending = handler();
      if (isThenable(pending)) {
        pending.then(undefined, (error: unknown) => this.#handlerFailed(error));
      }
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #waitFor(pending: PromiseLike<unknown>): void {
    this.#busy = true;
    pending.then(
      () => this.#handled(),
      (error: unknown) => {
        this.#handlerFailed(error);
        this.#handled();
      },
    );
  }

  /** The last message is done with: the next one, and whatever waited for the inbox. */
  #handled(): void {
    this.#busy = false;
    if (this.#closed !== undefined) return;
    if (this.#transportClosed) this.#arm(() => this.#finish()); // it gets on: wait for the next as long again
    while (!this.#busy && this.#inbox.length > 0 && this.#handlers.message !== undefined) {
      this.#handle(this.#inbox.shift() as Message);
    }
    this.#resumeReading();
    this.#whenHandled();
  }

  #resumeReading(): void {
    if (!this.#readingPaused || this.#inboxFull()) return;
    this.#readingPaused = false;
    this.#heartbeat.excuse();
    this.#transport.resume();
  }

  /** Whether somebody takes the messages. */
  get #consumed(): boolean {
    return this.#iterating || this.#handlers.message !== undefined;
  }

  /** Goes on with what waits for the inbox, once every message was handled. Messages that nobody takes hold up nothing. */
  #whenHandled(): void {
    const waiting = this.#busy || (this.#inbox.length > 0 && this.#consumed);
    if (waiting && !this.#discarding) return;
    if (this.#transportClosed) this.#finish();
    else if (this.#unanswered !== undefined) this.#answerClose();
  }

  #pull(): Promise<IteratorResult<Message, undefined>> {
    // Asking for the next message says that the last one is done with.
    this.#busy = false;
    return new Promise((resolve) => {
      if (this.#inbox.length > 0) this.#answerPull(resolve);
      else if (this.#closed !== undefined || this.#transportClosed) {
        resolve({ done: true, value: undefined });
        this.#whenHandled();
      } else {
        this.#pulls.push(resolve);
        this.#whenHandled();
      }
    });
  }

  #answerPull(resolve: (result: IteratorResult<Message, undefined>) => void): void {
    this.#busy = true;
    resolve({ done: false, value: this.#inbox.shift() as Message });
    this.#resumeReading();
  }

  // --- the end

  #close(code: number, reason: string, because: ClosedBecause, error: unknown): void {
    const phase = this.#endpoint.state;
    if (!this.#endpoint.close(code, reason)) return;
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
    if (!this.#consumed) this.#discard();
  }

  /** Ends without a closing handshake. */
  #lost(because: ClosedBecause): void {
    this.#ending.began('local', because, this.#endpoint.state);
    if (because === 'closeTimeout') this.#ending.unanswered();
    this.#endpoint.transportEnd();
    this.#heartbeat.stop();
    this.#transport.destroy();
  }

  #handlerFailed(error: unknown): void {
    // Whatever the handler left half done, the next message would meet it.
    this.#inbox.clear();
    this.#discard();
    reportError(this.#handlers, error, this);
    this.#close(1011, '', 'handler', error);
  }

  /** Takes no more messages, but goes on reading: the peer's Close is behind them. */
  #discard(): void {
    this.#discarding = true;
    if (!this.#readingPaused) return;
    this.#readingPaused = false;
    this.#transport.resume();
  }

  #overflow(): void {
    this.#droppedMessages += 1;
    this.#drainWanted = true;
    this.#overflowTimer ??= this.#options.clock.after(this.#options.closeTimeout, () => {
      this.#close(1013, 'the outgoing queue is full', 'overflow', undefined);
    });
  }

  #heartbeatPing(): void {
    if (this.#endpoint.ping(NO_OCTETS)) this.#scheduleFlush();
  }

  /** Replaces the step of the ending that is being waited for. */
  #arm(expired: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(this.#options.closeTimeout, expired);
  }

  #finish(): void {
    if (this.#closed !== undefined) return;
    this.#timer?.cancel();
    const closed = this.#ending.closed(this.#droppedMessages);
    this.#closed = closed;
    if (this.#handlers.message !== undefined) this.#inbox.clear();
    for (const resolve of this.#pulls.splice(0)) resolve({ done: true, value: undefined });
    const { close } = this.#handlers;
    try {
      close?.call(this.#handlers, this, closed);
    } catch (error) {
      reportError(this.#handlers, error, this);
    }
    this.#gone?.(this);
    this.#resolveClosed?.(closed);
  }

  #closedError(): ConnectionClosedError {
    const { code, reason } = this.#closed ?? this.#ending.closed(0);
    return new ConnectionClosedError(code, reason);
  }

  #scheduleFlush(): void {
    if (this.#inChunk || this.#flushScheduled) return;
    this.#flushScheduled = true;
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushScheduled = false;
    this.#outbox.flush();
    this.#resumeSenders();
  }
}

const NO_OCTETS = new Uint8Array(0);

function asOctets(message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  if (ArrayBuffer.isView(message)) {
    return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  }
  if (message instanceof ArrayBuffer || message instanceof SharedArrayBuffer) {
    return new Uint8Array(message);
  }
  throw new UsageError('MEERKAT_MESSAGE_TYPE', message === null ? 'null' : typeof message);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
