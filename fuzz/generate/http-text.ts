import type { Random } from '../random.ts';

const PROTOCOLS = [
  'chat',
  'superchat',
  'chat, superchat',
  'a,',
  'a;b',
  'a, a',
  '',
  '__proto__',
  'mqtt',
];
const EXTENSIONS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; client_max_window_bits=10; server_no_context_takeover',
  'permessage-deflate; server_max_window_bits="10"',
  'permessage-deflate; server_max_window_bits="1\\0"',
  'permessage-deflate; server_max_window_bits=7, permessage-deflate',
  'foo; bar=1',
  ';;;',
  'a;b="c d"',
  '__proto__; constructor=1',
  'x-webkit-deflate-frame',
];
const KEYS = [
  'dGhlIHNhbXBsZSBub25jZQ==',
  'dGhlIHNhbXBsZSBub25jZR==',
  'AAAA',
  '',
  '!!..==',
  'AAAAAAAAAAAAAAAAAAAAAA==',
  'AAAAAAAAAAAAAAAAAAAAAA',
];
const HOSTS = [
  'example.com',
  'localhost:8000',
  '[::1]:80',
  '127.0.0.1',
  '',
  'a:b',
  'EXAMPLE.com:80',
  'a b',
];
const TARGETS = [
  ...['/', '/chat', '/chat?x=1#y', '//evil/x', 'http://example.com/x', 'ws://EXAMPLE.COM:80?q'],
  ...['https://example.com:80/', 'http://evil/', '*', 'example.com:80', '', 'http://example.com'],
];
const ACCEPTS = [
  's3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  'S3PPLMBITXAQ9KYGZZHZRBK+XOO=',
  'HSmrc0sMlYUkAGmm5OPpG2HaGWk=',
];

/** Words of both heads and of the fields in them. */
export const HEAD_WORDS: readonly Uint8Array[] = [
  ...[...PROTOCOLS, ...EXTENSIONS, ...KEYS, ...HOSTS, ...TARGETS, ...ACCEPTS],
  ...['websocket', 'Upgrade', 'Connection: ', 'Upgrade: ', 'Host: ', 'Origin: ', 'GET ', 'POST '],
  ...['Sec-WebSocket-Version: 13\r\n', 'Sec-WebSocket-Key: ', 'Sec-WebSocket-Accept: '],
  ...['Sec-WebSocket-Protocol: ', 'Sec-WebSocket-Extensions: ', 'Content-Length: 0\r\n', '\r\n'],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'HTTP/1.1',
    'HTTP/1.0',
    '101',
    '200',
    ', ',
    '; ',
    '=',
    '"',
    '\\',
  ],
].map((word) => Uint8Array.from(Buffer.from(word, 'latin1')));

export function extensionField(random: Random): string {
  const count = random.oneIn(3) ? 1 + random.below(3) : 1;
  return Array.from({ length: count }, () => random.pick(EXTENSIONS)).join(
    random.pick([', ', ',', ' ,\t']),
  );
}

/** A client's handshake in which most fields are right. */
export function requestText(random: Random): string {
  const usually = <Value>(right: Value, others: readonly Value[]): Value =>
    random.oneIn(12) ? random.pick(others) : right;
  const lines = [
    `Host: ${usually(random.pick(HOSTS.slice(0, 4)), HOSTS)}`,
    `Upgrade: ${usually('websocket', ['WebSocket', 'h2c', 'h2c, websocket', 'websocket/13'])}`,
    `Connection: ${usually('Upgrade', ['keep-alive, Upgrade', ',,upgrade,', 'close', 'Upgradex'])}`,
    `Sec-WebSocket-Version: ${usually('13', ['8', '013', '13.0', '13, 8', '0x0d', '', '1.3e1'])}`,
    `Sec-WebSocket-Key: ${usually('dGhlIHNhbXBsZSBub25jZQ==', KEYS)}`,
  ];
  if (random.oneIn(3)) lines.push(`Sec-WebSocket-Protocol: ${random.pick(PROTOCOLS)}`);
  if (random.oneIn(3)) lines.push(`Sec-WebSocket-Extensions: ${extensionField(random)}`);
  if (random.oneIn(4)) lines.push(`Origin: ${random.pick(['https://example.com', 'null', ''])}`);
  if (random.oneIn(12))
    lines.push(random.pick(['Content-Length: 5', 'Transfer-Encoding: chunked']));
  const method = usually('GET', ['POST', 'OPTIONS', 'get', 'CONNECT']);
  const target = usually(random.pick(TARGETS.slice(0, 6)), TARGETS);
  const first = `${method} ${target} HTTP/${usually('1.1', ['1.0', '2.0', '1.2', ''])}`;
  return [first, ...shaken(random, lines), '', ''].join('\r\n');
}

