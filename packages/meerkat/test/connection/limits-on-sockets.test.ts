import type { Socket } from 'node:net';
import {
  type Closed,
  type Connection,
  connect,
  type Message,
  type WebSocketServerOptions,
} from 'meerkat';
import { ManualClock, type RawPeer } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { dial } from '../support/dialling.ts';
import { fakeServer, switching } from '../support/fake-server.ts';
import { BINARY, closeFrame, frame, PING, TEXT, takeClose } from '../support/frames.ts';
import { upgraded } from '../support/handshake.ts';
import { type Site, serve } from '../support/serving.ts';
import { deferred, turns, until } from '../support/waiting.ts';
import { texts } from './opening.ts';
import { noise, packed } from './packed.ts';

// Every limit of a connection, made to bite on a real socket: what the peer sees, what `closed` says, what is counted.

interface Line {
  readonly site: Site<undefined>;
  readonly clock: ManualClock;
  readonly peer: RawPeer;
  readonly connection: Connection<undefined>;
  readonly socket: Socket;
  readonly messages: Message[];
  /** The limits that bit, and how often. */
  hits(): Record<string, number>;
  /** Sends octets and waits until the server has them: they are a chunk of their own. */
  chunk(octets: Uint8Array): Promise<void>;
}

async function line(
  options: WebSocketServerOptions<undefined> = {},
  { handler = true } = {},
): Promise<Line> {
  const clock = new ManualClock();
  const messages: Message[] = [];
  const site = await serve<undefined>({
    clock,
    ...(handler ? { message: (_connection, message) => void messages.push(message) } : {}),
    ...options,
  });
  const headers =
    options.compression === true ? { 'Sec-WebSocket-Extensions': 'permessage-deflate' } : {};
  const { peer } = await upgraded(site.port, { headers });
  const [connection] = site.opened;
  const [socket] = site.sockets;
  if (connection === undefined || socket === undefined) throw new Error('nothing was opened');
  return {
    site,
    clock,
    peer,
    connection,
    socket,
    messages,
    hits: () =>
      Object.fromEntries(Object.entries(site.wss.limitHits).filter(([, count]) => count > 0)),
    async chunk(octets) {
      const due = socket.bytesRead + octets.length;
      await peer.send(octets);
      await until(() => socket.bytesRead >= due);
    },
  };
}

