// Close codes: RFC 6455 §7.4 and the IANA registry "WebSocket Close Code Number".

/** The close codes that have a name. */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  Reserved: 1004,
  NoStatus: 1005,
  Abnormal: 1006,
  InvalidPayload: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
  TlsHandshake: 1015,
} as const;

/** What the registry says of one code. */
export interface CloseCodeEntry {
  readonly code: number;
  /** The registry's name, in lower case. */
  readonly name: string;
  /** What it means for whoever reads it, in one sentence. */
  readonly meaning: string;
  /** Where it is defined. */
  readonly source: string;
  /** Whether it may stand in a Close frame. 1004, 1005, 1006 and 1015 may not (§7.4.1). */
  readonly onTheWire: boolean;
}

const RFC = 'RFC 6455 §7.4.1';
const IANA = 'IANA registry';

/** Every registered code, in order. */
export const CLOSE_CODES: readonly CloseCodeEntry[] = [
  entry(1000, 'normal closure', 'The purpose of the connection has been fulfilled.', RFC),
  entry(1001, 'going away', 'The server is shutting down, or the browser left the page.', RFC),
  entry(1002, 'protocol error', 'The peer broke a rule of the protocol.', RFC),
  entry(
    1003,
    'unsupported data',
    'The peer sent a kind of data that is not accepted here: binary to a text-only endpoint, or the other way round.',
    RFC,
  ),
  entry(1004, 'reserved', 'Has no meaning yet. It must not be sent.', RFC, false),
  entry(
    1005,
    'no status received',
    'The Close frame carried no code. Only reported locally, never sent.',
    RFC,
    false,
  ),
  entry(
    1006,
    'abnormal closure',
    'The connection was lost without a Close frame: the peer crashed, the network failed, or something between cut it. Only reported locally, never sent.',
    RFC,
    false,
  ),
  entry(
    1007,
    'invalid frame payload data',
    'A message does not match its type: text that is not UTF-8, or data that cannot be decompressed.',
    RFC,
  ),
  entry(
    1008,
    'policy violation',
    'The peer broke a rule of the application, or a limit for which there is no better code.',
    RFC,
  ),
  entry(1009, 'message too big', 'A message is larger than the receiver accepts.', RFC),
  entry(
    1010,
    'mandatory extension',
    'The client needs an extension that the server did not agree to. Sent by clients only.',
    RFC,
  ),
  entry(1011, 'internal error', 'The server met a condition that it did not expect.', RFC),
  entry(
    1012,
    'service restart',
    'The service is restarting; reconnect after a random delay.',
    IANA,
  ),
  entry(1013, 'try again later', 'The service is overloaded; reconnect later.', IANA),
  entry(
    1014,
    'bad gateway',
    'The server is a gateway or proxy and got an invalid answer from the server behind it.',
    IANA,
  ),
  entry(
    1015,
    'TLS handshake failure',
    'The TLS handshake failed, for example on a certificate. Only reported locally, never sent.',
    RFC,
    false,
  ),
];

const BY_CODE = new Map(CLOSE_CODES.map((known) => [known.code, known]));

/** Finds what the registry says of `code`; undefined for a code without an entry. */
export function describeCloseCode(code: number): CloseCodeEntry | undefined {
  return BY_CODE.get(code);
}

/**
 * Whether `code` may stand in a Close frame, sent or received: 1000-1003, 1007-1014 and 3000-4999
 * (§7.4.1, §7.4.2 and the registry). 1016-2999 are for future revisions of the protocol.
 */
export function isCloseCodeOnTheWire(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

function entry(
  code: number,
  name: string,
  meaning: string,
  source: string,
  onTheWire = true,
): CloseCodeEntry {
  return { code, name, meaning, source, onTheWire };
}
