import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  createSecureContext,
  type SecureContext,
  type ConnectionOptions as TlsOptions,
} from 'node:tls';
import { Connection } from '../connection/connection.ts';
import { nodePrimitives } from '../connection/node-primitives.ts';
import { transportFor, waitForTransports, whenTransportsReady } from '../connection/transports.ts';
import { createKey } from '../protocol/handshake/accept-key.ts';
import { formatExtensions } from '../protocol/handshake/extension-header.ts';
import { HandshakeError } from '../protocol/handshake/handshake-error.ts';
import { offerDeflate } from '../protocol/handshake/permessage-deflate.ts';
import { buildUpgradeRequest, type UpgradeOffer } from '../protocol/handshake/upgrade-request.ts';
import {
  headerList,
  readUpgradeResponse,
  type UpgradeAgreement,
} from '../protocol/handshake/upgrade-response.ts';
import { UsageError } from '../protocol/usage-error.ts';
import {
  type ConnectOptions,
  type DialTarget,
  parseDialUrl,
  type ResolvedConnectOptions,
  resolveConnectOptions,
  type StreamRequest,
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
  const terms = resolved.connection.compression?.terms;
  const offer: UpgradeOffer = {
    key: createKey(nodePrimitives),
    subprotocols: resolved.subprotocols,
    requireSubprotocol: resolved.requireSubprotocol,
    extensions: terms === undefined ? [] : offerDeflate(terms),
    deflate: terms,
  };
  const secureContext = target.secure ? readTlsOptions(resolved.tls) : undefined;
  const ready = whenTransportsReady(resolved.connection.transport);
  return dial(target, resolved, secureContext, offer).then(async ({ socket, agreement }) => {
    if (ready !== undefined) await waitForTransports(ready);
    return new Connection<Data>({
      terms: { role: 'client', options: resolved.connection, handlers: options },
      transport: transportFor(socket, resolved.connection.transport),
      data: options.data as Data,
      url: target.href,
      protocol: agreement.subprotocol,
      deflate: agreement.deflate,
      extensions: formatExtensions(agreement.extensions),
      remoteAddress: socket.remoteAddress,
      remotePort: socket.remotePort,
    });
  });
}

interface Dialled {
  readonly socket: Socket;
  readonly agreement: UpgradeAgreement;
}

function dial(
  target: DialTarget,
  options: ResolvedConnectOptions,
  secureContext: SecureContext | undefined,
  offer: UpgradeOffer,
): Promise<Dialled> {
  const { signal, handshakeTimeout } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new HandshakeError('MEERKAT_ABORTED', { cause: signal.reason }));
      return;
    }
    const request = send(target, options, secureContext, offer);
    /** What the server refused with, as far as it is here. */
    let refusal: (() => HandshakeError) | undefined;
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
      const detail = `${handshakeTimeout} ms`;
      fail(refusal?.() ?? new HandshakeError('MEERKAT_HANDSHAKE_TIMEOUT', { detail }));
    });
    signal?.addEventListener('abort', onAbort);
    // Stays for good: an error after the upgrade, or after we gave up, must not be without a listener.
    request.on('error', (error) => fail(dialError(error, target)));
    request.on('upgrade', (response, socket, head) => {
      socket.on('error', () => {});
      let agreement: UpgradeAgreement;
      try {
        agreement = judge(response, offer);
      } catch (error) {
        socket.destroy();
        fail(error);
        return;
      }
      if (!settle()) {
        socket.destroy();
        return;
      }
      socket.pause();
      if (head.length > 0) socket.unshift(Buffer.from(head));
      resolve({ socket: socket as Socket, agreement });
    });
    request.on('response', (response) => {
      if (response.statusCode === 101) {
        fail(faultOf(response, offer));
        return;
      }
      const body = readBody(response, () => fail(refusal?.()));
      refusal = () => refusalError(response, body());
    });
    let informational = 0;
    request.on('information', (response) => {
      informational += 1;
      if (response.statusCode === 101) {
        fail(faultOf(response, offer));
      } else if (informational > MAX_INFORMATIONAL) {
        fail(new HandshakeError('WS_RESPONSE_HEADERS', { detail: 'too many 1xx responses' }));
      }
    });
    request.end();
  });
}

