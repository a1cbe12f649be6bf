import type { ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import {
  exchange,
  expectRefusal,
  rawPeer,
  refused,
  secureRawPeer,
  upgraded,
  upgradeRequest,
} from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { control, observe } from '../support/observed.ts';
import { type Site, serve } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

const ORDINARY = 'GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
const GARBAGE = 'garbage\r\n\r\n';
const CHUNKED = 'POST /page HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n';

/** The timeouts that the catalogue asks for, a hundredth of them: here a slow client is cut off within 120 ms. */
const HASTY: Readonly<ServerOptions> = {
  headersTimeout: 100,
  requestTimeout: 100,
  connectionsCheckingInterval: 20,
};

describe('a client that is slow', () => {
  it.each([
    ['that sends nothing', ''],
    ['that sends half a header', upgradeRequest().slice(0, 60)],
    ['that never ends its header', upgradeRequest().slice(0, -2)],
  ])('H16 a client %s is answered 408 when headersTimeout is over', async (_title, octets) => {
    const site = await serve({}, { http: HASTY });
    expect((await refused(site, octets)).status).toBe(408);
  });

  it('H16 a client that sends octet by octet is answered 408 when headersTimeout is over', async () => {
    const site = await serve({}, { http: HASTY });
    const peer = await rawPeer(site.port);
    const head = Buffer.from(upgradeRequest({ headers: { 'X-Filler': 'a'.repeat(16_000) } }));
    // Each octet as soon as the one before is read: the header is never complete, and never idle.
    for (const [at, octet] of head.subarray(0, -1).entries()) {
      if (peer.received.length > 0) break;
      await peer.send(Buffer.of(octet));
      await until(() => (site.sockets[0]?.bytesRead ?? 0) > at || peer.received.length > 0);
    }
    const response = parseResponse(await peer.takeText());
    expectRefusal(response);
    observe('408 + FIN');
    expect(response.status).toBe(408);
    expect([site.opened, site.requests]).toEqual([[], []]);
  });

  it.each([
    ['that sends nothing', ''],
    ['that sends half a ClientHello', '1603010200010001fc0303'],
  ])(
    'H16 a client %s where TLS is spoken is closed when its handshakeTimeout is over',
    async (_title, hex) => {
      const tls = Object.assign(selfSigned(), { handshakeTimeout: 50 });
      const site = await serve({}, { tls });
      const peer = await rawPeer(site.port);
      await peer.send(hex);
      expect(await peer.takeText()).toBe('');
      observe('closed');
      await until(() => site.sockets[0]?.destroyed === true);
      const good = await secureRawPeer(site.port);
      await good.sendText(upgradeRequest());
      const { status } = await control(async () => parseResponse(await good.takeHead()));
      expect(status).toBe(101);
    },
  );

  it('is not served when the rest of its request arrives after the 408', async () => {
    const site = await serve({}, { http: HASTY });
    for (const request of [ORDINARY, upgradeRequest()]) {
      const peer = await rawPeer(site.port);
      await peer.sendText(request.slice(0, -2));
      const head = await peer.takeHead();
      await peer.sendText(request.slice(-2));
      const response = parseResponse(head + (await peer.takeText()));
      expectRefusal(response);
      expect(response.status).toBe(408);
    }
    await turns();
    expect([site.opened, site.requests]).toEqual([[], []]);
  });
});

describe('what Node’s parser refuses', () => {
  it.each([
    ['garbage', GARBAGE, 400],
    [
      'a header block that is too large',
      upgradeRequest({ headers: { a: 'b'.repeat(17_000) } }),
      431,
    ],
  ])('%s is answered over TLS as well', async (_title, octets, status) => {
    const site = await serve({}, { tls: selfSigned() });
    const peer = await secureRawPeer(site.port);
    await peer.sendText(octets);
    const response = parseResponse(await peer.takeText());
    expectRefusal(response);
    expect(response.status).toBe(status);
  });

  it('is answered once, however much of it comes', async () => {
    const site = await serve();
    const peer = await rawPeer(site.port);
    await peer.sendText(GARBAGE);
    const head = await peer.takeHead();
    for (let count = 0; count < 3; count += 1) await peer.sendText(GARBAGE + ORDINARY);
    const response = parseResponse(head + (await peer.takeText()));
    expectRefusal(response);
    expect(response.status).toBe(400);
    expect(site.requests).toEqual([]);
  });

  it('in a body is answered while nothing was answered', async () => {
    const site = await serve({}, { request: (request) => void request.resume() });
    for (const [body, status] of [
      ['zz\r\n', 400],
      [`1;${'a'.repeat(17_000)}\r\n`, 413],
    ] as const) {
      const response = parseResponse(await exchange(site.port, CHUNKED + body));
      expectRefusal(response);
      expect(response.status).toBe(status);
    }
  });

  it('in a body cuts off an answer that has begun', async () => {
    const site = await serve(
      {},
      {
        request: (request, response) => {
          request.resume();
          response.write('part');
        },
      },
    );
    const peer = await rawPeer(site.port);
    await peer.sendText(CHUNKED);
    const head = await peer.takeHead();
    await peer.sendText('zz\r\n');
    const response = parseResponse(head + (await peer.takeText()));
    expect([response.status, response.body]).toEqual([200, '4\r\npart\r\n']);
  });

  it('is answered behind the answers to earlier requests', async () => {
    const waiting: ServerResponse[] = [];
    const site = await serve({}, { request: (_request, response) => void waiting.push(response) });
    const peer = await rawPeer(site.port);
    await peer.sendText(ORDINARY + ORDINARY + GARBAGE);
    await until(() => waiting.length === 2);
    await turns();
    waiting[1]?.end('two');
    await turns();
    expect(peer.received.length).toBe(0);
    waiting[0]?.end('one');
    for (const body of ['one', 'two']) {
      expect(parseResponse(await peer.takeHead()).status).toBe(200);
      expect(await peer.take(3)).toBe(
        Buffer.from(body)
          .toString('hex')
          .replace(/..(?=.)/g, '$& '),
      );
    }
    const refusal = parseResponse(await peer.takeText());
    expectRefusal(refusal);
    expect(refusal.status).toBe(400);
  });

  it('is nothing to answer when the client has left', async () => {
    const site = await serve();
    const peer = await rawPeer(site.port);
    await peer.sendText(ORDINARY.slice(0, 9));
    await until(() => site.sockets[0]?.bytesRead === 9);
    peer.reset();
    await until(() => site.sockets[0]?.destroyed === true);
    expect([site.opened, site.requests, site.errors]).toEqual([[], [], []]);
  });

  it('ends after closeTimeout for a client that never ends its direction', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock, closeTimeout: 3_000 });
    const peer = await rawPeer(site.port);
    await peer.sendText(GARBAGE);
    expectRefusal(parseResponse(await peer.takeText()));
    clock.advance(2_999);
    expect(site.sockets[0]?.destroyed).toBe(false);
    clock.advance(1);
    expect(site.sockets[0]?.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });
});

