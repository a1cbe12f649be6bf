import {
  type HandshakeCode,
  HandshakeError,
  HeaderFields,
  parseAuthority,
  type RequestHead,
  readUpgradeRequest,
} from 'meerkat/protocol';
import { extensionsIn } from './deflate-answer.ts';
import { offerWords } from './extension-words.ts';
import { FieldMarks } from './field-marks.ts';
import type { AnnotatedHead, AnnotationOptions, HandshakeVerdict } from './head-annotations.ts';
import { withField, without } from './repaired-head.ts';
import { redactTarget } from './secrets.ts';

const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const MAX_HEADER_LINES = 128;
/** More than the engine can find, so that a fault that no repair heals ends the search. */
const MAX_FAULTS = 16;

/** The fields that the opening handshake has rules for. */
const RULED: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'upgrade',
]);

/**
 * Takes a request apart, field by field. Where it asks for a WebSocket, everything that our engine refuses is marked,
 * not only what it refuses first: what is found is repaired in a copy, and the engine is asked again.
 */
export function annotateRequest(head: RequestHead, options: AnnotationOptions = {}): AnnotatedHead {
  const marks = new FieldMarks(head.rawHeaders);
  const target = options.showSecrets === true ? head.target : redactTarget(head.target);
  const text = `${head.method} ${target} HTTP/${head.httpVersion}`;
  if (!asksForWebSocket(head)) {
    return {
      firstLine: { text, verdict: 'plain' },
      fields: marks.fields(new Set(), options),
      handshake: undefined,
    };
  }
  const lineNotes: string[] = [];
  const handshake = markFaults(head, marks, lineNotes);
  marks.explain('Sec-WebSocket-Extensions', offerWords(extensionsIn(head)));
  return {
    firstLine:
      lineNotes.length === 0
        ? { text, verdict: 'fine' }
        : { text, verdict: 'wrong', note: lineNotes.join('; ') },
    fields: marks.fields(RULED, options),
    handshake,
  };
}

/** Whether a request means to open a WebSocket, in the right way or not. */
export function asksForWebSocket({ rawHeaders }: RequestHead): boolean {
  const fields = new HeaderFields(rawHeaders);
  return (
    fields.all('upgrade').some((value) => /(?:^|[\s,])websocket/i.test(value)) ||
    fields.all('sec-websocket-key').length > 0 ||
    fields.all('sec-websocket-key1').length > 0 ||
    fields.all('sec-websocket-version').length > 0
  );
}

