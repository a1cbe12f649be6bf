/** Why an opening handshake failed. Permanent: safe to switch on. */
export type HandshakeCode =
  // the server refuses the request
  | 'WS_REQUEST_BODY'
  | 'WS_REQUEST_EXTENSIONS'
  | 'WS_REQUEST_HEADER_LINES'
  | 'WS_REQUEST_HOST'
  | 'WS_REQUEST_HTTP_VERSION'
  | 'WS_REQUEST_KEY'
  | 'WS_REQUEST_METHOD'
  | 'WS_REQUEST_ORIGIN'
  | 'WS_REQUEST_PIPELINED'
  | 'WS_REQUEST_SUBPROTOCOL'
  | 'WS_REQUEST_TARGET'
  | 'WS_REQUEST_TARGET_TOO_LONG'
  | 'WS_REQUEST_UPGRADE'
  | 'WS_REQUEST_VERSION'
  | 'MEERKAT_DRAINING'
  | 'MEERKAT_HOOK_FAILED'
  | 'MEERKAT_HOOK_TIMEOUT'
  | 'MEERKAT_NO_ROUTE'
  | 'MEERKAT_REFUSED'
  | 'MEERKAT_TOO_MANY_CONNECTIONS'
  | 'MEERKAT_TOO_MANY_FROM_ADDRESS'
  | 'MEERKAT_TOO_MANY_NEW_FROM_ADDRESS'
  // the client refuses the response, or never got one
  | 'WS_RESPONSE_ACCEPT'
  | 'WS_RESPONSE_BODY'
  | 'WS_RESPONSE_CONNECTION'
  | 'WS_RESPONSE_EXTENSION'
  | 'WS_RESPONSE_HEADERS'
  | 'WS_RESPONSE_HTTP_VERSION'
  | 'WS_RESPONSE_STATUS'
  | 'WS_RESPONSE_SUBPROTOCOL'
  | 'WS_RESPONSE_UPGRADE'
  | 'MEERKAT_ABORTED'
  | 'MEERKAT_CONNECT_FAILED'
  | 'MEERKAT_HANDSHAKE_TIMEOUT';

/** Names and values of header fields, as they were sent or are to be sent. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

interface Fault {
  /** The status that answers it; 0 where a client noticed it. */
  readonly status: number;
  readonly message: string;
  readonly headers?: HeaderList;
}

