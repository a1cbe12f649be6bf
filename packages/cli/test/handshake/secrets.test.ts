import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observe } from '../../../../test/support/observed.ts';
import {
  redactFields,
  redactTarget,
  redactText,
  secretRanges,
} from '../../src/handshake/secrets.ts';

const NO_SECRETS = [
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
  ['Sec-WebSocket-Protocol', 'chat, superchat, v12.stomp, graphql-transport-ws, base64url'],
  ['Host', 'token.example.com'],
  ['Origin', 'https://example.com:8000'],
  ['Location', 'https://example.com/a?b=c&tokens=1#d'],
  ['Referer', '/keys?keyboard=1'],
  ['User-Agent', 'password secret token'],
] as const;

describe('redactFields', () => {
  it.each([
    ['Authorization', 'Bearer abc.def', 'Bearer (redacted)'],
    ['authorization', 'Basic  dXNlcjpwYXNz', 'Basic  (redacted)'],
    ['AUTHORIZATION', 'abcdef', '(redacted)'],
    ['Authorization', 'Unknown abcdef', '(redacted)'],
    ['Authorization', '', ''],
    ['Proxy-Authorization', 'Digest username="a", response="b"', 'Digest (redacted)'],
    ['Cookie', 'a=b; c=d', '(redacted)'],
    ['Set-Cookie', 'a=b; HttpOnly', '(redacted)'],
    ['X-Api-Key', 'abc', '(redacted)'],
    ['X-Auth-Token', 'abc', '(redacted)'],
    ['Referer', 'https://me:pw@a/?token=b&c=d', 'https://me:(redacted)@a/?token=(redacted)&c=d'],
    ['Location', '/cb#access_token=abc&x=1', '/cb#access_token=(redacted)&x=1'],
    ['Sec-WebSocket-Protocol', 'bearer, abc', 'bearer, (redacted)'],
    ['Sec-WebSocket-Protocol', 'chat,access_token,abc,chat', 'chat,access_token,(redacted),chat'],
    ['Sec-WebSocket-Protocol', 'token, bearer, abc', 'token, (redacted), (redacted)'],
    ['Sec-WebSocket-Protocol', 'Bearer.abc, chat', 'Bearer.(redacted), chat'],
    ['Sec-WebSocket-Protocol', 'x, eyJhbGci.eyJz.sig', 'x, (redacted)'],
    ['Sec-WebSocket-Protocol', 'auth-eyJhbGci', 'auth-(redacted)'],
    ['Sec-WebSocket-Protocol', 'jwt.abc', 'jwt.(redacted)'],
    ['Sec-WebSocket-Protocol', 'bearer%20abc', 'bearer%20(redacted)'],
    ['Sec-WebSocket-Protocol', 'bearer abc', 'bearer (redacted)'],
    ['Sec-WebSocket-Protocol', '"bearer", abc', '"bearer", (redacted)'],
    ['Sec-WebSocket-Protocol', '"bearer abc"', '"bearer (redacted)'],
    ['Sec-WebSocket-Protocol', 'bearer;abc', 'bearer;(redacted)'],
    ['Sec-WebSocket-Protocol', 'x.token|abc', 'x.token|(redacted)'],
    ['Sec-WebSocket-Protocol', 'bearer1abc', 'bearer(redacted)'],
    ['Sec-WebSocket-Protocol', 'chat, Authorization abc', 'chat, Authorization (redacted)'],
    ['Origin', 'https://me:abc@host', 'https://me:(redacted)@host'],
    ['Origin', 'https://host/?token=abc', 'https://host/?token=(redacted)'],
    ['Origin', 'https://a https://me:abc@host', 'https://a https://me:(redacted)@host'],
    ['Host', 'me:abc@h:8000', 'me:(redacted)@h:8000'],
    ['X-Forwarded-Host', 'abc@h', '(redacted)@h'],
    ['X-Auth', 'abc', '(redacted)'],
    ['X-Auth-Key', 'abc', '(redacted)'],
    ['X-Session-Id', 'abc', '(redacted)'],
    ['X-Goog-IAP-JWT-Assertion', 'abc', '(redacted)'],
    ['Cf-Access-Jwt-Assertion', 'abc', '(redacted)'],
    ['X-Original-URL', '/a?token=abc', '/a?token=(redacted)'],
    ['X-Forwarded-Uri', '/a?token=abc', '/a?token=(redacted)'],
    ['X-Rewrite-Url', '/a;token=abc', '/a;token=(redacted)'],
    [
      'Sec-WebSocket-Protocol',
      'base64url.bearer.authorization.k8s.io.YWJj, base64.binary.k8s.io',
      'base64url.bearer.authorization.k8s.io.(redacted), base64.binary.k8s.io',
    ],
  ])('S20 redacts %s: %s', (name, value, redacted) => {
    observe(redactFields([name, value]).join(': '));
    expect(redactFields([name, value])).toEqual([name, redacted]);
  });

  it('S20 knows a token that follows on the next line', () => {
    expect(
      redactFields([
        'Sec-WebSocket-Protocol',
        'bearer',
        'Host',
        'a',
        'sec-websocket-protocol',
        'abc',
      ]),
    ).toEqual([
      'Sec-WebSocket-Protocol',
      'bearer',
      'Host',
      'a',
      'sec-websocket-protocol',
      '(redacted)',
    ]);
  });

  it.each(NO_SECRETS)('leaves %s: %s', (name, value) => {
    expect(redactFields([name, value])).toEqual([name, value]);
  });
});

