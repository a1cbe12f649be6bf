import { type Connection, connect, type Message } from 'meerkat';
import { describe, expect, it } from 'vitest';
import { zlibPool } from '../../src/connection/compression/zlib-pool.ts';
import { BINARY, closeFrame, frame, PING, TEXT } from '../support/frames.ts';
import { serve } from '../support/serving.ts';
import { type Deferred, deferred, turn, turns, until } from '../support/waiting.ts';
import { CLOSE_1000, type Opened, type Opening, open, texts, VIOLATION } from './opening.ts';
import { FORGETFUL, noise, noiseText, packed, RSV1 } from './packed.ts';

/** Inflated in the pool: more than the loop takes, on the wire too. */
const LARGE = noiseText(60_000);
/** The same, though it is small on the wire. */
const BLOWN_UP = 'b'.repeat(60_000);
/** Octets that no inflater takes, too many for the loop. */
const BROKEN = frame(RSV1 | TEXT, Buffer.alloc(20_000, 0xff));

interface Listening extends Opened {
  readonly heard: Message[];
}

/** A connection with compression, and what it hands over. */
function listen(given: Opening = {}): Listening {
  const heard: Message[] = [];
  const opened = open({
    compression: true,
    deflate: FORGETFUL,
    message: (_connection, message) => void heard.push(message),
    ...given,
  });
  return { ...opened, heard };
}

/** The same without a handler: whoever iterates gets the messages. */
function loopable(given: Opening = {}): Opened {
  return open({ compression: true, deflate: FORGETFUL, ...given });
}

/** A handler whose every call waits until it is let go. */
function held(): {
  message(connection: unknown, message: Message): Promise<void>;
  readonly heard: Message[];
  readonly waiting: Deferred<void>[];
} {
  const heard: Message[] = [];
  const waiting: Deferred<void>[] = [];
  return {
    heard,
    waiting,
    message(_connection, message) {
      heard.push(message);
      const one = deferred();
      waiting.push(one);
      return one.promise;
    },
  };
}

describe('compressed messages', () => {
  const MIXED = [LARGE, 'a', BLOWN_UP, 'p'.repeat(500), '', 'c', 'z'.repeat(16_385)];
  const octets = (): Buffer =>
    Buffer.concat(
      MIXED.map((text, at) => (at === 1 || at === 5 ? texts(text) : packed(text, TEXT))),
    );

  it('are handed over in the order they came in, those that are not compressed between them', async () => {
    const { transport, heard } = listen();
    transport.receive(octets());
    await until(() => heard.length === MIXED.length);
    expect(heard).toEqual(MIXED);
  });

  it('give the same however they are cut', async () => {
    const whole = octets();
    for (const size of [1, 7, 1_000, 20_000]) {
      const { transport, heard } = listen();
      for (let at = 0; at < whole.length; at += size) {
        transport.receive(whole.subarray(at, at + size));
      }
      await until(() => heard.length === MIXED.length);
      expect(heard).toEqual(MIXED);
    }
  });

  it('wait for a handler that is not done', async () => {
    const one = held();
    const { transport } = listen({ message: one.message });
    transport.receive(octets());
    for (let count = 1; count <= MIXED.length; count += 1) {
      await until(() => one.heard.length === count);
      await turns(3);
      expect(one.heard.length).toBe(count);
      one.waiting.shift()?.resolve();
    }
    expect(one.heard).toEqual(MIXED);
  });

  it('come out of a loop in order', async () => {
    const { connection, transport } = loopable({ role: 'client' });
    const unmasked = MIXED.map((text) => packed(text, TEXT, { masked: false }));
    transport.receive(Buffer.concat([...unmasked, closeFrame(1000, '', { masked: false })]));
    transport.peerEnds();
    const heard: Message[] = [];
    for await (const message of connection) heard.push(message);
    expect(heard).toEqual(MIXED);
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
  });

  it('are binary messages with octets of their own', async () => {
    const { transport, heard } = listen();
    const [small, large] = [noise(1_500), noise(50_000)];
    transport.receive(Buffer.concat([packed(small, BINARY), packed(large, BINARY)]));
    transport.receive(packed(new Uint8Array(0), BINARY));
    await until(() => heard.length === 3);
    expect(heard.map((message) => message.constructor)).toEqual(Array(3).fill(Uint8Array));
    expect(Buffer.from(heard[0] as Uint8Array).equals(small)).toBe(true);
    expect(Buffer.from(heard[1] as Uint8Array).equals(large)).toBe(true);
    expect(heard[2]?.length).toBe(0);
  });
});

