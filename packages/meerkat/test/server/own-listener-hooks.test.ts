import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { WebSocketServerOptions } from 'meerkat';
import { connect } from 'meerkat';
import { beforeEach, describe, expect, it } from 'vitest';
import { CLIENT_HEADS, headOctets } from '../support/client-heads.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { closeFrame, frame, TEXT } from '../support/frames.ts';
import { upgradeRequest } from '../support/handshake.ts';
import { deferred, turns, until } from '../support/waiting.ts';
import {
  cameByHttp,
  converse,
  listenerIsOurs,
  onEveryWay,
  type Step,
  serveOn,
  statusesOf,
  type WayInSite,
} from '../support/ways-in.ts';

beforeEach(expectNothingUnhandled);

const UPGRADE = upgradeRequest();
const CLOSE = closeFrame(1000).toString('latin1');
const ANSWER = /^HTTP\/1\.1 \d{3} /;
const EARLY = frame(TEXT, 'early').toString('latin1');

describe('on both ways in, the same is answered where', () => {
  it.each<
    [title: string, status: number, options: WebSocketServerOptions<undefined>, request?: string]
  >([
    ['a hook accepts at once', 101, { upgrade: () => undefined }],
    ['a hook accepts later', 101, { upgrade: () => turns(5).then(() => undefined) }],
    ['a hook adds fields', 101, { upgrade: () => ({ headers: { 'X-Mine': 'J\xfcrgen' } }) }],
    ['a hook refuses', 401, { upgrade: () => ({ refuse: 401, headers: { A: 'b' }, body: 'no' }) }],
    [
      'a hook refuses later',
      302,
      { upgrade: async () => ({ refuse: 302, headers: { Location: '/' } }) },
    ],
    [
      'a hook throws',
      500,
      {
        upgrade: () => {
          throw new Error('broken');
        },
      },
    ],
    ['a hook rejects', 500, { upgrade: () => Promise.reject(new Error('broken')) }],
    [
      'the origin is another',
      403,
      {},
      upgradeRequest({ headers: { Origin: 'http://evil.example' } }),
    ],
    [
      'the origin is allowed',
      101,
      { origins: ['http://a.example'] },
      upgradeRequest({ headers: { Origin: 'http://a.example' } }),
    ],
    [
      'a function decides on the origin',
      403,
      { origins: async () => false },
      upgradeRequest({ headers: { Origin: 'http://a.example' } }),
    ],
  ])('%s', async (_title, status, options, request = UPGRADE) => {
    const answer = await onEveryWay(async (way) => {
      const site = await serveOn(way, options);
      const text = await converse(site, [request, ANSWER, CLOSE]);
      expect(cameByHttp(site)).toBe(way === 'attach' || !listenerIsOurs);
      while ((await site.counted()) > 0) await turns(1);
      return [text, site.errors.map(String)];
    });
    expect(statusesOf(String(answer[0]))).toEqual([status]);
  });

  it.each<[title: string, statuses: number[], options: WebSocketServerOptions<undefined>]>([
    ['there are too many connections', [101, 503], { maxConnections: 1 }],
    ['there are too many from one address', [101, 429], { maxConnectionsPerAddress: 1 }],
    ['too many come in a moment', [101, 101, 429], { maxNewConnectionsPerAddress: 1 }],
  ])('%s', async (_title, statuses, options) => {
    await onEveryWay(async (way) => {
      const site = await serveOn(way, options);
      const first = await site.peer();
      await first.sendText(UPGRADE);
      const answers = [await first.takeHead()];
      while (answers.length < statuses.length) {
        answers.push(await converse(site, [UPGRADE, ANSWER, CLOSE]));
      }
      expect(answers.flatMap(statusesOf)).toEqual(statuses);
      return [answers, site.wss.limitHits];
    });
  });

  it('the server is being closed', async () => {
    const answer = await onEveryWay(async (way) => {
      const site = await serveOn(way);
      const first = await site.peer();
      await first.sendText(UPGRADE);
      await first.takeHead();
      void site.wss.close();
      return converse(site, [UPGRADE, ANSWER]);
    });
    expect(statusesOf(answer)).toEqual([503]);
  });

  it('a trusted proxy says who the client is', async () => {
    const seen = await onEveryWay(async (way) => {
      const addresses: unknown[] = [];
      const site = await serveOn(way, {
        trustProxy: ['loopback'],
        upgrade: ({ remoteAddress }) => void addresses.push(remoteAddress),
        refused: (_refusal, _incoming, address) => void addresses.push(address),
      });
      for (const headers of [
        { 'X-Forwarded-For': '198.51.100.7' },
        { 'X-Forwarded-For': ['198.51.100.7', '203.0.113.9, 127.0.0.1'] },
        { 'X-Forwarded-For': 'nonsense' },
        { 'X-Forwarded-For': '198.51.100.8', Origin: 'http://evil.example' },
        {},
      ]) {
        await converse(site, [upgradeRequest({ headers }), ANSWER, CLOSE]);
      }
      return addresses;
    });
    expect(seen).toEqual(['198.51.100.7', '203.0.113.9', '127.0.0.1', '198.51.100.8', '127.0.0.1']);
  });
});