type Head = Pick<IncomingMessage, 'statusCode' | 'httpVersion' | 'rawHeaders'>;

/** @throws {@link HandshakeError} that says what is wrong with a 101. */
function judge(
  { statusCode = 0, httpVersion, rawHeaders }: Head,
  offer: UpgradeOffer,
): UpgradeAgreement {
  return readUpgradeResponse(
    { status: statusCode, httpVersion, rawHeaders },
    offer,
    nodePrimitives,
  );
}

/** What is wrong with a 101 that node:http did not take for an upgrade. */
function faultOf(response: Head, offer: UpgradeOffer): unknown {
  try {
    judge(response, offer);
  } catch (error) {
    return error;
  }
  return new HandshakeError('WS_RESPONSE_HEADERS', { detail: 'a 101 that is no upgrade' });
}

/** @throws {@link UsageError} for a certificate, key or other option that TLS cannot use. */
function readTlsOptions(tls: TlsOptions): SecureContext {
  try {
    return tls.secureContext ?? createSecureContext(tls);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError('MEERKAT_OPTION_RANGE', `tls: ${message}`);
  }
}

function send(
  target: DialTarget,
  options: ResolvedConnectOptions,
  secureContext: SecureContext | undefined,
  offer: UpgradeOffer,
): ClientRequest {
  const fields: [string, string][] = [['Host', target.authority]];
  for (const [name, value] of [...buildUpgradeRequest(offer), ...options.headers]) {
    if (name.toLowerCase() === 'host') fields[0] = ['Host', value];
    else fields.push([name, value]);
  }
  const authorized = fields.some(([name]) => name.toLowerCase() === 'authorization');
  if (target.credentials !== undefined && !authorized) {
    fields.push(['Authorization', `Basic ${Buffer.from(target.credentials).toString('base64')}`]);
  }
  const { host, port, pathAndQuery: path, secure } = target;
  const { socketPath, createConnection } = options;
  const tls: TlsOptions =
    secureContext === undefined ? options.tls : { ...options.tls, secureContext };
  const common: RequestOptions = {
    host,
    port,
    path,
    ...(socketPath === undefined ? {} : { socketPath }),
    setHost: false,
    headers: fields.flat(),
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  let request: ClientRequest;
  if (createConnection !== undefined) {
    const wanted: StreamRequest = { ...(secure ? overTls(tls, host) : {}), secure, host, port };
    if (socketPath !== undefined) wanted.path = socketPath;
    // Whatever protocol its agent is for, a request with a stream of its own only speaks HTTP on it.
    request = httpRequest({
      ...common,
      createConnection: () => streamOf(createConnection(wanted)),
    });
  } else {
    request = secure
      ? httpsRequest({ ...tls, ...common, agent: false })
      : httpRequest({ ...common, agent: false });
  }
  // No limit: node:http would drop the lines past it silently. They are counted, and bounded by maxHeaderSize.
  request.maxHeadersCount = 0;
  return request;
}

/** @throws for what node:http would fail on with a riddle, and Node itself with an abort: its parser takes octets only. */
function streamOf(made: Duplex): Duplex {
  if (typeof made?.write !== 'function' || typeof made.read !== 'function') {
    throw new TypeError('createConnection did not return a stream');
  }
  made.on('error', () => {}); // node:http listens a tick later; what failed until then is found below, or by it
  if (made.readableObjectMode || made.writableObjectMode || made.readableEncoding != null) {
    throw new TypeError('createConnection returned a stream that is not of octets');
  }
  if (made.destroyed) {
    throw made.errored ?? new Error('createConnection returned a stream that is destroyed');
  }
  return made;
}

/** What `https.request` would add for `tls.connect`: a name never for an address (RFC 6066 §3). */
function overTls(tls: TlsOptions, host: string): TlsOptions {
  return { servername: isIP(host) === 0 ? host : '', ALPNProtocols: ['http/1.1'], ...tls };
}

/**
 * Reads at most 64 KiB of a body, and calls `done` when it has them or there is no more.
 *
 * @returns What is here so far.
 */
function readBody(response: IncomingMessage, done: () => void): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= MAX_BODY_BYTES) done();
  });
  response.on('end', done);
  response.on('close', done);
  response.on('error', done);
  return () => Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString();
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
