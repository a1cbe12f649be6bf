import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotateRequest } from '../../src/handshake/annotate-request.ts';
import { raw, requestHead, wrong } from './heads.ts';

describe('annotateRequest', () => {
  it('A7 finds nothing wrong with a proper request, and tells what has a part in it', () => {
    const head = annotateRequest(
      requestHead({ Accept: '*/*', Cookie: 'a=b' }, { target: '/?token=x' }),
    );
    expect(head.handshake).toEqual({ fine: true });
    expect(head.firstLine).toEqual({ text: 'GET /?token=(redacted) HTTP/1.1', verdict: 'fine' });
    expect(head.fields.map(({ name, verdict }) => `${verdict} ${name}`)).toEqual([
      'fine Host',
      'fine Upgrade',
      'fine Connection',
      'fine Sec-WebSocket-Key',
      'fine Sec-WebSocket-Version',
      'plain Accept',
      'plain Cookie',
    ]);
    expect(head.fields.at(-1)?.value).toBe('(redacted)');
  });

  it('S20 shows secrets to whoever asks for them', () => {
    const head = annotateRequest(requestHead({ Cookie: 'a=b' }, { target: '/?token=x' }), {
      showSecrets: true,
    });
    expect(head.firstLine.text).toBe('GET /?token=x HTTP/1.1');
    expect(head.fields.at(-1)?.value).toBe('a=b');
  });

  it('A9 says below the field what the client offers', () => {
    const field = 'Sec-WebSocket-Extensions';
    const head = annotateRequest(
      requestHead({ [field]: ['permessage-deflate; client_max_window_bits', 'foo'] }),
    );
    expect(head.handshake).toEqual({ fine: true });
    const [first, last] = head.fields.filter(({ name }) => name === field);
    expect(first).not.toHaveProperty('meaning');
    expect(last?.meaning).toEqual([
      'permessage-deflate: the client offers to compress messages (RFC 7692)',
      '  client_max_window_bits: the server may limit how far the client refers back',
      'foo: not known here',
    ]);
  });

  it('H12 refuses no request for an offer that has to be declined', () => {
    const head = annotateRequest(
      requestHead({ 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=7' }),
    );
    expect(head.handshake).toEqual({ fine: true });
    expect(head.fields.at(-1)).toMatchObject({
      verdict: 'fine',
      meaning: [
        'permessage-deflate: this offer has to be declined (RFC 7692 §7.1)',
        '  server_max_window_bits=7: its value is not 8 to 15',
      ],
    });
  });

  it('only lists a request that asks for no upgrade', () => {
    const head = annotateRequest({
      method: 'POST',
      target: '/',
      httpVersion: '1.0',
      rawHeaders: raw({ 'Content-Length': '5', Connection: 'close' }),
    });
    expect(head.handshake).toBeUndefined();
    expect(head.firstLine.verdict).toBe('plain');
    expect(head.fields.every(({ verdict }) => verdict === 'plain')).toBe(true);
  });

  it.each<[string, Parameters<typeof requestHead>, string[], string, number]>([
    ['H2 another method', [{}, { method: 'POST' }], [''], 'WS_REQUEST_METHOD', 405],
    ['H3 HTTP/1.0', [{}, { httpVersion: '1.0' }], [''], 'WS_REQUEST_HTTP_VERSION', 505],
    ['H4 no Host', [{ Host: undefined }], ['Host'], 'WS_REQUEST_HOST', 400],
    ['H4 an empty Host', [{ Host: '' }], ['Host'], 'WS_REQUEST_HOST', 400],
    ['H4 two Hosts', [{ Host: ['a', 'b'] }], ['Host', 'Host'], 'WS_REQUEST_HOST', 400],
    [
      'H5 no key',
      [{ 'Sec-WebSocket-Key': undefined }],
      ['Sec-WebSocket-Key'],
      'WS_REQUEST_KEY',
      400,
    ],
    [
      'H5 a short key',
      [{ 'Sec-WebSocket-Key': 'AAAA' }],
      ['Sec-WebSocket-Key'],
      'WS_REQUEST_KEY',
      400,
    ],
    [
      'H6 another version',
      [{ 'Sec-WebSocket-Version': '8' }],
      ['Sec-WebSocket-Version'],
      'WS_REQUEST_VERSION',
      426,
    ],
    [
      'H6 no version',
      [{ 'Sec-WebSocket-Version': undefined }],
      ['Sec-WebSocket-Version'],
      'WS_REQUEST_VERSION',
      426,
    ],
    ['H7 no Connection', [{ Connection: undefined }], ['Connection'], 'WS_REQUEST_UPGRADE', 400],
    ['H7 Connection: close', [{ Connection: 'close' }], ['Connection'], 'WS_REQUEST_UPGRADE', 400],
    [
      'H8 Upgrade twice',
      [{ Upgrade: ['websocket', 'websocket'] }],
      ['Upgrade', 'Upgrade'],
      'WS_REQUEST_UPGRADE',
      400,
    ],
    [
      'H8 no Upgrade, though there is a key',
      [{ Upgrade: undefined }],
      ['Upgrade'],
      'WS_REQUEST_UPGRADE',
      400,
    ],
    [
      'H8 websocket/13, and no Connection',
      [{ Upgrade: 'websocket/13', Connection: undefined }],
      ['Upgrade', 'Connection'],
      'WS_REQUEST_UPGRADE',
      400,
    ],
    [
      'H9 malformed subprotocols',
      [{ 'Sec-WebSocket-Protocol': 'a,' }],
      ['Sec-WebSocket-Protocol'],
      'WS_REQUEST_SUBPROTOCOL',
      400,
    ],
    [
      'H11 malformed extensions',
      [{ 'Sec-WebSocket-Extensions': ';;;' }],
      ['Sec-WebSocket-Extensions'],
      'WS_REQUEST_EXTENSIONS',
      400,
    ],
    [
      'H14 a long target',
      [{}, { target: `/${'a'.repeat(9_000)}` }],
      [''],
      'WS_REQUEST_TARGET_TOO_LONG',
      414,
    ],
    [
      'H21 a body',
      [{ 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }],
      ['Content-Length', 'Transfer-Encoding'],
      'WS_REQUEST_BODY',
      400,
    ],
    ['H23 a foreign target', [{}, { target: 'http://other/' }], [''], 'WS_REQUEST_TARGET', 400],
  ])('A7 marks %s', (_row, parts, names, code, status) => {
    const head = annotateRequest(requestHead(...parts));
    expect(wrong(head)).toEqual(names);
    expect(head.handshake).toEqual({
      fine: false,
      code,
      status,
      message: expect.any(String) as string,
    });
  });

  it('A7 marks everything that is wrong, and says what our engine refuses first', () => {
    const head = annotateRequest(
      requestHead(
        {
          Host: undefined,
          Upgrade: 'h2c, websocket',
          Connection: 'keep-alive',
          'Sec-WebSocket-Key': 'AAAA',
          'Sec-WebSocket-Version': '0',
          'Sec-WebSocket-Protocol': 'a,,b',
          'Sec-WebSocket-Extensions': '=',
          'Content-Length': '1',
        },
        { method: 'PUT', httpVersion: '1.0', target: 'ftp://x' },
      ),
    );
    expect(head.firstLine.note?.split('; ')).toHaveLength(3);
    expect(wrong(head).sort()).toEqual([
      '',
      'Connection',
      'Content-Length',
      'Host',
      'Sec-WebSocket-Extensions',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Protocol',
      'Sec-WebSocket-Version',
      'Upgrade',
    ]);
    expect(head.handshake).toMatchObject({
      fine: false,
      code: 'WS_REQUEST_HTTP_VERSION',
      status: 505,
    });
  });

  it('H15 marks lines beyond the 128th, and judges the others', () => {
    const head = annotateRequest(
      requestHead({ X: Array<string>(130).fill('x'), 'Sec-WebSocket-Version': '7' }),
    );
    expect(wrong(head)).toEqual(['Sec-WebSocket-Version', ...Array<string>(7).fill('X')]);
  });

  it('recognises the draft hixie-76', () => {
    const head = annotateRequest({
      method: 'GET',
      target: '/',
      httpVersion: '1.1',
      rawHeaders: raw({
        Host: 'a',
        Upgrade: 'WebSocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Key1': '1',
        'Sec-WebSocket-Key2': '2',
      }),
    });
    expect(head.fields.find(({ name }) => name === 'Sec-WebSocket-Key')?.note).toMatch(/hixie-76$/);
  });

  it('never throws, and marks something exactly when our engine refuses', () => {
    const value = fc.oneof(
      fc.constantFrom('', '13', 'websocket', 'Upgrade', 'localhost', '0', 'chunked'),
      fc.string(),
    );
    const name = fc.oneof(
      fc.constantFrom(
        ...'Host Upgrade Connection Sec-WebSocket-Key Sec-WebSocket-Version Sec-WebSocket-Protocol Sec-WebSocket-Extensions Content-Length Transfer-Encoding'.split(
          ' ',
        ),
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.string(), (fields, target) => {
        const head = annotateRequest(requestHead(fields, { target: `/${target}` }));
        expect(head.handshake).toBeDefined();
        expect(wrong(head).length === 0).toBe(head.handshake?.fine);
      }),
    );
  });
});
