import {
  acceptKey,
  type HandshakeCode,
  HandshakeError,
  HeaderFields,
  parseSubprotocols,
  plainPrimitives,
  type RequestHead,
  type ResponseHead,
  readUpgradeResponse,
  type UpgradeOffer,
} from 'meerkat/protocol';
import { asksForWebSocket, requestFault } from './annotate-request.ts';
import { ANY_TERMS, DEFLATE, extensionsIn, unfitAnswer } from './deflate-answer.ts';
import { answerWords, declinedWords } from './extension-words.ts';
import { FieldMarks } from './field-marks.ts';
import type { AnnotatedHead, AnnotationOptions, HandshakeVerdict } from './head-annotations.ts';
import { withField, without } from './repaired-head.ts';

const MAX_HEADER_LINES = 128;
const MAX_FAULTS = 16;
/** What RFC 6455 §1.3 answers to its example key: found in servers that answer it to every key. */
const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const RULED: ReadonlySet<string> = new Set([
  'connection',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'upgrade',
]);

/** For SHA-1; nothing here is random. */
const primitives = plainPrimitives(() => {});

/** The head of a response, with what stands behind its status. */
export interface AnnotatedResponseHead extends ResponseHead {
  readonly reason: string;
}

/**
 * Takes a response apart, field by field. Where it answers a request for a WebSocket, or is a 101 to one, everything
 * that our engine refuses is marked.
 *
 * @param request - What it answers, where that is known; without it, what depends on the request is not judged.
 */
export function annotateResponse(
  head: AnnotatedResponseHead,
  request?: RequestHead,
  options: AnnotationOptions = {},
): AnnotatedHead {
  const marks = new FieldMarks(head.rawHeaders);
  const text = `HTTP/${head.httpVersion} ${head.status} ${head.reason}`.trimEnd();
  if (!answersWebSocket(head, request)) {
    return {
      firstLine: { text, verdict: 'plain' },
      fields: marks.fields(new Set(), options),
      handshake: undefined,
    };
  }
  const lineNotes: string[] = [];
  const handshake = markFaults(head, request, marks, lineNotes, options.showSecrets === true);
  const agreed = extensionsIn(head);
  marks.explain('Sec-WebSocket-Extensions', answerWords(agreed));
  const isSilent = head.status === 101 && marks.values('Sec-WebSocket-Extensions').length === 0;
  const offers = isSilent && request !== undefined ? extensionsIn(request) : [];
  return {
    firstLine:
      lineNotes.length === 0
        ? { text, verdict: 'fine' }
        : { text, verdict: 'wrong', note: lineNotes.join('; ') },
    fields: marks.fields(head.status === 101 ? RULED : new Set(), options),
    remarks: declinedWords(offers),
    handshake,
  };
}

function answersWebSocket(head: AnnotatedResponseHead, request: RequestHead | undefined): boolean {
  if (request !== undefined && asksForWebSocket(request))
    return head.status >= 200 || head.status === 101;
  const upgrades = new HeaderFields(head.rawHeaders).all('upgrade');
  return head.status === 101 && upgrades.every((value) => /websocket/i.test(value));
}

function markFaults(
  head: AnnotatedResponseHead,
  request: RequestHead | undefined,
  marks: FieldMarks,
  lineNotes: string[],
  showSecrets: boolean,
): HandshakeVerdict {
  let verdict: HandshakeVerdict = { fine: true };
  let current: ResponseHead = request === undefined ? withAccept(head, '') : head;
  const offer = request === undefined ? offerOf(current) : offered(request);
  for (let found = 0; found < MAX_FAULTS; found += 1) {
    const fault = responseFault(current, offer);
    if (fault === undefined) break;
    if (verdict.fine) {
      const { code } = fault;
      verdict = { fine: false, code, message: messageOf(fault, showSecrets), status: 0 };
    }
    const repaired = mark(fault.code, current, { marks, lineNotes, offer });
    if (repaired === undefined) break;
    current = repaired;
  }
  const unlooked = head.status === 101 && request !== undefined ? requestFault(request) : undefined;
  if (unlooked !== undefined) {
    lineNotes.push(`a 101 to a request that must be refused: ${unlooked.message}`);
    if (verdict.fine) {
      const { code, message, status } = unlooked;
      verdict = { fine: false, code, message: `the request must be refused: ${message}`, status };
    }
  }
  return verdict;
}

interface Marking {
  readonly marks: FieldMarks;
  readonly lineNotes: string[];
  readonly offer: UpgradeOffer;
}

