import type { Duplex } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { expectNothingUnhandled } from '../support/failures.ts';
import { closeFrame, frame, TEXT } from '../support/frames.ts';
import { upgradeRequest } from '../support/handshake.ts';
import { until } from '../support/waiting.ts';
import {
  cameByHttp,
  converse,
  listenerIsOurs,
  onEveryWay,
  type Step,
  serveOn,
  statusesOf,
} from '../support/ways-in.ts';

beforeEach(expectNothingUnhandled);

const get = (target: string, ...lines: string[]): string =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const post = (fields: string, body: string): string =>
  `POST /post HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`;
const UPGRADE = upgradeRequest();
const CLOSE = closeFrame(1000).toString('latin1');
const TLS_HELLO = '\x16\x03\x01\x00\xf7\x01\x00\x00\xf3\x03\x03';

describe('what is no upgrade is served as node:http serves it', () => {
  it.each<[title: string, steps: Step[], statuses: number[]]>([
    ['one request after the other', [get('/a'), /\/a 0/, get('/b'), /\/b 0/], [200, 200]],
    ['requests in one packet', [get('/a') + get('/b') + get('/c'), /\/c 0/], [200, 200, 200]],
    ['the end of the connection', [get('/a', 'Connection: close'), /\/a 0/], [200]],
    ['a body', [post('Content-Length: 5', 'hello'), /\/post 5/], [200]],
    ['a body in another packet', [post('Content-Length: 5', ''), 'hello', /\/post 5/], [200]],
    [
      'chunks',
      [post('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'), /POST \/post 5/],
      [200],
    ],
    [
      'chunks in packets',
      [post('Transfer-Encoding: chunked', '5\r\nhe'), 'llo\r', '\n0\r\n\r\n', /POST \/post 5/],
      [200],
    ],
    [
      'Expect: 100-continue',
      [post('Expect: 100-continue\r\nContent-Length: 5', ''), / 100 /, 'hello', /\/post 5/],
      [100, 200],
    ],
    ['an unknown expectation', [get('/a', 'Expect: tea'), / 417 /], [417]],
    ['a packet of one octet first', ['G', get('/a').slice(1), /\/a 0/], [200]],
    ['one octet of an upgrade first', ['G', UPGRADE.slice(1), / 101 /, CLOSE], [101]],
    ['a head in many packets', [...(get('/a').match(/.{1,3}/gs) as string[]), /\/a 0/], [200]],
    ['an empty line first', [`\r\n${get('/a')}`, /\/a 0/], [200]],
    ['nothing', [], []],
    ['a request that ends in its method', ['GE'], [400]],
    ['a request that ends in its head', ['GET / HTTP/1.1\r\nHo'], [400]],
    ['an upgrade that ends in its head', [UPGRADE.slice(0, -2)], [400]],
    ['a request that ends in its body', [post('Content-Length: 5', 'he')], [400]],
    ['a request whose end comes with the end', [get('/a')], [200]],
    ['garbage', ['garbage\r\n\r\n', / 400 /], [400]],
    ['garbage of one octet', ['\0', / 400 /], [400]],
    ['a TLS hello', [TLS_HELLO, / 400 /], [400]],
    ['HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', / 400 /], [400]],
    ['a head that is too large', [get('/a', `X: ${'a'.repeat(20_000)}`), / 431 /], [431]],
    [
      'an upgrade that is too large',
      [upgradeRequest({ headers: { X: 'a'.repeat(20_000) } }), / 431 /],
      [431],
    ],
    [
      'an upgrade that is too large, in packets',
      [UPGRADE.slice(0, -2), ...new Array<string>(4).fill(`X: ${'a'.repeat(5_000)}\r\n`), / 431 /],
      [431],
    ],
    ['an upgrade behind a request', [get('/a'), /\/a 0/, UPGRADE, / 101 /, CLOSE], [200, 101]],
    ['another upgrade', [upgradeRequest({ headers: { Upgrade: 'h2c' } }), /\/chat 0/], [200]],
    ['an upgrade of nobody’s', [upgradeRequest({ target: '/nobody' }), / 404 /], [404]],
    [
      'an upgrade with a body',
      [upgradeRequest({ headers: { 'Content-Length': '5' } }), / 400 /],
      [400],
    ],
    ['HEAD', ['HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n', / 200 /], [200]],
    ['OPTIONS *', ['OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', /OPTIONS \* 0/], [200]],
    ['CONNECT', ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'], []],
    ['no Host', ['GET /a HTTP/1.1\r\n\r\n', / 400 /], [400]],
    ['HTTP/1.0', ['GET /a HTTP/1.0\r\n\r\n', /\/a 0/], [200]],
  ])('%s', async (_title, steps, statuses) => {
    const answer = await onEveryWay(async (way) => converse(await serveOn(way), steps));
    expect(statusesOf(answer)).toEqual(statuses);
  });

  it('CONNECT goes to whoever listens for it, with what is behind it', async () => {
    const answer = await onEveryWay(async (way) => {
      const site = await serveOn(
        way,
        {},
        {
          prepare: (server) =>
            server.on('connect', (request: { url: string }, socket: Duplex, head: Buffer) => {
              socket.end(`HTTP/1.1 200 ${request.url} ${head}\r\n\r\n`);
            }),
        },
      );
      return converse(site, ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nbehind', / 200 /]);
    });
    expect(answer).toBe('HTTP/1.1 200 a:1 behind\r\n\r\n');
  });

  it('the answers of many requests on one connection are in order', async () => {
    const targets = Array.from({ length: 200 }, (_, index) => `/${index}`);
    const octets = targets.map((target) => get(target)).join('');
    const answer = await onEveryWay(async (way) =>
      converse(await serveOn(way), [octets.slice(0, 5_001), octets.slice(5_001), /GET \/199 0/]),
    );
    expect(answer.match(/\/\d+ 0/g)).toEqual(targets.map((target) => `${target} 0`));
  });

  it('a body of megabytes whose first packet was read by us loses nothing', async () => {
    const site = await serveOn('listen');
    const body = Buffer.alloc(3_000_000, 'x');
    const peer = await site.peer();
    await peer.sendText(post(`Content-Length: ${body.length}`, ''));
    await peer.send(body);
    await until(() => /POST \/post 3000000/.test(peer.received.toString('latin1')));
  });

  it('a listener to clientError hears of garbage, as on every server', async () => {
    const answer = await onEveryWay(async (way) => {
      const site = await serveOn(
        way,
        {},
        {
          prepare: (server) =>
            server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
              socket.end(`HTTP/1.1 418 ${error.code}\r\n\r\n`);
            }),
        },
      );
      return converse(site, ['garbage\r\n\r\n', / 418 /]);
    });
    expect(answer).toBe('HTTP/1.1 418 HPE_INVALID_METHOD\r\n\r\n');
  });
});

