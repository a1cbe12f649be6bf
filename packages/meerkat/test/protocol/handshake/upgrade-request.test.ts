import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExtensionOffer } from '../../../src/protocol/handshake/extension-header.ts';
import {
  HandshakeError,
  type HeaderList,
} from '../../../src/protocol/handshake/handshake-error.ts';
import {
  buildUpgradeRequest,
  type RequestHead,
  readUpgradeRequest,
  type UpgradeOffer,
} from '../../../src/protocol/handshake/upgrade-request.ts';
import { misuse, refusal } from '../support/faults.ts';
import { anyText } from '../support/text-arbitraries.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
/** The request of RFC 6455 §1.3, without what is optional. */
const FIELDS: HeaderList = [
  ['Host', 'server.example.com'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', KEY],
  ['Sec-WebSocket-Version', '13'],
];

/** A good request, changed: `set` replaces every line of a field, with no value by none at all; `add` adds lines. */
interface Change extends Partial<Omit<RequestHead, 'rawHeaders'>> {
  readonly set?: Readonly<Record<string, string | readonly string[]>>;
  readonly add?: HeaderList;
}

function request({ set = {}, add = [], ...head }: Change = {}): RequestHead {
  const kept = FIELDS.filter(([name]) => !Object.hasOwn(set, name));
  const replaced = Object.entries(set).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  const rawHeaders = [...kept, ...replaced, ...add].flat();
  return { method: 'GET', httpVersion: '1.1', target: '/chat', rawHeaders, ...head };
}

const read = (change: Change = {}) => readUpgradeRequest(request(change));

describe('a request that is taken (§4.2.1)', () => {
  it('is the one of RFC 6455 §1.3, verbatim', () => {
    const rawHeaders = [
      ...['Host', 'server.example.com'],
      ...['Upgrade', 'websocket'],
      ...['Connection', 'Upgrade'],
      ...['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ...['Origin', 'http://example.com'],
      ...['Sec-WebSocket-Protocol', 'chat, superchat'],
      ...['Sec-WebSocket-Version', '13'],
    ];
    expect(readUpgradeRequest({ ...request(), rawHeaders })).toEqual({
      key: 'dGhlIHNhbXBsZSBub25jZQ==',
      host: 'server.example.com',
      url: '/chat',
      path: '/chat',
      subprotocols: ['chat', 'superchat'],
      extensions: [],
      origins: ['http://example.com'],
    });
  });

  it("is a browser's, of the founding document", () => {
    const rawHeaders = [
      ...['Host', 'localhost:8000'],
      ...['Connection', 'Upgrade'],
      ...['Pragma', 'no-cache'],
      ...['Cache-Control', 'no-cache'],
      ...['Upgrade', 'websocket'],
      ...['Origin', 'http://localhost:8000'],
      ...['Sec-WebSocket-Version', '13'],
      ...['Accept-Encoding', 'gzip, deflate, br'],
      ...['Accept-Language', 'zh-CN,zh;q=0.9'],
      ...['Sec-WebSocket-Key', 'aijc515qfzyVZxdEyv1cDw=='],
      ...['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
    ];
    expect(readUpgradeRequest({ ...request({ target: '/websocket' }), rawHeaders })).toMatchObject({
      key: 'aijc515qfzyVZxdEyv1cDw==',
      host: 'localhost:8000',
      url: '/websocket',
      subprotocols: [],
      extensions: [{ name: 'permessage-deflate', parameters: [['client_max_window_bits', true]] }],
      origins: ['http://localhost:8000'],
    });
  });

  it.each<[string, Change]>([
    ['Connection: keep-alive, Upgrade', { set: { Connection: 'keep-alive, Upgrade' } }],
    ['Connection: upgrade', { set: { Connection: 'upgrade' } }],
    ['two Connection lines', { set: { Connection: ['keep-alive', 'Upgrade'] } }],
    ['Connection: ,,Upgrade,', { set: { Connection: ',,Upgrade,' } }],
    ['Upgrade: WebSocket', { set: { Upgrade: 'WebSocket' } }],
    [
      'field names in other cases',
      { set: { 'Sec-WebSocket-Key': [] }, add: [['SEC-WEBSOCKET-KEY', KEY]] },
    ],
    [
      'a key whose unused bits are not zero',
      { set: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' } },
    ],
    ['Content-Length: 0', { add: [['Content-Length', '0']] }],
    ['an IPv6 Host', { set: { Host: '[::1]:8000' } }],
    ['no Origin', {}],
    ['a target of 8192 characters', { target: `/${'a'.repeat(8191)}` }],
    ['128 header lines', { add: Array(123).fill(['X', 'y']) }],
    ['subprotocols called like properties', { add: [['Sec-WebSocket-Protocol', '__proto__']] }],
    ['500 extensions', { add: [['Sec-WebSocket-Extensions', Array(500).fill('x').join(',')]] }],
  ])('may have %s', (_what, change) => {
    expect(() => read(change)).not.toThrow();
  });

  it('has its list fields combined over lines', () => {
    const add = [
      ['Sec-WebSocket-Protocol', 'a, b'],
      ['Sec-WebSocket-Extensions', 'x; y'],
      ['sec-websocket-protocol', 'c'],
      ['sec-websocket-extensions', 'z'],
      ['Origin', 'http://a'],
      ['Origin', 'http://b'],
    ] as const;
    const { subprotocols, extensions, origins } = read({ add });
    expect(subprotocols).toEqual(['a', 'b', 'c']);
    expect(extensions.map(({ name }) => name)).toEqual(['x', 'z']);
    expect(origins).toEqual(['http://a', 'http://b']);
  });
});

describe('the target', () => {
  it.each([
    ['/', '/', '/'],
    ['/chat?room=1&x=/../', '/chat?room=1&x=/../', '/chat'],
    ['/%2e%2e/x', '/%2e%2e/x', '/%2e%2e/x'],
    ['/chat#top', '/chat', '/chat'],
    ['/chat?a#b?c', '/chat?a', '/chat'],
    ['//evil/x', '//evil/x', '//evil/x'],
    ['/?', '/?', '/'],
    ['http://server.example.com/chat?x', '/chat?x', '/chat'],
    ['ws://server.example.com/chat', '/chat', '/chat'],
    ['HTTP://SERVER.example.COM:80/chat', '/chat', '/chat'],
    ['https://server.example.com:443', '/', '/'],
    ['http://server.example.com?x=1', '/?x=1', '/'],
  ])('%s is %s, its path %s', (target, url, path) => {
    // A Host without a port is the default port of whatever scheme the absolute form has.
    expect(read({ target })).toMatchObject({ url, path, host: 'server.example.com' });
  });

  it('in absolute form names the port that Host has', () => {
    const set = { Host: 'a.example:8000' };
    expect(read({ set, target: 'http://a.example:8000/x' }).url).toBe('/x');
    expect(() => read({ set, target: 'http://a.example/x' })).toThrow(refusal('WS_REQUEST_TARGET'));
  });

  it.each([
    ['another host', 'http://evil.example/chat'],
    ['another port', 'http://server.example.com:81/chat'],
    ['a user', 'http://server.example.com@evil.example/chat'],
    ['no host', 'http:///chat'],
    ['another scheme', 'ftp://server.example.com/chat'],
    ['no scheme', 'server.example.com/chat'],
    ['the authority alone', 'server.example.com:80'],
    ['an asterisk', '*'],
    ['nothing', ''],
    ['a fragment alone', '#/chat'],
    ['a backslash', 'http://server.example.com\\@evil.example/'],
    ['octets above 7f', '/ch\xc3\xa4t'],
    ['a blank', '/ch at'],
    ['a control character', '/ch\0at'],
  ])('with %s is refused with 400: %s', (_what, target) => {
    expect(() => read({ target })).toThrow(refusal('WS_REQUEST_TARGET', { status: 400 }));
  });
});

describe('a request that is refused', () => {
  const UPGRADE = { status: 400 };
  const VERSION = {
    status: 426,
    headers: [
      ['Sec-WebSocket-Version', '13'],
      ['Upgrade', 'websocket'],
    ],
  };

  it.each<[string, Change]>(
    ['POST', 'PUT', 'HEAD', 'DELETE', 'get', 'OPTIONS', 'CONNECT'].map((method) => [
      method,
      { method },
    ]),
  )('405 with Allow: the method %s (§4.1)', (_what, change) => {
    expect(() => read(change)).toThrow(
      refusal('WS_REQUEST_METHOD', { status: 405, headers: [['Allow', 'GET']] }),
    );
  });

  it('405: OPTIONS *, whose target is no path', () => {
    expect(() => read({ method: 'OPTIONS', target: '*' })).toThrow(refusal('WS_REQUEST_METHOD'));
  });

  it.each(['1.0', '0.9', '2.0', '1.2', '1', ''])('505: HTTP/%s', (httpVersion) => {
    expect(() => read({ httpVersion })).toThrow(
      refusal('WS_REQUEST_HTTP_VERSION', { status: 505 }),
    );
  });

  it.each([
    ['missing', []],
    ['empty', ''],
    ['twice', ['server.example.com', 'server.example.com']],
    ['two in one', 'server.example.com, server.example.com'],
    ['with a user', 'user@server.example.com'],
    ['with a path', 'server.example.com/'],
    ['no host at all', '[::1'],
  ])('400: Host %s', (_what, Host) => {
    expect(() => read({ set: { Host } })).toThrow(refusal('WS_REQUEST_HOST', { status: 400 }));
  });

  it.each([
    ['missing', []],
    ['empty', ''],
    ['of 3 octets', 'AAAA'],
    ['unpadded', 'dGhlIHNhbXBsZSBub25jZQ'],
    ['in a bad alphabet', '!!..=='],
    ['twice', [KEY, KEY]],
    ['with a blank', ` ${KEY}`],
  ])('400: a key that is %s', (_what, key) => {
    expect(() => read({ set: { 'Sec-WebSocket-Key': key } })).toThrow(
      refusal('WS_REQUEST_KEY', { status: 400 }),
    );
  });

  it.each<[string | readonly string[]]>([
    [[]],
    [''],
    ['0'],
    ['7'],
    ['8'],
    ['12'],
    ['14'],
    ['99'],
    ['13, 8'],
    ['013'],
    ['13.0'],
    ['1.3e1'],
    ['0x0d'],
    ['+13'],
    ['１３'],
    [['13', '13']],
    [['13', '8']],
  ])('426 with the version we speak: version %j (§4.4)', (version) => {
    expect(() => read({ set: { 'Sec-WebSocket-Version': version } })).toThrow(
      refusal('WS_REQUEST_VERSION', VERSION),
    );
  });

  it.each<[string, Record<string, string | string[]>]>([
    ['Connection: close', { Connection: 'close' }],
    ['no Connection', { Connection: [] }],
    ['Connection: Upgradex', { Connection: 'Upgradex' }],
    ['no Upgrade', { Upgrade: [] }],
    ['Upgrade: websocket/13', { Upgrade: 'websocket/13' }],
    ['Upgrade twice', { Upgrade: ['websocket', 'websocket'] }],
    ['Upgrade: h2c', { Upgrade: 'h2c' }],
    ['Upgrade: h2c, websocket', { Upgrade: 'h2c, websocket' }],
  ])('400: %s', (_what, set) => {
    expect(() => read({ set })).toThrow(refusal('WS_REQUEST_UPGRADE', UPGRADE));
  });

  it.each([
    ['empty', ''],
    ['ending in a comma', 'a,'],
    ['with a semicolon', 'a;b'],
    ['repeated', 'a, a'],
    ['of two words with 15,000 blanks between them', `b${' '.repeat(15_000)}x`],
  ])('400: Sec-WebSocket-Protocol %s', (_what, value) => {
    expect(() => read({ add: [['Sec-WebSocket-Protocol', value]] })).toThrow(
      refusal('WS_REQUEST_SUBPROTOCOL', { status: 400 }),
    );
  });

  it('400: a subprotocol that is repeated on another line', () => {
    const add = [
      ['Sec-WebSocket-Protocol', 'a'],
      ['Sec-WebSocket-Protocol', 'a'],
    ] as const;
    expect(() => read({ add })).toThrow(refusal('WS_REQUEST_SUBPROTOCOL'));
  });

  it.each([
    ['empty', ''],
    [';;;', ';;;'],
    ['with a quoted string that does not end', 'a;b="c'],
  ])('400: Sec-WebSocket-Extensions %s', (_what, value) => {
    expect(() => read({ add: [['Sec-WebSocket-Extensions', value]] })).toThrow(
      refusal('WS_REQUEST_EXTENSIONS', { status: 400 }),
    );
  });

  it.each<[string, HeaderList]>([
    ['Content-Length: 5', [['Content-Length', '5']]],
    ['Content-Length: 00', [['Content-Length', '00']]],
    ['Content-Length: 0, 5', [['Content-Length', '0, 5']]],
    [
      'Content-Length twice',
      [
        ['Content-Length', '0'],
        ['Content-Length', '5'],
      ],
    ],
    ['Transfer-Encoding: chunked', [['Transfer-Encoding', 'chunked']]],
    ['Transfer-Encoding: identity', [['Transfer-Encoding', 'identity']]],
    [
      'both',
      [
        ['Content-Length', '0'],
        ['Transfer-Encoding', 'chunked'],
      ],
    ],
  ])('400: a body, announced by %s', (_what, add) => {
    expect(() => read({ add })).toThrow(refusal('WS_REQUEST_BODY', { status: 400 }));
  });

  it('431: 129 header lines, also with the fields of the handshake at their end', () => {
    const add = Array(124).fill(['X', 'y']) as [string, string][];
    const last = request({ add }).rawHeaders.toReversed();
    const swapped = last.map((_, at) => last[at % 2 === 0 ? at + 1 : at - 1] as string);
    expect(() => read({ add })).toThrow(refusal('WS_REQUEST_HEADER_LINES', { status: 431 }));
    expect(() => readUpgradeRequest({ ...request(), rawHeaders: swapped })).toThrow(
      refusal('WS_REQUEST_HEADER_LINES'),
    );
  });

  it('414: a target of 8193 characters', () => {
    expect(() => read({ target: `/${'a'.repeat(8192)}` })).toThrow(
      refusal('WS_REQUEST_TARGET_TOO_LONG', { status: 414 }),
    );
  });

  it('raises nothing but a HandshakeError, whatever stands in the request', () => {
    const name = fc.constantFrom(
      ...FIELDS.map(([known]) => known),
      'Origin',
      'X',
      'Content-Length',
    );
    const piece = fc.constantFrom(
      'websocket',
      'Upgrade',
      '13',
      KEY,
      'a',
      ',',
      ';',
      '"',
      ' ',
      '\0',
      '[',
      '__proto__',
    );
    const value = fc.oneof(
      fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('')),
      anyText(8),
    );
    const heads = fc.record({
      method: fc.constantFrom('GET', 'GET', 'POST'),
      httpVersion: fc.constantFrom('1.1', '1.1', '1.0'),
      target: fc.oneof(
        fc.constantFrom('/', 'http://server.example.com/x?y#z', '//a', '*'),
        anyText(8),
      ),
      add: fc.array(fc.tuple(name, value), { maxLength: 3 }),
      set: fc.dictionary(name, value, { maxKeys: 2, noNullPrototype: true }),
    });
    fc.assert(
      fc.property(heads, (change) => {
        try {
          read(change);
        } catch (error) {
          expect(error).toBeInstanceOf(HandshakeError);
          expect((error as HandshakeError).status).toBeGreaterThanOrEqual(400);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a client's request (§4.1)", () => {
  it('says what is asked for, and nothing that is not', () => {
    expect(buildUpgradeRequest({ key: KEY, subprotocols: [], extensions: [] })).toEqual([
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', KEY],
    ]);
  });

  it('offers subprotocols and extensions in order, each in one line', () => {
    const extensions = [
      { name: 'permessage-deflate', parameters: [['client_max_window_bits', true]] },
    ] as const;
    const headers = buildUpgradeRequest({
      key: KEY,
      subprotocols: ['chat', 'superchat'],
      extensions,
    });
    expect(headers.slice(4)).toEqual([
      ['Sec-WebSocket-Protocol', 'chat, superchat'],
      ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
    ]);
  });

  it.each<[string, Partial<UpgradeOffer>]>([
    ['a subprotocol that is no token', { subprotocols: ['a b'] }],
    ['a subprotocol with a line break', { subprotocols: ['a\r\nX: y'] }],
    ['an empty subprotocol', { subprotocols: [''] }],
    ['a repeated subprotocol', { subprotocols: ['a', 'a'] }],
    ['an extension with a line break', { extensions: [{ name: 'a\r\nX: y', parameters: [] }] }],
    ['a key that a server would refuse', { key: 'AAAA' }],
    ['a key with a line break', { key: `${KEY}\r\nX: y` }],
  ])('is not made with %s', (_what, change) => {
    const offer = { key: KEY, subprotocols: [], extensions: [], ...change };
    expect(() => buildUpgradeRequest(offer)).toThrow(misuse('MEERKAT_HANDSHAKE_VALUE'));
  });

  it('is read by a server as it was meant, whatever is offered', () => {
    const token = fc.string({
      unit: fc.constantFrom(...'abzAZ09-_.!~'),
      minLength: 1,
      maxLength: 6,
    });
    const parameter = fc.tuple(token, fc.oneof(token, fc.constant<true>(true)));
    const extension: fc.Arbitrary<ExtensionOffer> = fc.record({
      name: token,
      parameters: fc.array(parameter, { maxLength: 3 }),
    });
    const offers = fc.record({
      key: fc
        .uint8Array({ minLength: 16, maxLength: 16 })
        .map((octets) => Buffer.from(octets).toString('base64')),
      subprotocols: fc.uniqueArray(token, { maxLength: 4 }),
      extensions: fc.array(extension, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(offers, (offer) => {
        const rawHeaders = ['Host', 'a', ...buildUpgradeRequest(offer).flat()];
        expect(readUpgradeRequest({ ...request(), rawHeaders })).toMatchObject(offer);
      }),
      { numRuns: 200 },
    );
  });
});
