import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HandshakeError, type ServerUpgradeRequest, type UpgradeDecision } from 'meerkat';
import { ManualClock, toHex } from 'meerkat/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { BINARY, frame, TEXT, takeFrame } from '../support/frames.ts';
import {
  expectRefusal,
  rawPeer,
  refused,
  secureRawPeer,
  upgraded,
  upgradeRequest,
} from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { echo, serve } from '../support/serving.ts';
import { deferred, turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

describe('a hook that accepts', () => {
  it('attaches typed data, chooses a subprotocol and adds header fields', async () => {
    const site = await serve<{ user: string }>({
      upgrade: async (request) => {
        await turns(1);
        return {
          data: { user: request.url.slice('/chat?'.length) },
          subprotocol: 'superchat',
          headers: [
            ['Set-Cookie', 'a=1; HttpOnly'],
            ['Set-Cookie', 'b=2'],
          ],
        };
      },
    });
    const { response } = await upgraded(site.port, {
      target: '/chat?ada',
      headers: { 'Sec-WebSocket-Protocol': 'chat, superchat' },
    });
    const [connection] = site.opened;
    expect(connection?.data.user satisfies string | undefined).toBe('ada');
    expect(connection?.protocol).toBe('superchat');
    expect(response.header('sec-websocket-protocol')).toBe('superchat');
    expect(response.headers.filter(([name]) => name === 'set-cookie')).toEqual([
      ['set-cookie', 'a=1; HttpOnly'],
      ['set-cookie', 'b=2'],
    ]);
  });

  it('takes header fields as an object too, and octets above 7f as they are', async () => {
    const site = await serve({ upgrade: () => ({ headers: { 'X-Name': 'J\xfcrgen' } }) });
    const { response } = await upgraded(site.port);
    expect(response.header('x-name')).toBe('J\xfcrgen');
  });

  it.each([
    ['nothing', undefined],
    ['a promise of nothing', Promise.resolve(undefined)],
    ['an empty object', {}],
  ])('accepts when it returns %s', async (_title, decision) => {
    const site = await serve({ upgrade: () => decision });
    await upgraded(site.port);
    expect(site.opened.length).toBe(1);
  });

  it('may choose no subprotocol in place of the one that the server would', async () => {
    const site = await serve({ subprotocols: ['chat'], upgrade: () => ({ subprotocol: '' }) });
    const { response } = await upgraded(site.port, {
      headers: { 'Sec-WebSocket-Protocol': 'chat' },
    });
    expect(response.header('sec-websocket-protocol')).toBeUndefined();
  });

  it('sees the request: path, offers, address, and Node’s own', async () => {
    const seen: ServerUpgradeRequest[] = [];
    const site = await serve({ upgrade: (request) => void seen.push(request) });
    await upgraded(site.port, {
      target: '/chat?x=1',
      headers: {
        Host: 'localhost:1',
        Origin: 'http://localhost:1',
        'Sec-WebSocket-Protocol': ['a, b', 'c'],
        'Sec-WebSocket-Extensions': 'foo; bar="1"',
        'X-Mine': 'yes',
      },
    });
    expect(seen).toEqual([
      expect.objectContaining({
        path: '/chat',
        url: '/chat?x=1',
        host: 'localhost:1',
        origins: ['http://localhost:1'],
        subprotocols: ['a', 'b', 'c'],
        extensions: [{ name: 'foo', parameters: [['bar', '1']] }],
        remoteAddress: '127.0.0.1',
      }),
    ]);
    expect(seen[0]?.incoming.headers['x-mine']).toBe('yes');
    expect(seen[0]?.signal.aborted).toBe(false);
  });
});

describe('a hook that refuses', () => {
  it('answers with any status, header fields and body', async () => {
    const site = await serve({
      upgrade: () => ({
        refuse: 401,
        headers: { 'WWW-Authenticate': 'Basic', 'Content-Type': 'application/json' },
        body: '{"error":"wer bist du, Jürgen?"}',
      }),
    });
    const response = await refused(site, {});
    expect(response.status).toBe(401);
    expect(response.header('www-authenticate')).toBe('Basic');
    expect(response.header('content-type')).toBe('application/json');
    expect(Buffer.from(response.body, 'latin1').toString()).toBe(
      '{"error":"wer bist du, Jürgen?"}',
    );
    expect(site.errors).toEqual([]);
  });

  it.each([404, 429, 451, 503, 599])('answers %i', async (status) => {
    const site = await serve({ upgrade: () => Promise.resolve({ refuse: status }) });
    expect((await refused(site, {})).status).toBe(status);
  });

  it('answers a redirect', async () => {
    const site = await serve({
      upgrade: () => ({ refuse: 302, headers: { Location: 'http://127.0.0.1/login' } }),
    });
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest());
    const response = parseResponse(await peer.takeText());
    expect(response.status).toBe(302);
    expect(response.header('location')).toBe('http://127.0.0.1/login');
    expect(response.header('content-length')).toBe(`${response.body.length}`);
  });

  it.each([204, 304])('answers %i without a body (RFC 9110 §6.4.1)', async (status) => {
    const site = await serve({ upgrade: () => ({ refuse: status, body: 'lost' }) });
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest());
    const response = parseResponse(await peer.takeText());
    expect(response.status).toBe(status);
    expect(response.body).toBe('');
    expect(response.header('content-length')).toBeUndefined();
  });

  it('writes header fields as it does for a 101: one octet a character', async () => {
    const site = await serve({
      upgrade: () => ({ refuse: 403, headers: { 'X-Name': 'J\xfcrgen' } }),
    });
    expect((await refused(site, {})).header('x-name')).toBe('J\xfcrgen');
  });

  it('does not fire the signal: it was decided', async () => {
    const signals: AbortSignal[] = [];
    const site = await serve({
      upgrade: (request) => {
        signals.push(request.signal);
        return { refuse: 403 };
      },
    });
    await refused(site, {});
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('a hook that fails', () => {
  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('the database is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the database is down'))],
  ])('H26 a hook that %s is answered 500 and reported once', async (_title, upgrade) => {
    const site = await serve({ upgrade });
    const response = await refused(site, {});
    expect(response.status).toBe(500);
    expect(response.body).not.toContain('database');
    expect(site.errors).toEqual([new Error('the database is down')]);
  });

  it.each([
    ['of a dial that never got an answer', new HandshakeError('MEERKAT_CONNECT_FAILED')],
    [
      'of a dial that was refused',
      new HandshakeError('WS_RESPONSE_STATUS', {
        status: 401,
        headers: [['Transfer-Encoding', 'chunked']],
        body: 'secret',
      }),
    ],
  ])('H26 a hook that rejects with the error %s is answered 500', async (_title, error) => {
    const site = await serve({ upgrade: () => Promise.reject(error) });
    const response = await refused(site, {});
    expect(response.status).toBe(500);
    expect(response.header('transfer-encoding')).toBeUndefined();
    expect(response.body).not.toContain('secret');
    expect(site.errors).toEqual([error]);
  });

  it('H26 an origins function that rejects is answered 500 and reported once', async () => {
    const error = new HandshakeError('MEERKAT_CONNECT_FAILED');
    const site = await serve({ origins: () => Promise.reject(error) });
    const response = await refused(site, { headers: { Origin: 'http://127.0.0.1' } });
    expect(response.status).toBe(500);
    expect(site.errors).toEqual([error]);
  });

  it.each<[string, unknown]>([
    ['a header field with CR LF', { headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['a header name with CR LF', { headers: { 'X-A: a\r\nX-B': 'b' } }],
    ['a header field of the handshake', { headers: { 'Sec-WebSocket-Accept': 'a' } }],
    ['a header field of HTTP', { headers: { 'transfer-encoding': 'chunked' } }],
    ['a header value that is a number', { headers: { 'X-A': 5 } }],
    ['a header value outside of Latin-1', { headers: { 'X-A': '\u4e2d' } }],
    ['header fields that are none', { headers: 7 }],
    ['a refusal with CR LF in a header field', { refuse: 401, headers: { 'X-A': 'a\r\nX-B: b' } }],
    ['a refusal with a length of its own', { refuse: 401, headers: { 'Content-Length': '0' } }],
    ['a refusal with a body that is a number', { refuse: 401, body: 5 }],
    ['a refusal with a body that is an object', { refuse: 401, body: { error: 1 } }],
    ['a refusal without a status', { refuse: undefined }],
    ['a refusal with status 101', { refuse: 101 }],
    ['a refusal with status 600', { refuse: 600 }],
    ['a refusal with a status that is text', { refuse: '401' }],
    ['a subprotocol that is a number', { subprotocol: 5 }],
    ['false', false],
    ['true', true],
    ['text', 'no'],
  ])('answers 500 and reports it when the hook returns %s', async (_title, decision) => {
    const site = await serve({ upgrade: () => decision as UpgradeDecision<undefined> });
    const response = await refused(site, { headers: { 'Sec-WebSocket-Protocol': 'chat' } });
    expect(response.status).toBe(500);
    expect(JSON.stringify([response.headers, response.body])).not.toMatch(/x-[ab]\b/i);
    expect(site.errors.length).toBe(1);
  });

  it.each(['data', 'subprotocol', 'headers'])(
    'answers 500 and reports it when `%s` of its decision throws',
    async (name) => {
      const failure = new Error('lazily failed');
      const decision = Object.defineProperty({}, name, {
        enumerable: true,
        get() {
          throw failure;
        },
      });
      const site = await serve({ upgrade: () => decision });
      expect((await refused(site, {})).status).toBe(500);
      expect(site.errors).toEqual([failure]);
    },
  );
});

describe('a hook that takes its time', () => {
  it('H26 a hook that hangs is answered 503 when handshakeTimeout is over, and its signal fires', async () => {
    const clock = new ManualClock();
    const asked: ServerUpgradeRequest[] = [];
    const decision = deferred<{ data: undefined }>();
    const site = await serve({
      clock,
      upgrade: (request) => {
        asked.push(request);
        return decision.promise;
      },
    });
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest());
    await until(() => asked.length === 1);
    clock.advance(9_999);
    expect(asked[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    expect(asked[0]?.signal.aborted).toBe(true);
    const response = parseResponse(await peer.takeText());
    expectRefusal(response);
    expect(response.status).toBe(503);
    decision.resolve({ data: undefined }); // too late
    await turns();
    expect(site.opened).toEqual([]);
    expect(site.errors).toEqual([]);
  });

  it.each([
    ['ends its direction (FIN)', 'end'],
    ['resets the connection (RST)', 'reset'],
  ] as const)(
    'H26 a client that %s while the hook decides: the signal fires, nothing is opened',
    async (_title, leave) => {
      const asked: ServerUpgradeRequest[] = [];
      const decision = deferred<{ data: undefined }>();
      const left = deferred<unknown>();
      const site = await serve({
        upgrade: (request) => {
          asked.push(request);
          request.signal.addEventListener('abort', () => left.resolve(request.signal.reason));
          return decision.promise;
        },
      });
      const peer = await rawPeer(site.port);
      await peer.sendText(upgradeRequest());
      await until(() => asked.length === 1);
      peer[leave]();
      expect(await left.promise).toMatchObject({ code: 'MEERKAT_ABORTED' });
      await until(() => site.sockets[0]?.destroyed === true);
      decision.resolve({ data: undefined });
      await turns();
      expect(site.opened).toEqual([]);
      expect(site.wss.connections.size).toBe(0);
      expect(site.errors).toEqual([]);
    },
  );

  it('H26 a hook that rejects with the signal’s reason once the client left reports nothing', async () => {
    const decided = deferred();
    const site = await serve({
      upgrade: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason);
            decided.resolve();
          });
        }),
    });
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest());
    await until(() => site.sockets[0]?.bytesRead === upgradeRequest().length);
    await turns();
    peer.reset();
    await decided.promise;
    await turns();
    expect(site.errors).toEqual([]);
  });

  it('H26 a hook that never returns keeps nothing of a client that left', async () => {
    const signals: WeakRef<object>[] = [];
    let left = 0;
    const site = await serve({
      upgrade: (request) => {
        signals.push(new WeakRef(request.signal));
        request.signal.addEventListener('abort', () => {
          left += 1;
        });
        return new Promise(() => {});
      },
    });
    for (let at = 0; at < 20; at += 1) {
      const peer = await rawPeer(site.port);
      await peer.sendText(upgradeRequest());
      await until(() => signals.length === at + 1);
      peer.reset();
      await peer.close();
      await until(() => left === at + 1);
    }
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // The last one may still be held by the turn that is running.
    await until(() => {
      collect();
      return signals.filter((signal) => signal.deref() !== undefined).length <= 1;
    });
  });

  it.each([
    ['TCP', undefined],
    ['TLS', selfSigned()],
  ])(
    'delivers the frames that came over %s while the hook decided, in order, and then goes on',
    async (_title, tls) => {
      const decision = deferred<{ data: undefined }>();
      const site = await serve({ ...echo, upgrade: () => decision.promise }, tls && { tls });
      const peer = await (tls === undefined ? rawPeer(site.port) : secureRawPeer(site.port));
      const early = [
        Buffer.from(upgradeRequest()),
        frame(TEXT, 'one'),
        frame(TEXT, 'tw', { fin: false }),
        frame(0, 'o').subarray(0, 3), // half a header
      ];
      let before = site.sockets[0]?.bytesRead ?? 0;
      for (const octets of early) {
        await peer.send(octets);
        await until(() => (site.sockets[0]?.bytesRead ?? 0) >= before + octets.length);
        before = site.sockets[0]?.bytesRead ?? 0;
      }
      decision.resolve({ data: undefined });
      expect(parseResponse(await peer.takeHead()).status).toBe(101);
      await peer.send(frame(0, 'o').subarray(3));
      expect((await takeFrame(peer))?.payload.toString()).toBe('one');
      expect((await takeFrame(peer))?.payload.toString()).toBe('two');
    },
  );

  it('pauses reading while the hook decides, and loses none of several mebioctets', async () => {
    const decision = deferred<{ data: undefined }>();
    const messages: string[] = [];
    const site = await serve({
      upgrade: () => decision.promise,
      message: (_connection, message) => {
        messages.push(toHex((message as Uint8Array).subarray(0, 4)));
      },
    });
    const peer = await rawPeer(site.port);
    const count = 400;
    const frames = Array.from({ length: count }, (_, at) => {
      const payload = Buffer.alloc(60_000);
      payload.writeUInt32BE(at);
      return frame(BINARY, payload);
    });
    const sent = Buffer.concat([Buffer.from(upgradeRequest()), ...frames]);
    const written = peer.send(sent);
    const socket = (): number => site.sockets[0]?.bytesRead ?? 0;
    await until(() => socket() >= 65_536);
    let before = -1;
    while (before !== socket()) {
      before = socket();
      await turns();
    }
    // One read is at most 64 KiB, and the stream keeps its own high-water mark beside what is kept here.
    expect(socket()).toBeLessThan(1_000_000);
    decision.resolve({ data: undefined });
    expect(parseResponse(await peer.takeHead()).status).toBe(101);
    await written;
    await until(() => messages.length === count);
    expect(messages).toEqual(frames.map((_, at) => toHex(Buffer.of(0, 0, at >>> 8, at & 0xff))));
  });

  it('delivers what a client sent before its FIN, when the hook decides in the same turn', async () => {
    const messages: unknown[] = [];
    const site = await serve({ message: (_connection, message) => void messages.push(message) });
    const peer = await rawPeer(site.port);
    await peer.send(Buffer.concat([Buffer.from(upgradeRequest()), frame(TEXT, 'last words')]));
    peer.end();
    await until(() => site.opened.length === 1);
    const closed = await site.opened[0]?.closed;
    expect(messages).toEqual(['last words']);
    expect(closed).toMatchObject({ code: 1006, because: 'transportEnd', by: 'peer' });
  });
});
