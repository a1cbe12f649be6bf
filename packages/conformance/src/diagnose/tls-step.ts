// What TLS came to: the certificate, or why there was no handshake.
import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type TLSSocket } from 'node:tls';
import type { FaultCode, Step } from './diagnosis.ts';
import type { Failure } from './dialler.ts';
import { quoted } from './octet-words.ts';
import type { Target } from './target.ts';

type Words = Pick<Step, 'seen' | 'means' | 'advice' | 'fault'>;

/** Judges the certificate. `trusted` is false where clients would end it here. */
export function judgeCertificate(
  socket: TLSSocket,
  target: Target,
  { verify }: { readonly verify: boolean },
): { readonly trusted: boolean; readonly steps: readonly Step[] } {
  const words = certificateFaults(socket, target.host);
  const { name = 'TLS' } = socket.getCipher();
  const protocol = socket.getProtocol() ?? 'TLS';
  if (words.length === 0) {
    const seen = `${protocol} with ${name}, and a certificate that is trusted.`;
    return { trusted: true, steps: [{ name: 'TLS', outcome: 'ok', seen }] };
  }
  return {
    trusted: !verify,
    steps: words.map((one) => ({
      name: 'TLS',
      outcome: verify ? 'wrong' : 'warning',
      ...(verify && { blocks: true as const }),
      rule: 'RFC 6455 §4.1',
      ...one,
    })),
  };
}

function certificateFaults(socket: TLSSocket, host: string): Words[] {
  const found: Words[] = [];
  const peer = socket.getPeerCertificate();
  // Node gives an empty object where there is none.
  const certificate = peer.raw === undefined ? undefined : new X509Certificate(peer.raw);
  const error = socket.authorizationError as unknown;
  const code =
    error instanceof Error
      ? ((error as NodeJS.ErrnoException).code ?? error.message)
      : String(error ?? '');
  if (certificate !== undefined) {
    const now = Date.now();
    const until = Date.parse(certificate.validTo);
    if (until < now) {
      found.push({
        fault: 'certificate-expired',
        seen: `The certificate expired on ${day(until)}.`,
        advice:
          'Renew it, and let the server read the new one: many have to be restarted for that.',
      });
    }
    const from = Date.parse(certificate.validFrom);
    if (from > now) {
      found.push({
        fault: 'certificate-not-yet-valid',
        seen: `The certificate is valid from ${day(from)} on only.`,
        advice: 'Check the clocks of both machines.',
      });
    }
    if (checkServerIdentity(host, peer) !== undefined) {
      found.push({
        fault: 'certificate-wrong-host',
        seen: `The certificate is not for ${host}, but for ${quoted(namesOf(certificate), 200)}.`,
        advice: 'Connect to a name that it is for, or get one that names this host too.',
      });
    }
  }
  const trust = trustFault(code);
  if (trust !== undefined) found.push(trust);
  if (found.length === 0 && !socket.authorized) {
    found.push({
      fault: 'certificate-refused',
      seen: `The certificate is not accepted (${quoted(code)}).`,
      advice: 'Look at it with: openssl s_client -connect HOST:PORT',
    });
  }
  return found;
}

function trustFault(code: string): Words | undefined {
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return {
        fault: 'certificate-self-signed',
        seen: 'The server signed its certificate itself.',
        means:
          'Nobody vouches for it: browsers fail the connection, and show nothing but an error.',
        advice:
          'Give its certificate as the authority to trust (--ca FILE), or get one from a known authority.',
      };
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return {
        fault: 'certificate-unknown-authority',
        seen: `The certificate comes from an authority that is not known here (${code}).`,
        means:
          'Either it is an authority of your own, or the server does not send the certificates in between.',
        advice:
          'Let the server send the whole chain (fullchain.pem); for an authority of your own use --ca FILE.',
      };
    default:
      return undefined;
  }
}

/** Why there was no TLS. @param plain - Whether the port answers HTTP in the clear. */
export function tlsFailed(
  { code, message }: Failure,
  plain: boolean,
  { shown, host }: Target,
): Step {
  return {
    name: 'TLS',
    outcome: 'wrong',
    blocks: true,
    ...wordsOf(code, message, plain, { shown, host }),
  };
}

function wordsOf(
  code: string,
  message: string,
  plain: boolean,
  { shown, host }: Pick<Target, 'shown' | 'host'>,
): Words {
  if (plain) {
    return {
      fault: 'tls-on-plain-port',
      seen: 'The port speaks HTTP in the clear, not TLS.',
      means: 'wss:// begins with TLS, which this server does not understand.',
      advice: `Connect to ${shown.replace(/^wss/, 'ws')}, or to the port where TLS is spoken.`,
    };
  }
  const all = `${code} ${message}`;
  for (const [pattern, fault, seen, advice] of TLS_FAULTS) {
    if (pattern.test(all)) return { fault, seen: `${seen} (${code}).`, advice };
  }
  if (code === 'TIMEOUT') {
    return {
      fault: 'tls-timeout',
      seen: 'TCP is connected, but the server never answered the beginning of TLS.',
      means: 'It does not speak TLS on this port, or it is stuck.',
      advice: 'Check the port; look whether the server serves one client at a time.',
    };
  }
  return {
    fault: 'tls-failed',
    seen: `TLS could not be agreed on (${quoted(code)}).`,
    means:
      'Perhaps the port does not speak TLS, or server and client have no version or cipher in common.',
    advice: `Check the port, and the server's log for what it says about ${host}.`,
  };
}

const TLS_FAULTS: readonly (readonly [RegExp, FaultCode, string, string])[] = [
  [
    /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_(?:LOW|HIGH)/,
    'tls-version',
    'Server and client have no version of TLS in common',
    'Let the server speak TLS 1.2 and 1.3: browsers take nothing older.',
  ],
  [
    /NO_APPLICATION_PROTOCOL/,
    'tls-alpn',
    'The server does not want to speak HTTP/1.1 (ALPN)',
    'Let it offer "http/1.1" beside "h2": an upgrade to WebSocket needs it.',
  ],
  [
    /UNRECOGNIZED_NAME/,
    'tls-server-name',
    'The server has no certificate for this name (SNI)',
    'Check the host in the URL, and the names that the server is set up for.',
  ],
  [
    /CERTIFICATE_REQUIRED|BAD_CERTIFICATE/,
    'tls-client-certificate',
    'The server wants a certificate of the client',
    'Connect with a client that has one: this command cannot.',
  ],
];

/** Whether reading failed because a certificate of the client is missing: with TLS 1.3 it comes after the handshake. */
export function wantsClientCertificate(code: string | undefined): boolean {
  return code !== undefined && /CERTIFICATE_REQUIRED|BAD_CERTIFICATE/.test(code);
}

function namesOf(certificate: X509Certificate): string {
  return certificate.subjectAltName ?? certificate.subject ?? 'nobody';
}

function day(time: number): string {
  return Number.isNaN(time) ? 'an unknown day' : new Date(time).toISOString().slice(0, 10);
}