const FAULTS: Readonly<Record<HandshakeCode, Fault>> = {
  WS_REQUEST_BODY: { status: 400, message: 'an upgrade request has no body' },
  WS_REQUEST_EXTENSIONS: { status: 400, message: 'Sec-WebSocket-Extensions is malformed' },
  WS_REQUEST_HEADER_LINES: { status: 431, message: 'too many header fields' },
  WS_REQUEST_HOST: { status: 400, message: 'exactly one valid Host is needed' },
  WS_REQUEST_HTTP_VERSION: { status: 505, message: 'WebSocket needs HTTP/1.1' },
  WS_REQUEST_KEY: {
    status: 400,
    message: 'Sec-WebSocket-Key must be 16 octets in base64, exactly once',
  },
  WS_REQUEST_METHOD: {
    status: 405,
    message: 'only GET can be upgraded',
    headers: [['Allow', 'GET']],
  },
  WS_REQUEST_ORIGIN: { status: 403, message: 'this Origin may not connect' },
  WS_REQUEST_PIPELINED: {
    status: 400,
    message: 'an upgrade may not be pipelined behind an unfinished request',
  },
  WS_REQUEST_SUBPROTOCOL: { status: 400, message: 'Sec-WebSocket-Protocol is malformed' },
  WS_REQUEST_TARGET: { status: 400, message: 'the request target is not for this host' },
  WS_REQUEST_TARGET_TOO_LONG: { status: 414, message: 'the request target is too long' },
  WS_REQUEST_UPGRADE: { status: 400, message: 'Upgrade must be websocket, exactly once' },
  WS_REQUEST_VERSION: {
    status: 426,
    message: 'Sec-WebSocket-Version must be 13, exactly once',
    headers: [
      ['Sec-WebSocket-Version', '13'],
      ['Upgrade', 'websocket'],
    ],
  },
  MEERKAT_DRAINING: {
    status: 503,
    message: 'the server is shutting down',
    headers: [['Retry-After', '5']],
  },
  MEERKAT_HOOK_FAILED: { status: 500, message: 'the upgrade failed' },
  MEERKAT_HOOK_TIMEOUT: { status: 503, message: 'the upgrade took too long' },
  MEERKAT_NO_ROUTE: { status: 404, message: 'there is no WebSocket at this path' },
  MEERKAT_REFUSED: { status: 403, message: 'the upgrade was refused' },
  MEERKAT_TOO_MANY_CONNECTIONS: {
    status: 503,
    message: 'the server has as many connections as it takes',
    headers: [['Retry-After', '5']],
  },
  MEERKAT_TOO_MANY_FROM_ADDRESS: {
    status: 429,
    message: 'this address has as many connections as it may have',
    headers: [['Retry-After', '5']],
  },
  MEERKAT_TOO_MANY_NEW_FROM_ADDRESS: {
    status: 429,
    message: 'this address opens connections faster than it may',
    headers: [['Retry-After', '1']],
  },

  WS_RESPONSE_ACCEPT: { status: 0, message: 'Sec-WebSocket-Accept mismatch' },
  WS_RESPONSE_BODY: { status: 0, message: 'a 101 response has no body' },
  WS_RESPONSE_CONNECTION: { status: 0, message: 'Connection does not say upgrade' },
  WS_RESPONSE_EXTENSION: { status: 0, message: 'an extension that was not offered' },
  WS_RESPONSE_HEADERS: { status: 0, message: 'the response is not HTTP, or its head is too large' },
  WS_RESPONSE_HTTP_VERSION: { status: 0, message: 'the response is not HTTP/1.1' },
  WS_RESPONSE_STATUS: { status: 0, message: 'the server did not upgrade' },
  WS_RESPONSE_SUBPROTOCOL: { status: 0, message: 'the wrong subprotocol' },
  WS_RESPONSE_UPGRADE: { status: 0, message: 'Upgrade is not websocket' },
  MEERKAT_ABORTED: { status: 0, message: 'the dial was aborted' },
  MEERKAT_CONNECT_FAILED: { status: 0, message: 'cannot connect' },
  MEERKAT_HANDSHAKE_TIMEOUT: { status: 0, message: 'the handshake took too long' },
};

/** What an error may carry beside its code. */
export interface HandshakeErrorDetails {
  /** What exactly was wrong; it is added to the message. */
  readonly detail?: string;
  /** In place of the status that the code stands for. */
  readonly status?: number;
  /** Header fields of the response; on the server in place of those that the code stands for. */
  readonly headers?: HeaderList;
  /** The response's body: to be sent on the server, received (at most 64 KiB) on the client. */
  readonly body?: string;
  readonly cause?: unknown;
}

/** An opening handshake failed. It rejects a dial; on the server it is the answer. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  readonly code: HandshakeCode;
  /** The HTTP status that answers the request, or that the server answered with; 0 when there was none. */
  readonly status: number;
  /** Header fields of that response. */
  readonly headers: HeaderList;
  /** The body of that response; undefined when there was none. */
  readonly body: string | undefined;

  constructor(code: HandshakeCode, details: HandshakeErrorDetails = {}) {
    const fault = FAULTS[code];
    const { detail, status, headers, body, cause } = details;
    super(
      detail === undefined ? fault.message : `${fault.message}: ${detail}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.status = status ?? fault.status;
    this.headers = headers ?? fault.headers ?? [];
    this.body = body;
  }
}

/** Every code, for documentation and tests. */
export const handshakeCodes: readonly HandshakeCode[] = Object.keys(FAULTS) as HandshakeCode[];
