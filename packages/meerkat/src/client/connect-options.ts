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
  for (const name of HANDLER_NAMES) {
    const handler: unknown = given[name as keyof ConnectionHandlers<Data>];
    if (handler !== undefined && typeof handler !== 'function') {
      throw new UsageError('MEERKAT_OPTION_RANGE', `${name} is not a function`);
    }
  }
  const { tls = {}, signal } = given;
  if (typeof tls !== 'object' || tls === null) {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'tls is not an object');
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new UsageError('MEERKAT_OPTION_RANGE', 'signal is not an AbortSignal');
  }
  const subprotocols = tokens(given.subprotocols ?? []);
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

function pairs(headers: NonNullable<ConnectOptions['headers']>): HeaderList {
  // A Headers or Map too: as an object it would have no entries, and what it says would be lost.
  const list: readonly unknown[] =
    Symbol.iterator in Object(headers)
      ? [...(headers as Iterable<unknown>)]
      : Object.entries(headers);
  if (typeof headers !== 'object' || !list.every(isPair)) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'header fields are pairs of strings');
  }
  return list;
}

function isPair(value: unknown): value is readonly [string, string] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
  );
}
