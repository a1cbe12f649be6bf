import { type DeflateAgreement, HeaderFields, type RequestHead } from 'meerkat/protocol';
import { annotateRequest, asksForWebSocket } from '../handshake/annotate-request.ts';
import { type AnnotatedResponseHead, annotateResponse } from '../handshake/annotate-response.ts';
import { agreedDeflate } from '../handshake/deflate-answer.ts';
import { renderHead } from '../handshake/render-head.ts';
import type { Palette } from '../terminal/palette.ts';
import { type BodyLength, requestBodyLength, responseBodyLength } from './body-length.ts';
import { hasBareLf, isStrict, parseRequestHead, parseResponseHead } from './http-head.ts';

/** Most requests that may wait for their answers; with more, the answers are not told apart any more. */
const MAX_WAITING = 1_000;

/**
 * What follows a head in its direction: a body, frames, octets that a decision about an upgrade is awaited for, or
 * octets that are not decoded.
 */
type WhatFollows =
  | { readonly body: BodyLength }
  | 'frames'
  /** Frames or another request. */
  | 'undecided'
  /** As `undecided`, or a body or another protocol. */
  | 'undecidedBody'
  /** There may be secrets in what looks like a head to somebody else. */
  | 'unsure'
  /** What comes from a server, in a protocol that is not known. */
  | 'opaque';

/** What became of an upgrade; `declined` where HTTP goes on behind the answer. */
export type UpgradeOutcome = 'accepted' | 'refused' | 'declined';

/** A head, told. */
export interface ToldHead {
  readonly lines: readonly string[];
  readonly follows: WhatFollows;
  /** What became of the upgrade that the other direction waits for. */
  readonly upgrade?: UpgradeOutcome;
  /** How frames may be compressed, where the upgrade was accepted. */
  readonly deflate?: DeflateAgreement | undefined;
}

interface WaitingRequest {
  readonly method: string;
  /** Kept where it asks for a WebSocket, in the right way or not. */
  readonly webSocket: RequestHead | undefined;
  /** Whether its direction waits for what becomes of it. */
  readonly undecided: boolean;
}

/** The HTTP of one connection: which answer belongs to which request, and what that means for what follows. */
export class HttpExchange {
  readonly #palette: Palette;
  readonly #showSecrets: boolean;
  readonly #waiting: WaitingRequest[] = [];

  constructor(palette: Palette, showSecrets: boolean) {
    this.#palette = palette;
    this.#showSecrets = showSecrets;
  }

  /** @param text - The head of a request, its empty line included unless the connection ended before. */
  request(text: string): ToldHead {
    const head = parseRequestHead(text);
    if (head === undefined) return this.#notHttp(text, 'request');
    const { method, rawHeaders } = head;
    const annotated = annotateRequest(head, { showSecrets: this.#showSecrets });
    const lines = [...renderHead(annotated, this.#palette), ...this.#lineEnds(text)];
    const undecided = switches(head) || method === 'CONNECT';
    this.#waiting.push({ method, webSocket: asksForWebSocket(head) ? head : undefined, undecided });
    if (this.#waiting.length > MAX_WAITING) {
      return {
        lines: [...lines, '   too many requests wait for answers: decoded no further'],
        follows: 'unsure',
      };
    }
    const length = requestBodyLength(rawHeaders);
    if (undecided) {
      const isBare = length === 0 && method !== 'CONNECT';
      return { lines, follows: isBare ? 'undecided' : 'undecidedBody' };
    }
    // Where Node's parser takes no more of it, nobody knows how long its body is for others.
    return { lines, follows: { body: isStrict(text) ? length : 'unknown' } };
  }

  /** @param text - As for {@link request}. */
  response(text: string): ToldHead {
    const head = parseResponseHead(text);
    if (head === undefined) return this.#notHttp(text, 'response');
    const { status, rawHeaders } = head;
    const [request] = this.#waiting;
    const isFinal = status >= 200 || status === 101;
    if (isFinal) this.#waiting.shift();
    const annotated = annotateResponse(head, request?.webSocket, {
      showSecrets: this.#showSecrets,
    });
    const lines = [...renderHead(annotated, this.#palette), ...this.#lineEnds(text)];
    if (status === 101) return { lines, ...this.#switched(head, request) };
    const method = request?.method ?? 'GET';
    if (method === 'CONNECT' && status >= 200 && status < 300) return { lines, follows: 'opaque' };
    const body = responseBodyLength(status, method, rawHeaders);
    if (!isFinal || request?.undecided !== true) return { lines, follows: { body } };
    const goesOn = status < 500 && body !== 'toEnd' && body !== 'unknown' && isPersistent(head);
    return { lines, follows: { body }, upgrade: goesOn ? 'declined' : 'refused' };
  }

  #switched(
    head: AnnotatedResponseHead,
    request: WaitingRequest | undefined,
  ): Omit<ToldHead, 'lines'> {
    const named = new HeaderFields(head.rawHeaders).all('upgrade');
    const isWebSocket =
      request?.webSocket !== undefined || named.some((value) => /websocket/i.test(value));
    return isWebSocket
      ? {
          follows: 'frames',
          upgrade: 'accepted',
          deflate: agreedDeflate(head, request?.webSocket),
        }
      : { follows: 'opaque', upgrade: 'refused' };
  }

  #notHttp(text: string, what: string): ToldHead {
    // The record type of a TLS handshake and the major version of all TLS.
    const tls = text.startsWith('\x16\x03') ? ', it looks like TLS' : '';
    return {
      lines: [this.#palette.red(`!! this is no HTTP ${what}${tls}: what follows is not decoded`)],
      // FTP and the like greet first. A line like a status line from a client is for nobody the answer that it looks like.
      follows: what === 'response' && text.startsWith('HTTP/') ? 'opaque' : 'unsure',
    };
  }

  #lineEnds(text: string): string[] {
    if (!hasBareLf(text)) return [];
    return [this.#palette.red('!! lines end with a bare LF in place of CR LF (RFC 9112 §2.2)')];
  }
}

/** Whether an HTTP server stops to read HTTP behind this request until it is decided. */
function switches({ rawHeaders }: RequestHead): boolean {
  const fields = new HeaderFields(rawHeaders);
  // An empty one is none for Node's parser.
  const isNamed = fields.all('upgrade').some((value) => value !== '');
  return isNamed && fields.hasToken('connection', 'upgrade');
}

/** Whether the connection goes on behind this response (RFC 9112 §9.3). */
function isPersistent({ httpVersion, rawHeaders }: AnnotatedResponseHead): boolean {
  return httpVersion === '1.1' && !new HeaderFields(rawHeaders).hasToken('connection', 'close');
}
