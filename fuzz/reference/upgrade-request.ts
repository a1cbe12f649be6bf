// A second reading of the client's handshake (RFC 6455 §4.2.1, rows H2-H9, H11, H21-H23): every fault at once.
import type { HandshakeCode, RequestHead } from 'meerkat/protocol';
import { listHas, readExtensions, readSubprotocols } from './header-grammar.ts';
import { valuesOf } from './http-head.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };

/** Every fault of a request, with the status that answers it. None: it is to be accepted. */
export function requestFaults(head: RequestHead): Map<HandshakeCode, number> {
  const faults = new Map<HandshakeCode, number>();
  const fields = (name: string): string[] => valuesOf(head.rawHeaders, name);
  const exactly = (name: string, value: RegExp): boolean => {
    const found = fields(name);
    return found.length === 1 && value.test(found[0] as string);
  };
  const refuse = (fault: boolean, code: HandshakeCode, status: number): void => {
    if (fault) faults.set(code, status);
  };
  refuse(head.httpVersion !== '1.1', 'WS_REQUEST_HTTP_VERSION', 505);
  refuse(head.method !== 'GET', 'WS_REQUEST_METHOD', 405);
  refuse(head.target.length > 8192, 'WS_REQUEST_TARGET_TOO_LONG', 414);
  refuse(head.rawHeaders.length > 256, 'WS_REQUEST_HEADER_LINES', 431);
  const body = fields('content-length').some((length) => length !== '0');
  refuse(body || fields('transfer-encoding').length > 0, 'WS_REQUEST_BODY', 400);
  const host = hostOf(head.rawHeaders);
  refuse(host === undefined, 'WS_REQUEST_HOST', 400);
  refuse(urlOf(head.target, host) === undefined, 'WS_REQUEST_TARGET', 400);
  const upgrades = exactly('upgrade', /^websocket$/i) && listHas(fields('connection'), 'upgrade');
  refuse(!upgrades, 'WS_REQUEST_UPGRADE', 400);
  refuse(!exactly('sec-websocket-version', /^13$/), 'WS_REQUEST_VERSION', 426);
  refuse(!exactly('sec-websocket-key', /^[\w+/]{22}==$(?<!_.*)/), 'WS_REQUEST_KEY', 400);
  const protocols = fields('sec-websocket-protocol');
  const noProtocols = protocols.length > 0 && readSubprotocols(protocols.join(', ')) === undefined;
  refuse(noProtocols, 'WS_REQUEST_SUBPROTOCOL', 400);
  const extensions = fields('sec-websocket-extensions');
  const noExtensions = extensions.length > 0 && readExtensions(extensions.join(', ')) === undefined;
  refuse(noExtensions, 'WS_REQUEST_EXTENSIONS', 400);
  return faults;
}

/** The one Host; undefined when there is none that is valid. */
function hostOf(rawHeaders: readonly string[]): string | undefined {
  const [host, ...more] = valuesOf(rawHeaders, 'host');
  if (host === undefined || more.length > 0) return undefined;
  return authorityOf(host, 'http') === undefined ? undefined : host;
}

/** Path and query of the target; undefined when it is not for `host`. */
export function urlOf(target: string, host: string | undefined): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(target)) return undefined;
  const end = target.indexOf('#');
  const whole = end < 0 ? target : target.slice(0, end);
  if (whole[0] === '/') return whole;
  const mark = whole.indexOf('://');
  const scheme = whole.slice(0, Math.max(0, mark)).toLowerCase();
  if (DEFAULT_PORTS[scheme] === undefined || !Object.hasOwn(DEFAULT_PORTS, scheme)) {
    return undefined;
  }
  const rest = whole.slice(mark + 3);
  const path = rest.slice(rest.split(/[/?]/, 1)[0]?.length ?? 0);
  const named = authorityOf(rest.slice(0, rest.length - path.length), scheme);
  if (host === undefined || named === undefined || named !== authorityOf(host, scheme)) {
    return undefined;
  }
  return path[0] === '/' ? path : `/${path}`;
}

/** `host:port` in lower case, the port filled in by the scheme; undefined when it is none. */
function authorityOf(value: string, scheme: string): string | undefined {
  const bracket = value.startsWith('[') ? value.indexOf(']') + 1 : 0;
  const colon = value.indexOf(':', bracket);
  const host = (colon < 0 ? value : value.slice(0, colon)).toLowerCase();
  const port = colon < 0 ? '' : value.slice(colon + 1);
  const literal = bracket > 0 && host.length <= 47 && /^\[[0-9a-f:.]{2,}\]$/.test(host);
  const name = host.length > 0 && host.length <= 255 && !/[^\w.~!$&'()*+,;=%-]/.test(host);
  if (!literal && !name) return undefined;
  if (!/^\d{0,5}$/.test(port) || Number(port) > 65_535) return undefined;
  return `${host}:${port === '' ? DEFAULT_PORTS[scheme] : Number(port)}`;
}
