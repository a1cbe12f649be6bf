import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodePrimitives } from '../../../src/connection/node-primitives.ts';
import {
  rawHeadersOf,
  readUpgradeHead,
  UPGRADE_HEAD_LIMITS,
  type UpgradeHead,
  type UpgradeHeadLimits,
} from '../../../src/protocol/handshake/upgrade-head.ts';
import {
  readUpgradeRequest,
  type UpgradeRequest,
} from '../../../src/protocol/handshake/upgrade-request.ts';
import { plainPrimitives } from '../../../src/protocol/primitives.ts';
import { CLIENT_HEADS, headOctets } from '../../support/client-heads.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const REQUEST_LINE = 'GET /chat HTTP/1.1';
const FIELDS = [
  'Host: server.example.com',
  'Upgrade: websocket',
  'Connection: Upgrade',
  `Sec-WebSocket-Key: ${KEY}`,
  'Sec-WebSocket-Version: 13',
];
const LINES = [REQUEST_LINE, ...FIELDS];

/** Reads octets that stand in the middle of others. */
function read(octets: Uint8Array, limits?: UpgradeHeadLimits): UpgradeHead | 'partial' | undefined {
  const before = Buffer.from('POST ');
  const memory = Buffer.concat([before, octets, Buffer.from('\r\n\r\nHost: a\r\n')]);
  const end = before.length + octets.length;
  const head = readUpgradeHead(memory, before.length, end, nodePrimitives, limits);
  if (head === undefined || head === 'partial') return head;
  return { ...head, headEnd: head.headEnd - before.length };
}

const readLines = (lines: readonly string[]) => read(headOctets(lines));

/** The good request with the line of one field replaced, or left out. */
function withField(name: string, ...replacements: readonly string[]): string[] {
  const begins = `${name.toLowerCase()}:`;
  return LINES.flatMap((line) => (line.toLowerCase().startsWith(begins) ? replacements : [line]));
}

/** The same by way of what an HTTP parser leaves; lines are taken apart without the code under test. */
function reference(lines: readonly string[]): UpgradeRequest {
  const [method = '', target = '', version = ''] = (lines[0] ?? '').split(' ');
  return readUpgradeRequest({
    method,
    target,
    httpVersion: version.slice('HTTP/'.length),
    rawHeaders: takenApart(lines.slice(1)),
  });
}

function takenApart(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
  });
}

function expectTaken(lines: readonly string[]): UpgradeHead {
  const octets = headOctets(lines);
  const head = read(octets);
  if (head === undefined || head === 'partial') throw new Error(`not taken: ${lines.join(' | ')}`);
  const { headEnd, headerLines, ...request } = head;
  expect(request).toEqual(reference(lines));
  expect(headEnd).toBe(octets.length);
  expect(rawHeadersOf(headerLines, nodePrimitives)).toEqual(takenApart(lines.slice(1)));
  return head;
}

