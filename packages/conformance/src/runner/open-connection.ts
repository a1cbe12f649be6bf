// Dials a server under test: the opening handshake with the runner as the client.

import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { checkAnswer } from '../wire/handshake-answer.ts';
import { statusLineOf, valuesOf } from '../wire/http-head.ts';
import { SeededRandom } from '../wire/random.ts';
import { readHead } from './read-head.ts';
import type { Target } from './target.ts';

export interface Opened {
  readonly ok: true;
  readonly stream: Duplex;
  /** What came behind the head. */
  readonly rest: Uint8Array;
  readonly httpRequest: string;
  readonly httpResponse: string;
  /** The value of the answer's Sec-WebSocket-Extensions. */
  readonly extensions: string | undefined;
  /** The answer's Server field. */
  readonly server: string | undefined;
}

export interface NotOpened {
  readonly ok: false;
  /** What is wrong, as the end of a sentence whose subject is the server. */
  readonly words: string;
  /** `network`: TCP or TLS; `silence`: no whole answer; `status`: another than 101; `answer`: a 101 that breaks the rules. */
  readonly kind: 'network' | 'silence' | 'status' | 'answer';
  readonly httpRequest: string;
  readonly httpResponse: string;
  readonly server: string | undefined;
}

export interface Opening {
  /** Where the Sec-WebSocket-Key comes from; connections beside the cases do without. */
  readonly random?: SeededRandom;
  readonly patienceMs: number;
  /** The value of our Sec-WebSocket-Extensions. */
  readonly offer?: string | undefined;
  /** Octets that leave in the segment of the request. */
  readonly early?: Uint8Array | undefined;
}

export async function openConnection(
  target: Target,
  opening: Opening,
): Promise<Opened | NotOpened> {
  const random = opening.random ?? new SeededRandom(Date.now());
  const key = Buffer.from(random.octets(16)).toString('base64');
  const httpRequest = requestOf(target, key, opening.offer);
  const fail = (
    kind: NotOpened['kind'],
    words: string,
    httpResponse = '',
    server?: string,
  ): NotOpened => ({ ok: false, kind, words, httpRequest, httpResponse, server });
  let stream: Duplex;
  try {
    stream = await target.connect();
  } catch (error) {
    return fail('network', `cannot be reached: ${networkWords(error)}`);
  }
  stream.write(Buffer.concat([Buffer.from(httpRequest, 'latin1'), opening.early ?? EMPTY]));
  const read = await readHead(stream, 'response', opening.patienceMs);
  if (!('head' in read)) {
    stream.destroy();
    return fail('silence', read.words, read.text);
  }
  const [server] = valuesOf(read.head, 'Server');
  const checked = checkAnswer(read.head, {
    key,
    offeredExtensions: opening.offer,
    offeredSubprotocols: target.subprotocols,
  });
  const [defect] = checked.defects;
  if (defect !== undefined) {
    stream.destroy();
    const kind = statusLineOf(read.head)?.status === 101 ? 'answer' : 'status';
    return fail(kind, checked.defects.join('; '), read.text, server);
  }
  return {
    ok: true,
    stream,
    rest: read.rest,
    httpRequest,
    httpResponse: read.text,
    extensions: checked.extensions,
    server,
  };
}

const EMPTY = new Uint8Array(0);

function requestOf(target: Target, key: string, offer: string | undefined): string {
  const lines = [
    `GET ${target.path} HTTP/1.1`,
    `Host: ${target.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
  ];
  if (target.subprotocols.length > 0) {
    lines.push(`Sec-WebSocket-Protocol: ${target.subprotocols.join(', ')}`);
  }
  if (offer !== undefined) lines.push(`Sec-WebSocket-Extensions: ${offer}`);
  for (const [name, value] of target.headers) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The network's own words, with its code. */
export function networkWords(error: unknown): string {
  const { code, message, errors, reason } = error as NodeJS.ErrnoException & {
    errors?: unknown[];
    reason?: string;
  };
  // Several addresses were tried; the last one is as good as any.
  if (errors !== undefined && errors.length > 0) return networkWords(errors.at(-1));
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return `no TLS is spoken there (${code})`;
  // OpenSSL's message is a line of its sources; the reason is the end of it.
  if (code?.startsWith('ERR_SSL_') === true && reason !== undefined) return `${reason} (${code})`;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
