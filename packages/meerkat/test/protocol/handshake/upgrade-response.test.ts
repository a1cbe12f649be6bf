import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExtensionOffer } from '../../../src/protocol/handshake/extension-header.ts';
import {
  HandshakeError,
  type HeaderList,
} from '../../../src/protocol/handshake/handshake-error.ts';
import {
  buildUpgradeRequest,
  readUpgradeRequest,
  type UpgradeOffer,
  type UpgradeRequest,
} from '../../../src/protocol/handshake/upgrade-request.ts';
import {
  buildUpgradeResponse,
  checkHeaders,
  headerList,
  type ResponseHead,
  readUpgradeResponse,
  type UpgradeAnswer,
} from '../../../src/protocol/handshake/upgrade-response.ts';
import { misuse, refusal } from '../support/faults.ts';
import { testPrimitives } from '../support/recording-endpoint.ts';
import { anyText } from '../support/text-arbitraries.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const DEFLATE: ExtensionOffer = { name: 'permessage-deflate', parameters: [] };

const OFFER: UpgradeOffer = {
  key: KEY,
  subprotocols: ['chat', 'superchat'],
  extensions: [{ ...DEFLATE, parameters: [['client_max_window_bits', true]] }],
};
const REQUEST: UpgradeRequest = {
  ...OFFER,
  host: 'server.example.com',
  url: '/chat',
  path: '/chat',
  origins: [],
};

describe("a server's response (§4.2.2)", () => {
  const build = (answer: Partial<UpgradeAnswer> = {}, request = REQUEST) =>
    buildUpgradeResponse(
      request,
      { subprotocol: '', extensions: [], headers: [], ...answer },
      testPrimitives,
    );

  it('has the status line, the accept value and an empty line at its end', () => {
    expect(build()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\n' +
        'Upgrade: websocket\r\n' +
        'Connection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n' +
        '\r\n',
    );
  });

  it('is, octet by octet, the one in the dump of the founding document', () => {
    const head = build({}, { ...REQUEST, key: 'aijc515qfzyVZxdEyv1cDw==' });
    expect(head).toHaveLength(129);
    expect(head).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Accept: MuGQ/SKV5Xm4wvNLi4qUhRw7lkc=\r\n\r\n',
    );
  });

  it('says what was agreed on, and the further fields in their order', () => {
    const lines = build({
      subprotocol: 'chat',
      extensions: [{ ...DEFLATE, parameters: [['server_no_context_takeover', true]] }],
      headers: [
        ['Set-Cookie', 'a=1; Path=/'],
        ['Set-Cookie', 'b=2'],
      ],
    }).split('\r\n');
    expect(lines.slice(4)).toEqual([
      'Sec-WebSocket-Protocol: chat',
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover',
      'Set-Cookie: a=1; Path=/',
      'Set-Cookie: b=2',
      '',
      '',
    ]);
  });

  it.each<[string, Partial<UpgradeAnswer>]>([
    ['a subprotocol that was not offered', { subprotocol: 'other' }],
    ['a subprotocol in another case', { subprotocol: 'Chat' }],
    ['a subprotocol with a line break', { subprotocol: 'chat\r\nSet-Cookie: a=b' }],
    ['two subprotocols', { subprotocol: 'chat, superchat' }],
    ['an extension that was not offered', { extensions: [{ name: 'mux', parameters: [] }] }],
    ['an extension twice', { extensions: [DEFLATE, DEFLATE] }],
    [
      'an extension with a line break',
      { extensions: [{ ...DEFLATE, parameters: [['a', '1\r\nX: y']] }] },
    ],
    ['a field value with CR LF', { headers: [['X', 'a\r\nSet-Cookie: b=c']] }],
    ['a field value with LF', { headers: [['X', 'a\nY: b']] }],
    ['a field value with NUL', { headers: [['X', 'a\0']] }],
    ['a field value beyond one octet a character', { headers: [['X', 'č']] }],
    ['a field value that ends in a blank', { headers: [['X', 'a ']] }],
    ['a field name with a colon', { headers: [['X: y\r\nZ', 'a']] }],
    ['an empty field name', { headers: [['', 'a']] }],
    ['a field name with a blank', { headers: [['X ', 'a']] }],
  ])('is not made with %s', (_what, answer) => {
    expect(() => build(answer)).toThrow(misuse('MEERKAT_HANDSHAKE_VALUE'));
  });

  it.each([
    'Connection',
    'Content-Length',
    'Sec-WebSocket-Accept',
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Version',
    'Transfer-Encoding',
    'Upgrade',
    'uPgRaDe',
  ])('is not made with a %s of the application: it is part of the handshake', (name) => {
    expect(() => build({ headers: [[name, 'x']] })).toThrow(misuse('MEERKAT_HANDSHAKE_VALUE'));
  });

  it('has as many lines as it is given fields, whatever they hold', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'aB-: \t\r\n\0é\u0161'), maxLength: 6 });
    const headers = fc.array(fc.tuple(texts, texts), { maxLength: 3 });
    fc.assert(
      fc.property(headers, (given) => {
        let head: string;
        try {
          head = build({ headers: given });
        } catch (error) {
          expect(error).toEqual(misuse('MEERKAT_HANDSHAKE_VALUE'));
          return;
        }
        expect(head.split('\r\n')).toHaveLength(4 + given.length + 2);
        expect(head.split(/[\r\n]+/)).toHaveLength(4 + given.length + 1);
      }),
      { numRuns: 500 },
    );
  });
});

