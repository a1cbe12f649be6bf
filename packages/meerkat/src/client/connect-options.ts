import type { Duplex } from 'node:stream';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import {
  CONNECTION_HANDLER_NAMES,
  type ConnectionHandlers,
  checkHandlers,
} from '../connection/connection-handlers.ts';
import {
  CONNECTION_OPTION_NAMES,
  type ConnectionOptions,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
  resolveHandshakeTimeout,
} from '../connection/connection-options.ts';
import type { HeaderList } from '../protocol/handshake/handshake-error.ts';
import { isToken } from '../protocol/handshake/header-fields.ts';
import { type HeaderFieldsInit, toHeaderList } from '../protocol/handshake/header-list.ts';
import { checkHeaders } from '../protocol/handshake/upgrade-response.ts';
import { refuseUnknownOptions } from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';

/** What `createConnection` is asked for. It can be given to `net.connect`, or to `tls.connect`, as it is. */
export interface StreamRequest extends TlsOptions {
  /** Whether the URL is a `wss:` one: the stream has to be encrypted then. */
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
}

/** What a dial can be told. */
export interface ConnectOptions<Data = undefined>
  extends ConnectionOptions,
    ConnectionHandlers<Data> {
  /** Subprotocols to offer, the preferred one first. @default none */
  subprotocols?: readonly string[] | undefined;
  /** Whether the dial fails when the server chooses none of `subprotocols`. @default false */
  requireSubprotocol?: boolean | undefined;
  /** Further header fields of the request, for example Authorization or Origin. @default none */
  headers?: HeaderFieldsInit | undefined;
  /** Options of `tls.connect`, for `wss:`: `ca`, `cert`, `key`, `servername` … @default Node's */
  tls?: TlsOptions | undefined;
  /** Path of a unix socket, or a Windows pipe, to dial in place of the URL's host and port. @default none */
  socketPath?: string | undefined;
  /**
   * Makes the stream that the handshake and the frames travel on, encrypted already for `wss:`: to go through a tunnel, or
   * to watch the octets. It is the connection's from then on. What it throws rejects the dial.
   *
   * @default net.connect, or tls.connect
   */
  createConnection?: ((request: StreamRequest) => Duplex) | undefined;
  /** Longest time for name, TCP, TLS and HTTP together, in milliseconds. @default 10_000 */
  handshakeTimeout?: number | undefined;
  /** Gives up the dial when it fires; once the connection is open it has no effect. */
  signal?: AbortSignal | undefined;
  /** What the connection keeps as `connection.data`. */
  data?: Data | undefined;
}

/** The same, checked, with every default filled in. */
export interface ResolvedConnectOptions {
  readonly connection: ResolvedConnectionOptions;
  readonly subprotocols: readonly string[];
  readonly requireSubprotocol: boolean;
  readonly headers: HeaderList;
  readonly tls: TlsOptions;
  readonly socketPath: string | undefined;
  readonly createConnection: ConnectOptions['createConnection'];
  readonly handshakeTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws {@link UsageError} for an unknown option, a value out of range, a value that may not be sent. */
export function resolveConnectOptions<Data>(given: ConnectOptions<Data>): ResolvedConnectOptions {
  refuseUnknownOptions(given, [
    ...CONNECTION_OPTION_NAMES,
    ...CONNECTION_HANDLER_NAMES,
    'subprotocols',
    'requireSubprotocol',
    'headers',
    'tls',
    'socketPath',
    'createConnection',
    'handshakeTimeout',
    'signal',
    'data',
  ]);
  checkHandlers(given, CONNECTION_HANDLER_NAMES);
  const { tls = {}, signal, socketPath, createConnection } = given;
  if (typeof tls !== 'object' || tls === null) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'tls is not an object');
  }
  if (socketPath !== undefined && (typeof socketPath !== 'string' || socketPath === '')) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'socketPath is not a path');
  }
  if (createConnection !== undefined && typeof createConnection !== 'function') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'createConnection is not a function');
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'signal is not an AbortSignal');
  }
  const subprotocols = tokens(given.subprotocols ?? []);
  const { requireSubprotocol = false } = given;
  if (typeof requireSubprotocol !== 'boolean') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'requireSubprotocol is not a boolean');
  }
  if (requireSubprotocol && subprotocols.length === 0) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'requireSubprotocol needs subprotocols to offer');
  }
  const headers = toHeaderList(given.headers);
  checkHeaders(headers);
  const handshakeTimeout = resolveHandshakeTimeout(given);
  const connection = resolveConnectionOptions(given, true);
  return {
    connection,
    subprotocols,
    requireSubprotocol,
    headers,
    tls,
    socketPath,
    createConnection,
    handshakeTimeout,
    signal,
  };
}

const CONTROL_CHARACTERS = /\p{Cc}/u;

/** Where a URL leads. */
export interface DialTarget {
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly pathAndQuery: string;
  /** The value of the Host field. */
  readonly authority: string;
  /** `user:password` of the URL, decoded; undefined when there is none. */
  readonly credentials: string | undefined;
  /** The URL without credentials. */
  readonly href: string;
}

/** @throws {@link UsageError} for anything but a `ws:` or `wss:` URL without a fragment. `http:` and `https:` mean the same. */
export function parseDialUrl(url: string | URL): DialTarget {
  // The parser drops these, and dials something else than is written there.
  if (typeof url === 'string' && CONTROL_CHARACTERS.test(url)) {
    throw new UsageError('MEERKAT_URL', 'it has control characters');
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // It is not shown: it may hold a password.
    throw new UsageError('MEERKAT_URL', 'it is no absolute URL');
  }
  const { protocol, hostname, port, pathname, search, username, password, hash } = parsed;
  const secure = protocol === 'wss:' || protocol === 'https:';
  if (!secure && protocol !== 'ws:' && protocol !== 'http:') {
    throw new UsageError('MEERKAT_URL', `${protocol} is neither ws: nor wss:`);
  }
  if (hash !== '' || parsed.href.endsWith('#')) {
    throw new UsageError('MEERKAT_URL', 'a WebSocket URL has no fragment (#)');
  }
  const scheme = secure ? 'wss' : 'ws';
  const authority = withoutDefaultPort(parsed, secure);
  return {
    secure,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    pathAndQuery: pathname + search,
    authority,
    credentials: username === '' && password === '' ? undefined : decode(`${username}:${password}`),
    href: `${scheme}://${authority}${pathname}${search}`,
  };
}

function withoutDefaultPort({ hostname, port }: URL, secure: boolean): string {
  return port === '' || Number(port) === (secure ? 443 : 80) ? hostname : `${hostname}:${port}`;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function tokens(names: readonly unknown[]): readonly string[] {
  const list = Array.isArray(names) ? names : [''];
  if (!list.every((name) => typeof name === 'string' && isToken(name))) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'subprotocols is not a list of tokens');
  }
  if (new Set(list).size !== list.length) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'a subprotocol is there twice');
  }
  return [...list];
}
