import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, IncomingMessage, maxHeaderSize, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../connection/clock.ts';
import { nodePrimitives } from '../connection/node-primitives.ts';
import {
  readUpgradeHead,
  UPGRADE_HEAD_LIMITS,
  type UpgradeHead,
  type UpgradeHeadLimits,
} from '../protocol/handshake/upgrade-head.ts';
import {
  acceptWithoutDelay,
  type BareHandle,
  connectionGone,
  countConnection,
  countsConnections,
  hasRoom,
  interceptConnections,
  prepareHandle,
} from '../transport/bare-handle.ts';
import { BareArrival, type Reception } from './bare-arrival.ts';
import { canMakeIncoming } from './bare-incoming.ts';
import { NODE_HEADER_LINES, type UpgradeRouter, type UpgradeTarget } from './upgrade-router.ts';

/** How long a connection may take for its request, in milliseconds. Then node:http has it, and counts its own time. */
const ARRIVAL_TIMEOUT = 1_000;
/** In so many pieces may a request come: each is looked at together with those before it. */
const MAX_PIECES = 8;

/** A server as node:http makes it. */
const plain = createServer();
/** What it does with a connection. */
const [serveConnection] = plain.listeners('connection');

/** How a listener treats those who want to know of every connection. */
export interface OwnListenerSettings {
  readonly clock: Clock;
  /** Whether listeners to 'connection' hear of those that become WebSockets too: see `ListenOptions`. */
  readonly announce: boolean;
  /** How many connections wait to be accepted, at most. */
  readonly backlog: number;
}

/**
 * Takes the connections of an http.Server before Node does, while it listens on TCP: those whose first octets are an upgrade
 * in its usual form, for a path that is attached, become WebSockets without a socket or a request of node:http. Every
 * other connection goes to node:http with all its octets, as if it had just been accepted.
 *
 * So whatever is refused is refused by node:http and the {@link UpgradeRouter}, in the same words.
 */
export class OwnListener implements Reception {
  /** Those of whoever listened last. */
  settings: OwnListenerSettings;
  readonly #server: Server;
  readonly #router: UpgradeRouter;
  readonly #arriving = new Set<BareArrival>();
  /** While somebody is arriving. */
  #timer: Timer | undefined;
  #limits: UpgradeHeadLimits = UPGRADE_HEAD_LIMITS;
  #giveBack: ((handle: BareHandle) => void) | undefined;
  #withoutDelay = false;
  /** How many of the next connections may be older than that. */
  #older = 0;
  #standIns: WeakMap<BareHandle, Socket> | undefined;
  #asListening: AsListening | undefined;

  constructor(server: Server, router: UpgradeRouter, settings: OwnListenerSettings) {
    this.#server = server;
    this.#router = router;
    this.settings = settings;
  }

