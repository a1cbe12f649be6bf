import { CliError } from '../cli-error.ts';

/** Where a server listens: on TCP, or on a unix socket. */
export type ListenAddress = {
  /** Whether clients have to speak TLS. */
  readonly secure: boolean;
} & (
  | {
      /** A name or an IP address, without brackets. */
      readonly host: string;
      /** 0 lets the system choose. */
      readonly port: number;
    }
  | {
      /** Of the unix socket. */
      readonly path: string;
    }
);

/** Where `serve` listens unless it is told otherwise. */
export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8000;

const FORMS = 'ws://localhost:8000, wss://0.0.0.0:8443, unix:/run/meerkat.sock';

/**
 * Reads a listen URL: `ws://localhost:8000`, `https://0.0.0.0:8443`, `unix:/run/meerkat.sock`, `unix+tls:/run/s`. A port
 * that is missing is the scheme's own.
 *
 * @throws {@link CliError} with exit code 2 that says what is wrong with it.
 */
export function parseListenUrl(value: string): ListenAddress {
  const [, tls, path] = /^unix(\+tls)?:(?:\/\/(?=\/))?(.*)$/s.exec(value) ?? [];
  if (path !== undefined) {
    if (path === '') throw new CliError(`--listen ${value}: the path of the socket is missing`, 2);
    return { secure: tls !== undefined, path };
  }
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new CliError(`--listen ${value}: not a URL; write it as ${FORMS}`, 2);
  }
  const secure = url.protocol === 'wss:' || url.protocol === 'https:';
  if (!secure && url.protocol !== 'ws:' && url.protocol !== 'http:') {
    throw new CliError(`--listen ${value}: write it as ${FORMS}`, 2);
  }
  if (url.pathname.length > 1 || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new CliError(`--listen ${value}: only a host and a port can be listened on`, 2);
  }
  return {
    secure,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
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
