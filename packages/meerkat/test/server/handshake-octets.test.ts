import type { ServerResponse } from 'node:http';
import { connect as tlsConnect } from 'node:tls';
import { RawPeer, toHex } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { closeFrame, frame, TEXT } from '../support/frames.ts';
import {
  exchange,
  expectRefusal,
  rawPeer,
  refused,
  SAMPLE_ACCEPT,
  secureRawPeer,
  upgraded,
  upgradeRequest,
} from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { control, observe } from '../support/observed.ts';
import { echo, serve } from '../support/serving.ts';
import { deferred, turns, until } from '../support/waiting.ts';

const ORDINARY = 'GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';

describe('a request and what follows it', () => {
  it('H17 a frame in the same packet as the handshake is delivered', async () => {
    const messages: unknown[] = [];
    const site = await serve({
      message: (connection, message) => {
        messages.push(message);
        connection.send(message);
      },
    });
    const peer = await rawPeer(site.port);
    await peer.send(
      Buffer.concat([
        Buffer.from(upgradeRequest()),
        Buffer.from('81 82 00 00 00 00 68 69'.replaceAll(' ', ''), 'hex'),
      ]),
    );
    expect(parseResponse(await peer.takeHead()).status).toBe(101);
    expect(await peer.take(4)).toBe('81 02 68 69');
    observe(`101, ${messages.join()} delivered`);
    expect(messages).toEqual(['hi']);
  });

  it('H18 a handshake split at every octet is answered like the whole one', async () => {
    const site = await serve(echo);
    const whole = Buffer.concat([
      Buffer.from(upgradeRequest()),
      frame(TEXT, 'hi'),
      closeFrame(1000),
    ]);
    const answers = new Set<string>();
    for (let at = 0; at <= whole.length; at += 1) {
      const peer = await RawPeer.connect(site.port);
      await until(() => site.sockets.length === at + 1);
      const socket = site.sockets[at];
      await peer.send(whole.subarray(0, at));
      await until(() => socket?.bytesRead === at); // both parts arrive on their own
      await peer.send(whole.subarray(at));
      answers.add(await peer.takeText());
      await peer.close();
    }
    expect(answers.size).toBe(1);
    const [answer = ''] = answers;
    const response = parseResponse(answer);
    expect(response.status).toBe(101);
    expect(response.header('sec-websocket-accept')).toBe(SAMPLE_ACCEPT);
    const frames = toHex(Buffer.from(response.body, 'latin1'));
    observe(`101 with its Accept, then ${frames}, at each of ${whole.length} cuts`);
    expect(frames).toBe('81 02 68 69 88 02 03 e8');
    expect(site.opened.length).toBe(whole.length + 1);
  });

  it('H18 a handshake that comes octet by octet is answered like the whole one', async () => {
    const site = await serve(echo);
    const peer = await rawPeer(site.port);
    const octets = Buffer.concat([Buffer.from(upgradeRequest()), frame(TEXT, 'hi')]);
    for (const [at, octet] of octets.entries()) {
      await peer.send(Buffer.of(octet));
      await until(() => site.sockets[0]?.bytesRead === at + 1);
    }
    expect(parseResponse(await peer.takeHead()).status).toBe(101);
    const answer = await peer.take(4);
    observe(`101, then ${answer}, octet by octet`);
    expect(answer).toBe('81 02 68 69');
  });

  it('H20 what is pipelined behind a refused upgrade is not served', async () => {
    const site = await serve();
    const request = upgradeRequest({ headers: { 'Sec-WebSocket-Key': 'AAAA' } });
    expect((await refused(site, request + ORDINARY)).status).toBe(400);
  });

  it('H20 what comes after the refusal is not served either', async () => {
    const site = await serve();
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest({ target: '/nowhere' }));
    const head = await peer.takeHead();
    await peer.sendText(ORDINARY);
    const response = parseResponse(head + (await peer.takeText()));
    expectRefusal(response);
    expect(response.status).toBe(404);
    expect(site.requests).toEqual([]);
  });

  it('H20 a frame behind a refused upgrade is not delivered', async () => {
    const messages: unknown[] = [];
    const site = await serve({
      upgrade: () => Promise.resolve({ refuse: 401 }),
      message: (_connection, message) => void messages.push(message),
    });
    const octets = Buffer.concat([Buffer.from(upgradeRequest()), frame(TEXT, 'hi')]);
    expect((await refused(site, octets)).status).toBe(401);
    expect(messages).toEqual([]);
  });
});