describe('redactTarget', () => {
  it.each([
    ['/ws?token=abc', '/ws?token=(redacted)'],
    ['/ws?a=1&TOKEN=abc&b=2', '/ws?a=1&TOKEN=(redacted)&b=2'],
    ['/ws?api-key=abc;def&x=1', '/ws?api-key=(redacted)&x=1'],
    ['/ws?a=1;sid=abc', '/ws?a=1;sid=(redacted)'],
    ['/ws?%74oken=abc', '/ws?%74oken=(redacted)'],
    ['/ws?token=a?b=c', '/ws?token=(redacted)'],
    ['/ws?X-Amz-Signature=abc', '/ws?X-Amz-Signature=(redacted)'],
    ['/ws?next=%2Fa%3Ftoken%3Dabc%26x&y=1', '/ws?next=%2Fa%3Ftoken%3D(redacted)&y=1'],
    ['/ws?next=%252Fa%253Ftoken%253Dabc', '/ws?next=%252Fa%253Ftoken%253D(redacted)'],
    ['/ws?%2574oken=abc', '/ws?%2574oken=(redacted)'],
    ['/nope;token=abc', '/nope;token=(redacted)'],
    ['me:abc@h:1', 'me:(redacted)@h:1'],
    ['/?next=https://me:abc@h/', '/?next=https://me:(redacted)@h/'],
    ['/?next=https%3A%2F%2Fme%3Aabc%40h%2F&a=b', '/?next=https%3A%2F%2Fme%3A(redacted)%40h%2F&a=b'],
    ['h:443', 'h:443'],
    ['/ws?token=', '/ws?token='],
    ['/ws?token', '/ws?token'],
    ['wss://user:pass@host/x', 'wss://user:(redacted)@host/x'],
    ['wss://user:p@ss@host/x', 'wss://user:(redacted)@host/x'],
    ['wss://ghp_abc@host/x', 'wss://(redacted)@host/x'],
    ['//user:pass@host/', '//user:(redacted)@host/'],
    ['http://host:8000/?a=b@c', 'http://host:8000/?a=b@c'],
    ['*', '*'],
    ['', ''],
  ])('S20 makes %s %s', (target, redacted) => {
    expect(redactTarget(target)).toBe(redacted);
  });

  it.each(
    'token access_token api_key apikey key secret password passwd auth sig signature session sid jwt code'.split(
      ' ',
    ),
  )('S20 takes ?%s= for a secret', (name) => {
    expect(redactTarget(`/?${name}=abc`)).toBe(`/?${name}=(redacted)`);
  });
});

describe('redactText', () => {
  it.each([
    ['no file at /a?token=abc: 404', 'no file at /a?token=(redacted) 404'],
    ['"/a;token=a b" is unknown', '"/a;token=(redacted)" is unknown'],
    ['/a?b=c&sid=abc&d=e is gone', '/a?b=c&sid=(redacted)&d=e is gone'],
    ['/a%253Ftoken%253Dabc is gone', '/a%253Ftoken%253D(redacted) is gone'],
    ['the origin https://me:abc@h is foreign', 'the origin https://me:(redacted)@h is foreign'],
    ['Host is me:abc@h:1, not h', 'Host is me:(redacted)@h:1, not h'],
    ['Host is "me:a@bc@h"', 'Host is "me:(redacted)@h"'],
    ['nothing to hide in https://h:8000/?a=b', 'nothing to hide in https://h:8000/?a=b'],
    ['', ''],
  ])('S20 makes %s %s', (text, redacted) => {
    expect(redactText(text)).toBe(redacted);
  });

  it.each(['=', '@', '//', 'token=', '"', '%25', '%', 'a', ' ', 'a@', ';token=a&', '%3d'])(
    'S20 takes a megabyte of %s in linear time',
    (piece) => {
      redactText(piece.repeat(1_000_000 / piece.length));
      redactTarget(piece.repeat(1_000_000 / piece.length));
    },
  );

  it('S20 throws nothing, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void redactText(text)));
  });
});

