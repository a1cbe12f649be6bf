// Is this 101 right, and is this request? What the case list demands before a case can begin, and nothing more: a peer
// that breaks other rules of HTTP is still worth testing.
import { acceptFor } from './accept-key.ts';
import {
  extensionName,
  type HttpHead,
  listOf,
  shown,
  splitExtensions,
  statusLineOf,
  valuesOf,
} from './http-head.ts';

/** What the runner asked for. */
export interface HandshakeOffer {
  /** The Sec-WebSocket-Key that was sent. */
  readonly key: string;
  /** The value of the Sec-WebSocket-Extensions that was sent, if one was. */
  readonly offeredExtensions: string | undefined;
  readonly offeredSubprotocols: readonly string[];
}

export interface CheckedAnswer {
  /** Sentence parts whose subject is the server: the handshake has failed if there is one. */
  readonly defects: readonly string[];
  /** What breaks a rule, and keeps nobody from going on. */
  readonly oddities: readonly string[];
  /** The value of Sec-WebSocket-Extensions, several lines joined; undefined where there is none. */
  readonly extensions: string | undefined;
  readonly subprotocol: string | undefined;
}

/** Checks an answer that should be the 101 (RFC 6455 §4.1, the client's steps). */
export function checkAnswer(head: HttpHead, offer: HandshakeOffer): CheckedAnswer {
  const line = statusLineOf(head);
  if (line === undefined) {
    const text = `answers ${shown(head.startLine)}, which is no HTTP status line`;
    return notSwitching(text, head);
  }
  if (line.status !== 101) {
    const text = `answers ${line.status} ${visible(line.reason)}`.trimEnd();
    return notSwitching(`${text} instead of 101`, head);
  }
  const defects = ANSWER_CHECKS.flatMap((check) => check(head, offer) ?? []);
  const extensions = valuesOf(head, 'Sec-WebSocket-Extensions');
  const [subprotocol] = valuesOf(head, 'Sec-WebSocket-Protocol');
  return {
    defects,
    oddities: [...head.oddities, ...ODDITY_CHECKS.flatMap((check) => check(head, offer) ?? [])],
    extensions: extensions.length === 0 ? undefined : extensions.join(', '),
    subprotocol: subprotocol === '' ? undefined : subprotocol,
  };
}

function notSwitching(defect: string, { oddities }: HttpHead): CheckedAnswer {
  return { defects: [defect], oddities, extensions: undefined, subprotocol: undefined };
}

type Check = (head: HttpHead, offer: HandshakeOffer) => string | undefined;

const ANSWER_CHECKS: readonly Check[] = [
  (head) => (head.bareLf ? 'ends lines of its answer with LF alone, not CR LF' : undefined),
  (head) => {
    const version = statusLineOf(head)?.version;
    return version === 'HTTP/1.1' ? undefined : `answers with ${version}, not HTTP/1.1`;
  },
  (head) => {
    const values = valuesOf(head, 'Upgrade');
    if (values.length === 0) return 'answers 101 without the field Upgrade';
    if (values.length > 1) return 'answers 101 with the field Upgrade twice';
    if (values[0]?.toLowerCase() === 'websocket') return undefined;
    return `answers 101 with Upgrade: ${shown(values[0] ?? '')}, not websocket`;
  },
  (head) => {
    const values = valuesOf(head, 'Connection');
    if (values.length === 0) return 'answers 101 without the field Connection';
    if (listOf(head, 'Connection').some((token) => token.toLowerCase() === 'upgrade')) {
      return undefined;
    }
    return `answers 101 with Connection: ${shown(values.join(', '))}, without the token upgrade`;
  },
  (head, { key }) => {
    const values = valuesOf(head, 'Sec-WebSocket-Accept');
    if (values.length === 0) return 'answers 101 without Sec-WebSocket-Accept';
    if (values.length > 1) return 'answers 101 with Sec-WebSocket-Accept twice';
    const [value = ''] = values;
    const right = acceptFor(key);
    if (value === right) return undefined;
    return `answers the key ${shown(key)} with Sec-WebSocket-Accept: ${shown(value)}, not ${right}`;
  },
  (head, { offeredExtensions }) => {
    const given = valuesOf(head, 'Sec-WebSocket-Extensions');
    if (given.length === 0) return undefined;
    const names = splitExtensions(given).map(extensionName);
    if (names.length === 0) return 'answers with an empty Sec-WebSocket-Extensions';
    const offered = splitExtensions([offeredExtensions ?? '']).map(extensionName);
    const foreign = names.find((name) => !offered.includes(name));
    return foreign === undefined
      ? undefined
      : `answers with the extension ${shown(foreign)}, which was not offered`;
  },
  (head, { offeredSubprotocols }) => {
    const values = valuesOf(head, 'Sec-WebSocket-Protocol');
    if (values.length > 1) return 'answers with Sec-WebSocket-Protocol twice';
    const [value] = values;
    if (value === undefined || value === '' || offeredSubprotocols.includes(value)) {
      return undefined;
    }
    return `answers with the subprotocol ${shown(value)}, which was not offered`;
  },
];

