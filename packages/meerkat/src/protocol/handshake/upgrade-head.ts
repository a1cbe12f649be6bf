// The one shape of request that is an upgrade, read from its octets (RFC 6455 §4.2.1, RFC 9112).
//
// Strict on purpose: any two HTTP parsers read alike what is taken here. Whatever else a client may send, an upgrade in an
// unusual form too, is left to an HTTP parser, which then sees all of it. So nothing is refused here: it is not taken.
import type { Primitives } from '../primitives.ts';
import { parseExtensions } from './extension-header.ts';
import { Field, fieldOf } from './field-names.ts';
import { MAX_HEADER_LINES } from './header-fields.ts';
import {
  asciiOctets,
  matching,
  skipBlanks,
  skipClass,
  TARGET,
  TOKEN,
  trimEnd,
  VALUE,
} from './octet-classes.ts';
import { parseSubprotocols } from './subprotocol.ts';
import { UpgradeFields } from './upgrade-fields.ts';
import { MAX_TARGET_LENGTH, type UpgradeRequest } from './upgrade-request.ts';

/** Up to where {@link readUpgradeHead} takes a request: what is larger is for an HTTP parser to judge. */
export interface UpgradeHeadLimits {
  /** Of the whole head, its empty line included, in octets. @default 16_384 */
  readonly maxHeadBytes: number;
  /** Header lines. @default 128 */
  readonly maxHeaderLines: number;
}

export const UPGRADE_HEAD_LIMITS: UpgradeHeadLimits = {
  maxHeadBytes: 16_384,
  maxHeaderLines: MAX_HEADER_LINES,
};

/** An upgrade request, and where its head ends. All strings are copies: nothing refers to the octets. */
export interface UpgradeHead extends UpgradeRequest {
  /** Behind the empty line: where what follows the request begins. */
  readonly headEnd: number;
  /** The header lines as they came, each with its end: see {@link rawHeadersOf}. */
  readonly headerLines: string;
}

const BEGIN = asciiOctets('GET /');
const VERSION = asciiOctets(' HTTP/1.1\r\n');
const CR_LF = asciiOctets('\r\n');
const CR = 0x0d;
const COLON = 0x3a;

/**
 * Reads the head of a request that begins at `octets[start]`, if it is an upgrade in its usual form:
 *
 * - `GET`, a target that begins with a slash and has no fragment, `HTTP/1.1`
 * - header lines of a token, a colon, and visible ASCII with blanks; every line ends with CR LF
 * - one each of Host, `Upgrade: websocket`, `Sec-WebSocket-Version: 13`, a key, and Connection with `upgrade` and nothing
 *   beside it but `keep-alive`
 * - no field that speaks of a body, of trailers, or of another protocol
 *
 * Hot path: octets are looked at once and in order, lines make no objects, and only what is answered makes strings.
 *
 * @param end - Behind the last octet that has come.
 * @returns 'partial' as long as it can become one, undefined as soon as it cannot: values are judged at the end of their
 * line, everything else octet by octet.
 */
export function readUpgradeHead(
  octets: Uint8Array,
  start: number,
  end: number,
  primitives: Pick<Primitives, 'latin1'>,
  limits: UpgradeHeadLimits = UPGRADE_HEAD_LIMITS,
): UpgradeHead | 'partial' | undefined {
  const { maxHeadBytes, maxHeaderLines } = limits;
  const stop = Math.min(end, start + maxHeadBytes);
  // What it means that the octets end too early.
  const short = end - start < maxHeadBytes ? 'partial' : undefined;

  const begun = start + matching(octets, start, stop, BEGIN);
  if (begun < start + BEGIN.length) return begun === stop ? short : undefined;
  const target = begun - 1;
  const targetEnd = skipClass(octets, begun, stop, TARGET);
  if (targetEnd - target > MAX_TARGET_LENGTH) return undefined;
  const linesStart = targetEnd + matching(octets, targetEnd, stop, VERSION);
  if (linesStart < targetEnd + VERSION.length) return linesStart === stop ? short : undefined;

  const fields = new UpgradeFields();
  let at = linesStart;
  for (let lines = 0; at === stop || octets[at] !== CR; lines += 1) {
    if (at === stop) return short;
    if (lines === maxHeaderLines) return undefined;
    const colon = skipClass(octets, at, stop, TOKEN);
    if (colon === stop) return short;
    if (octets[colon] !== COLON || colon === at) return undefined;
    const field = fieldOf(octets, at, colon);
    if (field === Field.Foreign) return undefined;
    const valueEnd = skipClass(octets, colon + 1, stop, VALUE);
    at = valueEnd + matching(octets, valueEnd, stop, CR_LF);
    if (at < valueEnd + CR_LF.length) return at === stop ? short : undefined;
    if (field === Field.Other) continue;
    if (!fields.take(field, octets, colon + 1, valueEnd, primitives)) return undefined;
  }
  const linesEnd = at;
  at += matching(octets, at, stop, CR_LF);
  if (at < linesEnd + CR_LF.length) return at === stop ? short : undefined;
  if (!fields.complete) return undefined;

  const { key, host, origins } = fields;
  const subprotocols =
    fields.subprotocols === undefined ? [] : parseSubprotocols(fields.subprotocols);
  const extensions = fields.extensions === undefined ? [] : parseExtensions(fields.extensions);
  if (subprotocols === undefined || extensions === undefined) return undefined;
  const url = primitives.latin1(octets, target, targetEnd);
  const query = url.indexOf('?');
  return {
    key,
    host,
    url,
    path: query < 0 ? url : primitives.latin1(octets, target, target + query),
    subprotocols,
    extensions,
    origins,
    headEnd: at,
    headerLines: primitives.latin1(octets, linesStart, linesEnd),
  };
}

/**
 * Takes header lines apart into name, value, name, value, …: what Node calls `rawHeaders`. For those who ask for it; most
 * do not. None of the strings keeps the others in memory.
 *
 * @param headerLines - Of an {@link UpgradeHead}.
 */
export function rawHeadersOf(
  headerLines: string,
  primitives: Pick<Primitives, 'latin1' | 'encodeUtf8Into'>,
): string[] {
  const octets = new Uint8Array(headerLines.length);
  const end = primitives.encodeUtf8Into(headerLines, octets, 0); // it is ASCII
  const rawHeaders: string[] = [];
  for (let at = 0; at < end; ) {
    const colon = skipClass(octets, at, end, TOKEN);
    const valueEnd = skipClass(octets, colon + 1, end, VALUE);
    const from = skipBlanks(octets, colon + 1, valueEnd);
    const to = trimEnd(octets, from, valueEnd);
    rawHeaders.push(primitives.latin1(octets, at, colon), primitives.latin1(octets, from, to));
    at = valueEnd + CR_LF.length;
  }
  return rawHeaders;
}