describe('what ends a connection behind messages that are still inflated', () => {
  const BEFORE = [packed(LARGE), texts('plain'), packed('small'), packed(BLOWN_UP)];
  const ALL = [LARGE, 'plain', 'small', BLOWN_UP];

  it('the peer’s Close: all are handed over and answered first', async () => {
    const heard: Message[] = [];
    const { transport, connection, sent } = listen({
      message: (one, message) => {
        heard.push(message);
        one.send(String(message.length));
      },
    });
    transport.receive(Buffer.concat([...BEFORE, CLOSE_1000, texts('late')]));
    expect(connection.state).toBe('closeReceived');
    await until(() => transport.ended);
    expect(heard).toEqual(ALL);
    expect(sent()).toEqual([...ALL.map(({ length }) => `text ${length}`), 'close 1000']);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
  });

  it('the peer’s FIN: all are handed over, then the connection is over', async () => {
    const { transport, connection, heard, closes } = listen();
    transport.receive(Buffer.concat(BEFORE));
    transport.peerEnds();
    expect(closes).toEqual([]);
    expect(await connection.closed).toMatchObject({ code: 1006, because: 'transportEnd' });
    expect(heard).toEqual(ALL);
  });

  it('a transport that breaks: all are handed over, then the connection is over', async () => {
    const { transport, connection, heard } = listen();
    transport.receive(Buffer.concat(BEFORE));
    transport.breaks(new Error('reset'));
    expect(await connection.closed).toMatchObject({ code: 1006, because: 'transportError' });
    expect(heard).toEqual(ALL);
  });

  it('a violation: those before it are handed over, those behind it are not', async () => {
    const { transport, connection, heard, sent } = listen();
    transport.receive(Buffer.concat([...BEFORE, VIOLATION, packed('late')]));
    expect(sent()).toEqual([expect.stringMatching(/^close 1002/)]);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1002, rule: 'WS_MASK_MISSING' });
    expect(heard).toEqual(ALL);
  });

  it.each([
    ['that cannot be inflated', BROKEN, 1007, 'WS_DEFLATE_INVALID'],
    ['that is too large', packed('x'.repeat(2_000_000)), 1009, 'WS_MESSAGE_TOO_BIG'],
    ['that is no UTF-8', packed(Buffer.alloc(50_000, 0xff)), 1007, 'WS_TEXT_UTF8'],
  ])(
    'a message %s: those before it are handed over, those behind it are not',
    async (_what, octets, code, rule) => {
      const { transport, connection, heard, sent } = listen();
      transport.receive(Buffer.concat([...BEFORE, octets, packed(LARGE), texts('late')]));
      transport.receive(Buffer.concat([packed('late'), CLOSE_1000]));
      await until(() => transport.ended);
      expect(sent()).toEqual([expect.stringMatching(new RegExp(`^close ${code}`))]);
      transport.peerEnds();
      expect(await connection.closed).toMatchObject({ code, rule });
      expect(heard).toEqual(ALL);
    },
  );

  it('terminate(): none is handed over any more', async () => {
    const { transport, connection, heard } = listen();
    transport.receive(Buffer.concat(BEFORE));
    connection.terminate();
    expect(await connection.closed).toMatchObject({ because: 'terminated' });
    await until(() => zlibPool(4).load.running === 0);
    await turns();
    expect(heard).toEqual([]);
  });

  it('a handler that fails: none is handed over any more', async () => {
    const heard: Message[] = [];
    const { transport, connection, errors } = listen({
      message: (_one, message) => {
        heard.push(message);
        throw new Error('mine');
      },
    });
    transport.receive(Buffer.concat(BEFORE));
    await until(() => errors.length === 1);
    transport.receive(CLOSE_1000);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ because: 'handler' });
    await turns();
    expect(heard).toEqual([LARGE]);
  });

  it('our Close: what the peer sends until its own is still handed over', async () => {
    const { transport, connection, heard } = listen();
    connection.close();
    transport.receive(Buffer.concat([...BEFORE, CLOSE_1000]));
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
    expect(heard).toEqual(ALL);
  });

  it('a message that cannot be inflated is not waited for when the peer is gone', async () => {
    for (const end of [
      (transport: Opened['transport']) => transport.peerEnds(),
      (transport: Opened['transport']) => transport.breaks(new Error('reset')),
    ]) {
      const { transport, connection, clock } = listen();
      transport.receive(Buffer.concat([packed('a'), BROKEN]));
      end(transport);
      await connection.closed; // without the clock
      expect(clock.pending).toBe(0);
    }
  });
});