describe('a head that is taken (§4.2.1)', () => {
  it('is the one of RFC 6455 §1.3, verbatim', () => {
    const lines = [
      'GET /chat HTTP/1.1',
      'Host: server.example.com',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Origin: http://example.com',
      'Sec-WebSocket-Protocol: chat, superchat',
      'Sec-WebSocket-Version: 13',
    ];
    expect(readLines(lines)).toEqual({
      key: 'dGhlIHNhbXBsZSBub25jZQ==',
      host: 'server.example.com',
      url: '/chat',
      path: '/chat',
      subprotocols: ['chat', 'superchat'],
      extensions: [],
      origins: ['http://example.com'],
      headEnd: headOctets(lines).length,
      headerLines: `${lines.slice(1).join('\r\n')}\r\n`,
    });
  });

  it.each(CLIENT_HEADS)('is that of %s', (_client, lines) => {
    expectTaken(lines);
  });

  it.each([
    ['names in any case', LINES.map((line, at) => (at === 0 ? line : line.toUpperCase()))],
    ['blanks around values', withField('upgrade', 'Upgrade:\t websocket \t')],
    ['blanks around the version', withField('sec-websocket-version', 'Sec-WebSocket-Version:13 ')],
    ['keep-alive behind', withField('connection', 'Connection: Upgrade,keep-alive')],
    ['keep-alive before', withField('connection', 'Connection:  Keep-Alive , upgrade ')],
    ['upgrade twice in one line', withField('connection', 'Connection: upgrade, Upgrade')],
    ['fields without a value', [...LINES, 'X:', 'Cookie:  ', 'Origin:']],
    ['a tab in a value', [...LINES, 'X: a\tb']],
    ['a query', ['GET /a/b?c=/?d HTTP/1.1', ...FIELDS]],
    ['an empty query', ['GET /? HTTP/1.1', ...FIELDS]],
    ['two slashes', ['GET //evil.example/x HTTP/1.1', ...FIELDS]],
    ['every character of a target', [`GET /${visible('#')} HTTP/1.1`, ...FIELDS]],
    ['every character of a name', [...LINES, "!#$%&'*+-.^_`|~09azAZ: x"]],
    ['every character of a value', [...LINES, `X: ${visible('')}`]],
    ['a port', withField('host', 'Host: [::1]:8000')],
    [
      'unused bits in the key',
      withField('sec-websocket-key', 'Sec-WebSocket-Key: //+AzZ09abcdefghijklmR=='),
    ],
    ['two Origins', [...LINES, 'Origin: http://a', 'origin: http://b']],
    [
      'lists in several lines',
      [
        ...LINES,
        'Sec-WebSocket-Protocol: a, b',
        'Sec-WebSocket-Extensions: foo; bar="1"',
        'sec-websocket-protocol: c',
        'sec-websocket-extensions: permessage-deflate, x;y',
      ],
    ],
    [
      'names that only begin like others',
      [
        ...LINES,
        'Upgrade-Insecure-Requests: 1',
        'Hosts: a',
        'Te_: 1',
        'Content_Length: 5',
        'Content-Lengths: 5',
        'Transfer-Encodin: chunked',
        'Sec-WebSocket-Key2: a',
        'Sec-WebSocket-Versio: 8',
      ],
    ],
  ])('has %s', (_title, lines) => {
    expectTaken(lines);
  });

  it('ends where its octets end, whatever follows', () => {
    const octets = headOctets(LINES);
    for (const behind of ['\x81\x82\0\0\0\0hi', 'GET / HTTP/1.1\r\n\r\n', '\r\n', '\0']) {
      expect(read(Buffer.concat([octets, Buffer.from(behind, 'latin1')]))).toEqual(read(octets));
    }
  });

  it('is read by the primitives of any platform', () => {
    const [first] = CLIENT_HEADS;
    const octets = Uint8Array.from(headOctets(first?.[1] ?? []));
    const plain = plainPrimitives(() => {});
    const head = readUpgradeHead(octets, 0, octets.length, plain);
    expect(head).toEqual(readUpgradeHead(octets, 0, octets.length, nodePrimitives));
    const { headerLines } = head as UpgradeHead;
    expect(rawHeadersOf(headerLines, plain)).toEqual(rawHeadersOf(headerLines, nodePrimitives));
  });

  it('leaves strings that do not change with the octets', () => {
    const octets = headOctets([...LINES, 'Origin: http://a', 'Sec-WebSocket-Protocol: a']);
    const head = readUpgradeHead(octets, 0, octets.length, nodePrimitives);
    const before = structuredClone(head);
    octets.fill(0);
    expect(head).toEqual(before);
  });
});

