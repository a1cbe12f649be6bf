import type { HandshakeError } from 'meerkat';
import { HANDSHAKE_ADVICE } from '../explain/error-advice.ts';
import { redactTarget } from '../handshake/secrets.ts';
import { oneLine } from '../terminal/escape-controls.ts';

/** Characters of a refusal's body that are shown. */
const MAX_BODY = 200;

/** What to do about a status in place of 101. */
const STATUS_ADVICE: Readonly<Record<number, string>> = {
  200: 'an ordinary web page answers there: check the path.',
  400: 'something in the request is wrong, or there is no WebSocket at this path.',
  401: "it wants credentials: --header 'Authorization: …', or user:password@ in the URL.",
  403: 'it may want another Origin (--origin), or other credentials (--header).',
  404: 'check the path.',
  405: 'check the path.',
  407: 'a proxy wants credentials.',
  426: 'it wants another version of the protocol, or of HTTP.',
  429: 'too many requests: wait, then try again.',
  500: "the server failed: look into the server's log.",
  502: 'the server behind the gateway is down, or does not speak WebSocket.',
  503: 'the server is overloaded or being stopped: try again later.',
  504: 'the server behind the gateway did not answer.',
};

/** What to do about an error of the network or of TLS, by its code. */
const ERRNO_ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired: renew it; --insecure connects all the same.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'trust this certificate with --ca FILE.',
  EACCES: 'not permitted: check who may use the unix socket.',
  EADDRNOTAVAIL: 'check the address and the port.',
  EAI_AGAIN: 'the name server does not answer: check the network.',
  ECONNREFUSED: 'nobody listens there: check host and port, and whether the server runs.',
  ECONNRESET: 'the server hung up: it may want the other of ws:// and wss://.',
  EHOSTUNREACH: 'the network has no way to this host.',
  ENETUNREACH: 'the network has no way to this host.',
  ENOENT: 'there is no such unix socket: check its path, and whether the server runs.',
  ENOTFOUND: 'there is no such host: check its name.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for another name: use that name in the URL, or look whom you reached.',
  ETIMEDOUT: 'no answer: check host and port, and whether a firewall is in between.',
  SELF_SIGNED_CERT_IN_CHAIN: 'trust its authority with --ca FILE.',
  UNABLE_TO_GET_ISSUER_CERT: 'trust its authority with --ca FILE.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'trust its authority with --ca FILE.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'trust its authority with --ca FILE.',
};

/** What OpenSSL says of an answer that is no TLS. */
const NO_TLS = /wrong version number|packet length too long|http request|unknown protocol/;

/** Says in one line what went wrong with an opening handshake, and what to do. */
export function describeHandshakeError(error: HandshakeError, url: string): string {
  switch (error.code) {
    case 'MEERKAT_ABORTED':
      return `${url}: interrupted before the connection was open`;
    case 'MEERKAT_CONNECT_FAILED':
      return `${url}: cannot connect: ${networkFailure(error)}`;
    case 'WS_RESPONSE_STATUS':
      return `${url} refused: ${refusal(error)}`;
    default:
      return `${url}: ${error.message}. ${HANDSHAKE_ADVICE[error.code]}`;
  }
}

function refusal(error: HandshakeError): string {
  const { status, message } = error;
  const answer = message.replace(/^.*?: /, ''); // "the server did not upgrade: 404 Not Found"
  const location = field(error, 'location');
  const advice =
    status >= 300 && status < 400 && location !== undefined
      ? `it is at ${redactTarget(location)} now: connect there.`
      : (STATUS_ADVICE[status] ?? HANDSHAKE_ADVICE.WS_RESPONSE_STATUS);
  return `${answer}${said(error)}: ${advice}`;
}

/** The beginning of the body, where it is meant for people to read. */
function said(error: HandshakeError): string {
  const type = field(error, 'content-type') ?? 'text/plain';
  const text = error.body?.trim() ?? '';
  if (text === '' || !/^(?:text\/plain|application\/(?:[a-z.]+\+)?json)/i.test(type)) return '';
  return ` (it says "${oneLine(text, MAX_BODY)}")`;
}

function field({ headers }: HandshakeError, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function networkFailure({ message, cause }: HandshakeError): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  // "write EPROTO …:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…"
  const tls = /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1];
  if (tls !== undefined) {
    return NO_TLS.test(tls)
      ? `the server speaks no TLS at this port (${tls}): try ws:// in place of wss://.`
      : `the TLS handshake failed (${tls}): it may want a client certificate, or another version of TLS.`;
  }
  const advice = ERRNO_ADVICE[code];
  if (advice !== undefined) return `${code}: ${advice}`;
  return `${message.replace(/^cannot connect: /, '')}: ${HANDSHAKE_ADVICE.MEERKAT_CONNECT_FAILED}`;
}
