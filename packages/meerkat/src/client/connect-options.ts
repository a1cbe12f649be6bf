import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { ConnectionHandlers } from '../connection/connection-handlers.ts';
import {
  CONNECTION_OPTION_NAMES,
  type ConnectionOptions,
  MAX_MILLISECONDS,
  type ResolvedConnectionOptions,
  resolveConnectionOptions,
} from '../connection/connection-options.ts';
import type { HeaderList } from '../protocol/handshake/handshake-error.ts';
import { isToken } from '../protocol/handshake/header-fields.ts';
import { checkHeaders } from '../protocol/handshake/upgrade-response.ts';
import { checkOptions, refuseUnknownOptions } from '../protocol/option-range.ts';
import { UsageError } from '../protocol/usage-error.ts';

/** What a dial can be told. */
export interface ConnectOptions<Data = undefined>
  extends ConnectionOptions,
    ConnectionHandlers<Data> {
  /** Subprotocols to offer, the preferred one first. @default none */
  subprotocols?: readonly string[];
  /** Further header fields of the request, for example Authorization or Origin. @default none */
  headers?: HeaderList | Readonly<Record<string, string>>;
  /** Options of `tls.connect`, for `wss:`: `ca`, `cert`, `key`, `servername` … @default Node's */
  tls?: TlsOptions;
  /** Longest time for name, TCP, TLS and HTTP together, in milliseconds. @default 10_000 */
  handshakeTimeout?: number;
  /** Gives up the dial when it fires; once the connection is open it has no effect. */
  signal?: AbortSignal;
  /** What the connection keeps as `connection.data`. */
  data?: Data;
}

/** The same, checked, with every default filled in. */
export interface ResolvedConnectOptions {
  readonly connection: ResolvedConnectionOptions;
  readonly subprotocols: readonly string[];
  readonly headers: HeaderList;
  readonly tls: TlsOptions;
  readonly handshakeTimeout: number;
  readonly signal: AbortSignal | undefined;
}

const HANDLER_NAMES = ['message', 'ping', 'pong', 'drain', 'close', 'error'];

/** @throws {@link UsageError} for an unknown option, a value out of range, a value that may not be sent. */
export function resolveConnectOptions<Data>(given: ConnectOptions<Data>): ResolvedConnectOptions {
  refuseUnknownOptions(given, [
    ...CONNECTION_OPTION_NAMES,
    ...HANDLER_NAMES,
    'subprotocols',
    'headers',
    'tls',
    'handshakeTimeout',
    'signal',
    'data',
  ]);
  const { subprotocols = [], tls = {}, signal } = given;
  if (!subprotocols.every(isToken) || new Set(subprotocols).size !== subprotocols.length) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'subprotocols: tokens, each of them once');
  }
  const headers = pairs(given.headers ?? []);
  checkHeaders(headers);
  const { handshakeTimeout } = checkOptions<{ handshakeTimeout: number }>(
    given,
    { handshakeTimeout: 10_000 },
    { handshakeTimeout: [1, MAX_MILLISECONDS] },
  );
  const connection = resolveConnectionOptions(given);
  return { connection, subprotocols, headers, tls, handshakeTimeout, signal };
}

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
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new UsageError('MEERKAT_URL', `${JSON.stringify(String(url))} is no URL`);
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

function pairs(headers: NonNullable<ConnectOptions['headers']>): HeaderList {
  return Array.isArray(headers) ? headers : Object.entries(headers as Record<string, string>);
}