describe('checking further header fields', () => {
  it('lets good ones pass', () => {
    checkHeaders([]);
    checkHeaders([
      ['Set-Cookie', 'a=b'],
      ['X-Empty', ''],
      ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT'],
    ]);
  });

  it('names the field that is wrong', () => {
    expect(() =>
      checkHeaders([
        ['Good', 'a'],
        ['Bad', 'a\n'],
      ]),
    ).toThrow(/"Bad"$/);
  });
});

describe("a client's check of the response (§4.1)", () => {
  const FIELDS: HeaderList = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', ACCEPT],
  ];

  interface Change extends Partial<Omit<ResponseHead, 'rawHeaders'>> {
    readonly set?: Readonly<Record<string, string | readonly string[]>>;
    readonly add?: HeaderList;
  }

  function response({ set = {}, add = [], ...head }: Change = {}): ResponseHead {
    const kept = FIELDS.filter(([name]) => !Object.hasOwn(set, name));
    const replaced = Object.entries(set).flatMap(([name, values]) =>
      [values].flat().map((value) => [name, value] as const),
    );
    const rawHeaders = [...kept, ...replaced, ...add].flat();
    return { status: 101, httpVersion: '1.1', rawHeaders, ...head };
  }
  const read = (change: Change = {}, offer = OFFER) =>
    readUpgradeResponse(response(change), offer, testPrimitives);

  it('takes the one of RFC 6455 §1.3', () => {
    const add = [['Sec-WebSocket-Protocol', 'chat']] as const;
    expect(read({ add })).toEqual({ subprotocol: 'chat', extensions: [] });
  });

  it.each<[string, Change]>([
    ['nothing agreed on', {}],
    ['Upgrade: WebSocket', { set: { Upgrade: 'WebSocket' } }],
    ['Connection: keep-alive, upgrade', { set: { Connection: 'keep-alive, upgrade' } }],
    ['field names in other cases', { set: { Upgrade: [] }, add: [['uPGRADE', 'websocket']] }],
    [
      'further fields',
      {
        add: [
          ['Set-Cookie', 'a=b'],
          ['Date', 'x'],
        ],
      },
    ],
    ['128 header lines', { add: Array(125).fill(['X', 'y']) }],
  ])('takes one with %s', (_what, change) => {
    expect(read(change)).toEqual({ subprotocol: '', extensions: [] });
  });

  it('takes an extension that was offered, with its parameters', () => {
    const add = [
      ['Sec-WebSocket-Extensions', 'permessage-deflate; server_max_window_bits=8'],
    ] as const;
    expect(read({ add }).extensions).toEqual([
      { ...DEFLATE, parameters: [['server_max_window_bits', '8']] },
    ]);
  });

  it.each([200, 301, 302, 400, 401, 404, 426, 500, 503, 100, 0])('refuses status %i', (status) => {
    expect(() => read({ status })).toThrow(refusal('WS_RESPONSE_STATUS', { status }));
  });

  it.each(['1.0', '2.0', ''])('refuses HTTP/%s', (httpVersion) => {
    expect(() => read({ httpVersion })).toThrow(refusal('WS_RESPONSE_HTTP_VERSION'));
  });

  it.each<[string, HeaderList]>([
    ['Content-Length', [['Content-Length', '5']]],
    ['Content-Length: 0', [['Content-Length', '0']]],
    ['Transfer-Encoding', [['Transfer-Encoding', 'chunked']]],
  ])('refuses %s in a 101', (_what, add) => {
    expect(() => read({ add })).toThrow(refusal('WS_RESPONSE_BODY'));
  });

  it.each<[string, string | string[]]>([
    ['missing', []],
    ['another protocol', 'h2c'],
    ['two protocols', 'websocket, h2c'],
    ['with a version', 'websocket/13'],
    ['twice', ['websocket', 'websocket']],
  ])('refuses Upgrade when it is %s', (_what, Upgrade) => {
    expect(() => read({ set: { Upgrade } })).toThrow(refusal('WS_RESPONSE_UPGRADE'));
  });

  it.each([
    ['missing', []],
    ['close', 'close'],
    ['almost right', 'Upgraded'],
  ])('refuses Connection when it is %s', (_what, Connection) => {
    expect(() => read({ set: { Connection } })).toThrow(refusal('WS_RESPONSE_CONNECTION'));
  });

  it.each<[string, string | string[]]>([
    ['missing', []],
    ['empty', ''],
    ['of another key', 'MuGQ/SKV5Xm4wvNLi4qUhRw7lkc='],
    ['twice', [ACCEPT, ACCEPT]],
    ['in lower case', ACCEPT.toLowerCase()],
    ['without padding', ACCEPT.slice(0, -1)],
    ['the fixed value of a sample', 'ZmQ5OWUxMjgwMTViNTEyM2FmZTRlOGViODZkNTk3OTBjMWRiYjBiYg=='],
  ])('refuses an accept value that is %s', (_what, accept) => {
    expect(() => read({ set: { 'Sec-WebSocket-Accept': accept } })).toThrow(
      refusal('WS_RESPONSE_ACCEPT'),
    );
  });

  it.each<[string, string[]]>([
    ['that was not offered', ['other']],
    ['in another case', ['Chat']],
    ['that is empty', ['']],
    ['twice', ['chat', 'chat']],
    ['of which there are two', ['chat, superchat']],
  ])('refuses a subprotocol %s', (_what, values) => {
    const add = values.map((value) => ['Sec-WebSocket-Protocol', value] as const);
    expect(() => read({ add })).toThrow(refusal('WS_RESPONSE_SUBPROTOCOL'));
  });

  it('refuses a subprotocol where none was offered', () => {
    const add = [['Sec-WebSocket-Protocol', 'chat']] as const;
    expect(() => read({ add }, { ...OFFER, subprotocols: [] })).toThrow(
      refusal('WS_RESPONSE_SUBPROTOCOL'),
    );
  });

  it.each<[string, string[]]>([
    ['that was not offered', ['mux']],
    ['beside one that was', ['permessage-deflate, mux']],
    ['that is malformed', ['permessage-deflate;']],
    ['that is empty', ['']],
    ['twice in one line', ['permessage-deflate, permessage-deflate']],
    [
      'twice in two lines',
      ['permessage-deflate', 'permessage-deflate; server_no_context_takeover'],
    ],
  ])('refuses an extension %s', (_what, values) => {
    const add = values.map((value) => ['Sec-WebSocket-Extensions', value] as const);
    expect(() => read({ add })).toThrow(refusal('WS_RESPONSE_EXTENSION'));
  });

  it('refuses an extension where none was offered', () => {
    const add = [['Sec-WebSocket-Extensions', 'permessage-deflate']] as const;
    expect(() => read({ add }, { ...OFFER, extensions: [] })).toThrow(
      refusal('WS_RESPONSE_EXTENSION'),
    );
  });

  it('refuses more than 128 header lines: a parser may have dropped what came behind them', () => {
    const add = Array(126).fill(['X', 'y']) as [string, string][];
    expect(() => read({ add })).toThrow(refusal('WS_RESPONSE_HEADERS'));
  });

  it('keeps the status and the header fields that it refused', () => {
    const error = refusal('WS_RESPONSE_STATUS', {
      status: 401,
      headers: [...FIELDS, ['WWW-Authenticate', 'Basic']],
    });
    expect(() => read({ status: 401, add: [['WWW-Authenticate', 'Basic']] })).toThrow(error);
  });

  it('raises nothing but a HandshakeError, whatever stands in the response', () => {
    const name = fc.constantFrom(
      ...FIELDS.map(([known]) => known),
      'Sec-WebSocket-Protocol',
      'Sec-WebSocket-Extensions',
      'X',
    );
    const value = fc.oneof(
      fc.constantFrom('websocket', 'Upgrade', ACCEPT, 'chat', 'permessage-deflate', '__proto__'),
      anyText(8),
    );
    const add = fc.array(fc.tuple(name, value), { maxLength: 3 });
    fc.assert(
      fc.property(add, fc.constantFrom(101, 101, 200), (given, status) => {
        try {
          read({ add: given, status });
        } catch (error) {
          expect(error).toBeInstanceOf(HandshakeError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('both ends of a handshake', () => {
  const token = fc.string({ unit: fc.constantFrom(...'abzAZ09-_.!~'), minLength: 1, maxLength: 6 });
  const parameters = fc.array(fc.tuple(token, fc.oneof(token, fc.constant<true>(true))), {
    maxLength: 2,
  });
  const extension: fc.Arbitrary<ExtensionOffer> = fc.record({ name: token, parameters });
  const offers = fc.record({
    key: fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((octets) => Buffer.from(octets).toString('base64')),
    subprotocols: fc.uniqueArray(token, { maxLength: 3 }),
    extensions: fc.array(extension, { maxLength: 3 }),
  });

  it('agree, whatever is offered and whichever of it is taken; the response holds nothing that was not offered', () => {
    fc.assert(
      fc.property(offers, fc.nat(3), fc.nat(3), (offer, which, count) => {
        const fields = ['Host', 'a', ...buildUpgradeRequest(offer).flat()];
        const request = readUpgradeRequest({
          method: 'GET',
          httpVersion: '1.1',
          target: '/',
          rawHeaders: fields,
        });
        const subprotocol = request.subprotocols[which] ?? '';
        const names = [...new Set(request.extensions.map(({ name }) => name))].slice(0, count);
        const extensions = names.map((name) => ({ name, parameters: [] }));
        const answer = { subprotocol, extensions, headers: [] };
        const head = buildUpgradeResponse(request, answer, testPrimitives);
        const lines = head.split('\r\n').slice(1, -2);
        const rawHeaders = lines.flatMap((line) => line.split(/: (.*)/, 2));
        const agreement = readUpgradeResponse(
          { status: 101, httpVersion: '1.1', rawHeaders },
          offer,
          testPrimitives,
        );
        expect(agreement).toEqual({ subprotocol, extensions });
      }),
      { numRuns: 200 },
    );
  });
});

describe('header fields in a flat list', () => {
  it.each([
    [[], []],
    [
      ['a', 'b', 'A', ''],
      [
        ['a', 'b'],
        ['A', ''],
      ],
    ],
    [['a', 'b', 'left over'], [['a', 'b']]],
  ])('%j are %j', (raw, pairs) => {
    expect(headerList(raw)).toEqual(pairs);
  });
});
