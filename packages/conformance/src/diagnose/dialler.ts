import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Link } from './link.ts';
import type { Target } from './target.ts';

/** Why there is no connection: a code of the system or of TLS, or `TIMEOUT`. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Opens TCP to an address. */
export function openTcp(host: string, port: number, timeoutMs: number): Promise<Socket | Failure> {
  const socket = connectTcp({ host, port, noDelay: true });
  return opened(socket, 'connect', timeoutMs);
}

/** How TLS is spoken. */
export interface TlsTerms {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/**
 * Speaks TLS on a connection, as browsers do for wss: HTTP/1.1 as the only protocol. The certificate is not judged here.
 */
export function openTls(
  socket: Socket,
  { host }: Target,
  { ca, cert, key }: TlsTerms,
  timeoutMs: number,
): Promise<TLSSocket | Failure> {
  const secured = connectTls({
    socket,
    ALPNProtocols: ['http/1.1'],
    // Whoever asked looks at `authorized` before anything is sent.
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    // Named here so that a wrong host is found even where the socket has no name of its own.
    host,
  });
  return opened(secured, 'secureConnect', timeoutMs);
}

function opened<T extends Socket>(
  socket: T,
  event: 'connect' | 'secureConnect',
  timeoutMs: number,
): Promise<T | Failure> {
  return new Promise((resolve) => {
    const fail = (failure: Failure): void => {
      settle();
      socket.on('error', () => {}); // what comes after the first says nothing new
      socket.destroy();
      resolve(failure);
    };
    const onOpen = (): void => {
      settle();
      resolve(socket);
    };
    const onError = (error: NodeJS.ErrnoException): void =>
      fail({ code: error.code ?? 'ERROR', message: error.message });
    const onClose = (): void => fail({ code: 'CLOSED', message: 'the connection was closed' });
    let last: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      // What has come already counts, also where this process was held up until the time was over.
      last = setImmediate(fail, { code: 'TIMEOUT', message: 'no answer' });
    }, timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      clearImmediate(last);
      socket.off(event, onOpen).off('error', onError).off('close', onClose);
    };
    socket.on(event, onOpen).on('error', onError).on('close', onClose);
  });
}

/** Opens further connections to where the first one went. */
export class Dialler {
  readonly target: Target;
  readonly #address: string;
  readonly #tls: TlsTerms;

  constructor(target: Target, address: string, tls: TlsTerms) {
    this.target = target;
    this.#address = address;
    this.#tls = tls;
  }

  /** With TLS where the URL has it. */
  async dial(timeoutMs: number): Promise<Link | Failure> {
    const socket = await openTcp(this.#address, this.target.port, timeoutMs);
    if (isFailure(socket)) return socket;
    if (!this.target.secure) return new Link(socket);
    const secured = await openTls(socket, this.target, this.#tls, timeoutMs);
    return isFailure(secured) ? secured : new Link(secured);
  }

  /** Whether the port speaks the other of both: TLS where the URL has none, HTTP in the clear where it has. */
  async speaksTheOther(timeoutMs: number): Promise<boolean> {
    const socket = await openTcp(this.#address, this.target.port, timeoutMs);
    if (isFailure(socket)) return false;
    if (!this.target.secure) {
      const secured = await openTls(socket, this.target, this.#tls, timeoutMs);
      if (isFailure(secured)) return false;
      secured.on('error', () => {});
      secured.destroy();
      return true;
    }
    const link = new Link(socket);
    // Nothing of the user's goes out in the clear.
    link.write(`GET / HTTP/1.1\r\nHost: ${this.target.hostField}\r\nConnection: close\r\n\r\n`);
    const answered = await link.until(() => link.octets.length >= 5, timeoutMs);
    const http = answered && link.octets.subarray(0, 5).toString('latin1') === 'HTTP/';
    link.drop();
    return http;
  }
}

export function isFailure(value: object): value is Failure {
  return 'code' in value && 'message' in value && !('destroy' in value) && !('until' in value);
}
