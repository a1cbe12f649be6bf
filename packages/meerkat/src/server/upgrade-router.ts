import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../connection/clock.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { HeaderFields, splitList } from '../protocol/handshake/header-fields.ts';
import { readUpgradeRequest, type UpgradeRequest } from '../protocol/handshake/upgrade-request.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { type Arrival, HttpArrival } from './arrival.ts';
import { answerClientError, MALFORMED } from './client-error.ts';

/** Takes the upgrades of one path. */
export interface UpgradeTarget {
  readonly clock: Clock;
  readonly closeTimeout: number;
  accept(request: UpgradeRequest, arrival: Arrival): void;
  /** A request for it was refused before it came to `accept`. */
  refused(refusal: HandshakeError, arrival: Arrival): void;
}

/** The path of a target that takes every path without one of its own. */
export const ANY_PATH = '*';

const routers = new WeakMap<Server, UpgradeRouter>();
const CLOSE_TIMEOUT = 10_000;
/** What is in force where no target is meant. */
const NOBODY = { clock: systemClock, closeTimeout: CLOSE_TIMEOUT } as const;
/** Header lines that node:http keeps when `server.maxHeadersCount` is not set. */
export const NODE_HEADER_LINES = 1000;
/** On the `clientError` listeners of every copy of this library in the process. */
const OURS = Symbol.for('meerkat.clientError');

/**
 * The one upgrade listener of an `http.Server`: it routes every attached path.
 *
 * Where it is the only listener, it also answers for paths that nobody attached, and gives requests to upgrade to
 * something else than a WebSocket back as ordinary requests. Otherwise both are left to the other listeners. The same
 * goes for requests that Node's parser refuses: it answers them where nobody else listens to `clientError`.
 */
export class UpgradeRouter {
  readonly #server: Server;
  readonly #targets = new Map<string, UpgradeTarget>();
  /** Paths whose target is closing. */
  readonly #retiring = new Set<string>();
  /** Sockets on which the application answers a request. node:http has lost sight of them at their upgrade. */
  readonly #answering = new Set<Duplex>();

  /** The router of `server`, made on the first call. */
  static of(server: Server): UpgradeRouter {
    const existing = routers.get(server);
    if (existing !== undefined) return existing;
    const router = new UpgradeRouter(server);
    routers.set(server, router);
    return router;
  }

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws {@link UsageError} when the path is taken. */
  add(path: string, target: UpgradeTarget): void {
    if (this.#targets.has(path)) throw new UsageError('MEERKAT_ROUTE_TAKEN', path);
    if (this.#targets.size === 0) {
      this.#server.on('upgrade', this.#onUpgrade);
      // In front, so that it sees listeners of the user that are called once.
      this.#server.prependListener('clientError', this.#onClientError);
    }
    this.#targets.set(path, target);
  }

  /** Whether a request to upgrade is nobody's business but that of the attached. */
  get alone(): boolean {
    return this.#targets.size > 0 && this.#server.listenerCount('upgrade') === 1;
  }

  /** Who takes the upgrades of a path. */
  targetOf(path: string): UpgradeTarget | undefined {
    return this.#targets.get(path) ?? this.#targets.get(ANY_PATH);
  }

  /**
   * Says that the path will be removed. When that is true of all, the answers that the application still owes have
   * `timeout` milliseconds: neither `close()` nor `closeAllConnections()` of the HTTP server would end their sockets.
   */
  retire(path: string, clock: Clock, timeout: number): void {
    this.#retiring.add(path);
    if (!this.#leaving) return;
    for (const socket of this.#answering) this.#limit(socket, clock, timeout);
  }

  /** Takes the path away, and with the last one the listeners. */
  remove(path: string): void {
    this.#targets.delete(path);
    this.#retiring.delete(path);
    if (this.#targets.size > 0) return;
    this.#server.off('upgrade', this.#onUpgrade);
    this.#server.off('clientError', this.#onClientError);
  }

  /** Whether nobody is attached, but for those who are closing. */
  get #leaving(): boolean {
    return this.#retiring.size === this.#targets.size;
  }

  #limit(socket: Duplex, clock: Clock, timeout: number): void {
    const limit = clock.after(timeout, () => {
      if (this.#leaving) socket.destroy();
    });
    socket.once('close', () => limit.cancel());
  }

  /** Does for a socket that the application answers on what node:http did until the upgrade. */
  #watchAnswer(socket: Duplex & ResponseOwner, clock: Clock, closeTimeout: number): void {
    this.#answering.add(socket);
    socket.once('close', () => this.#answering.delete(socket));
    if (this.#leaving) this.#limit(socket, clock, closeTimeout);
    // Read, and forgotten: only a reader hears that the client has left, which ends the response as well.
    socket.on('data', () => {});
    socket.once('end', () => socket.end());
    socket.on('drain', () => tellDrained(socket._httpMessage));
  }

  /** Answers what Node's parser refuses, unless a listener of the user does: then it is as if this one were not there. */
  readonly #onClientError = Object.assign(
    (error: Error, socket: Duplex): void => {
      const listeners = this.#server.listeners('clientError');
      if (listeners[0] !== this.#onClientError || !listeners.every(isOurs)) return;
      const [target = NOBODY] = this.#targets.values();
      answerClientError(error, socket, target.clock, target.closeTimeout);
    },
    { [OURS]: true },
  );

  readonly #onUpgrade = (incoming: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const alone = this.#server.listenerCount('upgrade') === 1;
    const path = looseTargetPath(incoming.url ?? '');
    const target = this.targetOf(path);
    if (!alone && target === undefined) return;
    const cut = this.#mayBeCut(incoming);
    const websocket = asksForWebSocket(incoming);
    if (!alone && !websocket && !cut) return;
    // From here on the socket is ours, and no error of it may end the process.
    socket.on('error', ignore);
    const { clock, closeTimeout } = target ?? NOBODY;
    const arrival = new HttpArrival(incoming, socket, head);
    const answer = (error: HandshakeError): void => {
      arrival.refuse(error, clock, closeTimeout);
      target?.refused(error, arrival);
    };
    if (hasOutstandingResponse(socket)) {
      this.#watchAnswer(socket, clock, closeTimeout);
      refuseBehindResponse(socket, answer);
      return;
    }
    if (hasBlankBeforeColon(incoming)) {
      // As newer parsers of Node do: nobody is told, since nobody would be told by those.
      arrival.refuse(MALFORMED, clock, closeTimeout);
      return;
    }
    if (cut) {
      answer(new HandshakeError('WS_REQUEST_HEADER_LINES'));
      return;
    }
    if (!websocket) {
      if (hasBody(incoming) || head.length > 0) {
        // Node's parser is detached: what follows the head can no longer be told apart.
        answer(new HandshakeError('WS_REQUEST_BODY'));
        return;
      }
      this.#watchAnswer(socket, clock, closeTimeout);
      this.#serveAsRequest(incoming, socket);
      return;
    }
    try {
      const request = readUpgradeRequest(requestHead(incoming));
      if (target === undefined) {
        answer(new HandshakeError('MEERKAT_NO_ROUTE', { detail: request.path }));
      } else {
        target.accept(request, arrival);
      }
    } catch (error) {
      if (error instanceof HandshakeError) answer(error);
      else socket.destroy();
    }
  };

  /**
   * Whether header lines may be missing. node:http drops those past its limit silently and acts on them all the same,
   * Upgrade and Transfer-Encoding among them (CVE-2026-58044).
   */
  #mayBeCut(incoming: IncomingMessage): boolean {
    const kept = this.#server.maxHeadersCount ?? NODE_HEADER_LINES;
    return kept > 0 && incoming.rawHeaders.length / 2 >= kept;
  }

  /** An Upgrade that we do not offer is no reason to refuse the request: the server may ignore it (RFC 9110 §7.8). */
  #serveAsRequest(incoming: IncomingMessage, socket: Duplex): void {
    const response = new ServerResponse(incoming);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as ConstructorParameters<typeof ServerResponse>[0]['socket']);
    response.on('finish', () => {
      response.detachSocket(incoming.socket);
      // The client may never end its direction, and sockets of node:http are half-open.
      socket.end(() => socket.destroy());
    });
    this.#server.emit('request', incoming, response);
  }
}