/** Marks one fault; answers the response without it, or undefined where nothing else counts. */
function mark(
  code: HandshakeCode,
  head: ResponseHead,
  { marks, lineNotes, offer }: Marking,
): ResponseHead | undefined {
  switch (code) {
    case 'WS_RESPONSE_STATUS':
      lineNotes.push('the server did not upgrade (RFC 6455 §4.1)');
      return undefined;
    case 'WS_RESPONSE_HTTP_VERSION':
      lineNotes.push('WebSocket needs HTTP/1.1 (RFC 6455 §4.2.2)');
      return { ...head, httpVersion: '1.1' };
    case 'WS_RESPONSE_HEADERS':
      marks.wrongFrom(MAX_HEADER_LINES, `beyond ${MAX_HEADER_LINES} lines`);
      return { ...head, rawHeaders: head.rawHeaders.slice(0, MAX_HEADER_LINES) };
    case 'WS_RESPONSE_BODY':
      for (const name of ['Transfer-Encoding', 'Content-Length']) {
        if (marks.values(name).length > 0) {
          marks.wrong(name, 'a 101 has no body (RFC 9110 §8.6, RFC 9112 §6.1)');
        }
      }
      return without(head, ['transfer-encoding', 'content-length']);
    case 'WS_RESPONSE_UPGRADE':
      marks.wrong('Upgrade', 'must be websocket, exactly once (RFC 6455 §4.1)');
      return withField(head, 'Upgrade', 'websocket');
    case 'WS_RESPONSE_CONNECTION':
      marks.wrong('Connection', 'must have upgrade among its tokens (RFC 6455 §4.1)');
      return withField(head, 'Connection', 'Upgrade');
    case 'WS_RESPONSE_ACCEPT':
      marks.wrong('Sec-WebSocket-Accept', acceptNote(marks, offer));
      return withField(head, 'Sec-WebSocket-Accept', acceptKey(offer.key, primitives));
    case 'WS_RESPONSE_SUBPROTOCOL':
      marks.wrong(
        'Sec-WebSocket-Protocol',
        'must be exactly one that the client offered (RFC 6455 §4.1)',
      );
      return without(head, ['sec-websocket-protocol']);
    case 'WS_RESPONSE_EXTENSION':
      marks.wrong('Sec-WebSocket-Extensions', extensionNote(head, offer));
      return without(head, ['sec-websocket-extensions']);
    default:
      return undefined;
  }
}

/** Says which value would be right, and how the wrong one may have come about. */
function acceptNote(marks: FieldMarks, { key }: UpgradeOffer): string {
  if (key === '') return 'must be there exactly once (RFC 6455 §4.2.2)';
  const right = acceptKey(key, primitives);
  const rule = `must be ${right}, exactly once (RFC 6455 §4.2.2)`;
  const [value = ''] = marks.values('Sec-WebSocket-Accept');
  if (value === SAMPLE_ACCEPT) return `${rule}; this is the answer to the RFC's example key`;
  if (value === key) return `${rule}; this is the key itself`;
  const decoded = Buffer.from(value, 'base64');
  if (/^[0-9a-f]{40}$/i.test(decoded.toString('latin1'))) {
    const digits = Buffer.from(right, 'base64').toString('hex');
    return decoded.toString('latin1').toLowerCase() === digits
      ? `${rule}; this is base64 of the digest's hex digits, not of its 20 octets`
      : `${rule}; this is base64 of 40 hex digits, not of the 20 octets of a digest`;
  }
  return rule;
}

function extensionNote(head: ResponseHead, offer: UpgradeOffer): string {
  const answer = extensionsIn(head).find(({ name }) => name === DEFLATE);
  if (answer === undefined || offer.deflate === undefined) {
    return 'is malformed, or has an extension that the client did not offer (RFC 6455 §4.1)';
  }
  const problem = unfitAnswer(answer, offer.extensions);
  return problem ?? 'has what no server may answer (RFC 6455 §4.1, RFC 7692 §7.1)';
}

/** Quotes no subprotocol, which may be a token: the field has it, redacted. */
function messageOf(fault: HandshakeError, showSecrets: boolean): string {
  const { code, message } = fault;
  const isQuoting = code === 'WS_RESPONSE_SUBPROTOCOL' && !showSecrets;
  return isQuoting ? new HandshakeError(code).message : message;
}

function responseFault(head: ResponseHead, offer: UpgradeOffer): HandshakeError | undefined {
  try {
    const { extensions } = readUpgradeResponse(head, offer, primitives);
    const answer = extensions.find(({ name }) => name === DEFLATE);
    const detail = answer === undefined ? undefined : unfitAnswer(answer, offer.extensions);
    return detail === undefined
      ? undefined
      : new HandshakeError('WS_RESPONSE_EXTENSION', { status: head.status, detail });
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
}

/** What a request offers, as far as it can be read. */
function offered({ rawHeaders }: RequestHead): UpgradeOffer {
  const fields = new HeaderFields(rawHeaders);
  const extensions = extensionsIn({ rawHeaders });
  return {
    key: fields.all('sec-websocket-key')[0] ?? '',
    subprotocols: parseSubprotocols(fields.combined('sec-websocket-protocol') ?? '') ?? [],
    extensions,
    deflate: extensions.some(({ name }) => name === DEFLATE) ? ANY_TERMS : undefined,
  };
}

/** An offer that every answer fits. */
function offerOf({ rawHeaders }: ResponseHead): UpgradeOffer {
  return { ...offered({ method: 'GET', httpVersion: '1.1', target: '/', rawHeaders }), key: '' };
}

/** The response with the right Accept in place of the one it has; one that is missing stays so. */
function withAccept(head: ResponseHead, key: string): ResponseHead {
  const { rawHeaders } = head;
  const right = acceptKey(key, primitives);
  return {
    ...head,
    rawHeaders: rawHeaders.map((text, at) =>
      at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === 'sec-websocket-accept' ? right : text,
    ),
  };
}
