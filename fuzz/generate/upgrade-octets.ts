import type { Random } from '../random.ts';
import { extensionField } from './http-text.ts';

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
/** Lines that every client sends, in their usual forms. */
const REQUIRED = [
  ['Host: 127.0.0.1:8000', 'host: example.com', 'Host: [::1]', 'HOST:a'],
  ['Upgrade: websocket', 'upgrade: WebSocket', 'Upgrade:\twebsocket '],
  ['Connection: Upgrade', 'Connection: keep-alive, Upgrade', 'connection:upgrade , Keep-Alive '],
  ['Sec-WebSocket-Version: 13', 'sec-websocket-version:13\t'],
  [KEY, KEY.toLowerCase(), KEY.toUpperCase().replace('==', '=='), `${KEY} `],
];
const USUAL = [
  ...['User-Agent: Mozilla/5.0 (X11; Linux x86_64)', 'Accept: */*', 'Pragma: no-cache', 'DNT: 1'],
  ...[
    'Origin: http://127.0.0.1:8000',
    'Origin: null',
    'Origin:',
    'X-Forwarded-For: 192.0.2.1, ::1',
  ],
  ...['Cookie: a="b"; c=d', 'Sec-WebSocket-Protocol: chat, superchat', 'X:', 'X: \t', 'X: a\tb'],
  ...['CF-Visitor: {"scheme":"https"}', 'Keep-Alive: timeout=5', 'Sec-Fetch-Mode: websocket'],
  ...[
    'Upgrade-Insecure-Requests: 1',
    'Content-Type: text/plain',
    'Via: 1.1 a',
    'Authorization: b c',
  ],
];
/** Lines that make a difference to some parser, and ways to hide them from another. */
const UNUSUAL = [
  ...['X: a\x0bb', 'X: a\x7fb', 'X: \x01', 'Origin: http://a \t', 'Sec-WebSocket-Protocol: a\t '],
  ...['Content-Length: 0', 'Content-Length: 5', 'Content-Length : 5', 'Content-Length: +5'],
  ...[
    'Content_Length: 5',
    'Content-Length\t: 5',
    'Content-Length: 5, 5',
    'Transfer-Encoding: chunked',
  ],
  ...[
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\x0bchunked',
    'X: a\r\n Transfer-Encoding: b',
  ],
  ...['X: a\nTransfer-Encoding: chunked', 'X: a\rContent-Length: 5', 'Transfer_Encoding: chunked'],
  ...['TE: trailers', 'Trailer: X', 'Expect: 100-continue', 'HTTP2-Settings: AAMAAABk', 'X\0: a'],
  ...['Proxy-Connection: close', 'Connection: close', 'Connection: Upgrade, close', 'Connection:,'],
  ...['Connection: Upgrade\t', 'Connection: \tUpgrade', 'Connection: upgrade, ,', 'Host: evil'],
  ...[
    'Upgrade: h2c',
    'Upgrade: websocket, h2c',
    'Upgrade: websocket/13',
    ' folded',
    ': a',
    'X: \xe4',
  ],
  ...[
    'Sec-WebSocket-Version: 8',
    'Sec-WebSocket-Protocol: a, a',
    'Sec-WebSocket-Extensions: ;',
    '\t',
  ],
];
const REQUEST_LINES = [
  ...['GET / HTTP/1.1', 'GET /chat?a=b&c=?/ HTTP/1.1', 'GET //evil.example/x HTTP/1.1'],
  ...['GET /%00/../.. HTTP/1.1', 'GET /"<>\\^`{|}~ HTTP/1.1', 'GET /;a=b,c HTTP/1.1'],
];
const UNUSUAL_REQUEST_LINES = [
  ...[
    'GET  / HTTP/1.1',
    'GET / HTTP/1.0',
    'GET http://127.0.0.1:8000/ HTTP/1.1',
    'GET /#a HTTP/1.1',
  ],
  ...[
    'POST / HTTP/1.1',
    'GET / HTTP/1.1 ',
    '\r\nGET / HTTP/1.1',
    'GET /\xe4 HTTP/1.1',
    'GET\t/ HTTP/1.1',
  ],
];
/** What comes behind the head, in the same packet. */
const BEHIND = [
  ...[
    '\x81\x82\0\0\0\0hi',
    '\x88\x80\0\0\0\0',
    'GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n',
    '\r\n',
    '\0',
  ],
  ...['0\r\n\r\n', 'hello', '\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n'],
];

/** What may stand in such requests, and what tells parsers apart. */
export const UPGRADE_WORDS: readonly Uint8Array[] = [
  ...[...UNUSUAL, ...USUAL, ...REQUIRED.flat()].map((line) => `${line}\r\n`),
  ...[...REQUEST_LINES, ...UNUSUAL_REQUEST_LINES, ...BEHIND],
  ...[
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    ':',
    ',',
    '\0',
    '\x0b',
    '\x0c',
    '\x7f',
    '\x85',
    '\xa0',
    '#',
    '\r\n ',
  ],
  ...['upgrade', 'keep-alive', 'close', 'websocket', 'HTTP/1.1', 'chunked'],
].map((word) => Uint8Array.from(Buffer.from(word, 'latin1')));

/** A request to upgrade that most often is in its usual form, with something behind it now and then. */
export function upgradeOctets(random: Random): Uint8Array {
  const lines = REQUIRED.map((forms) => random.pick(forms));
  for (let left = random.below(6); left > 0; left -= 1) lines.push(random.pick(USUAL));
  if (random.oneIn(3)) lines.push(`Sec-WebSocket-Extensions: ${extensionField(random)}`);
  if (random.oneIn(30)) lines.push(...new Array<string>(110 + random.below(20)).fill('X: y'));
  if (random.oneIn(4)) lines.push(random.pick(UNUSUAL));
  shuffle(random, lines);
  const first = random.pick(random.oneIn(12) ? UNUSUAL_REQUEST_LINES : REQUEST_LINES);
  const behind = random.oneIn(3) ? random.pick(BEHIND) : '';
  const text = `${[first, ...lines].join('\r\n')}\r\n\r\n${behind}`;
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function shuffle(random: Random, lines: string[]): void {
  for (let at = lines.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    [lines[at], lines[other]] = [lines[other] as string, lines[at] as string];
  }
}
