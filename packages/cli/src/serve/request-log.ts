import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection, HandshakeError, ServerHandlers } from 'meerkat';
import type { Logger } from 'pino';
import { redactTarget, redactText } from '../handshake/secrets.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import type { ConnectionIds } from './connection-ids.ts';
import type { EventPeer, ServeEvent } from './serve-event.ts';

/** Characters of what a peer chose that are logged. */
const MAX_TEXT = 1_000;

/** Logs what clients do: requests, WebSockets that open and close, and everything that was refused. */
export class RequestLog {
  readonly #logger: Logger;
  readonly #ids: ConnectionIds;

  constructor(logger: Logger, ids: ConnectionIds) {
    this.#logger = logger;
    this.#ids = ids;
  }

  /** Logs a request when its answer is over. */
  request(request: IncomingMessage, response: ServerResponse): void {
    const began = performance.now();
    const peer = this.#peer(request.socket);
    const { method = '', url = '' } = request;
    response.once('close', () => {
      const length = response.getHeader('content-length');
      this.#log({
        event: 'request',
        ...peer,
        method: harmless(method),
        url: harmless(redactTarget(url)),
        status: response.statusCode,
        octets: length === undefined ? undefined : Number(length),
        ms: since(began),
        aborted: !response.writableFinished,
      });
    });
  }

  /** Logs what Node's parser did not take for a request. */
  badRequest(status: number, error: Error & { code?: string }, socket: Duplex): void {
    const { code = error.message } = error;
    this.#log({
      event: 'badRequest',
      ...this.#peer(socket as Socket),
      status,
      code: harmless(code),
    });
  }

  /** Logs a connection that did not get as far as a request: no TLS, no common version, a certificate not trusted. */
  tlsFailed(error: Error & { code?: string }, socket: Duplex): void {
    const { code = error.message } = error;
    this.#log({ event: 'tlsFailed', ...this.#peer(socket as Socket), code: harmless(code) });
  }

  /** The same handlers, and each opening, closing and refusal in the log. */
  around<Data>(handlers: ServerHandlers<Data>): ServerHandlers<Data> {
    const opened = new WeakMap<Connection<Data>, EventPeer & { readonly began: number }>();
    return {
      ...handlers,
      open: (connection, request) => {
        const peer = this.#peer(request.incoming.socket, request.remoteAddress);
        opened.set(connection, { ...peer, began: performance.now() });
        const [origin] = request.origins;
        this.#log({
          event: 'open',
          ...peer,
          url: harmless(redactTarget(request.url)),
          origin: origin === undefined ? undefined : harmless(redactTarget(origin)),
          subprotocol: connection.protocol === '' ? undefined : harmless(connection.protocol),
          extensions: connection.extensions === '' ? undefined : connection.extensions,
        });
        return handlers.open?.(connection, request);
      },
      close: (connection, closed) => {
        const { began = 0, id = 0, remote } = opened.get(connection) ?? {};
        const { code, reason, by, because, rule, limit, discardedMessages } = closed;
        this.#log({
          event: 'close',
          id,
          remote,
          code,
          reason: harmless(reason),
          by,
          because,
          rule,
          limit,
          discarded: discardedMessages === 0 ? undefined : discardedMessages,
          ms: since(began),
        });
        return handlers.close?.(connection, closed);
      },
      refused: (
        refusal: HandshakeError,
        incoming: IncomingMessage,
        remoteAddress: string | undefined,
      ) => {
        const { status, code, message } = refusal;
        this.#log({
          event: 'refused',
          ...this.#peer(incoming.socket, remoteAddress),
          url: harmless(redactTarget(incoming.url ?? '')),
          status,
          code,
          reason: harmless(redactText(message)), // it may quote an Origin or a target
        });
        return handlers.refused?.(refusal, incoming, remoteAddress);
      },
    };
  }

  #log(event: ServeEvent): void {
    this.#logger.info(event, event.event);
  }

  /** @param client - Its address; a proxy's port is not its. */
  #peer(socket: Socket, client = socket.remoteAddress): EventPeer {
    const { remoteAddress, remotePort } = socket;
    const host = client?.includes(':') === true ? `[${client}]` : client;
    const direct = host !== undefined && client === remoteAddress;
    return { id: this.#ids.of(socket), remote: direct ? `${host}:${remotePort}` : host };
  }
}

function since(began: number): number {
  return Math.round((performance.now() - began) * 10) / 10;
}

function harmless(text: string): string {
  return oneLine(text, MAX_TEXT);
}