describe('a limit that closes', () => {
  const OVER: [
    limit: string,
    options: WebSocketServerOptions<undefined>,
    octets: Uint8Array,
    code: number,
    rule: string,
  ][] = [
    ['maxMessageBytes', { maxMessageBytes: 5 }, frame(TEXT, 'sixsix'), 1009, 'WS_MESSAGE_TOO_BIG'],
    [
      'maxMessageBytes',
      { maxMessageBytes: 1_000, compression: true },
      packed('x'.repeat(1_001)),
      1009,
      'WS_MESSAGE_TOO_BIG',
    ],
    [
      'maxFramesPerMessage',
      { maxFramesPerMessage: 2 },
      Buffer.concat([
        frame(TEXT, 'a', { fin: false }),
        frame(0, '', { fin: false }),
        frame(0, 'b'),
      ]),
      1008,
      'WS_TOO_MANY_FRAMES',
    ],
    [
      'maxControlFramesPerSecond',
      { maxControlFramesPerSecond: 1, controlFrameBurst: 2 },
      Buffer.concat(Array(3).fill(frame(0xa, ''))),
      1008,
      'WS_CONTROL_RATE',
    ],
    [
      'maxInflateRatio',
      { maxInflateRatio: 20, compression: true },
      packed('x'.repeat(100_000)),
      1008,
      'WS_INFLATE_RATIO',
    ],
    ['messageTypes', { messageTypes: 'text' }, frame(BINARY, 'a'), 1003, 'WS_MESSAGE_TYPE_REFUSED'],
    [
      'maxMessagesPerSecond',
      { maxMessagesPerSecond: 1, messageBurst: 2, overRate: 'close' },
      texts('two', 'three'),
      1008,
      'WS_MESSAGE_RATE',
    ],
    [
      'maxBytesPerSecond',
      { maxBytesPerSecond: 1, byteBurst: 100, overRate: 'close' },
      texts('x'.repeat(99)),
      1008,
      'WS_BYTE_RATE',
    ],
    [
      'maxBytesPerSecond',
      { maxBytesPerSecond: 1, byteBurst: 10_000, overRate: 'close', compression: true },
      packed('x'.repeat(10_000)), // a few octets on the wire: what they inflate to counts
      1008,
      'WS_BYTE_RATE',
    ],
    [
      'maxBytesPerSecond',
      { maxBytesPerSecond: 1, byteBurst: 100_000, overRate: 'close', compression: true },
      packed('x'.repeat(100_000)), // inflated beside the loop
      1008,
      'WS_BYTE_RATE',
    ],
  ];

  it.each(OVER)(
    '%s with %j fails the connection, says so, and is counted once',
    async (limit, options, octets, code, rule) => {
      const { peer, connection, messages, hits } = await line(options);
      // Twice, and with a message before and one behind: only the first one is handed over.
      await peer.send(Buffer.concat([texts('go'), octets, octets, texts('late')]));
      expect((await takeClose(peer)).code).toBe(code);
      expect(await peer.takeAll()).toBe('');
      peer.end();
      const closed = await connection.closed;
      expect(closed).toMatchObject({ code, because: 'violation', by: 'local', limit, rule });
      expect(hits()).toEqual({ [limit]: 1 });
      expect(messages[0]).toBe('go');
      expect(messages).not.toContain('late');
      expect(connection.discardedMessages).toBe(0);
    },
  );

  it('is told to the client that fails a connection as well', async () => {
    const server = await fakeServer(async ({ key, peer }) => {
      await peer.sendText(switching(key));
      await peer.send(frame(TEXT, 'too long', { masked: false }));
      await peer.takeAll();
      peer.end();
    });
    const { connection } = await dial(server.url, { maxMessageBytes: 5 });
    expect((await connection.closed).limit).toBe('maxMessageBytes');
  });
});

