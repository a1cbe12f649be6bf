import { createServer, type Server } from 'node:http';
import { setTimeout as later } from 'node:timers/promises';
import {
  type Clock,
  type Connection,
  systemClock,
  Topics,
  WebSocketServer,
  type WebSocketServerOptions,
} from 'meerkat';
import { fault } from './faults.ts';

/** The paths of those who stay: nobody there leaves before the end. */
export const STAYING = ['/idle', '/echo', '/deflate', '/takeover', '/room', '/publish'] as const;
/** What the server sends to those who read slowly, piece by piece. */
export const FLOOD_PIECE = 16_384;
export const FLOOD_PIECES = 256;
/** What it says when it closes. */
export const BYE = { code: 4001, reason: 'enough' };
/** Octets of a page. */
export const PAGE_BYTES = 3_000;

/** How the site listens. */
export interface SiteOptions {
  readonly listener: 'own' | 'http';
  readonly transport: 'handle' | 'stream';
}

/** A server with something at each path, and a record of what became of its connections. */
export class Site {
  readonly topics: Topics<Connection<undefined>> = new Topics();
  readonly http: Server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.method === 'POST') request.pipe(response);
    else response.end((request.url ?? '').padEnd(PAGE_BYTES, '.'));
  });
  /** How connections ended, by path, reason and code. */
  readonly endings: Record<string, number> = {};
  /** Connections that were opened. */
  opened = 0;
  /** Connections that node:http has, or had. */
  sockets = 0;
  /** Timers of ours that are due. */
  timers = 0;
  readonly #servers: WebSocketServer<undefined>[] = [];
  readonly #options: SiteOptions;

  constructor(options: SiteOptions) {
    this.#options = options;
  }

  get connections(): number {
    return this.#servers.reduce((sum, { connections }) => sum + connections.size, 0);
  }

  /** Answers with its port. */
  async listen(): Promise<number> {
    const { http } = this;
    http.on('connection', () => {
      this.sockets += 1;
    });
    const idle = this.#serve('/idle', { pingInterval: 5_000 });
    if (this.#options.listener === 'own') {
      // The listener above counts those that node:http was given: it is none that has to be asked.
      const given = { server: http, port: 0, host: '127.0.0.1', path: '/idle' };
      await idle.listen({ ...given, announceWebSockets: false });
    } else {
      idle.attach(http, { path: '/idle' });
      await new Promise<void>((resolve) => {
        http.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve);
      });
    }
    this.#attachOthers();
    const address = http.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Resolves when nothing is left. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((one) => one.close()));
    await new Promise((resolve) => this.http.close(resolve));
  }

  #attachOthers(): void {
    const echo = {
      message: (one: Connection<undefined>, message: string | Uint8Array) => void one.send(message),
    };
    const takeover = { serverNoContextTakeover: false, clientNoContextTakeover: false };
    const others: Readonly<Record<string, WebSocketServerOptions<undefined>>> = {
      '/echo': echo,
      '/deflate': { ...echo, compression: { threshold: 64 } },
      '/takeover': { ...echo, compression: { threshold: 64, ...takeover } },
      '/room': {
        compression: { threshold: 64 },
        open: (one) => void this.topics.subscribe('room', one),
      },
      '/publish': {
        message: (one, message) => {
          one.send(JSON.stringify(this.topics.publish('room', message)));
        },
      },
      '/passing': { ...echo, maxMessageBytes: 65_536, open: (one) => this.#drop(one) },
      '/bye': { message: (one) => one.close(BYE.code, BYE.reason) },
      '/refuse': { upgrade: () => ({ refuse: 403, body: 'not you' }) },
      '/late': { ...echo, upgrade: () => later(20, undefined) },
      '/flood': { message: flood },
      '/stall': { message: pour, maxQueuedBytes: 65_536, closeTimeout: 500 },
    };
    for (const [path, options] of Object.entries(others)) {
      this.#serve(path, options).attach(this.http, { path });
    }
  }

  /** Who comes by is in a topic as well, and has to be gone from it. */
  #drop(one: Connection<undefined>): void {
    this.topics.subscribe('passing', one);
  }

  #serve(path: string, options: WebSocketServerOptions<undefined>): WebSocketServer<undefined> {
    const one = new WebSocketServer<undefined>({
      transport: this.#options.transport,
      clock: this.#clock,
      ...options,
      open: (connection, request) => {
        this.opened += 1;
        return options.open?.(connection, request);
      },
      close: (_connection, { because, code }) => {
        const key = `${path} ${because} ${code}`;
        this.endings[key] = (this.endings[key] ?? 0) + 1;
      },
      error: (error) => fault(`server: ${path}: ${String(error)}`),
    });
    this.#servers.push(one);
    return one;
  }

  /** The system's, which counts what is due: timers of ours do not keep a process, so Node does not list them. */
  readonly #clock: Clock = {
    now: () => systemClock.now(),
    after: (delay, callback) => {
      this.timers += 1;
      let due = true;
      const past = (): void => {
        if (due) this.timers -= 1;
        due = false;
      };
      const timer = systemClock.after(delay, () => {
        past();
        callback();
      });
      return {
        cancel() {
          past();
          timer.cancel();
        },
      };
    },
  };
}

/** Sends a lot, no faster than it is taken. */
async function flood(one: Connection<undefined>): Promise<void> {
  const piece = Buffer.alloc(FLOOD_PIECE);
  for (let at = 0; at < FLOOD_PIECES && one.state === 'open'; at += 1) {
    piece.writeUInt32BE(at);
    if (one.send(piece) !== 'sent') await one.drained();
  }
}

/** Sends without a look at what is taken, until that ends the connection. */
async function pour(one: Connection<undefined>): Promise<void> {
  const piece = Buffer.alloc(FLOOD_PIECE);
  while (one.state === 'open') {
    one.send(piece);
    one.send(piece);
    await later(2);
  }
}
