// Section K: the opening handshake of clients. Each gets a raw answer to its upgrade request.
import type { AnswerCase } from './case.ts';

/** How an answer differs from a proper 101. */
interface AnswerParts {
  readonly line?: string;
  /** In place of, or beside, those of a proper answer; undefined leaves one out, each element of a list is a line. */
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** What follows the head. */
  readonly behind?: string;
}

function answer(parts: AnswerParts = {}): string {
  const { line = 'HTTP/1.1 101 Switching Protocols', behind = '' } = parts;
  const fields = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': '{accept}',
    ...parts.fields,
  };
  const lines = Object.entries(fields).flatMap(([name, values]) =>
    (values === undefined ? [] : [values].flat()).map((value) => `${name}: ${value}\r\n`),
  );
  return `${line}\r\n${lines.join('')}{agreed}\r\n${behind}`;
}

/** An answer that ends the matter, whatever else is in it. */
function refusal(line: string, fields = ''): string {
  return `HTTP/1.1 ${line}\r\n${fields}Content-Length: 0\r\nConnection: close\r\n\r\n`;
}

interface Row {
  /** What is answered, as the end of a sentence: "a 101 without Sec-WebSocket-Accept". */
  readonly what: string;
  readonly answer: AnswerParts | string;
  readonly expect?: 'opens';
  readonly otherwise?: 'NON-STRICT' | 'INFORMATIONAL';
  readonly pieces?: number;
  readonly rule?: string;
}

/** Numbers the rows of a group: `K2.1`, `K2.2` … */
function numbered(group: string, rule: string, rows: readonly Row[]): readonly AnswerCase[] {
  return rows.map(({ what, ...row }, index) => ({
    id: `${group}.${index + 1}`,
    kind: 'answer',
    tested: 'client',
    rule,
    expect: 'fails',
    fault: row.expect === 'opens' ? `does not take ${what}` : `takes ${what}`,
    ...row,
    description:
      row.expect === 'opens'
        ? `Answers with ${what}. The connection must open and echo.`
        : `Answers with ${what}. The client must fail the handshake.`,
    answer: typeof row.answer === 'string' ? row.answer : answer(row.answer),
  }));
}