describe('while a hook has not decided', () => {
  /** A server whose hook decides when it is told to. */
  async function waiting(way: 'attach' | 'listen') {
    const decision = deferred();
    const signals: AbortSignal[] = [];
    const refusals: string[] = [];
    const site = await serveOn(way, {
      handshakeTimeout: 5_000,
      upgrade: async ({ signal }) => {
        signals.push(signal);
        await decision.promise;
        return undefined;
      },
      refused: ({ code }) => void refusals.push(code),
      message: (connection, message) => void connection.send(message),
    });
    const peer = await site.peer();
    return { site, peer, signals, refusals, decide: decision.resolve };
  }

  it.each<[title: string, packets: string[]]>([
    ['with the request', [UPGRADE + EARLY]],
    ['behind it', [UPGRADE, EARLY]],
    ['in part with it', [UPGRADE + EARLY.slice(0, 4), EARLY.slice(4)]],
  ])('what comes %s is kept', async (_title, packets) => {
    await onEveryWay(async (way) => {
      const { site, peer, signals, decide } = await waiting(way);
      for (const packet of packets) {
        await peer.sendText(packet);
        await turns();
      }
      await until(() => signals.length === 1);
      expect(peer.received.length).toBe(0);
      decide();
      const head = await peer.takeHead();
      expect(await peer.take(7)).toBe('81 05 65 61 72 6c 79');
      await peer.sendText(EARLY);
      expect(await peer.take(7)).toBe('81 05 65 61 72 6c 79');
      expect(site.messages).toEqual(['early', 'early']);
      return head;
    });
  });

  it('megabytes that come are not all read, and none is lost', async () => {
    await onEveryWay(async (way) => {
      const { site, peer, signals, decide } = await waiting(way);
      await peer.sendText(UPGRADE);
      const payload = 'x'.repeat(70_000);
      let left = 0;
      const count = 100;
      for (let at = 0; at < count; at += 1) {
        void peer.send(frame(TEXT, payload)).then(() => {
          left += 1;
        });
      }
      await until(() => signals.length === 1);
      let before = -1;
      while (before !== left) {
        before = left;
        await turns(50);
      }
      expect(left).toBeLessThan(count); // the kernel has as much as it takes
      decide();
      await until(() => site.messages.length === count);
      expect(site.messages.every((message) => message === payload)).toBe(true);
    });
  });

  it.each<[string, (peer: Awaited<ReturnType<WayInSite<undefined>['peer']>>) => void]>([
    ['leaves', (peer) => peer.end()],
    ['breaks off', (peer) => peer.reset()],
  ])('it is told when the client %s, and nobody is let in', async (_title, leave) => {
    await onEveryWay(async (way) => {
      const { site, peer, signals, refusals, decide } = await waiting(way);
      await peer.sendText(UPGRADE);
      await until(() => signals.length === 1);
      leave(peer);
      await until(() => signals[0]?.aborted === true);
      decide();
      while ((await site.counted()) > 0) await turns(1);
      expect([site.opened.length, site.clock.pending, peer.received.length]).toEqual([0, 0, 0]);
      return refusals;
    });
  });

  it('its time passes, and the client is told 503', async () => {
    const text = await onEveryWay(async (way) => {
      const { site, peer, signals } = await waiting(way);
      await peer.sendText(UPGRADE);
      await until(() => signals.length === 1);
      site.clock.advance(5_000);
      expect(signals[0]?.aborted).toBe(true);
      return peer.takeText();
    });
    expect(statusesOf(text)).toEqual([503]);
  });

  it('the server may close: the client is told 503, and the hook that it need not decide', async () => {
    const text = await onEveryWay(async (way) => {
      const { site, peer, signals } = await waiting(way);
      await peer.sendText(UPGRADE);
      await until(() => signals.length === 1);
      await site.wss.close();
      expect(signals[0]?.aborted).toBe(true);
      return peer.takeText();
    });
    expect(statusesOf(text)).toEqual([503]);
  });

  it('the client that was refused and stays is left at closeTimeout', async () => {
    await onEveryWay(async (way) => {
      const site = await serveOn(way, { closeTimeout: 700, upgrade: () => ({ refuse: 401 }) });
      const peer = await site.peer();
      await peer.sendText(UPGRADE);
      await peer.takeText(); // and does not end its direction
      site.clock.advance(699);
      await turns(3);
      expect(await site.counted()).toBe(1);
      site.clock.advance(1);
      while ((await site.counted()) > 0) await turns(1);
    });
  });
});

