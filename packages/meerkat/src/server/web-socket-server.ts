import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Timer } from '../connection/clock.ts';
import { Connection } from '../connection/connection.ts';
import type { ConnectionTerms } from '../connection/connection-core.ts';
import { MAX_MILLISECONDS } from '../connection/connection-options.ts';
import { LimitHits, type LimitName } from '../connection/limit-hits.ts';
import { nodePrimitives } from '../connection/node-primitives.ts';
import { reportError } from '../connection/report-error.ts';
import { isThenable } from '../connection/thenable.ts';
import { waitForTransports, whenTransportsReady } from '../connection/transports.ts';
import { buildClose } from '../protocol/close-frame.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import type { UpgradeRequest } from '../protocol/handshake/upgrade-request.ts';
import { checkOptions, refuseUnknownOptions } from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { Admission } from './admission.ts';
import type { Arrival } from './arrival.ts';
import { ArrivedRequest } from './arrived-request.ts';
import { ATTACH_OPTION_NAMES, type AttachOptions, attachPath } from './attach-options.ts';
import { closeSpread } from './close-spread.ts';
import { limitOfRefusal } from './limit-of-refusal.ts';
import {
  beginListening,
  type Listening,
  type ListenOptions,
  planListening,
  takeOver,
} from './listening.ts';
import { PendingUpgrade } from './pending-upgrade.ts';
import {
  type ResolvedServerOptions,
  resolveServerOptions,
  type ServerUpgradeRequest,
  type WebSocketServerOptions,
} from './server-options.ts';
import { answerUpgrade, responseOctets, type UpgradeAnswer } from './upgrade-answer.ts';
import { type Acceptance, acceptOrRefuse, type UpgradeDecision } from './upgrade-decision.ts';
import { UpgradeRouter, type UpgradeTarget } from './upgrade-router.ts';

/** How a {@link WebSocketServer} closes. */
export interface ServerCloseOptions {
  /** Of the Close frames: 1001, or 1012 when a restart is meant. @default 1001 */
  readonly code?: number | undefined;
  /** Of the Close frames, at most 123 octets. @default none */
  readonly reason?: string | undefined;
  /**
   * Milliseconds over which the Close frames are spread, so that the clients do not all dial again in one moment.
   * @default 0
   */
  readonly spread?: number | undefined;
  /** Milliseconds until what is still open is destroyed, `spread` among them. @default spread + closeTimeout */
  readonly timeout?: number | undefined;
}

/** The signal of nobody: where there is no decision to give up yet. */
const NEVER = new AbortController().signal;

/** A request that waits for the decision. */
interface Waiting {
  readonly arrival: Arrival;
  readonly remoteAddress: string | undefined;
}

interface Route {
  readonly router: UpgradeRouter;
  readonly path: string;
}

/**
 * Accepts WebSocket connections on any number of `http` and `https` servers. Ordinary requests there stay the user's.
 *
 * `Data` is the type of `connection.data`. It comes from the `upgrade` hook: without one, or where it decides nothing,
 * `data` is undefined whatever the type says.
 */
export class WebSocketServer<Data = undefined> {
  readonly #options: ResolvedServerOptions<Data>;
  readonly #connections = new Set<Connection<Data>>();
  readonly #pending = new Map<PendingUpgrade, Waiting>();
  readonly #admission: Admission;
  readonly #limitHits = new LimitHits();
  readonly #terms: ConnectionTerms<Data>;
  readonly #target: UpgradeTarget;
  readonly #routes: Route[] = [];
  /** Those that `listen` made. */
  readonly #servers = new Set<Server>();
  #closing: Promise<void> | undefined;
  #drained: (() => void) | undefined;
  /** Ends what is still open. */
  #deadline: Timer | undefined;