describe('the rate of messages', () => {
  const inOrder = (count: number): string[] => Array.from({ length: count }, (_, at) => `${at}`);

  it('hands over at its rate, loses nothing, and reads on when there is room', async () => {
    const { clock, peer, connection, messages, socket, hits, chunk } = await line({
      maxMessagesPerSecond: 10,
      messageBurst: 5,
      maxInboxMessages: 3,
      pingInterval: 0,
    });
    await chunk(texts(...inOrder(50)));
    expect(messages).toEqual(inOrder(5));
    expect(socket.isPaused()).toBe(true);
    expect(hits()).toEqual({ maxMessagesPerSecond: 1, maxInboxMessages: 1 });
    // What comes now waits in the network, control frames too.
    await peer.send(Buffer.concat([frame(PING, 'p'), texts('50')]));
    for (let count = 6; count <= 47; count += 1) {
      clock.advance(99);
      expect(messages.length).toBe(count - 1);
      clock.advance(1);
      expect(messages).toEqual(inOrder(count));
      expect(socket.isPaused()).toBe(true);
    }
    expect(peer.received.length).toBe(0);
    clock.advance(100);
    expect(await peer.take(3)).toBe('8a 01 70');
    await turns();
    clock.advance(200);
    await until(() => messages.length === 50);
    clock.advance(100);
    await until(() => messages.length === 51);
    expect(messages).toEqual(inOrder(51));
    expect([connection.state, connection.discardedMessages]).toEqual(['open', 0]);
  });

  it('hands over at its rate to a loop as well', async () => {
    const options = { maxMessagesPerSecond: 10, messageBurst: 2, pingInterval: 0 };
    const { clock, chunk, connection } = await line(options, { handler: false });
    await chunk(texts(...inOrder(5)));
    const heard: unknown[] = [];
    const loop = (async () => {
      for await (const message of connection) heard.push(message);
    })();
    await turns();
    expect(heard).toEqual(inOrder(2));
    for (let count = 3; count <= 5; count += 1) {
      clock.advance(99);
      await turns();
      expect(heard.length).toBe(count - 1);
      clock.advance(1);
      await turns();
      expect(heard).toEqual(inOrder(count));
    }
    connection.terminate();
    await loop;
  });

  it('lets a steady stream at its rate pass', async () => {
    const { clock, messages, socket, hits, chunk } = await line({
      maxMessagesPerSecond: 10,
      messageBurst: 1,
      pingInterval: 0,
    });
    for (const text of inOrder(30)) {
      await chunk(texts(text));
      expect(socket.isPaused()).toBe(false);
      clock.advance(100);
    }
    expect(messages).toEqual(inOrder(30));
    expect(hits()).toEqual({});
  });

  it('discards what is too much where that is wanted, and counts it', async () => {
    const { clock, peer, connection, messages, hits, chunk } = await line({
      maxMessagesPerSecond: 10,
      messageBurst: 2,
      overRate: 'drop',
    });
    await chunk(texts('a', 'b', 'c', 'd'));
    expect(connection.discardedMessages).toBe(2);
    clock.advance(100);
    await chunk(texts('e', 'f'));
    expect(messages).toEqual(['a', 'b', 'e']);
    expect(connection.discardedMessages).toBe(3);
    expect(hits()).toEqual({ maxMessagesPerSecond: 3 });
    await peer.send(closeFrame(1000));
    expect((await takeClose(peer)).code).toBe(1000);
    peer.end();
    expect(await connection.closed).toMatchObject({
      clean: true,
      limit: undefined,
      discardedMessages: 3,
    });
  });

  it('counts compressed messages and others alike, in their order', async () => {
    const { connection, messages, chunk } = await line({
      maxMessagesPerSecond: 1,
      messageBurst: 4,
      overRate: 'drop',
      compression: true,
    });
    const large = 'l'.repeat(50_000);
    await chunk(
      Buffer.concat([packed('a'), packed(large), ...[texts('b'), packed('c'), texts('d')]]),
    );
    await until(() => connection.discardedMessages === 1);
    expect(messages).toEqual(['a', large, 'b', 'c']);
  });
});

describe('the rate of octets', () => {
  it('lets a long message pass, and waits until it is paid for', async () => {
    const { clock, messages, hits, chunk } = await line({
      maxBytesPerSecond: 1_000,
      byteBurst: 500,
      pingInterval: 0,
    });
    await chunk(texts('x'.repeat(1_000), 'next'));
    expect(messages.length).toBe(1);
    expect(hits()).toEqual({ maxBytesPerSecond: 1 });
    clock.advance(499);
    expect(messages.length).toBe(1);
    clock.advance(1);
    expect(messages[1]).toBe('next');
  });

  it('counts the octets that a message inflates to', async () => {
    const { clock, peer, connection, messages, hits } = await line({
      maxBytesPerSecond: 100_000,
      byteBurst: 100_000,
      compression: true,
      pingInterval: 0,
    });
    await peer.send(Buffer.concat([packed('x'.repeat(110_000)), packed('y'.repeat(10_000))]));
    await until(() => hits()['maxBytesPerSecond'] === 1);
    expect(messages.map(({ length }) => length)).toEqual([110_000]);
    clock.advance(99);
    expect(messages.length).toBe(1);
    clock.advance(1);
    expect(messages.map(({ length }) => length)).toEqual([110_000, 10_000]);
    expect(connection.state).toBe('open');
  });

  it('discards what is too much where that is wanted, and goes on with what fits', async () => {
    const { connection, messages, hits, chunk } = await line({
      maxBytesPerSecond: 10,
      byteBurst: 10,
      overRate: 'drop',
    });
    await chunk(texts('x'.repeat(6), 'y'.repeat(6), 'zzzz'));
    expect(messages).toEqual(['xxxxxx', 'zzzz']);
    expect(connection.discardedMessages).toBe(1);
    expect(hits()).toEqual({ maxBytesPerSecond: 1 });
  });
});

