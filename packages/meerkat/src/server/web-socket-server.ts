import type { IncomingMessage, Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Connection } from '../connection/connection.ts';
import { nodePrimitives } from '../connection/node-primitives.ts';
import { reportError } from '../connection/report-error.ts';
import { buildClose } from '../protocol/close-frame.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { selectSubprotocol } from '../protocol/handshake/subprotocol.ts';
import type { UpgradeRequest } from '../protocol/handshake/upgrade-request.ts';
import { buildUpgradeResponse, checkHeaders } from '../protocol/handshake/upgrade-response.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { StreamTransport } from '../transport/stream-transport.ts';
import { PendingUpgrade } from './pending-upgrade.ts';
import { refuse } from './refusal.ts';
import {
  type ResolvedServerOptions,
  resolveServerOptions,
  type ServerUpgradeRequest,
  toHeaderList,
  type UpgradeDecision,
  type WebSocketServerOptions,
} from './server-options.ts';
import { ANY_PATH, UpgradeRouter, type UpgradeTarget } from './upgrade-router.ts';

/** Where a {@link WebSocketServer} answers on an HTTP server. */
export interface AttachOptions {
  /** The exact path of the request, percent-encoded as it is sent. @default every path that nobody else attached */
  readonly path?: string;
}

/** How a {@link WebSocketServer} closes. */
export interface ServerCloseOptions {
  /** Of the Close frames: 1001, or 1012 when a restart is meant. @default 1001 */
  readonly code?: number;
  /** Of the Close frames, at most 123 octets. @default none */
  readonly reason?: string;
  /** Milliseconds until what is still open is destroyed. @default closeTimeout */
  readonly timeout?: number;
}

interface Route {
  readonly router: UpgradeRouter;
  readonly path: string;
}

/**
 * Accepts WebSocket connections on any number of `http` and `https` servers. Ordinary requests there stay the user's.
 */
export class WebSocketServer<Data = undefined> {
  readonly #options: ResolvedServerOptions<Data>;
  readonly #connections = new Set<Connection<Data>>();
  readonly #pending = new Map<PendingUpgrade, Duplex>();
  readonly #target: UpgradeTarget;
  #routes: Route[] = [];
  #closing: Promise<void> | undefined;
  #lastGone: (() => void) | undefined;

