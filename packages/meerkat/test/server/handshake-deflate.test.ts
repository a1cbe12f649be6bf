import { describe, expect, it } from 'vitest';
import { fieldOf } from '../support/fake-server.ts';
import { BINARY, frame, TEXT, takeFrame } from '../support/frames.ts';
import { exchange, upgraded, upgradeRequest } from '../support/handshake.ts';
import { observe } from '../support/observed.ts';
import { echo, type Site, serve } from '../support/serving.ts';

// Rows H12 and H13 of the behaviour catalogue: permessage-deflate is negotiated over TCP.

const FRUGAL = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/** What the server answers to an offer; undefined for a 101 without extensions. */
async function answerTo<Data>(
  site: Site<Data>,
  offer: string | string[],
): Promise<string | undefined> {
  const headers = { 'Sec-WebSocket-Extensions': offer };
  const { peer, response } = await upgraded(site.port, { headers });
  const answer = response.header('sec-websocket-extensions');
  observe(`101, ${answer ?? 'no extension'}`);
  expect(site.opened.at(-1)?.extensions).toBe(answer ?? '');
  // Whatever was agreed on, the connection works.
  await peer.send(frame(TEXT, 'hello'));
  expect((await takeFrame(peer))?.payload.toString()).toBe('hello');
  return answer;
}

