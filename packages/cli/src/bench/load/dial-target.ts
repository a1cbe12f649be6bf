import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';

/** Where a load is dialled to. Plain data: it travels between processes. */
export interface DialTarget {
  readonly secure: boolean;
  /** The name in the URL: what a certificate has to be for. */
  readonly host: string;
  /** What is dialled. A name is looked up once: a resolver is not what is to be loaded. */
  readonly address: string;
  readonly port: number;
  /** Of the request: `Host`. */
  readonly authority: string;
  readonly pathAndQuery: string;
  /** `user:password` of the URL. */
  readonly credentials: string | undefined;
}

/** Of an address that is not there; where none answers, the dials of the load say why. */
const PROBE_TIMEOUT = 2_000;

/**
 * Reads a `ws:` or `wss:` URL and finds out the address to dial; of several the first that accepts.
 *
 * @throws where the name is unknown.
 */
export async function findTarget(url: string): Promise<DialTarget> {
  const { protocol, hostname, port: given, pathname, search, username, password } = new URL(url);
  const secure = protocol === 'wss:' || protocol === 'https:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const usual = secure ? 443 : 80;
  const port = given === '' ? usual : Number(given);
  return {
    secure,
    host,
    address: await findAddress(host, port),
    port,
    authority: port === usual ? hostname : `${hostname}:${port}`,
    pathAndQuery: pathname + search,
    credentials:
      username === '' && password === '' ? undefined : decoded(`${username}:${password}`),
  };
}

async function findAddress(host: string, port: number): Promise<string> {
  if (isIP(host) !== 0) return host;
  const found = await lookup(host, { all: true, verbatim: true });
  const [first] = found;
  if (first === undefined) throw new Error(`${host} has no address`);
  if (found.length > 1) {
    for (const { address } of found) if (await accepts(address, port)) return address;
  }
  return first.address;
}

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(PROBE_TIMEOUT, () => settle(false));
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Connections that one local address is used for: an ephemeral port each, of which Linux has 28,232. */
const PORTS_PER_ADDRESS = 25_000;

/**
 * The address to dial from, for the connection with this number; undefined for any. Past what the ports of one address are
 * enough for, a Linux that dials itself can use others: all of 127.0.0.0/8 are its own.
 */
export function localAddress(target: DialTarget, index: number): string | undefined {
  const block = Math.floor(index / PORTS_PER_ADDRESS);
  if (block === 0 || process.platform !== 'linux' || !target.address.startsWith('127.')) {
    return undefined;
  }
  return `127.0.${block >> 8}.${1 + (block & 0xff)}`;
}