describe('nobody takes the messages yet', () => {
  const COUNT = 40;
  const inOrder = Array.from({ length: COUNT }, (_, at) => `${at}`);

  async function take(connection: Connection<undefined>): Promise<Message[]> {
    const taken: Message[] = [];
    for await (const message of connection) taken.push(message);
    return taken;
  }

  it.each<[string, (text: string) => Buffer]>([
    ['plain', (text) => frame(TEXT, text, { masked: false })],
    ['compressed', (text) => packed(text, TEXT, { masked: false })],
    [
      'plain and compressed',
      (text) =>
        Number(text) % 2 === 0
          ? packed(text, TEXT, { masked: false })
          : frame(TEXT, text, { masked: false }),
    ],
  ])(
    'a client that begins its loop when the connection is over gets all that was received: %s',
    async (_how, write) => {
      const { connection, transport } = loopable({ role: 'client' });
      const close = closeFrame(1000, '', { masked: false });
      transport.receive(Buffer.concat([...inOrder.map(write), close]));
      transport.peerEnds();
      expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
      expect(await take(connection)).toEqual(inOrder);
      expect(await take(connection)).toEqual([]);
    },
  );

  it('the loop gets large ones too, and ends at the one that cannot be inflated', async () => {
    const { connection, transport } = loopable({ role: 'client', maxInboxMessages: 2 });
    const unmasked = { masked: false };
    transport.receive(
      Buffer.concat([
        ...['a', 'b', 'c'].map((text) => packed(text, TEXT, unmasked)),
        packed(LARGE, TEXT, unmasked),
        frame(TEXT, 'd', unmasked),
        frame(RSV1 | TEXT, Buffer.alloc(20_000, 0xff), unmasked),
        frame(TEXT, 'late', unmasked),
      ]),
    );
    transport.breaks(new Error('reset'));
    await connection.closed;
    expect(await take(connection)).toEqual(['a', 'b', 'c', LARGE, 'd']);
  });

  it('on a socket: a server sends and leaves, the client takes its time', async () => {
    const site = await serve<undefined>({
      compression: { threshold: 0 },
      open(connection) {
        for (const text of inOrder) connection.send(text.repeat(100));
        connection.close(4000);
      },
    });
    const connection = await connect<undefined>(site.url);
    const taken: Message[] = [];
    await until(() => connection.state !== 'open' || taken.length > 0 || site.opened.length > 0);
    await turns();
    for await (const message of connection) {
      taken.push(message);
      await turn();
    }
    expect(taken).toEqual(inOrder.map((text) => text.repeat(100)));
    expect((await connection.closed).code).toBe(4000);
  });

  it('a server’s connection that only pushes lets them go, and reads the Close behind them', async () => {
    const { connection, transport } = loopable();
    transport.receive(Buffer.concat(inOrder.map((text) => packed(text))));
    await turns();
    transport.receive(Buffer.concat([packed(LARGE), packed('a'), CLOSE_1000]));
    await until(() => transport.ended);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
  });
});

describe('a handler that is slower than the inflater', () => {
  it('costs what the inbox may hold, not what a chunk inflates to', async () => {
    const one = held();
    const { transport } = listen({ message: one.message });
    const count = 1_000;
    const bomb = packed(Buffer.alloc(16_000), BINARY);
    const before = process.memoryUsage().arrayBuffers;
    transport.receive(Buffer.concat(Array(count).fill(bomb)));
    expect(transport.paused).toBe(true);
    await turns();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 1_048_576);
    expect(one.heard.length).toBe(1);
    for (let at = 1; at <= count; at += 1) {
      await until(() => one.heard.length === at);
      one.waiting.shift()?.resolve();
    }
    await until(() => !transport.paused);
    expect(one.heard.every((message) => message.length === 16_000)).toBe(true);
  });

  it('does not keep a Ping waiting that was read already', async () => {
    const one = held();
    const { transport, sent } = listen({ message: one.message });
    transport.receive(Buffer.concat([packed(LARGE), packed(LARGE), frame(PING, 'p')]));
    await turn();
    expect(sent()).toEqual(['pong 70']);
  });
});

describe('reading on to the end', () => {
  it.each<[string, (text: string) => Buffer]>([
    ['plain', (text) => texts(text)],
    ['compressed', (text) => packed(text)],
  ])('goes on after a violation, though the handler has much to do: %s', async (_how, write) => {
    const one = held();
    const { transport, connection } = listen({ message: one.message });
    const messages = Array.from({ length: 60 }, (_, at) => write(`${at}`));
    transport.receive(Buffer.concat([...messages, VIOLATION]));
    // A socket that is closed over unread octets resets the peer, and our Close is lost.
    expect(transport.paused).toBe(false);
    for (let at = 1; at <= 60; at += 1) {
      await until(() => one.heard.length === at);
      expect(transport.paused).toBe(false);
      one.waiting.shift()?.resolve();
      await turn();
    }
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1002 });
  });
});