describe('an upgrade behind another request', () => {
  it('H19 an upgrade pipelined behind a finished response is accepted: 200, then 101', async () => {
    const site = await serve(echo);
    const peer = await rawPeer(site.port);
    await peer.sendText(ORDINARY);
    const first = parseResponse(await peer.takeHead());
    expect(first.status).toBe(200);
    expect(await peer.take(5)).toBe(toHex(Buffer.from('/page')));
    await peer.sendText(upgradeRequest());
    expect(parseResponse(await peer.takeHead()).status).toBe(101);
    await peer.send(frame(TEXT, 'hi'));
    expect(await peer.take(4)).toBe('81 02 68 69');
  });

  it('H19 an upgrade behind an unfinished response is answered 400 behind it', async () => {
    const waiting: ServerResponse[] = [];
    const site = await serve({}, { request: (_request, response) => void waiting.push(response) });
    const peer = await rawPeer(site.port);
    await peer.sendText(ORDINARY + upgradeRequest() + ORDINARY);
    await until(() => waiting.length === 1);
    await turns();
    expect(peer.received.length).toBe(0);
    waiting[0]?.end('late');
    expect(parseResponse(await peer.takeHead()).header('content-length')).toBe('4');
    expect(await peer.take(4)).toBe(toHex(Buffer.from('late')));
    const refusal = parseResponse(await peer.takeText());
    expectRefusal(refusal);
    expect(refusal.status).toBe(400);
    expect(site.opened).toEqual([]);
    expect(site.requests).toEqual(['/page']);
  });

  it('H19 an upgrade behind two unfinished responses is answered 400 behind both', async () => {
    const waiting: ServerResponse[] = [];
    const site = await serve({}, { request: (_request, response) => void waiting.push(response) });
    const peer = await rawPeer(site.port);
    await peer.sendText(ORDINARY + ORDINARY + upgradeRequest());
    await until(() => waiting.length === 2);
    waiting[1]?.end('two');
    waiting[0]?.end('one');
    for (const body of ['one', 'two']) {
      expect(parseResponse(await peer.takeHead()).status).toBe(200);
      expect(await peer.take(3)).toBe(toHex(Buffer.from(body)));
    }
    const refusal = parseResponse(await peer.takeText());
    expectRefusal(refusal);
    expect(refusal.status).toBe(400);
    expect(site.opened).toEqual([]);
  });

  it('H19 an upgrade behind a response that ends the connection is not answered: that response is, whole', async () => {
    const waiting: ServerResponse[] = [];
    const site = await serve({}, { request: (_request, response) => void waiting.push(response) });
    const peer = await rawPeer(site.port);
    await peer.sendText(ORDINARY + upgradeRequest());
    await until(() => waiting.length === 1);
    await turns();
    const body = 'b'.repeat(5_000_000);
    waiting[0]?.setHeader('Connection', 'close').end(body);
    const response = parseResponse(await peer.takeText());
    expect(response.status).toBe(200);
    expect(response.body.length).toBe(body.length);
    expect(site.opened).toEqual([]);
  });

  it.each([
    ['ends its direction', 'end'],
    ['resets the connection', 'reset'],
  ] as const)(
    'H19 a client that %s while its upgrade waits behind a response: the user hears of it',
    async (_title, leave) => {
      const left = deferred();
      const site = await serve(
        {},
        { request: (_request, response) => void response.once('close', left.resolve) },
      );
      const peer = await rawPeer(site.port);
      await peer.sendText(ORDINARY + upgradeRequest());
      await until(() => site.requests.length === 1);
      await turns();
      peer[leave]();
      await left.promise;
      expect(site.opened).toEqual([]);
    },
  );
});

describe('an upgrade with a body', () => {
  it.each([
    ['Content-Length: 5', { 'Content-Length': '5' }, 'hello'],
    ['Transfer-Encoding: chunked', { 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n'],
    ['Content-Length: 00', { 'Content-Length': '00' }, ''],
  ])('H21 %s is answered 400', async (_title, headers, body) => {
    const site = await serve();
    expect((await refused(site, upgradeRequest({ headers }) + body)).status).toBe(400);
  });

  it('H21 both at once are answered 400 by the parser', async () => {
    const site = await serve();
    const headers = { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' };
    const request = `${upgradeRequest({ headers })}0\r\n\r\n`;
    expect((await refused(site, request)).status).toBe(400);
  });

  it('H21 Content-Length: 0 is accepted', async () => {
    const site = await serve(echo);
    const { peer } = await upgraded(site.port, { headers: { 'Content-Length': '0' } });
    await peer.send(frame(TEXT, 'hi'));
    expect(await peer.take(4)).toBe('81 02 68 69');
  });
});

describe('what is no HTTP/1.1 request at all', () => {
  it.each([
    [
      'a TLS ClientHello on the plain port',
      Buffer.from('16030100a5010000a10303000102030405060708090a0b0c0d0e0f', 'hex'),
    ],
    ['the preface of HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['garbage', Buffer.from('fffe00010d0a', 'hex')],
  ])('H25 %s is answered 400', async (_title, octets) => {
    const site = await serve();
    expect((await refused(site, octets)).status).toBe(400);
  });

  it('H25 a TLS client on the plain port fails, and the server goes on', async () => {
    const site = await serve();
    const socket = tlsConnect({ port: site.port, host: '127.0.0.1', rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    const error = await new Promise((resolve) => socket.once('error', resolve));
    expect(error).toBeInstanceOf(Error);
    await control(() => upgraded(site.port));
  });

  it('H25 HTTP on the TLS port is closed, and the server goes on', async () => {
    const site = await serve({}, { tls: selfSigned() });
    const text = await exchange(site.port, upgradeRequest());
    expect(text).not.toContain('HTTP/1.1');
    expect(site.opened).toEqual([]);
    const peer = await secureRawPeer(site.port);
    await peer.sendText(upgradeRequest());
    const { status } = await control(async () => parseResponse(await peer.takeHead()));
    expect(status).toBe(101);
  });

  it('H25 CONNECT is closed', async () => {
    const site = await serve();
    const text = await exchange(
      site.port,
      'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n',
    );
    expect(text).toBe('');
    expect(site.requests).toEqual([]);
  });

  it('H25 CONNECT with Upgrade is closed', async () => {
    const site = await serve();
    expect(await exchange(site.port, upgradeRequest({ method: 'CONNECT', target: 'a:1' }))).toBe(
      '',
    );
    expect(site.opened).toEqual([]);
  });
});