const ACCEPT: readonly Row[] = [
  {
    what: 'the Sec-WebSocket-Accept of another key',
    answer: { fields: { 'Sec-WebSocket-Accept': 'AAECAwQFBgcICQoLDA0ODxAREhM=' } },
  },
  {
    what: 'the Sec-WebSocket-Accept of the example in RFC 6455',
    answer: { fields: { 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' } },
  },
  {
    what: 'its own key as Sec-WebSocket-Accept',
    answer: { fields: { 'Sec-WebSocket-Accept': '{key}' } },
  },
  {
    what: 'a 101 without Sec-WebSocket-Accept',
    answer: { fields: { 'Sec-WebSocket-Accept': undefined } },
  },
  { what: 'an empty Sec-WebSocket-Accept', answer: { fields: { 'Sec-WebSocket-Accept': '' } } },
  {
    what: 'the right Sec-WebSocket-Accept in lower case',
    answer: { fields: { 'Sec-WebSocket-Accept': '{accept-lower}' } },
  },
  {
    what: 'more behind the right Sec-WebSocket-Accept',
    answer: { fields: { 'Sec-WebSocket-Accept': '{accept}, x' } },
  },
  {
    what: 'the right Sec-WebSocket-Accept in quotes',
    answer: { fields: { 'Sec-WebSocket-Accept': '"{accept}"' } },
  },
  {
    what: 'a wrong Sec-WebSocket-Accept behind the right one',
    answer: { fields: { 'Sec-WebSocket-Accept': ['{accept}', 'AAECAwQFBgcICQoLDA0ODxAREhM='] } },
  },
  {
    what: 'the right Sec-WebSocket-Accept behind a wrong one',
    answer: { fields: { 'Sec-WebSocket-Accept': ['AAECAwQFBgcICQoLDA0ODxAREhM=', '{accept}'] } },
  },
  {
    what: 'the right Sec-WebSocket-Accept twice',
    answer: { fields: { 'Sec-WebSocket-Accept': ['{accept}', '{accept}'] } },
    otherwise: 'NON-STRICT',
    rule: 'RFC 6455 §11.3.3',
  },
  {
    what: 'the right Sec-WebSocket-Accept between blanks',
    answer: { fields: { 'Sec-WebSocket-Accept': ' \t{accept} \t' } },
    expect: 'opens',
  },
];

const STATUS: readonly Row[] = [
  {
    what: 'status 200 and all fields of a 101',
    answer: { line: 'HTTP/1.1 200 OK', fields: { 'Content-Length': '0' } },
  },
  {
    what: 'status 201 and all fields of a 101',
    answer: { line: 'HTTP/1.1 201 Created', fields: { 'Content-Length': '0' } },
  },
  {
    what: 'status 401',
    answer: refusal('401 Unauthorized', 'WWW-Authenticate: Basic realm="meerkat"\r\n'),
  },
  { what: 'status 302', answer: refusal('302 Found', 'Location: ws://127.0.0.1:9/\r\n') },
  { what: 'status 403', answer: refusal('403 Forbidden') },
  {
    what: 'status 426',
    answer: refusal('426 Upgrade Required', 'Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\n'),
  },
  { what: 'status 503', answer: refusal('503 Service Unavailable', 'Retry-After: 1\r\n') },
  {
    what: 'status 404 in two chunks',
    answer:
      'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nno\r\n3\r\npe!\r\n0\r\n\r\n',
  },
];

function protocolAnswer(values: string | readonly string[]): string {
  return answer({ fields: { 'Sec-WebSocket-Protocol': values } }).replace('{agreed}', '');
}

const SUBPROTOCOL: readonly Row[] = [
  {
    what: 'a subprotocol that was not asked for',
    answer: protocolAnswer('unasked.meerkat.example'),
  },
  {
    what: 'two subprotocols that were not asked for',
    answer: protocolAnswer(['unasked.meerkat.example', 'other.meerkat.example']),
  },
  { what: 'an empty subprotocol', answer: protocolAnswer(''), otherwise: 'NON-STRICT' },
];

function extension(value: string | readonly string[]): AnswerParts {
  return { fields: { 'Sec-WebSocket-Extensions': value } };
}

const EXTENSION: readonly Row[] = [
  { what: 'an extension that was not asked for', answer: extension('x-unasked') },
  {
    what: 'permessage-deflate twice',
    answer: extension('permessage-deflate, permessage-deflate'),
    rule: 'RFC 7692 §5',
  },
  {
    what: 'permessage-deflate on two lines',
    answer: extension(['permessage-deflate', 'permessage-deflate']),
    rule: 'RFC 7692 §5',
  },
  ...[
    'server_max_window_bits=1000',
    'server_max_window_bits=7',
    'server_max_window_bits=010',
    'server_max_window_bits',
    'client_max_window_bits=16',
    'server_no_context_takeover=1',
    'server_no_context_takeover; server_no_context_takeover',
    'x_unknown=1',
  ].map(
    (parameter): Row => ({
      what: `permessage-deflate with ${parameter}`,
      answer: extension(`permessage-deflate; ${parameter}`),
      rule: 'RFC 7692 §7.1',
    }),
  ),
  { what: 'separators only as extensions', answer: extension(';;;') },
  { what: 'an empty list of extensions', answer: extension(''), otherwise: 'NON-STRICT' },
];

function informational(status: string, count: number): string {
  return `HTTP/1.1 ${status}\r\nLink: </style.css>\r\n\r\n`.repeat(count) + answer();
}

const SIZES: readonly Row[] = [
  {
    what: '100 in front of the 101',
    answer: `HTTP/1.1 100 Continue\r\n\r\n${answer()}`,
    expect: 'opens',
    otherwise: 'NON-STRICT',
    rule: 'RFC 9110 §15.2',
  },
  {
    what: '103 in front of the 101',
    answer: informational('103 Early Hints', 1),
    expect: 'opens',
    otherwise: 'NON-STRICT',
    rule: 'RFC 9110 §15.2',
  },
  {
    what: '1,000 informational answers in front of the 101',
    answer: informational('103 Early Hints', 1_000),
    otherwise: 'INFORMATIONAL',
    rule: 'RFC 9110 §15.2',
  },
  {
    what: 'a field of 17,000 octets',
    answer: { fields: { 'X-Filler': 'a'.repeat(17_000) } },
    otherwise: 'INFORMATIONAL',
    rule: 'RFC 9110 §5.4',
  },
  {
    what: 'a field of 2,000,000 octets',
    answer: { fields: { 'X-Filler': 'a'.repeat(2_000_000) } },
    otherwise: 'NON-STRICT',
    rule: 'RFC 9110 §5.4',
  },
  {
    what: '2,200 header lines',
    answer: { fields: { x: Array<string>(2_200).fill('') } },
    otherwise: 'INFORMATIONAL',
    rule: 'RFC 9110 §5.4',
  },
  {
    what: 'a wrong Sec-WebSocket-Accept behind the right one and 2,200 header lines',
    answer: {
      fields: {
        x: Array<string>(2_200).fill(''),
        'sec-websocket-accept': 'AAECAwQFBgcICQoLDA0ODxAREhM=',
      },
    },
    rule: 'RFC 6455 §4.1',
  },
];

function field(name: string, value: string | readonly string[] | undefined): AnswerParts {
  return { fields: { [name]: value } };
}

const HEAD: readonly Row[] = [
  { what: 'a proper 101', answer: {}, expect: 'opens' },
  { what: 'a 101 without a reason phrase', answer: { line: 'HTTP/1.1 101 ' }, expect: 'opens' },
  {
    what: 'a 101 with other words',
    answer: { line: 'HTTP/1.1 101 Web Socket Protocol Handshake' },
    expect: 'opens',
  },
  {
    what: 'field names and tokens in other case',
    answer:
      'HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {accept}\r\nCONNECTION: keep-alive, UPGRADE\r\n{agreed}uPGRADE: WebSocket\r\nx-empty:\r\n\r\n',
    expect: 'opens',
  },
  { what: 'a 101 octet by octet', answer: {}, pieces: 1, expect: 'opens' },
  { what: 'a 101 in pieces of 7 octets', answer: {}, pieces: 7, expect: 'opens' },
  {
    what: 'a 101 with a message in its segment',
    answer: { behind: '\x81\x07meerkat' },
    expect: 'opens',
    rule: 'RFC 6455 §4.1',
  },
  {
    what: 'a 101 and a message in pieces of 5 octets',
    answer: { behind: '\x81\x07meerkat' },
    pieces: 5,
    expect: 'opens',
  },
  { what: 'a 101 without Upgrade', answer: field('Upgrade', undefined) },
  { what: 'a 101 with Upgrade: h2c', answer: field('Upgrade', 'h2c') },
  { what: 'a 101 without Connection', answer: field('Connection', undefined) },
  { what: 'a 101 with Connection: keep-alive', answer: field('Connection', 'keep-alive') },
  { what: 'a 101 with Connection: Upgradex', answer: field('Connection', 'Upgradex') },
  {
    what: 'a 101 with Upgrade twice',
    answer: field('Upgrade', ['websocket', 'websocket']),
    otherwise: 'NON-STRICT',
  },
  {
    what: 'a 101 of HTTP/1.0',
    answer: { line: 'HTTP/1.0 101 Switching Protocols' },
    otherwise: 'NON-STRICT',
  },
  {
    what: 'a 101 of HTTP/2',
    answer: { line: 'HTTP/2 101 Switching Protocols' },
    otherwise: 'NON-STRICT',
  },
  {
    what: 'a 101 with Content-Length: 5',
    answer: field('Content-Length', '5'),
    otherwise: 'INFORMATIONAL',
    rule: 'RFC 9110 §8.6',
  },
  {
    what: 'a 101 with Transfer-Encoding: chunked',
    answer: field('Transfer-Encoding', 'chunked'),
    otherwise: 'INFORMATIONAL',
    rule: 'RFC 9112 §6.1',
  },
  {
    what: 'a 101 whose lines end with LF alone',
    answer: answer().replaceAll('\r\n', '\n').replace('{agreed}', ''),
    otherwise: 'INFORMATIONAL',
    rule: 'RFC 9112 §2.2',
  },
  {
    what: 'a 101 that breaks off before its empty line',
    answer: answer().replace(/\r\n$/, ''),
    rule: 'RFC 9112 §2.2',
  },
  {
    what: 'a field without a colon',
    answer: answer().replace('{agreed}', '{agreed}X-None\r\n'),
    otherwise: 'NON-STRICT',
    rule: 'RFC 9112 §5',
  },
  {
    what: 'NUL in a field',
    answer: field('X-Nul', 'a\0b'),
    otherwise: 'NON-STRICT',
    rule: 'RFC 9110 §5.5',
  },
  { what: 'a status of two digits', answer: { line: 'HTTP/1.1 10 Switching Protocols' } },
  { what: 'garbage', answer: '\x00\xff\xfe\x01\r\n\r\n' },
  { what: 'the greeting of another protocol', answer: '220 mail.example ESMTP\r\n\r\n' },
  { what: 'a message in place of an answer', answer: '\x81\x07meerkat' },
  { what: 'nothing but the end of TCP', answer: '' },
];

/** Raw answers, numbered by what is wrong with them. */
export const SECTION_K: readonly AnswerCase[] = [
  ...numbered('K2', 'RFC 6455 §4.1', ACCEPT),
  ...numbered('K3', 'RFC 6455 §4.1', STATUS),
  ...numbered('K4', 'RFC 6455 §4.1', SUBPROTOCOL),
  ...numbered('K5', 'RFC 6455 §9.1', EXTENSION),
  ...numbered('K6', 'RFC 9110 §15.2', SIZES),
  ...numbered('K7', 'RFC 6455 §4.1, RFC 9112 §4', HEAD),
];
