import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Clock } from '../connection/clock.ts';
import { canGoBare } from '../connection/transports.ts';
import { checkOptions, refuseUnknownOptions } from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';
import type { TransportKind } from '../transport/open-transport.ts';
import { ATTACH_OPTION_NAMES, type AttachOptions } from './attach-options.ts';
import { OwnListener } from './own-listener.ts';
import { UpgradeRouter } from './upgrade-router.ts';

/** Where a `WebSocketServer` listens by itself. One of `port` and `socketPath` is needed. */
export interface ListenOptions extends AttachOptions {
  /** TCP port; 0 for any that is free. */
  readonly port?: number | undefined;
  /** Address or name. @default every address of the machine */
  readonly host?: string | undefined;
  /** Path of a Unix socket, or the name of a pipe on Windows. */
  readonly socketPath?: string | undefined;
  /**
   * Connections that the system keeps until they are accepted; it may have a lower limit of its own. What comes beyond has to
   * try again, after a second at first (RFC 6298 §2). @default 4096, where Node has 511
   */
  readonly backlog?: number | undefined;
  /**
   * Answers every request that is no upgrade of ours; an `https.Server` listens as it always does. It stays the user's: close it as any
   * other. @default one that answers 426, and is closed with the WebSocketServer
   */
  readonly server?: Server | TlsServer | undefined;
  /**
   * Whether listeners to the 'connection' event of `server` hear of connections that become WebSockets too. As long as there
   * are such listeners, node:http accepts all connections then, and what the own listener saves is not saved. @default true
   */
  readonly announceWebSockets?: boolean | undefined;
}

/** A server that listens. */
export interface Listening {
  readonly server: Server;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** The address, or the path of a Unix socket. */
  readonly address: string;
}

const LISTEN_OPTION_NAMES = [
  ...ATTACH_OPTION_NAMES,
  'port',
  'host',
  'socketPath',
  'backlog',
  'server',
  'announceWebSockets',
];

/** Of a server that nobody else sees: there are no requests to be read but those that are refused. */
const OWN_SERVER_OPTIONS: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 1,
};

const UPGRADE_REQUIRED = 'this server speaks WebSocket only\n';

/** What was asked for, with defaults. */
export interface ListenPlan {
  readonly server: Server;
  /** Whether the server is ours to close. */
  readonly own: boolean;
  readonly where:
    | { readonly path: string; readonly backlog: number }
    | { readonly port: number; readonly host: string | undefined; readonly backlog: number };
  readonly announce: boolean;
}

/** @throws {@link UsageError} for an unknown option or a value out of range, and a server that listens. */
export function planListening(options: ListenOptions): ListenPlan {
  refuseUnknownOptions(options, LISTEN_OPTION_NAMES);
  const { host, socketPath, announceWebSockets: announce = true } = options;
  const numbers = checkOptions<{ port: number; backlog: number }>(
    options,
    { port: 0, backlog: 4096 },
    { port: [0, 65_535], backlog: [1, 2 ** 31 - 1] },
  );
  const { backlog } = numbers;
  if ((options.port === undefined) === (socketPath === undefined)) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'listen needs either port or socketPath');
  }
  for (const [name, value] of Object.entries({ host, socketPath })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw new UsageError('MEERKAT_OPTION_RANGE', `${name} is not a name`);
    }
  }
  if (typeof announce !== 'boolean') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'announceWebSockets is not a boolean');
  }
  const given = options.server;
  if (given !== undefined && !(given instanceof NetServer)) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'server is no http.Server or https.Server');
  }
  if (given?.listening === true) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'server listens already: attach to it');
  }
  return {
    server: (given as Server | undefined) ?? webSocketsOnly(),
    own: given === undefined,
    where:
      socketPath === undefined
        ? { port: numbers.port, host, backlog }
        : { path: socketPath, backlog },
    announce,
  };
}

/** Servers whose connections are taken, and by whom. */
const listeners = new WeakMap<Server, OwnListener>();

/** Makes ready to take the connections of a server over, where that works. Never rejects. */
export async function takeOver(
  { server, announce, where }: ListenPlan,
  clock: Clock,
  kind: TransportKind,
): Promise<void> {
  const works = await canGoBare(kind);
  const settings = { clock, announce, backlog: where.backlog };
  const before = listeners.get(server);
  if (before !== undefined) before.settings = settings;
  else if (works) {
    const listener = new OwnListener(server, UpgradeRouter.of(server), settings);
    listeners.set(server, listener);
    // In front: nothing may be accepted before. Each time: a server may close, and listen again.
    server.prependListener('listening', () => void listener.begin());
  }
}

/**
 * Listens.
 *
 * @throws What Node says where it cannot listen.
 */
export async function beginListening({ server, where }: ListenPlan): Promise<Listening> {
  server.listen(where);
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string'
    ? { server, port: 0, address }
    : { server, port: address.port, address: address.address };
}

function webSocketsOnly(): Server {
  return createServer(OWN_SERVER_OPTIONS, (_request, response) => {
    response.writeHead(426, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': UPGRADE_REQUIRED.length,
      Connection: 'close, Upgrade',
      Upgrade: 'websocket',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(UPGRADE_REQUIRED);
  });
}