describe('the end of a connection whose messages wait for their time', () => {
  const hundred = texts(...Array.from({ length: 100 }, (_, at) => `${at}`));

  it('does not wait for it, where we close: the answer of the peer is read', async () => {
    const { peer, connection, messages, chunk } = await line({ maxMessagesPerSecond: 1 });
    await chunk(hundred);
    expect(messages.length).toBe(2);
    await peer.send(Buffer.concat([texts('more'), closeFrame(4000)]));
    connection.close(4000);
    expect((await takeClose(peer)).code).toBe(4000);
    peer.end();
    expect(await connection.closed).toMatchObject({ code: 4000, clean: true, because: 'close' });
    expect([messages.length, messages.at(-1)]).toEqual([101, 'more']);
  });

  it.each([
    ['its Close', closeFrame(4000), { code: 4000, clean: true }],
    ['its end', Buffer.alloc(0), { code: 1006, because: 'transportEnd' }],
  ])('hands all of them over before %s', async (what, octets, outcome) => {
    const { peer, connection, messages } = await line({ maxMessagesPerSecond: 1 });
    await peer.send(Buffer.concat([hundred.subarray(0, 7 * 10), octets]));
    if (what === 'its end') peer.end();
    else await takeClose(peer).then(() => peer.end());
    expect(await connection.closed).toMatchObject(outcome);
    expect(messages.length).toBe(10);
  });

  it('hands one over at a time, also where a handler closes', async () => {
    const heard: string[] = [];
    let atWork = 0;
    const { connection, chunk } = await line({
      maxMessagesPerSecond: 1,
      messageBurst: 1,
      message(one, message) {
        expect(atWork).toBe(0);
        atWork += 1;
        heard.push(String(message));
        if (heard.length === 1) one.close(4000);
        atWork -= 1;
      },
    });
    await chunk(texts('a', 'b', 'c'));
    await until(() => heard.length === 3);
    expect(heard).toEqual(['a', 'b', 'c']);
    connection.terminate();
  });
});

describe('the inbox', () => {
  it.each<[string, WebSocketServerOptions<undefined>, Uint8Array]>([
    ['maxInboxMessages', { maxInboxMessages: 3 }, texts('b', 'c', 'd')],
    ['maxInboxBytes', { maxInboxBytes: 1_000 }, texts('x'.repeat(1_000))],
    [
      'maxInboxMessages',
      { maxInboxMessages: 3, compression: true },
      Buffer.concat([packed('b'), texts('c'), packed('d')]),
    ],
    [
      'maxInboxBytes',
      { maxInboxBytes: 1_000, compression: true },
      packed(noise(1_500), BINARY), // as much on the wire
    ],
  ])(
    '%s with %j pauses reading and is counted; then reading goes on',
    async (limit, options, octets) => {
      const held = deferred();
      const heard: Message[] = [];
      const { peer, socket, hits, chunk } = await line({
        ...options,
        message: (_connection, message) => {
          heard.push(message);
          return held.promise;
        },
      });
      await chunk(texts('a'));
      expect(socket.isPaused()).toBe(false);
      await chunk(octets);
      expect(socket.isPaused()).toBe(true);
      expect(hits()).toEqual({ [limit]: 1 });
      await peer.send(texts('last'));
      await turns();
      expect(heard).toEqual(['a']);
      held.resolve();
      await until(() => heard.at(-1) === 'last');
      expect(socket.isPaused()).toBe(false);
      expect(hits()).toEqual({ [limit]: 1 });
    },
  );
});