/** What a hook can see of a request. */
function seen(incoming: IncomingMessage, port: number): object {
  const { method, url, httpVersion, httpVersionMajor, httpVersionMinor } = incoming;
  const { rawHeaders, headers, headersDistinct, trailers, trailersDistinct, rawTrailers } =
    incoming;
  const { complete, aborted, upgrade } = incoming as IncomingMessage & { upgrade: unknown };
  const { readableEncoding, readableObjectMode, statusCode, statusMessage, destroyed } = incoming;
  const { socket, connection } = incoming;
  const { remoteAddress, remoteFamily, localAddress, localFamily, localPort } = socket;
  return {
    ...{ method, url, httpVersion, httpVersionMajor, httpVersionMinor },
    ...{ rawHeaders, headers, headersDistinct, trailers, trailersDistinct, rawTrailers },
    ...{ complete, aborted, upgrade, readableEncoding, readableObjectMode },
    ...{ statusCode, statusMessage, destroyed },
    ...{ remoteAddress, remoteFamily, localAddress, localFamily },
    localPort: localPort === port,
    remotePort: socket.remotePort !== undefined && socket.remotePort !== port,
    socketDestroyed: socket.destroyed,
    sameSocket: connection === socket,
    ownNames: ['host', 'upgrade', 'x-none'].map((name) => Object.hasOwn(headers, name)),
  };
}

const LISTS = upgradeRequest({
  headers: {
    Cookie: ['a=1', 'b=2'],
    'Set-Cookie': ['c=3', 'd=4'],
    'X-Twice': ['one', 'two'],
    Authorization: ['Basic a', 'Basic b'],
    'User-Agent': ['a', 'b'],
    'X-Empty': '',
    __proto__: undefined,
    constructor: 'c',
    toString: 't',
    'Sec-WebSocket-Protocol': ['a', 'b'],
    Age: ['1', '2'],
  },
}).replace('X-Empty:', '__proto__: polluted\r\nX-Empty:');

const HEADS: readonly (readonly [string, string])[] = [
  ['the plainest', UPGRADE],
  ['fields that come more than once', LISTS],
  ['a query', upgradeRequest({ target: '/chat?a=%20&b=//c' })],
  ['blanks around values', upgradeRequest({ headers: { 'X-Blank': ' \t a \t b \t ' } })],
  ['many lines', upgradeRequest({ headers: { X: Array.from({ length: 100 }, String) } })],
  ...CLIENT_HEADS.map(([client, lines]) => {
    const octets = headOctets(lines).toString('latin1');
    return [client, octets.replace(/^GET [^ ?]*/, 'GET /chat')] as const;
  }),
];

