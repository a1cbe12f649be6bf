import type { HandshakeError } from 'meerkat';
import { HANDSHAKE_ADVICE } from '../explain/error-advice.ts';
import { networkAdvice, STATUS_ADVICE } from '../explain/network-advice.ts';
import { redactTarget } from '../handshake/secrets.ts';
import { oneLine } from '../terminal/escape-controls.ts';

/** Characters of a refusal's body that are shown. */
const MAX_BODY = 200;

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
  const advice = networkAdvice(code, message);
  if (advice !== undefined) return advice;
  return `${message.replace(/^cannot connect: /, '')}: ${HANDSHAKE_ADVICE.MEERKAT_CONNECT_FAILED}`;
}
