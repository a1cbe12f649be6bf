import type { ConnectionState } from '../protocol/connection-state.ts';
import type { Sendable, SendOptions, SendResult } from '../protocol/sendable.ts';
import type { Closed } from './closed.ts';
import { ConnectionCore, type ConnectionSetup } from './connection-core.ts';
import type { Message } from './inbox.ts';

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

  readonly #core: ConnectionCore<Data>;

  /** Connections are made by a server or a dial. */
  constructor(setup: ConnectionSetup<Data>) {
    this.data = setup.data;
    this.url = setup.url;
    this.protocol = setup.protocol;
    this.extensions = setup.extensions ?? '';
    this.remoteAddress = setup.remoteAddress;
    this.remotePort = setup.remotePort;
    this.#core = new ConnectionCore(this, setup);
    this.#core.begin(setup.open);
  }

  /** Where the connection is in its life; `open` until one side closes. */
  get state(): ConnectionState {
    return this.#core.endpoint.state;
  }

  /** Octets accepted by `send` that the network has not taken yet, framing included. */
  get queuedBytes(): number {
    return this.#core.sending.queuedBytes;
  }

  /** Messages that `send` did not accept so far. */
  get droppedMessages(): number {
    return this.#core.sending.droppedMessages;
  }

  /** Messages that came too fast so far, and were not handed over: see the option `overRate`. */
  get discardedMessages(): number {
    return this.#core.discardedMessages;
  }

  /**
   * How and why it ended. Never rejects; resolves after the last message was handled and the transport is gone. A loop
   * handles a message until it asks for the next one: one that does not is waited for, `closeTimeout` for each step.
   */
  get closed(): Promise<Closed> {
    return this.#core.whenClosed();
  }

  /**
   * Sends one message: a string as text, anything else as binary, a {@link PreparedMessage} as what it was made of. The
   * octets are copied before it returns.
   *
   * - `sent`: accepted, and less than `softQueuedBytes` wait with it.
   * - `queued`: accepted, but the queue is long: wait for `drained()` or the `drain` handler.
   * - `dropped`: not accepted, because the connection is closing or `maxQueuedBytes` are waiting. It is counted; a peer
   *   for whom the queue is still that long after `closeTimeout` is closed with 1013.
   *
   * @throws {@link UsageError} for anything that is not a message, and for an unknown option.
   */
  send(message: Sendable, options?: SendOptions): SendResult {
    return this.#core.sending.send(message, options);
  }

  /** Resolves when less than `softQueuedBytes` wait to leave: at once if that is so now, and when the connection ends. */
  drained(): Promise<void> {
    return this.#core.sending.drained();
  }

  /**
   * Sends a Ping and resolves with the milliseconds until its Pong.
   *
   * @param payload - At most 125 octets; one that is unique by default.
   * @throws {@link UsageError} for a longer payload, or one that is not octets. Rejects with
   * {@link ConnectionClosedError} when no Pong can come; where nobody listens to that, it is not an unhandled rejection.
   */
  ping(payload?: Uint8Array): Promise<number> {
    return this.#core.sendPing(payload);
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
    this.#core.close(code, reason);
  }

  /**
   * Ends the connection at once, without a closing handshake. What waits to be sent or to be handed over is lost, and
   * handlers that are still at work are not waited for.
   */
  terminate(): void {
    this.#core.terminate();
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
    return this.#core.delivery.iterate();
  }
}