// Not a closure beside the request: the socket would keep the request alive with it.
function ignore(): void {}

function isOurs(listener: object): boolean {
  return Reflect.get(listener, OURS) === true;
}

function requestHead(incoming: IncomingMessage): Parameters<typeof readUpgradeRequest>[0] {
  return {
    method: incoming.method ?? '',
    httpVersion: incoming.httpVersion,
    target: incoming.url ?? '',
    rawHeaders: incoming.rawHeaders,
  };
}

/** "A server MUST reject" it (RFC 9112 §5.1); the parser of Node 20.19.0 does not. */
function hasBlankBeforeColon({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.some((text, index) => index % 2 === 0 && /[\t ]$/.test(text));
}

function hasBody(incoming: IncomingMessage): boolean {
  const fields = new HeaderFields(incoming.rawHeaders);
  return (
    fields.all('transfer-encoding').length > 0 ||
    fields.all('content-length').some((length) => length !== '0')
  );
}

/** Whether `websocket` is among the protocols asked for, in any version. */
function asksForWebSocket(incoming: IncomingMessage): boolean {
  return new HeaderFields(incoming.rawHeaders)
    .all('upgrade')
    .some((value) => splitList(value).some((protocol) => /^websocket(\/|$)/i.test(protocol)));
}

/** The path to route by, before anything is checked. */
function looseTargetPath(target: string): string {
  const relative = target.replace(/^[a-z]+:\/\/[^/?#]*/i, '');
  const path = relative.split(/[?#]/, 1)[0] as string;
  return path.startsWith('/') ? path : `/${path}`;
}

interface ResponseOwner {
  /** The response that node:http is writing to this socket. */
  readonly _httpMessage?: ServerResponse | null;
}

function hasOutstandingResponse(socket: Duplex & ResponseOwner): boolean {
  return socket._httpMessage !== undefined && socket._httpMessage !== null;
}

/**
 * Lets a response go on that waited for its socket. node:http did so until the upgrade, and remembers in a field of its
 * own that the response waits; whoever asks for `writableNeedDrain` must not wait again.
 */
function tellDrained(response: ServerResponse | null | undefined): void {
  if (response?.writableNeedDrain !== true) return;
  const needDrain = Object.getOwnPropertySymbols(response).find(
    ({ description }) => description === 'kNeedDrain',
  );
  if (needDrain !== undefined) Reflect.set(response, needDrain, false);
  response.emit('drain');
}

/** A 101 would overtake the response that is still being written, and land in the middle of it. */
function refuseBehindResponse(
  socket: Duplex & ResponseOwner,
  answer: (error: HandshakeError) => void,
): void {
  const response = socket._httpMessage;
  if (response === undefined || response === null) {
    answer(new HandshakeError('WS_REQUEST_PIPELINED'));
    return;
  }
  // node:http puts the next outstanding response in its place when this one is done.
  response.once('finish', () => setImmediate(() => refuseBehindResponse(socket, answer)));
}
