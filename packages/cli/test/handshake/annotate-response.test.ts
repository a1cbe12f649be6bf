import { describe, expect, it } from 'vitest';
import { annotateResponse } from '../../src/handshake/annotate-response.ts';
import { raw, requestHead, wrong } from './heads.ts';

const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const ANOTHER_KEY = { 'Sec-WebSocket-Key': 'aijc515qfzyVZxdEyv1cDw==' };

function responseHead(
  fields: Readonly<Record<string, string | readonly string[] | undefined>> = {},
  rest: object = {},
): Parameters<typeof annotateResponse>[0] {
  return {
    status: 101,
    reason: 'Switching Protocols',
    httpVersion: '1.1',
    rawHeaders: raw({
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Accept': ACCEPT,
      ...fields,
    }),
    ...rest,
  };
}

function noteOn(name: string, accept: string): string | undefined {
  const head = annotateResponse(
    responseHead({ 'Sec-WebSocket-Accept': accept }),
    requestHead(ANOTHER_KEY),
  );
  return head.fields.find((field) => field.name === name)?.note;
}

describe('annotateResponse', () => {
  it('A7 finds nothing wrong with the answer to a proper request', () => {
    const head = annotateResponse(responseHead({ Server: 'x' }), requestHead());
    expect(head.handshake).toEqual({ fine: true });
    expect(head.firstLine).toEqual({ text: 'HTTP/1.1 101 Switching Protocols', verdict: 'fine' });
    expect(head.fields.map(({ verdict }) => verdict)).toEqual(['fine', 'fine', 'fine', 'plain']);
  });

  it.each<[string, Parameters<typeof responseHead>, string[], string]>([
    ['no upgrade', [{}, { status: 404, reason: 'Not Found' }], [''], 'WS_RESPONSE_STATUS'],
    ['HTTP/1.0', [{}, { httpVersion: '1.0' }], [''], 'WS_RESPONSE_HTTP_VERSION'],
    ['a missing Upgrade', [{ Upgrade: undefined }], ['Upgrade'], 'WS_RESPONSE_UPGRADE'],
    ['Connection: close', [{ Connection: 'close' }], ['Connection'], 'WS_RESPONSE_CONNECTION'],
    [
      'a missing Accept',
      [{ 'Sec-WebSocket-Accept': undefined }],
      ['Sec-WebSocket-Accept'],
      'WS_RESPONSE_ACCEPT',
    ],
    [
      'Accept twice',
      [{ 'Sec-WebSocket-Accept': [ACCEPT, ACCEPT] }],
      ['Sec-WebSocket-Accept', 'Sec-WebSocket-Accept'],
      'WS_RESPONSE_ACCEPT',
    ],
    [
      'a wrong Accept',
      [{ 'Sec-WebSocket-Accept': 'x' }],
      ['Sec-WebSocket-Accept'],
      'WS_RESPONSE_ACCEPT',
    ],
    [
      'a subprotocol that was not offered',
      [{ 'Sec-WebSocket-Protocol': 'chat' }],
      ['Sec-WebSocket-Protocol'],
      'WS_RESPONSE_SUBPROTOCOL',
    ],
    [
      'an extension that was not offered',
      [{ 'Sec-WebSocket-Extensions': 'x' }],
      ['Sec-WebSocket-Extensions'],
      'WS_RESPONSE_EXTENSION',
    ],
    ['a body', [{ 'Content-Length': '0' }], ['Content-Length'], 'WS_RESPONSE_BODY'],
    [
      'everything',
      [{ Upgrade: 'x', Connection: 'x', 'Sec-WebSocket-Accept': 'x' }],
      ['Upgrade', 'Connection', 'Sec-WebSocket-Accept'],
      'WS_RESPONSE_UPGRADE',
    ],
  ])('A7 marks %s', (_what, parts, names, code) => {
    const head = annotateResponse(responseHead(...parts), requestHead());
    expect(wrong(head)).toEqual(names);
    expect(head.handshake).toEqual({
      fine: false,
      code,
      status: 0,
      message: expect.any(String) as string,
    });
  });

  it('A7 says which Accept would be right, and how the wrong one came about', () => {
    const right = /^must be MuGQ\/SKV5Xm4wvNLi4qUhRw7lkc=, exactly once \(RFC 6455 §4\.2\.2\)/;
    expect(noteOn('Sec-WebSocket-Accept', 'x')).toMatch(right);
    expect(noteOn('Sec-WebSocket-Accept', ACCEPT)).toMatch(/answer to the RFC's example key$/);
    expect(noteOn('Sec-WebSocket-Accept', 'aijc515qfzyVZxdEyv1cDw==')).toMatch(/the key itself$/);
    // The fixed value of the documents' C server.
    const fixed = 'ZmQ5OWUxMjgwMTViNTEyM2FmZTRlOGViODZkNTk3OTBjMWRiYjBiYg==';
    expect(noteOn('Sec-WebSocket-Accept', fixed)).toMatch(/base64 of 40 hex digits/);
    const digits = Buffer.from('MuGQ/SKV5Xm4wvNLi4qUhRw7lkc=', 'base64').toString('hex');
    const asDigits = Buffer.from(digits).toString('base64');
    expect(noteOn('Sec-WebSocket-Accept', asDigits)).toMatch(/of the digest's hex digits/);
  });

  it('A7 marks a 101 to a request that must be refused: nobody looked at version or Host', () => {
    const request = requestHead({ 'Sec-WebSocket-Version': '8', Host: undefined });
    const head = annotateResponse(responseHead(), request);
    expect(wrong(head)).toEqual(['']);
    expect(head.firstLine.note).toMatch(/^a 101 to a request that must be refused: /);
    expect(head.handshake).toMatchObject({ fine: false, code: 'WS_REQUEST_HOST' });
  });

  it('judges without the request what does not depend on it', () => {
    expect(annotateResponse(responseHead({ 'Sec-WebSocket-Protocol': 'chat' })).handshake).toEqual({
      fine: true,
    });
    const head = annotateResponse(
      responseHead({ Upgrade: 'x websocket', 'Sec-WebSocket-Accept': undefined }),
    );
    expect(wrong(head)).toEqual(['Upgrade', 'Sec-WebSocket-Accept']);
  });

  const FIELD = 'Sec-WebSocket-Extensions';
  const OFFER = 'permessage-deflate; client_max_window_bits=12';

  it('A9 says below the field what was agreed on', () => {
    const agreed = responseHead({ [FIELD]: 'permessage-deflate; client_max_window_bits=10' });
    const head = annotateResponse(agreed, requestHead({ [FIELD]: OFFER }));
    expect(head.handshake).toEqual({ fine: true });
    expect(head.remarks).toEqual([]);
    expect(head.fields.at(-1)?.meaning).toEqual([
      'permessage-deflate: agreed, messages may be compressed (RFC 7692)',
      '  client_max_window_bits=10: the client may refer back 1024 octets at most',
    ]);
  });

  it('A9 says that compression is declined, in a 101 to a request that offered it', () => {
    const declined = [
      'permessage-deflate was offered and is declined: no message may be compressed',
    ];
    const offering = requestHead({ [FIELD]: OFFER });
    expect(annotateResponse(responseHead(), offering).remarks).toEqual(declined);
    expect(annotateResponse(responseHead(), requestHead()).remarks).toEqual([]);
    expect(annotateResponse(responseHead({}, { status: 403 }), offering).remarks).toEqual([]);
  });

  it.each([
    ['window bits of 1000', 'permessage-deflate; server_max_window_bits=1000', /no server may/],
    ['an unknown parameter', 'permessage-deflate; level=9', /no server may answer/],
    ['a parameter twice', 'permessage-deflate; a; a', /no server may answer/],
    ['the extension twice', 'permessage-deflate, permessage-deflate', /no server may answer/],
    [
      'a larger window than was offered',
      'permessage-deflate; client_max_window_bits=13',
      /though 12/,
    ],
  ])('K5 marks %s', (_what, value, note) => {
    const head = annotateResponse(
      responseHead({ [FIELD]: value }),
      requestHead({ [FIELD]: OFFER }),
    );
    expect(wrong(head)).toEqual([FIELD]);
    expect(head.fields.at(-1)?.note).toMatch(note);
    expect(head.handshake).toMatchObject({ fine: false, code: 'WS_RESPONSE_EXTENSION' });
  });

  it('S20 quotes no subprotocol that is a token', () => {
    const answer = responseHead({ 'Sec-WebSocket-Protocol': 'bearer.sesame' });
    expect(JSON.stringify(annotateResponse(answer, requestHead()))).not.toContain('sesame');
    const shown = annotateResponse(answer, requestHead(), { showSecrets: true });
    expect(shown.handshake).toMatchObject({ message: expect.stringContaining('sesame') as string });
  });

  it('only lists what answers no upgrade', () => {
    const head = annotateResponse(
      responseHead({ 'Set-Cookie': 'a=b' }, { status: 200, reason: 'OK' }),
    );
    expect(head.handshake).toBeUndefined();
    expect(head.fields.map(({ verdict }) => verdict)).toEqual(['plain', 'plain', 'plain', 'plain']);
    expect(head.fields.at(-1)?.value).toBe('(redacted)');
    expect(annotateResponse(responseHead({ Upgrade: 'h2c' })).handshake).toBeUndefined();
  });
});