describe('the outgoing queue', () => {
  const BIG = Buffer.alloc(1_048_576, 'x');

  /** Sends until the kernel takes no more. */
  async function fill({ connection, peer }: Line): Promise<void> {
    peer.stream.pause();
    while (connection.queuedBytes === 0) {
      connection.send(BIG);
      await turns(3);
    }
  }

  it('softQueuedBytes is counted once each time it is passed', async () => {
    const one = await line({ softQueuedBytes: 1_000, maxQueuedBytes: 2 ** 28 });
    const { connection, peer, hits } = one;
    await fill(one);
    expect(connection.send('a')).toBe('queued');
    expect(connection.send('b')).toBe('queued');
    const first = hits()['softQueuedBytes'] ?? 0;
    expect(first).toBeGreaterThan(0);
    peer.stream.resume();
    await connection.drained();
    expect(connection.send('c')).toBe('sent');
    await turns();
    await fill(one);
    expect(connection.send('d')).toBe('queued');
    expect(hits()['softQueuedBytes']).toBeGreaterThan(first);
    expect(connection.droppedMessages).toBe(0);
    expect(Object.keys(hits())).toEqual(['softQueuedBytes']);
  });

  it('maxQueuedBytes drops, counts each, and closes with 1013 after closeTimeout', async () => {
    const one = await line({ maxQueuedBytes: 1_000 });
    const { connection, peer, clock, hits } = one;
    await fill(one);
    const before = connection.droppedMessages;
    for (const already of [0, 1, 2]) {
      expect(connection.droppedMessages).toBe(before + already);
      expect(connection.send('a')).toBe('dropped');
    }
    expect(hits()['maxQueuedBytes']).toBe(connection.droppedMessages);
    clock.advance(10_000);
    expect(connection.state).toBe('closeSent');
    // The peer reads at last, and answers.
    const end = closeFrame(1013, 'the outgoing queue is full', { masked: false });
    let last = Buffer.alloc(0);
    peer.stream.on('data', (chunk: Buffer) => {
      last = Buffer.concat([last, chunk]).subarray(-end.length);
    });
    peer.stream.resume();
    await until(() => last.equals(end));
    await peer.send(closeFrame(1013));
    await until(() => peer.ended);
    peer.end();
    expect(await connection.closed).toMatchObject({
      code: 1013,
      because: 'overflow',
      limit: 'maxQueuedBytes',
      rule: undefined,
      droppedMessages: before + 3,
    });
    expect(hits()['closeTimeout']).toBeUndefined();
  });
});

describe('a time that runs out', () => {
  it('pongTimeout ends the connection and is counted', async () => {
    const { clock, peer, connection, hits } = await line();
    clock.advance(27_500);
    expect(await peer.take(2)).toBe('89 00');
    clock.advance(20_000);
    await peer.takeAll();
    expect(await connection.closed).toMatchObject({
      code: 1006,
      because: 'pongTimeout',
      limit: 'pongTimeout',
      rule: undefined,
    });
    expect(hits()).toEqual({ pongTimeout: 1 });
  });

  it('closeTimeout ends the connection and is counted', async () => {
    const { clock, peer, connection, hits } = await line();
    connection.close(4000);
    expect((await takeClose(peer)).code).toBe(4000);
    clock.advance(10_000);
    expect(await connection.closed).toMatchObject({
      code: 1006,
      because: 'closeTimeout',
      limit: 'closeTimeout',
      rule: undefined,
    });
    expect(hits()).toEqual({ closeTimeout: 1 });
  });

  it('is nobody’s fault where the connection ended in order: nothing is counted', async () => {
    const { peer, connection, hits } = await line();
    await peer.send(closeFrame(1000));
    expect((await takeClose(peer)).code).toBe(1000);
    peer.end();
    const closed: Closed = await connection.closed;
    expect(closed).toMatchObject({ clean: true, limit: undefined });
    expect(hits()).toEqual({});
  });
});

describe('the counts of a server', () => {
  it('are those of all its connections, and stay when they are gone', async () => {
    const site = await serve({ maxMessageBytes: 5 });
    for (let count = 1; count <= 3; count += 1) {
      const connection = await connect(site.url);
      connection.send('too long');
      await connection.closed;
      await until(() => site.wss.connections.size === 0);
      expect(site.wss.limitHits.maxMessageBytes).toBe(count);
    }
    const other = await serve();
    expect(other.wss.limitHits.maxMessageBytes).toBe(0);
  });
});
