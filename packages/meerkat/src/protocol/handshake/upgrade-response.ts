// The server's opening handshake: how it is built (RFC 6455 §4.2.2) and checked by the client (§4.1).
import type { Primitives } from '../primitives.ts';
import { UsageError } from '../usage-error.ts';
import { acceptKey } from './accept-key.ts';
import { ACCEPT_LENGTH, writeAccept } from './accept-octets.ts';
import {
  type ExtensionOffer,
  formatExtensions,
  parseExtensions,
  unofferedExtension,
} from './extension-header.ts';
import { type HandshakeCode, HandshakeError, type HeaderList } from './handshake-error.ts';
import { HeaderFields, isFieldValue, isToken, MAX_HEADER_LINES } from './header-fields.ts';
import { asciiOctets } from './octet-classes.ts';
import { type DeflateAgreement, readDeflateAnswer } from './permessage-deflate.ts';
import type { UpgradeOffer, UpgradeRequest } from './upgrade-request.ts';

/** What a server agrees to. */
export interface UpgradeAnswer {
  /** One that the client offered; empty for none. */
  readonly subprotocol: string;
  /** Extensions agreed on; each was offered. */
  readonly extensions: readonly ExtensionOffer[];
  /** Further header fields, for example Set-Cookie. */
  readonly headers: HeaderList;
}

/** Header fields that belong to the handshake or to HTTP itself. */
const OURS = new Set([
  'connection',
  'content-length',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
]);

const HEAD =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ';
/** A response that says nothing but what every response says, for whatever key. */
const plain: Uint8Array = Uint8Array.from(
  asciiOctets(`${HEAD}${'='.repeat(ACCEPT_LENGTH)}\r\n\r\n`),
);

/**
 * What {@link buildUpgradeResponse} gives for no subprotocol, no extensions and no further fields, as octets.
 *
 * @returns Memory that the next call uses again.
 */
export function plainUpgradeResponse({ key }: Pick<UpgradeRequest, 'key'>): Uint8Array {
  writeAccept(key, plain, HEAD.length);
  return plain;
}

/**
 * The whole head of the 101 response, its empty line included.
 *
 * @throws {@link UsageError} for a subprotocol or an extension that the client did not offer, or a header field that may
 * not be sent.
 */
export function buildUpgradeResponse(
  request: UpgradeRequest,
  answer: UpgradeAnswer,
  primitives: Primitives,
): string {
  const { subprotocol, extensions, headers } = answer;
  if (subprotocol !== '' && !request.subprotocols.includes(subprotocol)) {
    throw new UsageError(
      'MEERKAT_HANDSHAKE_VALUE',
      `the client did not offer the subprotocol ${JSON.stringify(subprotocol)}`,
    );
  }
  const unoffered = unofferedExtension(extensions, request.extensions);
  if (unoffered !== undefined) {
    throw new UsageError(
      'MEERKAT_HANDSHAKE_VALUE',
      `the extension ${JSON.stringify(unoffered)} was not offered, or is there twice`,
    );
  }
  checkHeaders(headers);
  let head = `${HEAD}${acceptKey(request.key, primitives)}\r\n`;
  if (subprotocol !== '') head += `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  if (extensions.length > 0)
    head += `Sec-WebSocket-Extensions: ${formatExtensions(extensions)}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}

/**
 * Refuses header fields that would break the message they stand in, or that the handshake itself sets.
 *
 * @throws {@link UsageError} that names the field.
 */
export function checkHeaders(headers: HeaderList): void {
  for (const [name, value] of headers) {
    if (!isToken(name) || OURS.has(name.toLowerCase()) || !isFieldValue(value)) {
      throw new UsageError('MEERKAT_HANDSHAKE_VALUE', `header field ${JSON.stringify(name)}`);
    }
  }
}

/** The head of an HTTP response, as an HTTP parser leaves it. */
export interface ResponseHead {
  readonly status: number;
  /** `1.1` */
  readonly httpVersion: string;
  /** Name, value, name, value, … */
  readonly rawHeaders: readonly string[];
}