describe('a head that is not taken', () => {
  it.each([
    ['an empty line before it', ['', ...LINES]],
    ['another method', ['POST /chat HTTP/1.1', ...FIELDS]],
    ['a method in lower case', ['get /chat HTTP/1.1', ...FIELDS]],
    ['two blanks before the target', ['GET  /chat HTTP/1.1', ...FIELDS]],
    ['a tab before the target', ['GET\t/chat HTTP/1.1', ...FIELDS]],
    ['two blanks behind the target', ['GET /chat  HTTP/1.1', ...FIELDS]],
    ['a blank behind the version', ['GET /chat HTTP/1.1 ', ...FIELDS]],
    ['no version', ['GET /chat', ...FIELDS]],
    ['HTTP/1.0', ['GET /chat HTTP/1.0', ...FIELDS]],
    ['HTTP/1.10', ['GET /chat HTTP/1.10', ...FIELDS]],
    ['HTTP in lower case', ['GET /chat http/1.1', ...FIELDS]],
    ['a target with a host', ['GET http://server.example.com/chat HTTP/1.1', ...FIELDS]],
    ['a target without a slash', ['GET chat HTTP/1.1', ...FIELDS]],
    ['no target', ['GET HTTP/1.1', ...FIELDS]],
    ['a fragment', ['GET /chat#a HTTP/1.1', ...FIELDS]],
    ['a target that is not ASCII', ['GET /ch\xe4t HTTP/1.1', ...FIELDS]],
    ['a control in the target', ['GET /ch\x7ft HTTP/1.1', ...FIELDS]],
    ['a value that is not ASCII', [...LINES, 'X: \xe4']],
    ['NUL in a value', [...LINES, 'X: a\0b']],
    ['DEL in a value', [...LINES, 'X: a\x7fb']],
    ['a bare CR in a value', [...LINES, 'X: a\rb']],
    ['a bare LF in a value', [...LINES, 'X: a\nY: b']],
    ['CR CR LF', [...LINES, 'X: a\r']],
    ['a folded line', [...LINES, 'X: a', ' b']],
    ['a line folded with a tab', [...LINES, 'X: a', '\tb']],
    ['a blank before the first name', [REQUEST_LINE, ' X: a', ...FIELDS]],
    ['a blank before a colon', [...LINES, 'X : a']],
    ['a tab before a colon', [...LINES, 'X\t: a']],
    ['a line without a name', [...LINES, ': a']],
    ['a line without a colon', [...LINES, 'X']],
    ['a name that is no token', [...LINES, 'X(1): a']],
    ['a name that is not ASCII', [...LINES, '\xe4: a']],
    ['no Host', withField('host')],
    ['an empty Host', withField('host', 'Host:')],
    ['two Hosts', [...LINES, 'Host: server.example.com']],
    ['a Host with a path', withField('host', 'Host: a/b')],
    ['a Host with a user', withField('host', 'Host: a@b')],
    ['a Host with a port that is none', withField('host', 'Host: a:65536')],
    ['no Upgrade', withField('upgrade')],
    ['h2c', withField('upgrade', 'Upgrade: h2c')],
    ['websocket and h2c', withField('upgrade', 'Upgrade: websocket, h2c')],
    ['a version of websocket', withField('upgrade', 'Upgrade: websocket/13')],
    ['websockets', withField('upgrade', 'Upgrade: websockets')],
    ['two Upgrades', [...LINES, 'Upgrade: websocket']],
    ['no Connection', withField('connection')],
    ['an empty Connection', withField('connection', 'Connection:')],
    ['keep-alive alone', withField('connection', 'Connection: keep-alive')],
    ['close, too', withField('connection', 'Connection: close, Upgrade')],
    ['another token, too', withField('connection', 'Connection: Upgrade, HTTP2-Settings')],
    ['a longer token', withField('connection', 'Connection: Upgradex')],
    ['two tokens without a comma', withField('connection', 'Connection: keep-alive Upgrade')],
    ['empty elements', withField('connection', 'Connection: ,Upgrade')],
    ['an empty element at the end', withField('connection', 'Connection: Upgrade,')],
    ['a tab behind upgrade', withField('connection', 'Connection: Upgrade\t')],
    ['a tab between tokens', withField('connection', 'Connection: keep-alive,\tUpgrade')],
    ['two Connections', [...LINES, 'Connection: Upgrade']],
    ['no version of the protocol', withField('sec-websocket-version')],
    ['version 8', withField('sec-websocket-version', 'Sec-WebSocket-Version: 8')],
    ['version 14', withField('sec-websocket-version', 'Sec-WebSocket-Version: 14')],
    ['version 013', withField('sec-websocket-version', 'Sec-WebSocket-Version: 013')],
    ['versions', withField('sec-websocket-version', 'Sec-WebSocket-Version: 13, 8')],
    ['the version twice', [...LINES, 'Sec-WebSocket-Version: 13']],
    ['no key', withField('sec-websocket-key')],
    [
      'a key of 15 octets',
      withField('sec-websocket-key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j'),
    ],
    [
      'a key without its end',
      withField('sec-websocket-key', `Sec-WebSocket-Key: ${KEY.slice(0, 22)}`),
    ],
    ['a key that is longer', withField('sec-websocket-key', `Sec-WebSocket-Key: A${KEY}`)],
    [
      'a key with another character',
      withField('sec-websocket-key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-Q=='),
    ],
    [
      'a key with a filler too early',
      withField('sec-websocket-key', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ==='),
    ],
    ['two keys', [...LINES, `Sec-WebSocket-Key: ${KEY}`]],
    ['an empty list of subprotocols', [...LINES, 'Sec-WebSocket-Protocol:']],
    ['a subprotocol twice', [...LINES, 'Sec-WebSocket-Protocol: a', 'Sec-WebSocket-Protocol: a']],
    ['a subprotocol that is no token', [...LINES, 'Sec-WebSocket-Protocol: a;b']],
    ['extensions that are none', [...LINES, 'Sec-WebSocket-Extensions: ;;;']],
    ['Content-Length', [...LINES, 'Content-Length: 5']],
    ['Content-Length: 0', [...LINES, 'content-length: 0']],
    ['Transfer-Encoding', [...LINES, 'Transfer-Encoding: chunked']],
    ['an empty Transfer-Encoding', [...LINES, 'TRANSFER-ENCODING:']],
    ['TE', [...LINES, 'TE: trailers']],
    ['Trailer', [...LINES, 'Trailer: X']],
    ['Expect', [...LINES, 'Expect: 100-continue']],
    ['Proxy-Connection', [...LINES, 'Proxy-Connection: keep-alive']],
    ['HTTP2-Settings', [...LINES, 'HTTP2-Settings: AAMAAABkAAQAAP__']],
  ])('has %s', (_title, lines) => {
    expect(readLines(lines)).toBeUndefined();
  });

  it.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['LF CR', '\n\r'],
  ])('has lines that end with %s', (_title, end) => {
    expect(read(Buffer.from(`${LINES.join(end)}${end}${end}`))).toBeUndefined();
    expect(read(Buffer.from(`${LINES.join('\r\n')}\r\n${end}\r\n`))).toBeUndefined();
    expect(read(Buffer.from(`${LINES.join('\r\n')}${end}\r\n`))).toBeUndefined();
  });

  it.each([
    ['TLS', '16030100a5010000a1'],
    ['the preface of HTTP/2', '505249202a20485454502f322e300d0a'],
    ['nothing', '00'],
    ['blanks', '2020'],
  ])('is %s', (_title, hex) => {
    expect(read(Buffer.from(hex, 'hex'))).toBeUndefined();
  });
});