describe('whoever takes long has node:http’s own time', () => {
  const http = { headersTimeout: 30, requestTimeout: 30, connectionsCheckingInterval: 10 };

  it.each([
    ['says nothing', ''],
    ['sends half a head', 'GET /a HTTP/1.1\r\nHo'],
    ['sends half an upgrade', UPGRADE.slice(0, -2)],
  ])('and is told 408 when it %s', async (_title, octets) => {
    const answer = await onEveryWay(async (way) => {
      const site = await serveOn(way, {}, { http });
      const peer = await site.peer();
      if (octets !== '') await peer.sendText(octets);
      if (way === 'listen' && listenerIsOurs) {
        site.clock.advance(999);
        expect(cameByHttp(site)).toBe(false);
      }
      site.clock.advance(1);
      const text = await peer.takeText();
      return text.replace(/^Date: .*\r\n/gm, '');
    });
    expect(statusesOf(answer)).toEqual([408]);
  });
});

describe('an upgrade', () => {
  it.each<[string, Parameters<typeof upgradeRequest>[0]]>([
    ['as it is', {}],
    ['with a subprotocol', { headers: { 'Sec-WebSocket-Protocol': 'b, a' } }],
    ['with compression', { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } }],
    ['with a query', { target: '/chat?a=b' }],
    ['with the wrong version', { headers: { 'Sec-WebSocket-Version': '8' } }],
    ['without a key', { headers: { 'Sec-WebSocket-Key': undefined } }],
    ['from elsewhere', { headers: { Origin: 'http://evil.example' } }],
    ['to a path of nobody’s', { target: '/chats' }],
  ])('is answered in the same octets %s', async (_title, parts) => {
    const answer = await onEveryWay(async (way) => {
      const site = await serveOn(way, { subprotocols: ['a', 'b'], compression: true });
      return converse(site, [upgradeRequest(parts), /\r\n\r\n/, CLOSE]);
    });
    expect(statusesOf(answer)).toHaveLength(1);
  });

  it('has what came in its packet, and what came next, in order', async () => {
    await onEveryWay(async (way) => {
      const site = await serveOn(way, { message: (one, message) => void one.send(message) });
      const [one, two, three] = ['one', 'two', 'three'].map((text) =>
        frame(TEXT, text).toString('latin1'),
      ) as [string, string, string];
      const answer = await converse(site, [
        UPGRADE + one + two.slice(0, 3),
        two.slice(3) + three,
        /three/,
        CLOSE,
      ]);
      expect(site.messages).toEqual(['one', 'two', 'three']);
      return answer;
    });
  });
});
