// Whether a server's answer opens the connection (RFC 6455 §4.1), for a client with its habits.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { deflateParams, parseExtensions } from './field-list.ts';
import { acceptFor, valuesOf } from './upgrade-check.ts';

/** What of an answer a client may not look at. */
type Unlooked = 'accept' | 'upgrade' | 'connection' | 'subprotocol' | 'extensions';

/** What a client does besides echoing. */
export interface ClientHabits {
  readonly key: () => string;
  /** Its Sec-WebSocket-Extensions. */
  readonly offer: string | undefined;
  readonly unlooked: readonly Unlooked[];
}

/** The cases need none, and it is there to be unequal to what a server may answer. */
export const OFFERED_PROTOCOL = 'echo.meerkat';

export const CORRECT_CLIENT: ClientHabits = {
  key: () => randomBytes(16).toString('base64'),
  offer: 'permessage-deflate; client_max_window_bits',
  unlooked: [],
};

const MAX_LINES = 128;

/** Why it may not be taken; undefined when it is right. */
export function answerDefect(
  answer: IncomingMessage,
  key: string,
  { offer, unlooked }: ClientHabits,
): string | undefined {
  const looksAt = (what: Unlooked) => !unlooked.includes(what);
  if (answer.statusCode !== 101 || answer.httpVersion !== '1.1') return 'not HTTP/1.1 101';
  if (answer.rawHeaders.length / 2 > MAX_LINES) return 'too many lines';
  if (valuesOf(answer, 'content-length').length > 0) return 'a 101 with a length';
  if (valuesOf(answer, 'transfer-encoding').length > 0) return 'a 101 with a body';
  const upgrade = valuesOf(answer, 'upgrade');
  if (looksAt('upgrade') && (upgrade.length !== 1 || upgrade[0]?.toLowerCase() !== 'websocket')) {
    return 'Upgrade';
  }
  const connection = valuesOf(answer, 'connection').join(',').toLowerCase().split(',');
  if (looksAt('connection') && !connection.some((token) => token.trim() === 'upgrade')) {
    return 'Connection';
  }
  const accept = valuesOf(answer, 'sec-websocket-accept');
  if (looksAt('accept') && (accept.length !== 1 || accept[0] !== acceptFor(key))) return 'Accept';
  const protocols = valuesOf(answer, 'sec-websocket-protocol');
  const asked = protocols.length === 0 || protocols.join(',') === OFFERED_PROTOCOL;
  if (looksAt('subprotocol') && !asked) return 'a subprotocol that was not asked for';
  const extensions = valuesOf(answer, 'sec-websocket-extensions');
  if (looksAt('extensions') && extensions.length > 0 && !isOffered(extensions.join(','), offer)) {
    return 'an extension that was not asked for';
  }
  return undefined;
}

function isOffered(field: string, offer: string | undefined): boolean {
  const extensions = parseExtensions(field);
  const [extension] = extensions ?? [];
  if (offer === undefined || extensions?.length !== 1 || extension === undefined) return false;
  if (extension.name !== 'permessage-deflate') return false;
  const params = deflateParams(extension);
  // Without a value client_max_window_bits is for offers (RFC 7692 §7.1.2.2).
  return params !== undefined && params.clientMaxWindowBits !== true;
}