describe('the request as Node shows it', () => {
  it.each([false, true])('is the same on both ways, joinDuplicateHeaders: %s', async (join) => {
    const requests = await onEveryWay(async (way) => {
      const incoming: IncomingMessage[] = [];
      const found: object[] = [];
      const site = await serveOn(
        way,
        {
          origins: () => true,
          upgrade(request) {
            incoming.push(request.incoming);
            expect(request.incoming).toBe(incoming.at(-1));
            found.push(seen(request.incoming, site.port));
          },
        },
        { http: { joinDuplicateHeaders: join } },
      );
      for (const [, head] of HEADS) {
        await converse(site, [head, ANSWER, CLOSE] satisfies Step[]);
        // Its connection is over, and what is left of it says so.
        const last = incoming.at(-1);
        await until(() => last?.socket.destroyed === true);
      }
      expect(cameByHttp(site)).toBe(way === 'attach' || !listenerIsOurs);
      return found;
    });
    expect(requests).toHaveLength(HEADS.length);
  });

  it('has no body: whoever reads it comes to its end', async () => {
    const read = await onEveryWay(async (way) => {
      const bodies: string[] = [];
      const site = await serveOn(way, {
        async upgrade({ incoming }) {
          let body = '';
          for await (const chunk of incoming) body += String(chunk);
          bodies.push(body);
        },
      });
      await converse(site, [UPGRADE + EARLY, ANSWER, CLOSE]);
      return [bodies, site.messages];
    });
    expect(read).toEqual([[''], ['early']]);
  });

  it.each(['upgrade', 'open', 'message', 'refused'] as const)(
    'ends the connection with its socket: destroyed in %s',
    async (where) => {
      await onEveryWay(async (way) => {
        let incoming: IncomingMessage | undefined;
        const closed: string[] = [];
        const destroy = (): void => {
          incoming?.socket.once('close', () => closed.push('socket'));
          incoming?.socket.destroy();
        };
        const decided = deferred();
        const site = await serveOn(way, {
          upgrade: async (request) => {
            ({ incoming } = request);
            if (where === 'upgrade') {
              destroy();
              await decided.promise;
            }
            return where === 'refused' ? { refuse: 401 } : undefined;
          },
          refused: (_refusal, request) => {
            incoming = request;
            destroy();
          },
          open: () => (where === 'open' ? destroy() : undefined),
          message: () => (where === 'message' ? destroy() : undefined),
        });
        const peer = await site.peer();
        await peer.sendText(UPGRADE + EARLY);
        await until(() => closed.length > 0);
        while ((await site.counted()) > 0) await turns(1);
        decided.resolve();
        await turns(5);
        await until(() => peer.ended);
        expect([closed, site.clock.pending, site.wss.connections.size]).toEqual([['socket'], 0, 0]);
      });
    },
  );

  it('says when the connection has ended, whoever ended it', async () => {
    await onEveryWay(async (way) => {
      const closed = deferred();
      const site = await serveOn(way, {
        upgrade: ({ incoming }) => void incoming.socket.once('close', () => closed.resolve()),
      });
      const client = await connect(`ws://127.0.0.1:${site.port}/chat`);
      await turns(3);
      client.close();
      await closed.promise;
      await client.closed;
    });
  });

  it('cannot write, nor end the process by trying', async () => {
    const site = await serveOn('listen', {
      upgrade: ({ incoming }) => void incoming.socket.write('HTTP/1.1 200 OK\r\n\r\n'),
    });
    const peer = await site.peer();
    await peer.sendText(UPGRADE);
    const gone = once(peer.stream, 'close');
    await until(() => peer.received.length > 0 || peer.ended);
    peer.reset();
    await gone;
    while ((await site.counted()) > 0) await turns(1);
  });
});