describe('a listener of the user for clientError', () => {
  const TEAPOT = 'HTTP/1.1 418 Teapot\r\n\r\n';
  const teapot = (_error: Error, socket: Duplex): void =>
    void setImmediate(() => socket.end(TEAPOT));
  const listening = (site: Site<undefined>): number => site.server.listenerCount('clientError');

  it.each<[string, (site: Site<undefined>) => void]>([
    ['added later', ({ server }) => void server.on('clientError', teapot)],
    ['added later, in front', ({ server }) => void server.prependListener('clientError', teapot)],
    ['for one error', ({ server }) => void server.once('clientError', teapot)],
  ])('answers alone: %s', async (_title, add) => {
    const site = await serve();
    add(site);
    expect(await exchange(site.port, GARBAGE)).toBe(TEAPOT);
  });

  it('answers alone: there before', async () => {
    const site = await serve();
    await site.wss.close();
    site.server.on('clientError', teapot);
    new WebSocketServer().attach(site.server);
    expect(await exchange(site.port, GARBAGE)).toBe(TEAPOT);
  });

  it('that is taken away leaves the answer to the WebSocketServer', async () => {
    const site = await serve();
    site.server.on('clientError', teapot).off('clientError', teapot);
    expect((await refused(site, GARBAGE)).status).toBe(400);
  });

  it('is no longer ours when the last path is taken away', async () => {
    const site = await serve();
    const other = new WebSocketServer().attach(site.server, { path: '/other' });
    expect(listening(site)).toBe(1);
    await site.wss.close();
    expect(listening(site)).toBe(1);
    expectRefusal(parseResponse(await exchange(site.port, GARBAGE)));
    await other.close();
    expect(listening(site)).toBe(0);
    // Node's own answer, without a length.
    expect(
      parseResponse(await exchange(site.port, GARBAGE)).header('content-length'),
    ).toBeUndefined();
  });

  it('of another copy of this library is no user’s: one of the two answers, once', async () => {
    const site = await serve();
    const heard: Error[] = [];
    const other = Object.assign((error: Error) => void heard.push(error), {
      [Symbol.for('meerkat.clientError')]: true,
    });
    site.server.on('clientError', other);
    expect((await refused(site, GARBAGE)).status).toBe(400);
    site.server.off('clientError', other).prependListener('clientError', other);
    const peer = await rawPeer(site.port);
    await peer.sendText(GARBAGE);
    await until(() => heard.length === 2);
    await turns();
    expect(peer.received.length).toBe(0); // that copy would have answered
    await upgraded(site.port);
  });
});