/** What the server agreed to. */
export interface UpgradeAgreement {
  /** Empty for none. */
  readonly subprotocol: string;
  readonly extensions: readonly ExtensionOffer[];
  /** What the answer says about permessage-deflate, where it was offered. */
  readonly deflate: DeflateAgreement | undefined;
}

/**
 * Checks the server's answer against what was asked for.
 *
 * @throws {@link HandshakeError} that says what is wrong.
 */
export function readUpgradeResponse(
  head: ResponseHead,
  offer: UpgradeOffer,
  primitives: Primitives,
): UpgradeAgreement {
  const fields = new HeaderFields(head.rawHeaders);
  const refuse: (code: HandshakeCode, detail?: string) => never = (code, detail) => {
    throw new HandshakeError(code, {
      status: head.status,
      headers: headerList(head.rawHeaders),
      ...(detail === undefined ? {} : { detail }),
    });
  };
  if (head.status !== 101) refuse('WS_RESPONSE_STATUS', `${head.status}`);
  if (head.httpVersion !== '1.1') refuse('WS_RESPONSE_HTTP_VERSION', head.httpVersion);
  if (fields.lines > MAX_HEADER_LINES) refuse('WS_RESPONSE_HEADERS', `${fields.lines} lines`);
  if (fields.all('transfer-encoding').length > 0 || fields.all('content-length').length > 0) {
    refuse('WS_RESPONSE_BODY');
  }
  if (fields.single('upgrade')?.toLowerCase() !== 'websocket') refuse('WS_RESPONSE_UPGRADE');
  if (!fields.hasToken('connection', 'upgrade')) refuse('WS_RESPONSE_CONNECTION');
  const accepts = fields.all('sec-websocket-accept');
  if (accepts.length !== 1) {
    refuse('WS_RESPONSE_ACCEPT', accepts.length === 0 ? 'it is missing' : 'it is there twice');
  }
  if (accepts[0] !== acceptKey(offer.key, primitives)) {
    refuse('WS_RESPONSE_ACCEPT', 'it does not belong to our key');
  }
  const protocols = fields.all('sec-websocket-protocol');
  const [subprotocol = ''] = protocols;
  if (protocols.length > 1) refuse('WS_RESPONSE_SUBPROTOCOL', 'it is there twice');
  if (protocols.length === 1 && !offer.subprotocols.includes(subprotocol)) {
    refuse('WS_RESPONSE_SUBPROTOCOL', `${JSON.stringify(subprotocol)} was not offered`);
  }
  if (protocols.length === 0 && offer.requireSubprotocol === true) {
    refuse('WS_RESPONSE_SUBPROTOCOL', 'none was chosen');
  }
  const extensions = agreedExtensions(fields, offer, refuse);
  return { subprotocol, extensions, deflate: agreedDeflate(extensions, offer, refuse) };
}

function agreedExtensions(
  fields: HeaderFields,
  offer: UpgradeOffer,
  refuse: (code: HandshakeCode, detail: string) => never,
): readonly ExtensionOffer[] {
  const value = fields.combined('sec-websocket-extensions');
  if (value === undefined) return [];
  const extensions = parseExtensions(value);
  if (extensions === undefined) return refuse('WS_RESPONSE_EXTENSION', 'the field is malformed');
  // "If the response includes an extension that was not requested, the client MUST fail the connection." (§4.1)
  const unoffered = unofferedExtension(extensions, offer.extensions);
  if (unoffered !== undefined) refuse('WS_RESPONSE_EXTENSION', unoffered);
  return extensions;
}

function agreedDeflate(
  extensions: readonly ExtensionOffer[],
  { deflate: terms }: UpgradeOffer,
  refuse: (code: HandshakeCode, detail: string) => never,
): DeflateAgreement | undefined {
  const answer = extensions.find(({ name }) => name === 'permessage-deflate');
  if (answer === undefined || terms === undefined) return undefined;
  const agreement = readDeflateAnswer(answer, terms);
  return typeof agreement === 'string' ? refuse('WS_RESPONSE_EXTENSION', agreement) : agreement;
}

/** Pairs up what an HTTP parser leaves as one flat list. */
export function headerList(raw: readonly string[]): HeaderList {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    pairs.push([raw[at] as string, raw[at + 1] as string]);
  }
  return pairs;
}
