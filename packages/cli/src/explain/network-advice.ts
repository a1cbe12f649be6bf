// What to do where no connection comes about: for all commands that dial.

/** What to do about a status in place of 101. */
export const STATUS_ADVICE: Readonly<Record<number, string>> = {
  200: 'an ordinary web page answers there: check the path.',
  400: 'something in the request is wrong, or there is no WebSocket at this path.',
  401: "it wants credentials: --header 'Authorization: …' (-H), or user:password@ in the URL.",
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
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'trust this certificate with --ca FILE; --insecure connects all the same.',
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
  SELF_SIGNED_CERT_IN_CHAIN:
    'trust its authority with --ca FILE; --insecure connects all the same.',
  UNABLE_TO_GET_ISSUER_CERT:
    'trust its authority with --ca FILE; --insecure connects all the same.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'trust its authority with --ca FILE; --insecure connects all the same.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'trust its authority with --ca FILE; --insecure connects all the same.',
};

/** What OpenSSL says of an answer that is no TLS. */
const NO_TLS = /wrong version number|packet length too long|http request|unknown protocol/;

/**
 * What ended a dial, and what to do; undefined where nothing is known of it.
 *
 * @param code - Of the error, as `ECONNREFUSED`.
 * @param message - Of the error: OpenSSL says there what was wrong.
 */
export function networkAdvice(code: string, message: string): string | undefined {
  // "write EPROTO …:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…"
  const tls = /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1];
  if (tls !== undefined) {
    return NO_TLS.test(tls)
      ? `the server speaks no TLS at this port (${tls}): try ws:// in place of wss://.`
      : `the TLS handshake failed (${tls}): it may want a client certificate (--cert FILE --key FILE), or another version of TLS.`;
  }
  const advice = Object.hasOwn(ERRNO_ADVICE, code) ? ERRNO_ADVICE[code] : undefined;
  return advice === undefined ? undefined : `${code}: ${advice}`;
}