describe('what has come so far', () => {
  it.each(CLIENT_HEADS)('is partial at every octet of the head of %s', (_client, lines) => {
    const octets = headOctets(lines);
    for (let length = 0; length < octets.length; length += 1) {
      expect(read(octets.subarray(0, length)), `${length}`).toBe('partial');
    }
  });

  it('is never partial again once it is not', () => {
    const octets = headOctets(LINES);
    fc.assert(
      fc.property(fc.nat(octets.length - 1), fc.nat(255), (at, octet) => {
        const changed = Buffer.from(octets);
        changed[at] = octet;
        let refused = false;
        for (let length = 0; length <= changed.length; length += 1) {
          const head = read(changed.subarray(0, length));
          if (refused) expect(head).toBeUndefined();
          refused = head === undefined;
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['a method', 'P'],
    ['no target', 'GET h'],
    ['a fragment', 'GET /#'],
    ['a version', 'GET / HTTP/1.0'],
    ['a blank before the first name', 'GET / HTTP/1.1\r\n '],
    ['a blank before a colon', 'GET / HTTP/1.1\r\nX '],
    ['a field that speaks of a body', 'GET / HTTP/1.1\r\nContent-Length:'],
    ['a control', 'GET / HTTP/1.1\r\nX: \0'],
    ['a bare LF', 'GET / HTTP/1.1\r\nX: a\n'],
    ['a bare CR', 'GET / HTTP/1.1\r\nX: a\ra'],
    ['a value', 'GET / HTTP/1.1\r\nUpgrade: h2c\r\n'],
    ['a field twice', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n'],
    ['the end', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('is given up with the octet that decides: %s', (_title, text) => {
    const octets = Buffer.from(text, 'latin1');
    expect(read(octets)).toBeUndefined();
    expect(read(octets.subarray(0, -1))).toBe('partial');
  });
});

describe('limits', () => {
  const ofBytes = (maxHeadBytes: number) => ({ ...UPGRADE_HEAD_LIMITS, maxHeadBytes });

  it('a head of 16 KiB is taken, one octet more is not, and is given up before it ends', () => {
    const filled = (length: number) => {
      const [line = ''] = ['X: '];
      const rest = length - headOctets([...LINES, line]).length;
      return headOctets([...LINES, line + 'a'.repeat(rest)]);
    };
    expect(UPGRADE_HEAD_LIMITS.maxHeadBytes).toBe(16_384);
    const most = filled(16_384);
    expect(read(most)).toMatchObject({ headEnd: 16_384 });
    expect(read(most.subarray(0, 16_383))).toBe('partial');
    const more = filled(16_385);
    expect(read(more)).toBeUndefined();
    expect(read(more.subarray(0, 16_384))).toBeUndefined();
    expect(read(more.subarray(0, 16_383))).toBe('partial');
  });

  it('a limit of the caller holds wherever it cuts', () => {
    const octets = headOctets(LINES);
    for (let most = 1; most < octets.length; most += 1) {
      expect(read(octets, ofBytes(most))).toBeUndefined();
      expect(read(octets.subarray(0, most), ofBytes(most))).toBeUndefined();
      expect(read(octets.subarray(0, most - 1), ofBytes(most))).toBe('partial');
    }
    expect(read(octets, ofBytes(octets.length))).toMatchObject({ headEnd: octets.length });
  });

  it('128 lines are taken, one more is not', () => {
    const lines = (count: number) => [
      ...LINES,
      ...new Array<string>(count - FIELDS.length).fill('X: y'),
    ];
    expectTaken(lines(128));
    expect(readLines(lines(129))).toBeUndefined();
    const few = { ...UPGRADE_HEAD_LIMITS, maxHeaderLines: FIELDS.length };
    expect(read(headOctets(LINES), few)).toMatchObject({ key: KEY });
    expect(read(headOctets([...LINES, 'X: y']), few)).toBeUndefined();
  });

  it('a target of 8,192 characters is taken, one more is not, and is given up at once', () => {
    const target = `/${'a'.repeat(8191)}`;
    expectTaken([`GET ${target} HTTP/1.1`, ...FIELDS]);
    expect(readLines([`GET ${target}a HTTP/1.1`, ...FIELDS])).toBeUndefined();
    expect(read(Buffer.from(`GET ${target}`))).toBe('partial');
    expect(read(Buffer.from(`GET ${target}a`))).toBeUndefined();
  });
});

const blanks = fc.constantFrom('', ' ', '  ', '\t', ' \t ');
const token = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,30}$/);
const value = fc.stringMatching(/^[!-~]([\t -~]{0,40}[!-~])?$/);
const anyCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) =>
      [...text].map((one, at) => (upper[at] ? one.toUpperCase() : one.toLowerCase())).join(''),
    );
const field = (name: string, ...values: readonly string[]) =>
  fc
    .tuple(anyCase(name), blanks, fc.constantFrom(...values), blanks)
    .map(([spelt, before, given, after]) => `${spelt}:${before}${given}${after}`);
const SPECIAL =
  /^(?:host|upgrade|connection|origin|te|trailer|expect|content-length|transfer-encoding|http2-settings|proxy-connection|sec-websocket-.*)$/i;
const otherField = fc
  .tuple(token, blanks, fc.oneof(value, fc.constant('')), blanks)
  .filter(([name]) => !SPECIAL.test(name))
  .map(([name, before, given, after]) => `${name}:${before}${given}${after}`);
const anyHead = fc
  .tuple(
    fc.stringMatching(/^\/[!-"$-~]{0,30}$/),
    fc.tuple(
      field('host', 'a.example', '127.0.0.1:80', '[::1]'),
      field('upgrade', 'websocket', 'WebSocket'),
      field('sec-websocket-key', KEY),
      field('sec-websocket-version', '13'),
    ),
    fc.constantFrom('Connection: Upgrade', 'connection:keep-alive , upgrade'),
    fc.array(
      fc.oneof(
        { weight: 3, arbitrary: otherField },
        field('origin', 'https://a.example', 'null', ''),
        field('sec-websocket-extensions', 'permessage-deflate', 'a;b="c", d'),
      ),
      { maxLength: 6 },
    ),
    fc.option(field('sec-websocket-protocol', 'a', 'a, b')),
  )
  .chain(([target, required, connection, others, protocols]) =>
    fc
      .shuffledSubarray(
        [...required, connection, ...others, ...(protocols === null ? [] : [protocols])],
        { minLength: 5 + others.length + (protocols === null ? 0 : 1) },
      )
      .map((lines) => [`GET ${target} HTTP/1.1`, ...lines]),
  );

describe('any head', () => {
  it('of the shape is taken, with the meaning that it has behind an HTTP parser, and partial before', () => {
    fc.assert(
      fc.property(anyHead, fc.double({ min: 0, max: 1, noNaN: true }), (lines, cut) => {
        const { headEnd } = expectTaken(lines);
        const octets = headOctets(lines);
        expect(read(octets.subarray(0, Math.floor(cut * (headEnd - 1))))).toBe('partial');
      }),
      { numRuns: 500 },
    );
  });

  it('that is taken after a few changes still means the same', () => {
    let taken = 0;
    const change = fc.record({
      at: fc.nat(2000),
      length: fc.nat(3),
      text: fc.oneof(
        fc.constantFrom('\r\n', '\n', '\r', ',', ';', '"', ':', ' ', '\t', '\0', '#', '\xe4', 'a'),
        fc.constantFrom('Host: a\r\n', 'TE: a\r\n', 'Upgrade: h2c\r\n', 'Connection: close\r\n'),
        fc.string({ maxLength: 2 }),
      ),
    });
    fc.assert(
      fc.property(anyHead, fc.array(change, { minLength: 1, maxLength: 3 }), (lines, changes) => {
        let text = headOctets(lines).toString('latin1');
        for (const { at, length, text: put } of changes) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + put + text.slice(from + length);
        }
        const head = read(Buffer.from(text, 'latin1'));
        if (head === undefined || head === 'partial') return;
        taken += 1;
        expectTaken(text.slice(0, head.headEnd - 4).split('\r\n'));
      }),
      { numRuns: 2000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it('of whatever octets throws nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (octets, begins) => {
        const begin = Buffer.from(begins ? 'GET / HTTP/1.1\r\nHost: a\r\n' : '');
        const head = read(Buffer.concat([begin, octets]));
        expect(head === undefined || head === 'partial').toBe(true);
      }),
    );
  });
});

function visible(without: string): string {
  return Array.from({ length: 94 }, (_, at) => String.fromCharCode(0x21 + at))
    .filter((character) => !without.includes(character))
    .join('');
}