const ODDITY_CHECKS: readonly Check[] = [
  (head) =>
    ['Content-Length', 'Transfer-Encoding']
      .filter((name) => valuesOf(head, name).length > 0)
      .map((name) => `sends ${name} in a 101 (RFC 9110 §8.6)`)
      .at(0),
  (head) =>
    valuesOf(head, 'Sec-WebSocket-Protocol').includes('')
      ? 'answers with an empty Sec-WebSocket-Protocol'
      : undefined,
];

/** An upgrade request as a server sees it. */
export interface CheckedRequest {
  /** Sentence parts whose subject is the client: its handshake has failed if there is one. */
  readonly defects: readonly string[];
  readonly oddities: readonly string[];
  /** Empty where there is none. */
  readonly key: string;
  /** The target without its query, as it was written. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The value of Sec-WebSocket-Extensions, several lines joined; undefined where there is none. */
  readonly extensions: string | undefined;
  readonly subprotocols: readonly string[];
}

/** Checks a request that should be an upgrade (RFC 6455 §4.2.1). */
export function checkRequest(head: HttpHead): CheckedRequest {
  const [, , target = ''] = REQUEST_LINE.exec(head.startLine) ?? [];
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const extensions = valuesOf(head, 'Sec-WebSocket-Extensions');
  return {
    defects: REQUEST_CHECKS.flatMap((check) => check(head) ?? []),
    oddities: head.oddities,
    key: valuesOf(head, 'Sec-WebSocket-Key')[0] ?? '',
    path: path.replace(/^(?:http|ws)s?:\/\/[^/]*/i, ''),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    extensions: extensions.length === 0 ? undefined : extensions.join(', '),
    subprotocols: listOf(head, 'Sec-WebSocket-Protocol'),
  };
}

const REQUEST_LINE = /^(\S+) (\S+) (\S+)$/;

const REQUEST_CHECKS: readonly ((head: HttpHead) => string | undefined)[] = [
  (head) => (head.bareLf ? 'ends lines of its request with LF alone, not CR LF' : undefined),
  (head) => {
    const [, method, , version] = REQUEST_LINE.exec(head.startLine) ?? [];
    if (method === undefined) return `sends ${shown(head.startLine)}, which is no request line`;
    if (method !== 'GET') return `asks with ${shown(method)}, not GET`;
    return version === 'HTTP/1.1' ? undefined : `asks with ${shown(version ?? '')}, not HTTP/1.1`;
  },
  (head) => {
    const values = valuesOf(head, 'Host');
    if (values.length !== 1) return `sends the field Host ${values.length} times`;
    return values[0] === '' ? 'sends an empty Host' : undefined;
  },
  (head) =>
    listOf(head, 'Upgrade').some((token) => token.toLowerCase() === 'websocket')
      ? undefined
      : 'asks without Upgrade: websocket',
  (head) =>
    listOf(head, 'Connection').some((token) => token.toLowerCase() === 'upgrade')
      ? undefined
      : 'asks without the token upgrade in Connection',
  (head) => {
    const values = valuesOf(head, 'Sec-WebSocket-Key');
    if (values.length !== 1) return `sends Sec-WebSocket-Key ${values.length} times`;
    const [key = ''] = values;
    if (/^[\dA-Za-z+/]{22}==$/.test(key)) return undefined;
    return `sends the Sec-WebSocket-Key ${shown(key)}, which is not 16 octets in base64`;
  },
  (head) => {
    const values = valuesOf(head, 'Sec-WebSocket-Version');
    if (values.length !== 1) return `sends Sec-WebSocket-Version ${values.length} times`;
    return values[0] === '13'
      ? undefined
      : `asks for the version ${shown(values[0] ?? '')}, not 13`;
  },
];

function visible(octets: string): string {
  return shown(octets).slice(1, -1);
}
