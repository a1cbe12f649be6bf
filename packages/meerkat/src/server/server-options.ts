import type { IncomingMessage } from 'node:http';
import type { Connection } from '../connection/connection.ts';
import {
  CONNECTION_HANDLER_NAMES,
  type ConnectionHandlers,
  checkHandlers,
} from '../connection/connection-handlers.ts';
import {
  CONNECTION_OPTION_NAMES,
  type ConnectionOptions,
  MAX_MILLISECONDS,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../connection/connection-options.ts';
import type { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { isToken } from '../protocol/handshake/header-fields.ts';
import type { UpgradeRequest } from '../protocol/handshake/upgrade-request.ts';
import {
  checkOptions,
  type GivenOptions,
  type OptionRanges,
  refuseUnknownOptions,
} from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';
import { openFileLimit } from './open-file-limit.ts';
import { type OriginOptions, OriginPolicy } from './origin-policy.ts';
import { TrustedProxies } from './trusted-proxies.ts';
import type { UpgradeDecision } from './upgrade-decision.ts';

/** A request that asks for an upgrade and keeps the rules. Valid until `open` returned; a connection does not keep it. */
export interface ServerUpgradeRequest extends UpgradeRequest {
  /** Node's request: header fields, socket, TLS certificate of the client. */
  readonly incoming: IncomingMessage;
  /** The client's IP address: the peer's, or what a proxy in `trustProxy` says in X-Forwarded-For. */
  readonly remoteAddress: string | undefined;
  /** Fires when the client leaves, the time is up or the server closes before the upgrade was decided. */
  readonly signal: AbortSignal;
}

/** What the application does: see {@link ConnectionHandlers}. */
export interface ServerHandlers<Data> extends ConnectionHandlers<Data> {
  /**
   * Decides on an upgrade: authenticate, choose a subprotocol, attach typed data. Nothing, or an object without
   * `refuse`, accepts. A throw, a rejection or an object with other names answers 500, taking longer than
   * `handshakeTimeout` 503.
   */
  upgrade?(
    request: ServerUpgradeRequest,
  ): UpgradeDecision<Data> | undefined | Promise<UpgradeDecision<Data> | undefined>;
  /** A connection is open. Called before its first message; a promise delays the messages. */
  open?(connection: Connection<Data>, request: ServerUpgradeRequest): void | Promise<void>;
  /**
   * A request to upgrade at a path of this server was refused: for the log. The answer is on its way; `incoming` may
   * break any rule. `remoteAddress` is the client's, as `trustProxy` says.
   */
  refused?(
    refusal: HandshakeError,
    incoming: IncomingMessage,
    remoteAddress: string | undefined,
  ): void;
}

/** The options of a server that are numbers, beside those of each connection. */
export interface ServerNumbers {
  /** Longest time from the request to the decision of the `upgrade` hook, in milliseconds; then 503. @default 10_000 */
  handshakeTimeout: number;
  /**
   * Connections at a time, those that are being decided on among them; past it 503. 0 for no limit.
   * @default four fifths of the files that the process may have open, where the system tells (Linux), else 0
   */
  maxConnections: number;
  /**
   * The same for each address; past it 429. An IPv6 network of 64 bits counts as one address, unix sockets are not
   * counted. Behind a proxy all clients have its address, unless `trustProxy` names it. 0 for no limit. @default 0
   */
  maxConnectionsPerAddress: number;
  /**
   * New connections a second for each address, and twice that at once; past it 429. What is one address is as above.
   * 0 for no limit. @default 0
   */
  maxNewConnectionsPerAddress: number;
}

export const SERVER_RANGES: OptionRanges<ServerNumbers> = {
  handshakeTimeout: [1, MAX_MILLISECONDS],
  maxConnections: [0, 2 ** 30],
  maxConnectionsPerAddress: [0, 2 ** 30],
  maxNewConnectionsPerAddress: [0, 2 ** 30],
};

/** Descriptors are needed for other things too: one in five stays free. */
export function defaultServerNumbers(): ServerNumbers {
  return {
    handshakeTimeout: 10_000,
    maxConnections: Math.floor(openFileLimit() * 0.8),
    maxConnectionsPerAddress: 0,
    maxNewConnectionsPerAddress: 0,
  };
}

/** What a {@link WebSocketServer} can be told. */
export interface WebSocketServerOptions<Data = unknown>
  extends ConnectionOptions,
    OriginOptions,
    ServerHandlers<Data>,
    GivenOptions<ServerNumbers> {
  /** Subprotocols that the server speaks, the preferred one first. @default none */
  subprotocols?: readonly string[] | undefined;
  /**
   * The proxies whose X-Forwarded-For is believed: a list of addresses, networks as `10.0.0.0/8`, and the words
   * `loopback` and `unix`, or a function that decides on an address (undefined: a unix socket). From the end of the field
   * back, the first address that is none of them is the client's. @default none
   */
  trustProxy?: readonly string[] | ((address: string | undefined) => boolean) | undefined;
}

/** The same with every default filled in. */
export interface ResolvedServerOptions<Data> {
  readonly connection: ResolvedConnectionOptions;
  readonly handlers: ServerHandlers<Data>;
  readonly numbers: ServerNumbers;
  readonly subprotocols: readonly string[];
  readonly origins: OriginPolicy;
  readonly proxies: TrustedProxies;
}

const HANDLER_NAMES = ['upgrade', 'open', 'refused', ...CONNECTION_HANDLER_NAMES];

/** @throws {@link UsageError} for an unknown option, a value out of range, a handler that is no function. */
export function resolveServerOptions<Data>(
  given: WebSocketServerOptions<Data>,
): ResolvedServerOptions<Data> {
  refuseUnknownOptions(given, [
    ...CONNECTION_OPTION_NAMES,
    ...HANDLER_NAMES,
    ...Object.keys(SERVER_RANGES),
    'subprotocols',
    'trustProxy',
    'origins',
    'requireOrigin',
    'dangerouslyAcceptAnyOrigin',
  ]);
  checkHandlers(given, HANDLER_NAMES);
  const { subprotocols = [] } = given;
  if (!Array.isArray(subprotocols)) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'subprotocols is not a list');
  }
  for (const name of subprotocols) {
    if (typeof name !== 'string' || !isToken(name)) {
      throw new UsageError('MEERKAT_HANDSHAKE_VALUE', `subprotocol ${JSON.stringify(name)}`);
    }
  }
  if (new Set(subprotocols).size !== subprotocols.length) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'a subprotocol is there twice');
  }
  return {
    connection: resolveConnectionOptions(given),
    handlers: given,
    numbers: checkOptions<ServerNumbers>(given, defaultServerNumbers(), SERVER_RANGES),
    subprotocols,
    origins: new OriginPolicy(given),
    proxies: new TrustedProxies(given.trustProxy),
  };
}