describe('an offer of permessage-deflate that breaks the rules (RFC 7692 §7.1)', () => {
  const DECLINED: [string, string][] = [
    ...['7', '16', '010', '1000'].flatMap((bits): [string, string][] => [
      [`server window bits of ${bits}`, `permessage-deflate; server_max_window_bits=${bits}`],
      [`client window bits of ${bits}`, `permessage-deflate; client_max_window_bits=${bits}`],
    ]),
    ['server window bits without a value', 'permessage-deflate; server_max_window_bits'],
    ['an unknown parameter', 'permessage-deflate; client_window=9'],
    [
      'a repeated parameter',
      'permessage-deflate; client_max_window_bits=9; client_max_window_bits=10',
    ],
    [
      'a repeated flag',
      'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    ],
    ['a flag with a value', 'permessage-deflate; server_no_context_takeover=1'],
    ['a name of Object.prototype as a parameter', 'permessage-deflate; __proto__'],
  ];

  it.each(DECLINED)('H12 %s: 101 without it', async (_title, offer) => {
    const site = await serve({ ...echo, compression: true });
    expect(await answerTo(site, offer)).toBeUndefined();
  });

  it.each(DECLINED)('H12 %s: 101 with the valid offer behind it', async (_title, offer) => {
    const site = await serve({ ...echo, compression: true });
    expect(await answerTo(site, `${offer}, permessage-deflate`)).toBe(FRUGAL);
  });

  it('H12 the valid offer may be on a line of its own', async () => {
    const site = await serve({ ...echo, compression: true });
    const lines = ['permessage-deflate; server_max_window_bits=7', 'permessage-deflate'];
    expect(await answerTo(site, lines)).toBe(FRUGAL);
  });

  it('H12 the first of two valid offers counts', async () => {
    const site = await serve({ ...echo, compression: true });
    const offer =
      'permessage-deflate; server_max_window_bits=9, permessage-deflate; server_max_window_bits=10';
    expect(await answerTo(site, offer)).toBe(`${FRUGAL}; server_max_window_bits=9`);
  });

  it('H12 quoted window bits are valid', async () => {
    const site = await serve({ ...echo, compression: true });
    const offer = 'permessage-deflate; server_max_window_bits="10"; client_max_window_bits="10"';
    expect(await answerTo(site, offer)).toBe(
      `${FRUGAL}; server_max_window_bits=10; client_max_window_bits=10`,
    );
  });

  it('H12 quoted window bits out of range are declined like any other', async () => {
    const site = await serve({ ...echo, compression: true });
    expect(await answerTo(site, 'permessage-deflate; server_max_window_bits="7"')).toBeUndefined();
  });
});

describe('a valid offer of permessage-deflate (RFC 7692 §7.1)', () => {
  const lavish = { serverNoContextTakeover: false, clientNoContextTakeover: false, windowBits: 15 };

  it.each<[string, string, object | true, string]>([
    ['without parameters', 'permessage-deflate', true, FRUGAL],
    [
      'without parameters, of a server without limits',
      'permessage-deflate',
      lavish,
      'permessage-deflate',
    ],
    [
      'of a client that understands client_max_window_bits',
      'permessage-deflate; client_max_window_bits',
      true,
      `${FRUGAL}; client_max_window_bits=12`,
    ],
    [
      'of a client with a smaller window',
      'permessage-deflate; client_max_window_bits=8',
      true,
      `${FRUGAL}; client_max_window_bits=8`,
    ],
    [
      'of a client with a larger window',
      'permessage-deflate; client_max_window_bits=15',
      true,
      `${FRUGAL}; client_max_window_bits=12`,
    ],
    [
      'that limits the window of the server',
      'permessage-deflate; server_max_window_bits=8',
      lavish,
      'permessage-deflate; server_max_window_bits=8',
    ],
    [
      'that limits it less than the server does',
      'permessage-deflate; server_max_window_bits=14',
      true,
      `${FRUGAL}; server_max_window_bits=12`,
    ],
    [
      'that asks the server to forget',
      'permessage-deflate; server_no_context_takeover',
      lavish,
      'permessage-deflate; server_no_context_takeover',
    ],
    [
      'that says that the client forgets',
      'permessage-deflate; client_no_context_takeover',
      lavish,
      'permessage-deflate; client_no_context_takeover',
    ],
  ])(
    'H13 %s is answered with what the client allowed',
    async (_title, offer, compression, answer) => {
      const site = await serve({ ...echo, compression });
      expect(await answerTo(site, offer)).toBe(answer);
    },
  );

  it('H13 the answer never has a window of the client that it did not offer', async () => {
    const offers = [
      'permessage-deflate',
      'permessage-deflate; server_no_context_takeover',
      'permessage-deflate; server_max_window_bits=10',
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=15',
    ];
    for (const windowBits of [8, 12, 15]) {
      const site = await serve({ ...echo, compression: { windowBits } });
      for (const offer of offers) {
        expect(await answerTo(site, offer)).not.toContain('client_max_window_bits');
      }
    }
  });

  it('H13 nothing is answered by a server without compression, which is the default', async () => {
    for (const compression of [false, undefined]) {
      const site = await serve({ ...echo, compression });
      expect(await answerTo(site, 'permessage-deflate; client_max_window_bits')).toBeUndefined();
    }
  });

  it('H13 other extensions around it are not answered', async () => {
    const site = await serve({ ...echo, compression: true });
    expect(await answerTo(site, 'mux, permessage-deflate, x-webkit-deflate-frame')).toBe(FRUGAL);
  });
});

describe('what was agreed on', () => {
  it('lets messages be compressed in both directions at once, and RSV1 say which are', async () => {
    const site = await serve({ ...echo, compression: { threshold: 100 } });
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const { peer } = await upgraded(site.port, { headers });
    // The example of RFC 7692 §7.2.3.1.
    await peer.send('c1 87 00000000 f2 48 cd c9 c9 07 00');
    expect(await peer.take(7)).toBe('81 05 48 65 6c 6c 6f');
    await peer.send(frame(BINARY, Buffer.alloc(100)));
    expect(await peer.take(1)).toBe('c2');
  });

  it('is undone by a hook that refuses', async () => {
    const site = await serve({ ...echo, compression: true, upgrade: () => ({ refuse: 401 }) });
    const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
    const text = await exchange(site.port, upgradeRequest({ headers }));
    expect(text).toMatch(/^HTTP\/1.1 401 /);
    expect(fieldOf(text, 'Sec-WebSocket-Extensions')).toBeUndefined();
  });
});