  /** @throws {@link UsageError} for an unknown option or a value out of range. */
  constructor(options: WebSocketServerOptions<Data> = {}) {
    this.#options = resolveServerOptions(options);
    const { clock, closeTimeout } = this.#options.connection;
    this.#target = {
      clock,
      closeTimeout,
      accept: (request, incoming, socket, head) => {
        // #upgrade answers for every failure itself.
        void this.#upgrade(request, incoming, socket, head);
      },
    };
  }

  /** The connections that are open or closing. */
  get connections(): ReadonlySet<Connection<Data>> {
    return this.#connections;
  }

  /**
   * Answers upgrade requests on `server`. May be called for several servers, and several paths of one.
   *
   * @throws {@link UsageError} when the path is attached already, by this or another WebSocketServer.
   */
  attach(server: Server | TlsServer, options: AttachOptions = {}): this {
    if (this.#closing !== undefined) throw new UsageError('MEERKAT_SERVER_CLOSED');
    const { path = ANY_PATH } = options;
    if (path !== ANY_PATH && !/^\/[^?#\s]*$/.test(path)) {
      throw new UsageError('MEERKAT_OPTION_RANGE', `path ${JSON.stringify(path)}`);
    }
    const router = UpgradeRouter.of(server as Server);
    router.add(path, this.#target);
    this.#routes.push({ router, path });
    return this;
  }

  /**
   * Closes every connection with a Close frame, behind what is queued for it, and resolves when all are gone; what
   * is left after `timeout` is destroyed. Upgrades are refused with 503 from now on, and the upgrade listeners are taken
   * away at the end. The HTTP servers stay open: they are the user's. A second call returns the same promise.
   *
   * @throws {@link UsageError} for a code or reason that may not be sent.
   */
  close(options: ServerCloseOptions = {}): Promise<void> {
    const { code = 1001, reason = '' } = options;
    buildClose(code, reason, nodePrimitives);
    this.#closing ??= this.#close(code, reason, options.timeout);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(code: number, reason: string, timeout: number | undefined): Promise<void> {
    const { clock, closeTimeout } = this.#options.connection;
    for (const [pending, socket] of this.#pending) {
      this.#refusePending(pending, socket, new HandshakeError('MEERKAT_DRAINING'));
    }
    for (const connection of this.#connections) connection.close(code, reason);
    const timer = clock.after(timeout ?? closeTimeout, () => {
      for (const connection of this.#connections) connection.terminate();
    });
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#lastGone = resolve;
      });
    }
    timer.cancel();
    for (const { router, path } of this.#routes) router.remove(path);
    this.#routes = [];
  }

  /** Decides on a request that keeps the rules, and answers it. Never rejects. */
  async #upgrade(
    upgrade: UpgradeRequest,
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const { connection, handshakeTimeout } = this.#options;
    const pending: PendingUpgrade = new PendingUpgrade(
      socket,
      head,
      connection.clock,
      handshakeTimeout,
      () => this.#refusePending(pending, socket, new HandshakeError('MEERKAT_HOOK_TIMEOUT')),
    );
    this.#pending.set(pending, socket);
    const request: ServerUpgradeRequest = Object.assign(upgrade, {
      incoming,
      remoteAddress: incoming.socket.remoteAddress,
      signal: pending.signal,
    });
    let response: string;
    let decision: Exclude<UpgradeDecision<Data>, { refuse: number }>;
    let protocol: string;
    try {
      decision = await this.#decide(request);
      protocol =
        decision.subprotocol ?? selectSubprotocol(this.#options.subprotocols, upgrade.subprotocols);
      response = buildUpgradeResponse(
        upgrade,
        { subprotocol: protocol, extensions: [], headers: toHeaderList(decision.headers) },
        nodePrimitives,
      );
    } catch (error) {
      this.#refusePending(pending, socket, this.#refusal(error));
      return;
    }
    this.#pending.delete(pending);
    if (!pending.settle()) return;
    socket.write(response, 'latin1');
    this.#open(request, socket, protocol, decision.data as Data);
  }

  async #decide(
    request: ServerUpgradeRequest,
  ): Promise<Exclude<UpgradeDecision<Data>, { refuse: number }>> {
    if (this.#closing !== undefined) throw new HandshakeError('MEERKAT_DRAINING');
    await this.#options.origins.check(request);
    const decision = (await this.#options.handlers.upgrade?.(request)) ?? {};
    if (!('refuse' in decision)) return decision;
    const headers = toHeaderList(decision.headers);
    checkHeaders(headers);
    const { refuse: status, body } = decision;
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new UsageError('MEERKAT_HANDSHAKE_VALUE', `status ${status}`);
    }
    throw new HandshakeError('MEERKAT_REFUSED', {
      status,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  /** What a failure answers: itself where it is an answer, else 500, after it was reported. */
  #refusal(error: unknown): HandshakeError {
    if (error instanceof HandshakeError) return error;
    reportError(this.#options.handlers, error, undefined);
    return new HandshakeError('MEERKAT_HOOK_FAILED', { cause: error });
  }

  #refusePending(pending: PendingUpgrade, socket: Duplex, error: HandshakeError): void {
    this.#pending.delete(pending);
    if (!pending.settle()) return;
    const { clock, closeTimeout } = this.#options.connection;
    refuse(socket, error, clock, closeTimeout);
    pending.abandon(error);
  }

  #open(request: ServerUpgradeRequest, socket: Duplex, protocol: string, data: Data): void {
    const { handlers, connection: options } = this.#options;
    const { open } = handlers;
    const { remoteAddress, remotePort } = socket as Partial<Socket>;
    new Connection<Data>({
      role: 'server',
      transport: new StreamTransport(socket),
      options,
      handlers,
      open: (connection) => {
        this.#connections.add(connection);
        return open?.call(handlers, connection, request);
      },
      gone: (connection) => this.#gone(connection),
      data,
      url: request.url,
      protocol,
      remoteAddress,
      remotePort,
    });
  }

  #gone(connection: Connection<Data>): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#lastGone?.();
  }
}