  /** Begins, on a server that listens. False where that one cannot be taken over: node:http does it all then. */
  begin(): boolean {
    const server = this.#server;
    const served = server.listeners('connection').includes(serveConnection as () => void);
    if (!served || !isPlain(server) || !countsConnections(server) || !canMakeIncoming())
      return false;
    const limit = (server as { maxHeaderSize?: number }).maxHeaderSize ?? maxHeaderSize;
    const lines = server.maxHeadersCount ?? NODE_HEADER_LINES;
    this.#limits = {
      maxHeadBytes: Math.min(UPGRADE_HEAD_LIMITS.maxHeadBytes, limit),
      // One less: where so many are kept, it is not known whether there were more.
      maxHeaderLines:
        lines > 0
          ? Math.min(UPGRADE_HEAD_LIMITS.maxHeaderLines, lines - 1)
          : UPGRADE_HEAD_LIMITS.maxHeaderLines,
    };
    this.#withoutDelay = acceptWithoutDelay(server);
    // It listened a moment before: who came meanwhile waits to be accepted, with a delay (and the kernel keeps one more).
    this.#older = this.#withoutDelay ? this.settings.backlog + 1 : 0;
    this.#asListening = contextOfRequests();
    this.#giveBack = interceptConnections(server, this.#take);
    return this.#giveBack !== undefined;
  }

  get joinDuplicateHeaders(): boolean {
    return (this.#server as { joinDuplicateHeaders?: boolean }).joinDuplicateHeaders === true;
  }

  readonly #take = (handle: BareHandle): boolean => {
    const server = this.#server;
    if (!this.#mayTake || !hasRoom(server)) return false;
    countConnection(server, 1);
    prepareHandle(server, handle);
    if (this.#older > 0) {
      this.#older -= 1;
      handle.setNoDelay(true);
    }
    const arrival = new BareArrival(handle, this, this.settings.clock.now());
    this.#arriving.add(arrival);
    this.#watch();
    arrival.begin();
    return true;
  };

  /** Whether nobody else has a say in what an upgrade is, or in who may connect. */
  get #mayTake(): boolean {
    const server = this.#server;
    return (
      this.#router.alone &&
      (!this.settings.announce || server.listenerCount('connection') === 1) &&
      (server as { blockList?: unknown }).blockList === undefined
    );
  }

  came(arrival: BareArrival, octets: Uint8Array): void {
    const head = readUpgradeHead(octets, 0, octets.length, nodePrimitives, this.#limits);
    if (head === 'partial' && arrival.pieces < MAX_PIECES) return;
    if (head === undefined || head === 'partial' || !this.#mayTake) this.#handOver(arrival);
    else this.#upgrade(arrival, head);
  }

  #upgrade(arrival: BareArrival, head: UpgradeHead): void {
    const target = this.#router.targetOf(head.path);
    if (target === undefined) {
      this.#handOver(arrival);
      return;
    }
    this.#arrived(arrival);
    arrival.know(head);
    if (!this.#withoutDelay) arrival.handle.setNoDelay(true);
    try {
      if (this.#asListening === undefined) target.accept(head, arrival);
      else this.#asListening(accept, target, head, arrival);
    } catch {
      arrival.destroy();
    }
  }

  gone(arrival: BareArrival, broken: boolean): void {
    if (!this.#arriving.has(arrival)) return;
    if (broken || arrival.octets.length === 0) this.#drop(arrival);
    else this.#handOver(arrival); // half a request has its answer there
  }

  released(handle: BareHandle): void {
    connectionGone(this.#server);
    this.#standIns?.get(handle)?.destroy();
  }

  standsFor(socket: Socket, handle: BareHandle): void {
    this.#standIns ??= new WeakMap();
    this.#standIns.set(handle, socket);
  }

  /** Lets node:http have the connection from its first octet on. */
  #handOver(arrival: BareArrival): void {
    const server = this.#server;
    const { handle, octets } = arrival;
    this.#arrived(arrival);
    countConnection(server, -1); // node:net counts it itself
    const unread = (socket: Socket): void => {
      if (octets.length > 0) socket.unshift(octets);
    };
    // In front: whoever listens may read at once.
    server.prependOnceListener('connection', unread);
    this.#giveBack?.(handle);
    server.off('connection', unread);
  }

  /** Looks after those who take long. */
  #watch(): void {
    const { clock } = this.settings;
    this.#timer ??= clock.after(ARRIVAL_TIMEOUT, () => {
      this.#timer = undefined;
      const before = clock.now() - ARRIVAL_TIMEOUT;
      for (const arrival of this.#arriving) {
        if (arrival.since > before) break;
        // A server that is closing waits for nobody who has not asked: node:http no longer looks after those who take long.
        if (this.#server.listening) this.#handOver(arrival);
        else this.#drop(arrival);
      }
      if (this.#arriving.size > 0) this.#watch();
    });
  }

  #drop(arrival: BareArrival): void {
    this.#arrived(arrival);
    arrival.destroy();
  }

  /** It is known what this one wants. */
  #arrived(arrival: BareArrival): void {
    this.#arriving.delete(arrival);
    if (this.#arriving.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** Calls a function in the asynchronous context of whoever listened. */
type AsListening = ReturnType<typeof AsyncLocalStorage.snapshot>;

/**
 * What a handle reports comes in no asynchronous context; requests of node:http come in that of whoever listens where contexts
 * are what AsyncContextFrame keeps (Node 24), and in none where they hang on resources: there it would cost 1.5 µs, too.
 */
function contextOfRequests(): AsListening | undefined {
  return '_enable' in AsyncLocalStorage.prototype ? undefined : AsyncLocalStorage.snapshot();
}

// One function for all: a closure each would be made for every connection.
function accept(target: UpgradeTarget, head: UpgradeHead, arrival: BareArrival): void {
  target.accept(head, arrival);
}

/** Whether a server was not told to make requests of another class, or to decide otherwise what an upgrade is. */
function isPlain(server: Server): boolean {
  const own = Object.getOwnPropertySymbols(server).find(
    ({ description }) => description === 'IncomingMessage',
  );
  if (own !== undefined && Reflect.get(server, own) !== IncomingMessage) return false;
  // Newer Nodes: each server has a function of its own there, all with the same text.
  const decision = (one: Server): string => String(Reflect.get(one, 'shouldUpgradeCallback'));
  return decision(server) === decision(plain);
}
