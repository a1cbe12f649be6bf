import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { Connection } from '../connection/connection.ts';
import { nodePrimitives } from '../connection/node-primitives.ts';
import { createKey } from '../protocol/handshake/accept-key.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { buildUpgradeRequest, type UpgradeOffer } from '../protocol/handshake/upgrade-request.ts';
import {
  headerList,
  readUpgradeResponse,
  type UpgradeAgreement,
} from '../protocol/handshake/upgrade-response.ts';
import { StreamTransport } from '../transport/stream-transport.ts';
import {
  type ConnectOptions,
  type DialTarget,
  parseDialUrl,
  type ResolvedConnectOptions,
  resolveConnectOptions,
} from './connect-options.ts';

const MAX_HEADER_BYTES = 16_384;
/** Octets of a refusal's body that are kept. */
const MAX_BODY_BYTES = 65_536;
/** Informational responses before the final one. */
const MAX_INFORMATIONAL = 16;

/**
 * Dials a WebSocket server.
 *
 * Messages go to the `message` handler, or wait until somebody iterates over the connection: none is lost in between.
 *
 * @param url - `ws:` or `wss:`. Credentials in it are sent as Basic authentication, unless `headers` has an Authorization.
 * @returns The open connection. Rejects with {@link HandshakeError}, which says what was wrong.
 * @throws {@link UsageError} before anything is sent, for a URL or an option that cannot be used.
 */
export function connect<Data = undefined>(
  url: string | URL,
  options: ConnectOptions<Data> = {},
): Promise<Connection<Data>> {
  const target = parseDialUrl(url);
  const resolved = resolveConnectOptions(options);
  const offer: UpgradeOffer = {
    key: createKey(nodePrimitives),
    subprotocols: resolved.subprotocols,
    extensions: [],
  };
  return dial(target, resolved, offer).then(
    ({ socket, agreement }) =>
      new Connection<Data>({
        role: 'client',
        transport: new StreamTransport(socket),
        options: resolved.connection,
        handlers: options,
        data: options.data as Data,
        url: target.href,
        protocol: agreement.subprotocol,
        remoteAddress: socket.remoteAddress,
        remotePort: socket.remotePort,
      }),
  );
}

interface Dialled {
  readonly socket: Socket;
  readonly agreement: UpgradeAgreement;
}

function dial(
  target: DialTarget,
  options: ResolvedConnectOptions,
  offer: UpgradeOffer,
): Promise<Dialled> {
  const { signal, handshakeTimeout } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new HandshakeError('MEERKAT_ABORTED', { cause: signal.reason }));
      return;
    }
    const request = send(target, options, offer);
    let settled = false;
    const settle = (): boolean => {
      if (settled) return false;
      settled = true;
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const fail = (error: unknown): void => {
      if (!settle()) return;
      request.destroy();
      reject(error);
    };
    const onAbort = (): void => {
      fail(new HandshakeError('MEERKAT_ABORTED', { cause: signal?.reason }));
    };
    const timer = options.connection.clock.after(handshakeTimeout, () => {
      fail(new HandshakeError('MEERKAT_HANDSHAKE_TIMEOUT', { detail: `${handshakeTimeout} ms` }));
    });
    const check = (response: IncomingMessage): UpgradeAgreement | undefined => {
      try {
        return readUpgradeResponse(
          {
            status: response.statusCode ?? 0,
            httpVersion: response.httpVersion,
            rawHeaders: response.rawHeaders,
          },
          offer,
          nodePrimitives,
        );
      } catch (error) {
        fail(error);
        return undefined;
      }
    };
    signal?.addEventListener('abort', onAbort);
    // Stays for good: an error after the upgrade, or after we gave up, must not be without a listener.
    request.on('error', (error) => fail(dialError(error, target)));
    request.on('upgrade', (response, socket, head) => {
      socket.on('error', () => {});
      const agreement = check(response);
      if (agreement === undefined) {
        socket.destroy();
      } else if (settle()) {
        socket.pause();
        if (head.length > 0) socket.unshift(Buffer.from(head));
        resolve({ socket: socket as Socket, agreement });
      } else {
        socket.destroy();
      }
    });
    request.on('response', (response) => {
      readBody(response, (body) => fail(refusalError(response, body)));
    });
    let informational = 0;
    request.on('information', ({ statusCode, httpVersion, rawHeaders }) => {
      informational += 1;
      // node:http takes a 101 that lacks the upgrade fields for one of these.
      if (statusCode === 101) {
        check({ statusCode, httpVersion, rawHeaders } as unknown as IncomingMessage);
      } else if (informational > MAX_INFORMATIONAL) {
        fail(new HandshakeError('WS_RESPONSE_HEADERS', { detail: 'too many 1xx responses' }));
      }
    });
    request.end();
  });
}

function send(
  target: DialTarget,
  { headers, tls }: ResolvedConnectOptions,
  offer: UpgradeOffer,
): ClientRequest {
  const fields: [string, string][] = [['Host', target.authority]];
  for (const [name, value] of [...buildUpgradeRequest(offer), ...headers]) {
    if (name.toLowerCase() === 'host') fields[0] = ['Host', value];
    else fields.push([name, value]);
  }
  const authorized = fields.some(([name]) => name.toLowerCase() === 'authorization');
  if (target.credentials !== undefined && !authorized) {
    fields.push(['Authorization', `Basic ${Buffer.from(target.credentials).toString('base64')}`]);
  }
  const { host, port, pathAndQuery: path, secure } = target;
  const common = {
    host,
    port,
    path,
    agent: false as const,
    setHost: false,
    headers: fields.flat(),
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  return secure ? httpsRequest({ ...common, ...tls, host, port, path }) : httpRequest(common);
}

/** Reads at most 64 KiB of a body, and no longer than the handshake may take. */
function readBody(response: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = (): void => done(Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString());
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_BODY_BYTES) finish();
  });
  response.on('end', finish);
  response.on('close', finish);
  response.on('error', finish);
}

function refusalError(response: IncomingMessage, body: string): HandshakeError {
  const { statusCode = 0, statusMessage = '', rawHeaders } = response;
  return new HandshakeError('WS_RESPONSE_STATUS', {
    detail: `${statusCode} ${statusMessage}`.trim(),
    status: statusCode,
    headers: headerList(rawHeaders),
    body,
  });
}

function dialError(error: NodeJS.ErrnoException, { authority }: DialTarget): HandshakeError {
  if (error.code?.startsWith('HPE_') === true) {
    return new HandshakeError('WS_RESPONSE_HEADERS', { detail: error.code, cause: error });
  }
  const detail = `${authority}: ${messageOf(error)}`;
  return new HandshakeError('MEERKAT_CONNECT_FAILED', { detail, cause: error });
}

/** An AggregateError, when every address of a name was tried, has no message of its own. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError) {
    return error.errors
      .map((one: unknown) => (one instanceof Error ? one.message : String(one)))
      .join('; ');
  }
  return error.message;
}
