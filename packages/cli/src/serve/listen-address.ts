import { CliError } from '../cli-error.ts';

/** Where a server listens. */
export interface ListenAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Where `serve` listens unless it is told otherwise. */
export const DEFAULT_ADDRESS: ListenAddress = { host: '127.0.0.1', port: 8000 };

/**
 * Reads a listen URL: `ws://localhost:8000`, `http://0.0.0.0:9000`. A port that is missing is the scheme's own.
 *
 * @throws {@link CliError} with exit code 2 that says what is wrong with it.
 */
export function parseListenUrl(value: string): ListenAddress {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new CliError(`--listen ${value}: not a URL; it looks like ws://localhost:8000`, 2);
  }
  if (url.protocol === 'wss:' || url.protocol === 'https:') {
    throw new CliError(
      `--listen ${value}: meerkat serve has no TLS yet; put a proxy in front of it, or use ws://`,
      2,
    );
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'http:') {
    throw new CliError(`--listen ${value}: the scheme is ws: or http:`, 2);
  }
  if (url.pathname.length > 1 || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new CliError(`--listen ${value}: only a host and a port can be listened on`, 2);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 80 : Number(url.port),
  };
}

/** @throws {@link CliError} with exit code 2 for anything but 0 to 65535. */
export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^[0-9]{1,5}$/.test(value) || port > 65_535) {
    throw new CliError(`--port ${value}: a port is a whole number from 0 to 65535`, 2);
  }
  return port;
}