describe('secretRanges', () => {
  const starred = (head: string): string => {
    let text = head;
    for (const [start, end] of secretRanges(head)) {
      text = text.slice(0, start) + '*'.repeat(end - start) + text.slice(end);
    }
    return text;
  };

  it.each([
    [
      'GET /?key=abc HTTP/1.1\r\nCookie: a=b\r\nHost: a\r\n\r\n',
      'GET /?key=*** HTTP/1.1\r\nCookie: ***\r\nHost: a\r\n\r\n',
    ],
    ['GET /?key=ab', 'GET /?key=**'],
    ['CONNECT me:abc@h:1 HTTP/1.1\r\n', 'CONNECT me:***@h:1 HTTP/1.1\r\n'],
    ['CONNECT me', 'CONNECT **'],
    ['CONNECT me:ab', 'CONNECT me:**'],
    ['GET me:ab', 'GET me:**'],
    ['GET / HTTP/1.1\r\nHost: me:ab', 'GET / HTTP/1.1\r\nHost: me:**'],
    ['GET / HTTP/1.1\r\nHost: h:80\r\n\r\n', 'GET / HTTP/1.1\r\nHost: h:80\r\n\r\n'],
    ['GET http://us', 'GET http://**'],
    ['GET http://user:pa', 'GET http://user:**'],
    ['GET http://host:80/', 'GET http://host:80/'],
    ['HTTP/1.1 200 ?token=a\r\nSet-Cookie: a', 'HTTP/1.1 200 ?token=a\r\nSet-Cookie: *'],
    ['\r\n\nGET /?sid=a b\r\n', '\r\n\nGET /?sid=***\r\n'],
    ['GET / HTTP/1.1\nCookie: a\nB: c\n', 'GET / HTTP/1.1\nCookie: *\nB: c\n'],
    [
      'GET / HTTP/1.1\r\nCookie: a\r\n b\r\nC: d',
      'GET / HTTP/1.1\r\nCookie: ****b\r\nC: d'.replace('****b', '*****'),
    ],
    ['GET / HTTP/1.1\r\nX: a\rCookie: b\rc\r\nD: e', 'GET / HTTP/1.1\r\nX: a\rCookie: ***\r\nD: e'],
    ['GET / HTTP/1.1\r\nCookie : a', 'GET / HTTP/1.1\r\nCookie : *'],
  ])('S20 stars %j as %j', (head, expected) => {
    expect(starred(head)).toBe(expected);
  });

  it('S20 has ranges in order, inside of the head, whatever it is', () => {
    const piece = fc.constantFrom(
      ...[
        'GET ',
        ' HTTP/1.1',
        '\r\n',
        '\r',
        '\n',
        ' ',
        'Cookie:',
        'Sec-WebSocket-Protocol:',
        'bearer,',
        '?token=',
        '&',
        '//a:b@c/',
        'Location:',
        'x',
        'eyJ',
        '%3d',
      ],
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const head = pieces.join('');
        let last = 0;
        for (const [start, end] of secretRanges(head)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThanOrEqual(start);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(head.length);
        redactTarget(head);
        redactFields(pieces);
      }),
      { numRuns: 500 },
    );
  });

  it('S20 shows no secret, wherever one may stand, in any spelling', () => {
    const secret = fc.stringMatching(/^[A-Z][a-z0-9]{7}Q[0-9]{3}$/);
    const spelled = (name: string) =>
      fc
        .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
        .map((upper) =>
          [...name].map((letter, at) => (upper[at] ? letter.toUpperCase() : letter)).join(''),
        );
    const name = fc
      .constantFrom('authorization', 'proxy-authorization', 'cookie', 'set-cookie')
      .chain(spelled);
    const parameter = fc
      .constantFrom('token', 'access_token', 'api_key', 'password', 'sig', 'jwt')
      .chain(spelled);
    const filler = fc.stringMatching(/^[a-z ,.&=;-]{0,10}$/);
    fc.assert(
      fc.property(
        secret,
        name,
        parameter,
        filler,
        filler,
        (hidden, field, query, before, after) => {
          const fields = [
            field,
            `${before}${hidden}${after}`,
            'referer',
            `http://h/?${before}&${query}=${hidden}`,
            'sec-websocket-protocol',
            `chat, bearer, ${hidden}`,
          ];
          expect(redactFields(fields).join('\n')).not.toContain(hidden);
          const target = `/p?x=${before}&${query}=${hidden}&${after}`;
          expect(redactTarget(target)).not.toContain(hidden);
          let head = `GET ${target.replaceAll(' ', '')} HTTP/1.1\r\n`;
          for (let at = 0; at < fields.length; at += 2)
            head += `${fields[at]}: ${fields[at + 1]}\r\n`;
          expect(starred(`${head}\r\n`)).not.toContain(hidden);
        },
      ),
    );
  });

  it.each([
    ['?', '?'],
    ['&token=', '&token='],
    ['%3f', '%3f'],
    ['bare CR', '\r'],
    ['bare LF', '\n'],
    ['folds', '\r\n '],
    ['fields', 'a:\r'],
    ['blanks', ' '],
    ['commas', 'Sec-WebSocket-Protocol:,'],
    ['slashes', '//'],
  ])('S20 takes a head of a megabyte of %s in linear time', (_what, piece) => {
    const head = `GET /${piece.repeat(1_000_000 / piece.length)}`;
    const protocol = `Sec-WebSocket-Protocol: ${piece.repeat(1_000_000 / piece.length)}`;
    // Quadratic, it would take minutes.
    secretRanges(head);
    secretRanges(`GET / HTTP/1.1\r\n${protocol}`);
    redactTarget(head);
    redactFields(['Sec-WebSocket-Protocol', protocol, 'Authorization', protocol, head, '']);
  });
});