  /** @throws {@link UsageError} for an unknown option or a value out of range. */
  constructor(options: WebSocketServerOptions<Data> = {}) {
    this.#options = resolveServerOptions(options);
    this.#admission = new Admission(this.#options.numbers);
    this.#terms = {
      role: 'server',
      options: this.#options.connection,
      handlers: this.#options.handlers,
      begun: (connection) => void this.#connections.add(connection),
      gone: this.#gone,
      limitHits: this.#limitHits,
    };
    void whenTransportsReady(this.#options.connection.transport); // begun now, it is known before the first client comes
    const { clock, closeTimeout } = this.#options.connection;
    this.#target = {
      clock,
      closeTimeout,
      accept: (request, arrival) => this.#upgrade(request, arrival),
      refused: (refusal, arrival) => this.#tellRefused(refusal, arrival),
    };
  }

  /** The connections that are open or closing. */
  get connections(): ReadonlySet<Connection<Data>> {
    return this.#connections;
  }

  /** How often each limit bit since this server was made: a snapshot, with every limit in it. */
  get limitHits(): Readonly<Record<LimitName, number>> {
    return this.#limitHits.snapshot();
  }

  /**
   * Answers upgrade requests on `server`. May be called for several servers, and several paths of one.
   *
   * @throws {@link UsageError} when the path is attached already, by this or another WebSocketServer, or is none, and
   * for an unknown option.
   */
  attach(server: Server | TlsServer, options: AttachOptions = {}): this {
    this.#refuseWhenClosed();
    refuseUnknownOptions(options, ATTACH_OPTION_NAMES);
    if (typeof server?.listenerCount !== 'function') {
      throw new UsageError('MEERKAT_OPTION_RANGE', 'attach needs an http.Server or https.Server');
    }
    const path = attachPath(options);
    const router = UpgradeRouter.of(server as Server);
    router.add(path, this.#target);
    this.#routes.push({ router, path });
    return this;
  }

  /**
   * Listens, and answers upgrade requests there. Where it can, it accepts the connections itself: whoever asks for an upgrade
   * in the usual form never comes by node:http, which halves the time of a handshake and the memory of an idle connection. Every other connection is handed to `server` with all its
   * octets. Paths attached to that server share in this.
   *
   * Unix sockets, TLS, other listeners to 'upgrade' and Nodes without the needed internals: node:http accepts, and all else is as it would be.
   *
   * @throws {@link UsageError} for a path that is attached already, an unknown option or a value out of range. Rejects
   * with Node's error where it cannot listen.
   */
  async listen(options: ListenOptions): Promise<Listening> {
    this.#refuseWhenClosed();
    const plan = planListening(options);
    const { path } = options;
    this.attach(plan.server, { path });
    const route = this.#routes.at(-1) as Route;
    const { clock, transport } = this.#options.connection;
    try {
      await takeOver(plan, clock, transport);
      this.#refuseWhenClosed();
      const listening = await beginListening(plan);
      this.#refuseWhenClosed();
      if (plan.own) this.#servers.add(plan.server);
      return listening;
    } catch (error) {
      if (plan.server.listening) plan.server.close();
      const at = this.#routes.indexOf(route);
      // It is gone where this one has closed meanwhile, and the path may be another's.
      if (at >= 0) {
        this.#routes.splice(at, 1);
        route.router.remove(route.path);
      }
      throw error;
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new UsageError('MEERKAT_SERVER_CLOSED');
  }

  /**
   * Closes every connection with a Close frame, behind what is queued for it, and resolves when all are gone; what
   * is left after `timeout` is destroyed. Upgrades are refused with 503 from now on, and the upgrade listeners are taken
   * away at the end. The HTTP servers stay open: they are the user's. Of ordinary requests there only those that asked
   * for an upgrade have to be answered within `timeout`, as `closeAllConnections()` cannot end them. A second call returns the same promise.
   *
   * @throws {@link UsageError} for a code or reason that may not be sent, a timeout out of range, an unknown option.
   */
  close(options: ServerCloseOptions = {}): Promise<void> {
    refuseUnknownOptions(options, ['code', 'reason', 'spread', 'timeout']);
    const { code = 1001, reason = '' } = options;
    buildClose(code, reason, nodePrimitives);
    const { closeTimeout } = this.#options.connection;
    const range = [0, MAX_MILLISECONDS] as const;
    const { spread } = checkOptions<{ spread: number }>(options, { spread: 0 }, { spread: range });
    const { timeout } = checkOptions<{ timeout: number }>(
      options,
      { timeout: spread + closeTimeout },
      { timeout: range },
    );
    if (spread > timeout) {
      throw new UsageError('MEERKAT_OPTION_RANGE', `spread: ${spread} is more than the timeout`);
    }
    if (this.#closing === undefined) {
      // Kept before anyone is told: a hook that hears of it may call this again.
      this.#closing = new Promise((resolve) => {
        this.#drained = resolve;
      });
      this.#drain(code, reason, spread, timeout);
    }
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #drain(code: number, reason: string, spread: number, timeout: number): void {
    const { clock } = this.#options.connection;
    for (const [pending, waiting] of this.#pending) {
      this.#abandon(pending, waiting, new HandshakeError('MEERKAT_DRAINING'));
    }
    closeSpread([...this.#connections], spread, clock, (one) => one.close(code, reason));
    for (const { router, path } of this.#routes) router.retire(path, clock, timeout);
    for (const server of this.#servers) server.close();
    this.#deadline = clock.after(timeout, () => {
      for (const connection of this.#connections) connection.terminate();
    });
    this.#detachWhenDrained();
  }

  #detachWhenDrained(): void {
    if (this.#deadline === undefined || this.#connections.size > 0) return;
    this.#deadline.cancel();
    for (const { router, path } of this.#routes.splice(0)) router.remove(path);
    // Nobody is left there but those who were refused, and they have been told.
    for (const server of this.#servers) server.closeAllConnections();
    this.#servers.clear();
    this.#drained?.();
  }

  /** Decides on a request that keeps the rules, and answers it. */
  #upgrade(upgrade: UpgradeRequest, arrival: Arrival): void {
    const { connection, handlers, origins, proxies } = this.#options;
    let remoteAddress: string | undefined;
    try {
      if (this.#closing !== undefined) throw new HandshakeError('MEERKAT_DRAINING');
      remoteAddress = proxies.clientAddress(arrival);
      this.#admission.enter(remoteAddress, connection.clock.now());
    } catch (error) {
      this.#answerRefusal(arrival, this.#refusal(error, NEVER));
      return;
    }
    const waiting: Waiting = { arrival, remoteAddress };
    const ready = whenTransportsReady(connection.transport);
    if (handlers.upgrade === undefined && !origins.asks && ready === undefined) {
      this.#upgradeNow(upgrade, waiting);
    } else {
      void this.#upgradeLater(upgrade, waiting, ready); // it answers for every failure itself
    }
  }

  /** Where nobody has to be asked, nothing is made for a wait: no signal, no timer, no listeners. */
  #upgradeNow(upgrade: UpgradeRequest, { arrival, remoteAddress }: Waiting): void {
    const request = new ArrivedRequest(upgrade, arrival, remoteAddress, NEVER);
    let answer: UpgradeAnswer<Data>;
    try {
      void this.#options.origins.check(request); // it asks nobody
      answer = answerUpgrade(request, {}, this.#options);
    } catch (error) {
      this.#admission.leave(remoteAddress);
      this.#answerRefusal(arrival, this.#refusal(error, NEVER));
      return;
    }
    arrival.unread(arrival.head);
    this.#accept(request, arrival, answer);
  }

  /** Never rejects. */
  async #upgradeLater(
    upgrade: UpgradeRequest,
    waiting: Waiting,
    ready: Promise<unknown> | undefined,
  ): Promise<void> {
    const { arrival, remoteAddress } = waiting;
    const { connection, numbers } = this.#options;
    const { clock } = connection;
    const pending = new PendingUpgrade(arrival, clock, numbers.handshakeTimeout, {
      expired: () => this.#abandon(pending, waiting, new HandshakeError('MEERKAT_HOOK_TIMEOUT')),
      // At once, not when the hook returns: it may never do so.
      left: () => {
        this.#pending.delete(pending);
        this.#admission.leave(remoteAddress);
      },
    });
    this.#pending.set(pending, waiting);
    const request = new ArrivedRequest(upgrade, arrival, remoteAddress, pending.signal);
    let answer: UpgradeAnswer<Data>;
    try {
      answer = answerUpgrade(request, await this.#decide(request), this.#options);
      if (ready !== undefined) await waitForTransports(ready);
    } catch (error) {
      this.#refuse(pending, waiting, this.#refusal(error, pending.signal));
      return;
    }
    this.#pending.delete(pending);
    if (pending.settle()) this.#accept(request, arrival, answer);
  }

  #accept(request: ServerUpgradeRequest, arrival: Arrival, answer: UpgradeAnswer<Data>): void {
    if (arrival.destroyed) {
      this.#admission.leave(request.remoteAddress);
      return;
    }
    this.#open(request, arrival, answer);
  }

  async #decide(request: ServerUpgradeRequest): Promise<Acceptance<Data>> {
    await this.#options.origins.check(request);
    return acceptOrRefuse(await this.#ask(request));
  }

  /** What the hook throws is never an answer, whatever it is: it may come from a dial of its own. */
  async #ask(request: ServerUpgradeRequest): Promise<UpgradeDecision<Data> | undefined> {
    try {
      return await this.#options.handlers.upgrade?.(request);
    } catch (cause) {
      throw new HandshakeError('MEERKAT_HOOK_FAILED', { cause });
    }
  }

  /** What a failure answers: itself where it is an answer, else 500. What failed on our side is reported. */
  #refusal(error: unknown, signal: AbortSignal): HandshakeError {
    const refusal =
      error instanceof HandshakeError
        ? error
        : new HandshakeError('MEERKAT_HOOK_FAILED', { cause: error });
    if (refusal.code === 'MEERKAT_HOOK_FAILED' && !isAbort(refusal.cause, signal)) {
      reportError(this.#options.handlers, refusal.cause, undefined);
    }
    return refusal;
  }

  #refuse(pending: PendingUpgrade, waiting: Waiting, error: HandshakeError): boolean {
    this.#pending.delete(pending);
    if (!pending.settle()) return false;
    const { arrival, remoteAddress } = waiting;
    this.#admission.leave(remoteAddress);
    this.#answerRefusal(arrival, error);
    return true;
  }

  #answerRefusal(arrival: Arrival, refusal: HandshakeError): void {
    const { clock, closeTimeout } = this.#options.connection;
    arrival.refuse(refusal, clock, closeTimeout);
    this.#tellRefused(refusal, arrival);
  }

  #tellRefused(refusal: HandshakeError, arrival: Arrival): void {
    const limit = limitOfRefusal(refusal.code);
    if (limit !== undefined) this.#limitHits.add(limit);
    const { handlers } = this.#options;
    if (handlers.refused === undefined) return;
    const failed = (error: unknown): void => reportError(handlers, error, undefined);
    try {
      const address = this.#addressOf(arrival);
      const pending: unknown = handlers.refused(refusal, arrival.incoming, address);
      if (isThenable(pending)) Promise.resolve(pending).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** The client's address, or the peer's where `trustProxy` fails. */
  #addressOf(arrival: Arrival): string | undefined {
    try {
      return this.#options.proxies.clientAddress(arrival);
    } catch {
      return arrival.remoteAddress; // it was reported when it was asked first
    }
  }

  /** Refuses an upgrade before the hook has decided. */
  #abandon(pending: PendingUpgrade, waiting: Waiting, error: HandshakeError): void {
    if (this.#refuse(pending, waiting, error)) pending.abandon(error);
  }

  #open(request: ServerUpgradeRequest, arrival: Arrival, answer: UpgradeAnswer<Data>): void {
    const { data, agreed } = answer;
    const { options, handlers } = this.#terms;
    const { open } = this.#options.handlers;
    const { remoteAddress, remotePort } = arrival;
    const transport = arrival.transport(options.transport);
    // Through the transport: what is sent next waits for it there, if it has to wait.
    transport.writeOwned(responseOctets(request, answer));
    new Connection<Data>({
      terms: this.#terms,
      transport,
      open: open && ((connection) => open.call(handlers, connection, request)),
      data,
      url: request.url,
      protocol: agreed.protocol,
      deflate: agreed.deflate,
      extensions: agreed.extensions,
      remoteAddress: request.remoteAddress,
      // That of a proxy says nothing of the client.
      remotePort: remoteAddress === request.remoteAddress ? remotePort : undefined,
    });
  }

  // One function for all connections: a closure made beside `open` would keep each request alive with it.
  readonly #gone = (connection: Connection<Data>): void => {
    this.#connections.delete(connection);
    this.#admission.leave(connection.remoteAddress);
    this.#detachWhenDrained();
  };
}

/** Whether `error` only says that `signal` fired: the hook gave up, as it was told to. */
function isAbort(error: unknown, { aborted, reason }: AbortSignal): boolean {
  return aborted && (error === reason || (error instanceof Error && error.cause === reason));
}