/** What our engine refuses first; undefined when it accepts the request. */
export function requestFault(head: RequestHead): HandshakeError | undefined {
  try {
    readUpgradeRequest(head);
    return undefined;
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
}

function markFaults(head: RequestHead, marks: FieldMarks, lineNotes: string[]): HandshakeVerdict {
  let verdict: HandshakeVerdict = { fine: true };
  let current = head;
  for (let found = 0; found < MAX_FAULTS; found += 1) {
    const fault = requestFault(current);
    if (fault === undefined) break;
    const { code, message, status } = fault;
    if (verdict.fine) verdict = { fine: false, code, message, status };
    const repaired = mark(code, current, marks, lineNotes);
    if (repaired === undefined) break;
    current = repaired;
  }
  return verdict;
}

/** Marks one fault; answers the request without it, or undefined for one that is not in the head. */
function mark(
  code: HandshakeCode,
  head: RequestHead,
  marks: FieldMarks,
  lineNotes: string[],
): RequestHead | undefined {
  switch (code) {
    case 'WS_REQUEST_HTTP_VERSION':
      lineNotes.push('WebSocket needs HTTP/1.1 (RFC 6455 §4.1)');
      return { ...head, httpVersion: '1.1' };
    case 'WS_REQUEST_METHOD':
      lineNotes.push('only GET can be upgraded (RFC 6455 §4.1)');
      return { ...head, method: 'GET' };
    case 'WS_REQUEST_TARGET_TOO_LONG':
      lineNotes.push('the target is too long (RFC 9110 §15.5.15)');
      return { ...head, target: '/' };
    case 'WS_REQUEST_TARGET':
      lineNotes.push('the target is no path, or names another host than Host (RFC 9112 §3.2)');
      return { ...head, target: '/' };
    case 'WS_REQUEST_HEADER_LINES':
      marks.wrongFrom(MAX_HEADER_LINES, `beyond ${MAX_HEADER_LINES} lines (RFC 6585 §5)`);
      return { ...head, rawHeaders: keepRuled(head.rawHeaders) };
    case 'WS_REQUEST_BODY': {
      const note = 'an upgrade request has no body (RFC 6455 §4.1, RFC 9110 §9.3.1)';
      for (const name of ['Transfer-Encoding', 'Content-Length']) {
        if (marks.values(name).length > 0) marks.wrong(name, note);
      }
      return without(head, ['transfer-encoding', 'content-length']);
    }
    case 'WS_REQUEST_HOST':
      marks.wrong('Host', 'exactly one host, with its port, is needed (RFC 9112 §3.2)');
      return withField(head, 'Host', hostOf(head.target));
    case 'WS_REQUEST_UPGRADE':
      return markUpgrade(head, marks);
    case 'WS_REQUEST_VERSION':
      marks.wrong('Sec-WebSocket-Version', 'must be 13, exactly once (RFC 6455 §4.2.1)');
      return withField(head, 'Sec-WebSocket-Version', '13');
    case 'WS_REQUEST_KEY':
      marks.wrong(
        'Sec-WebSocket-Key',
        `must be 16 octets in base64, exactly once (RFC 6455 §4.2.1)${draft(marks)}`,
      );
      return withField(head, 'Sec-WebSocket-Key', SAMPLE_KEY);
    case 'WS_REQUEST_SUBPROTOCOL':
      marks.wrong(
        'Sec-WebSocket-Protocol',
        'must be a list of tokens, none of them twice (RFC 6455 §4.1)',
      );
      return without(head, ['sec-websocket-protocol']);
    case 'WS_REQUEST_EXTENSIONS':
      marks.wrong('Sec-WebSocket-Extensions', 'is malformed (RFC 6455 §9.1)');
      return without(head, ['sec-websocket-extensions']);
    default:
      return undefined;
  }
}

/** The engine has one code for both fields: one is repaired to hear what it says of the other. */
function markUpgrade(head: RequestHead, marks: FieldMarks): RequestHead {
  const upgraded = withField(head, 'Upgrade', 'websocket');
  const connected = withField(head, 'Connection', 'Upgrade');
  if (requestFault(connected)?.code === 'WS_REQUEST_UPGRADE') {
    marks.wrong('Upgrade', 'must be websocket, exactly once (RFC 6455 §4.2.1)');
  }
  if (requestFault(upgraded)?.code === 'WS_REQUEST_UPGRADE') {
    marks.wrong('Connection', 'must have upgrade among its tokens (RFC 6455 §4.2.1)');
  }
  return withField(upgraded, 'Connection', 'Upgrade');
}

/** The draft hixie-76, which browsers spoke before 2011, had two keys and eight octets of body. */
function draft(marks: FieldMarks): string {
  return marks.values('Sec-WebSocket-Key1').length > 0 ? '; this is the draft hixie-76' : '';
}

function hostOf(target: string): string {
  const named = /^[a-z]+:\/\/([^/?#]+)/i.exec(target)?.[1] ?? '';
  return parseAuthority(named) === undefined ? 'localhost' : named;
}

function keepRuled(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length && kept.length < 2 * MAX_HEADER_LINES; at += 2) {
    const name = raw[at] ?? '';
    if (RULED.has(name.toLowerCase())) kept.push(name, raw[at + 1] ?? '');
  }
  return kept;
}
