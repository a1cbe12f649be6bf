// The client's opening handshake: how it is built (RFC 6455 §4.1) and read (§4.2.1).
import { UsageError } from '../usage-error.ts';
import { isKey } from './accept-key.ts';
import { parseAuthority, sameAuthority } from './authority.ts';
import { type ExtensionOffer, formatExtensions, parseExtensions } from './extension-header.ts';
import { HandshakeError, type HeaderList } from './handshake-error.ts';
import { HeaderFields, isToken, MAX_HEADER_LINES } from './header-fields.ts';
import type { DeflateTerms } from './permessage-deflate.ts';
import { parseSubprotocols } from './subprotocol.ts';

/** Longest request target, in characters. */
export const MAX_TARGET_LENGTH = 8192;

/** The head of an HTTP request, as an HTTP parser leaves it. */
export interface RequestHead {
  readonly method: string;
  /** `1.1` */
  readonly httpVersion: string;
  /** What stands in the request line. */
  readonly target: string;
  /** Name, value, name, value, … */
  readonly rawHeaders: readonly string[];
}

/** An upgrade request that keeps the rules. */
export interface UpgradeRequest {
  /** Sec-WebSocket-Key as it was sent: 16 octets in base64. */
  readonly key: string;
  /** The one Host. */
  readonly host: string;
  /** Path of the target, still percent-encoded; begins with a slash. */
  readonly path: string;
  /** Path and query of the target. */
  readonly url: string;
  /** Subprotocols that the client offers, in its order. */
  readonly subprotocols: readonly string[];
  /** Extensions that the client offers, in its order. */
  readonly extensions: readonly ExtensionOffer[];
  /** Every Origin line; a browser sends exactly one. */
  readonly origins: readonly string[];
}

/**
 * Checks a request that asks for an upgrade.
 *
 * @throws {@link HandshakeError} with the status and the header fields of the answer.
 */
export function readUpgradeRequest(head: RequestHead): UpgradeRequest {
  // An HTTP parser may let HTTP/1.0 and HTTP/2.0 lines through to the upgrade; "at least 1.1" (§4.1) is only 1.1 here.
  if (head.httpVersion !== '1.1') {
    throw new HandshakeError('WS_REQUEST_HTTP_VERSION', { detail: head.httpVersion });
  }
  if (head.method !== 'GET') throw new HandshakeError('WS_REQUEST_METHOD', { detail: head.method });
  if (head.target.length > MAX_TARGET_LENGTH)
    throw new HandshakeError('WS_REQUEST_TARGET_TOO_LONG');
  const fields = new HeaderFields(head.rawHeaders);
  if (fields.lines > MAX_HEADER_LINES) throw new HandshakeError('WS_REQUEST_HEADER_LINES');
  refuseBody(fields);
  const host = readHost(fields);
  const url = readTarget(head.target, host);
  if (
    fields.single('upgrade')?.toLowerCase() !== 'websocket' ||
    !fields.hasToken('connection', 'upgrade')
  ) {
    throw new HandshakeError('WS_REQUEST_UPGRADE');
  }
  // "13" and nothing that merely converts to it: 013, 13.0 and 0x0d are refused.
  if (fields.single('sec-websocket-version') !== '13')
    throw new HandshakeError('WS_REQUEST_VERSION');
  const key = fields.single('sec-websocket-key');
  if (key === undefined || !isKey(key)) throw new HandshakeError('WS_REQUEST_KEY');
  return {
    key,
    host,
    url,
    path: url.split('?', 1)[0] as string,
    subprotocols: readSubprotocols(fields),
    extensions: readExtensions(fields),
    origins: fields.all('origin'),
  };
}

/** What a client asks for. */
export interface UpgradeOffer {
  readonly key: string;
  readonly subprotocols: readonly string[];
  readonly extensions: readonly ExtensionOffer[];
  /** Whether the server has to choose one of the subprotocols. @default false */
  readonly requireSubprotocol?: boolean | undefined;
  /** The terms behind the offer of permessage-deflate, where there is one among the extensions. */
  readonly deflate?: DeflateTerms | undefined;
}

/**
 * The header fields of a client's request, but for Host and whatever the caller adds.
 *
 * @throws {@link UsageError} for a value that a server would refuse, or that would break the request.
 */
export function buildUpgradeRequest(offer: UpgradeOffer): HeaderList {
  const { subprotocols } = offer;
  if (!isKey(offer.key)) throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'the key');
  if (!subprotocols.every(isToken) || new Set(subprotocols).size !== subprotocols.length) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'subprotocols: tokens, each of them once');
  }
  const headers: [string, string][] = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', offer.key],
  ];
  if (subprotocols.length > 0) {
    headers.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')]);
  }
  if (offer.extensions.length > 0) {
    headers.push(['Sec-WebSocket-Extensions', formatExtensions(offer.extensions)]);
  }
  return headers;
}

/** Octets of a body could be read as frames by us and as a request by a proxy, or the other way round. */
function refuseBody(fields: HeaderFields): void {
  const lengths = fields.all('content-length');
  if (fields.all('transfer-encoding').length > 0 || lengths.some((length) => length !== '0')) {
    throw new HandshakeError('WS_REQUEST_BODY');
  }
}

function readHost(fields: HeaderFields): string {
  const host = fields.single('host');
  if (host === undefined || parseAuthority(host) === undefined) {
    throw new HandshakeError('WS_REQUEST_HOST');
  }
  return host;
}

/** Path and query of the target; the absolute form must name this very host (RFC 9112 §3.2.2). */
function readTarget(target: string, host: string): string {
  // Older parsers of Node let octets above 7f pass.
  if (/[^!-~]/.test(target)) throw new HandshakeError('WS_REQUEST_TARGET');
  const whole = target.split('#', 1)[0] as string;
  if (whole.startsWith('/')) return whole;
  const [, scheme, authority, rest] = /^(https?|wss?):\/\/([^/?]*)(.*)$/i.exec(whole) ?? [];
  const named = authority === undefined ? undefined : parseAuthority(authority);
  const ours = parseAuthority(host);
  if (scheme === undefined || rest === undefined || named === undefined || ours === undefined) {
    throw new HandshakeError('WS_REQUEST_TARGET');
  }
  if (!sameAuthority(scheme.toLowerCase(), named, ours)) {
    throw new HandshakeError('WS_REQUEST_TARGET', { detail: 'it names another host' });
  }
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function readSubprotocols(fields: HeaderFields): readonly string[] {
  const value = fields.combined('sec-websocket-protocol');
  if (value === undefined) return [];
  const offered = parseSubprotocols(value);
  if (offered === undefined) throw new HandshakeError('WS_REQUEST_SUBPROTOCOL');
  return offered;
}

function readExtensions(fields: HeaderFields): readonly ExtensionOffer[] {
  const value = fields.combined('sec-websocket-extensions');
  if (value === undefined) return [];
  const offered = parseExtensions(value);
  if (offered === undefined) throw new HandshakeError('WS_REQUEST_EXTENSIONS');
  return offered;
}