/** What a client offered, in one line, and the answer of a server. */
export function responseText(random: Random): string {
  const usually = <Value>(right: Value, others: readonly Value[]): Value =>
    random.oneIn(12) ? random.pick(others) : right;
  const lines = [
    `Upgrade: ${usually('websocket', ['WebSocket', 'h2c', 'websocket, websocket', ''])}`,
    `Connection: ${usually('Upgrade', ['keep-alive, Upgrade', ',,upgrade,', 'close', 'Upgradex'])}`,
    `Sec-WebSocket-Accept: ${usually(ACCEPTS[0], ACCEPTS)}`,
  ];
  const protocols = random.oneIn(2) ? random.pick(PROTOCOLS) : '';
  const extensions = random.oneIn(2) ? extensionField(random) : '';
  if (random.oneIn(2)) {
    const given = random.oneIn(2) ? random.pick(protocols.split(', ')) : random.pick(PROTOCOLS);
    lines.push(`Sec-WebSocket-Protocol: ${given}`);
  }
  if (random.oneIn(2)) {
    const given = random.oneIn(2) ? extensions : extensionField(random);
    lines.push(`Sec-WebSocket-Extensions: ${given}`);
  }
  if (random.oneIn(12))
    lines.push(random.pick(['Content-Length: 0', 'Transfer-Encoding: chunked']));
  const status = usually('101 Switching Protocols', ['200 OK', '401 No', '101', '']);
  const first = `HTTP/${usually('1.1', ['1.0', '2.0'])} ${status}`;
  return [`${protocols}|${extensions}`, first, ...shaken(random, lines), '', ''].join('\r\n');
}

/** A head in which one field, a list most often, is very long: blanks, or elements one after the other. */
export function withLongField(random: Random, head: string, length: number): Uint8Array {
  const lines = head.split('\r\n');
  const named = random.oneIn(4) ? /: / : /^(?:Connection|Sec-WebSocket-(?:Protocol|Extensions)): /;
  const places = lines.flatMap((line, at) => (named.test(line) ? [at] : []));
  const at = places.length === 0 ? 0 : random.pick(places);
  const blank = random.pick([' ', '\t', ' \t']);
  const piece = random.oneIn(2) ? blank : random.pick([',', ' ,', ', a', '; a', '; a=1', '"', 'a']);
  // Blanks at the very end belong to no value: an HTTP parser leaves them out.
  lines[at] += `${piece.repeat(Math.ceil(length / piece.length))}x`;
  return Uint8Array.from(Buffer.from(lines.join('\r\n'), 'latin1'));
}

/** The lines with one of them twice, missing, or in another place, sometimes. */
function shaken(random: Random, lines: readonly string[]): string[] {
  const result = [...lines];
  if (random.oneIn(8)) result.splice(random.below(result.length), 1);
  if (random.oneIn(8)) result.push(random.pick(result.length > 0 ? result : ['']));
  if (random.oneIn(3)) result.push(...result.splice(0, 1));
  if (random.oneIn(60)) result.push(...new Array<string>(130).fill('X: y'));
  return result;
}
