import fc from 'fast-check';
import { type Connection, connect, type Message, UsageError } from 'meerkat';
import { connectionPair, type PairSide } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import type { CompressionOptions } from '../../src/connection/compression/compression-options.ts';
import { zlibPool } from '../../src/connection/compression/zlib-pool.ts';
import type { DeflateAgreement } from '../../src/protocol/handshake/permessage-deflate.ts';
import { BINARY, frame, PING, PONG, TEXT } from '../support/frames.ts';
import { serve } from '../support/serving.ts';
import { deferred, turn, turns, until } from '../support/waiting.ts';
import { CLOSE_1000, open, VIOLATION } from './opening.ts';
import { FORGETFUL, noise, noiseText, RSV1, unpack } from './packed.ts';
import { describeFrames, readFrames } from './wire.ts';

/** Compressed in the pool: more than the loop takes. */
const LARGE = noiseText(100_000);
const OCTETS = noise(30_000);
const TAKEOVER: CompressionOptions = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
};

interface Listening {
  readonly heard: Message[];
  readonly side: PairSide;
}

function listening(compression: CompressionOptions | true): Listening {
  const heard: Message[] = [];
  return {
    heard,
    side: { compression, message: (_connection, message) => void heard.push(message) },
  };
}

/** Binary messages as Buffers, so that they compare by their octets. */
const comparable = (messages: readonly Message[]): (string | Buffer)[] =>
  messages.map((message) => (typeof message === 'string' ? message : Buffer.from(message)));

/** What a server of ours sent, message by message, inflated; control frames by their names. */
function sentMessages(octets: Uint8Array): string[] {
  return readFrames(octets).map(({ opcode, payload }) => {
    if ((opcode & RSV1) !== 0) return `packed ${unpack(payload).toString()}`;
    return opcode === TEXT ? `plain ${payload.toString()}` : `opcode ${opcode}`;
  });
}

describe.each<[string, CompressionOptions]>([
  ['without takeover', {}],
  ['with takeover', TAKEOVER],
])('what is sent %s', (_how, compression) => {
  it('arrives in the order it was sent in, large and small', async () => {
    const [one, other] = [listening(compression), listening(compression)];
    const { server, client } = connectionPair(one.side, other.side);
    const messages: Message[] = [
      ...[LARGE, 'a', 'b'.repeat(2_000), noise(30_000), '', new Uint8Array(0)],
      ...['c'.repeat(300_000), 'd', noise(2_000, 7), LARGE, LARGE.slice(0, 20_000), 'e'],
    ];
    for (const message of messages) {
      server.send(message);
      client.send(message);
    }
    await until(() => one.heard.length === messages.length);
    await until(() => other.heard.length === messages.length);
    expect(comparable(one.heard)).toEqual(comparable(messages));
    expect(comparable(other.heard)).toEqual(comparable(messages));
    expect(server.queuedBytes + client.queuedBytes).toBe(0);
  });

  it('is compressed or not, message by message, where send says so', async () => {
    const [one, other] = [listening(compression), listening(compression)];
    const { server } = connectionPair(one.side, other.side);
    const long = 'a'.repeat(5_000);
    server.send(LARGE); // what comes behind it waits for the pool
    server.send(long, { compress: false });
    server.send('b'.repeat(100), { compress: true });
    server.send(new Uint8Array(5_000), { compress: false });
    await until(() => other.heard.length === 4);
    server.send(long, { compress: false });
    server.send('c', {});
    await until(() => other.heard.length === 6);
    expect(comparable(other.heard)).toEqual([
      LARGE,
      long,
      'b'.repeat(100),
      Buffer.alloc(5_000),
      long,
      'c',
    ]);
  });

  it('arrives before the Close that follows at once', async () => {
    for (const role of ['server', 'client'] as const) {
      const ours = listening(compression);
      const pair = connectionPair(...([ours.side, ours.side] as const));
      const sender = pair[role];
      const sent = [LARGE, 'small', 'm'.repeat(5_000), noiseText(40_000, 9)];
      for (const message of sent) sender.send(message);
      sender.close(4000, 'done');
      expect(sender.send('late')).toBe('dropped');
      const closed = await pair[role === 'server' ? 'client' : 'server'].closed;
      expect(closed).toMatchObject({ code: 4000, reason: 'done', clean: true });
      expect(ours.heard).toEqual(sent);
      expect(await sender.closed).toMatchObject({ clean: true, droppedMessages: 1 });
    }
  });

  it('any messages arrive as they were sent, whatever is sent in between', async () => {
    const message = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.nat(30_000).map((length) => LARGE.slice(-length)),
      fc.nat(30_000).map((length) => OCTETS.subarray(length / 2, length)),
      fc.nat(15_000).map((times) => 'same'.repeat(times)),
    );
    const step = fc.oneof(
      { weight: 6, arbitrary: message },
      { weight: 1, arbitrary: fc.constantFrom({ do: 'ping' as const }, { do: 'turn' as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), fc.boolean(), async (steps, clean) => {
        const given = { ...compression, threshold: 10 };
        const [one, other] = [listening(given), listening(given)];
        const { server, client } = connectionPair(one.side, other.side);
        const sent: Message[] = [];
        const pongs: Promise<unknown>[] = [];
        for (const each of steps) {
          if (typeof each === 'string' || each instanceof Uint8Array) {
            sent.push(each);
            expect(client.send(each)).not.toBe('dropped');
            expect(server.send(each)).not.toBe('dropped');
          } else if (each.do === 'ping') {
            pongs.push(client.ping().catch(() => 'closed'));
          } else await turn();
        }
        if (clean) client.close();
        else await until(() => one.heard.length + other.heard.length === 2 * sent.length);
        if (!clean) client.terminate();
        await Promise.all([...pongs, client.closed, server.closed]);
        expect(comparable(one.heard)).toEqual(comparable(sent));
        if (!clean) expect(comparable(other.heard)).toEqual(comparable(sent));
      }),
      { numRuns: 15 },
    );
  });
});

describe('the option `compress` of send', () => {
  const long = 'a'.repeat(5_000);

  it('decides in place of the threshold', async () => {
    const { connection, transport } = open({ compression: true, deflate: FORGETFUL });
    connection.send(long);
    connection.send(long, { compress: undefined });
    connection.send(long, { compress: false });
    connection.send(long.slice(0, 100), { compress: true });
    connection.send(long.slice(0, 100), {});
    connection.send('a', { compress: true });
    await until(() => transport.sent.length > 0);
    expect(sentMessages(transport.sent)).toEqual([
      `packed ${long}`,
      `packed ${long}`,
      `plain ${long}`,
      `packed ${long.slice(0, 100)}`,
      `plain ${long.slice(0, 100)}`,
      'plain a', // it would become longer
    ]);
  });

  it('does nothing where compression was not agreed on', () => {
    const { connection } = open();
    expect(connection.send(long, { compress: true })).toBe('sent');
    expect(connection.send(long, { compress: false })).toBe('sent');
    connection.terminate();
  });

  it.each<[string, unknown]>([
    ['another name', { compres: true }],
    ['a value that is no boolean', { compress: 'no' }],
    ['null', null],
    ['a number', 1],
  ])('is refused with %s, and nothing is sent', (_what, options) => {
    const { connection } = open({ compression: true, deflate: FORGETFUL });
    expect(() => connection.send(long, options as object)).toThrow(UsageError);
    expect(connection.queuedBytes).toBe(0);
    connection.terminate();
  });
});

describe('while a message is compressed in the pool', () => {
  const opened = (given: Parameters<typeof open>[0] = {}) =>
    open({ compression: true, deflate: FORGETFUL, ...given });

  it('`send` has answered, and what waits counts as queued', async () => {
    const { connection, transport } = opened();
    expect(connection.send('x'.repeat(50_000))).toBe('sent');
    expect(connection.queuedBytes).toBeGreaterThanOrEqual(50_000);
    expect(connection.send('small')).toBe('sent'); // has to wait as well
    expect(connection.send('y'.repeat(20_000))).toBe('queued');
    expect(transport.sent.length).toBe(0);
    let drained = false;
    const promise = connection.drained().then(() => {
      drained = true;
    });
    await turn();
    expect(drained).toBe(transport.writes.length > 0);
    await promise;
    await until(() => connection.queuedBytes === 0);
    expect(sentMessages(transport.sent)).toEqual([
      `packed ${'x'.repeat(50_000)}`,
      'plain small',
      `packed ${'y'.repeat(20_000)}`,
    ]);
  });

  it('the drain handler is called when it is short again', async () => {
    const drained = deferred();
    const { connection } = opened({ drain: () => drained.resolve() });
    expect(connection.send(LARGE)).toBe('queued');
    await drained.promise;
    expect(connection.queuedBytes).toBeLessThan(65_536);
  });

  it('the hard cap holds: what is too much is dropped and counted', async () => {
    const { connection, transport } = opened({ maxQueuedBytes: 150_000 });
    expect(connection.send(LARGE)).toBe('queued');
    expect(connection.send(LARGE)).toBe('queued');
    expect(connection.send('one more')).toBe('dropped');
    expect(connection.droppedMessages).toBe(1);
    await connection.drained();
    expect(connection.send('again')).toBe('sent');
    await until(() => connection.queuedBytes === 0);
    expect(sentMessages(transport.sent).at(-1)).toBe('plain again');
    expect(connection.droppedMessages).toBe(1);
  });

  it('a million small messages behind it cannot pass the cap: each counts for what it costs', () => {
    const { connection } = opened();
    connection.send('x'.repeat(50_000));
    let accepted = 0;
    while (connection.send('') !== 'dropped') accepted += 1;
    expect(accepted).toBeLessThan(10_000);
    connection.terminate();
  });

  it('octets may be changed after `send`', async () => {
    const { connection, transport } = opened();
    const octets = Buffer.alloc(50_000, 'a');
    const behind = Buffer.from('b');
    connection.send(octets);
    connection.send(behind);
    octets.fill('z');
    behind.fill('z');
    await until(() => connection.queuedBytes === 0);
    const [first, second] = readFrames(transport.sent);
    expect(unpack(first?.payload ?? Buffer.alloc(0)).equals(Buffer.alloc(50_000, 'a'))).toBe(true);
    expect(second?.payload.toString()).toBe('b');
  });

  it('a Ping does not wait for it, and its Pong comes', async () => {
    const { connection, transport } = opened();
    connection.send(LARGE);
    connection.send('behind');
    const pong = connection.ping(Buffer.from('p'));
    await turn();
    transport.receive(frame(PONG, 'p'));
    expect(await pong).toBe(0);
    transport.receive(frame(PING, 'q'));
    await until(() => connection.queuedBytes === 0);
    const frames = sentMessages(transport.sent);
    expect(frames.filter((each) => !each.startsWith('opcode'))).toEqual([
      `packed ${LARGE}`,
      'plain behind',
    ]);
    expect(frames.filter((each) => each.startsWith('opcode'))).toEqual(['opcode 9', 'opcode 10']);
  });

  it('close() does not wait either: what waits leaves uncompressed, then the Close', async () => {
    const { connection, transport } = opened();
    for (const message of [LARGE, 'a', LARGE, 'b']) connection.send(message);
    connection.close(4000);
    const frames = readFrames(transport.sent);
    expect(frames.map(({ opcode }) => opcode)).toEqual([TEXT, TEXT, TEXT, TEXT, 8]);
    expect(frames[2]?.payload.toString()).toBe(LARGE);
    await until(() => zlibPool(4).load.running === 0);
    await turns();
    expect(readFrames(transport.sent).length).toBe(5);
  });

  it('the echo of the peer’s Close comes behind all of it', async () => {
    const { connection, transport } = opened();
    for (const message of [LARGE, 'a']) connection.send(message);
    transport.receive(CLOSE_1000);
    await until(() => transport.ended);
    expect(readFrames(transport.sent).map(({ opcode }) => opcode)).toEqual([TEXT, TEXT, 8]);
  });

  it('a violation of the peer ends the connection behind all of it', async () => {
    const { connection, transport } = opened();
    for (const message of [LARGE, 'a']) connection.send(message);
    transport.receive(VIOLATION);
    expect(connection.state).toBe('closed');
    const frames = readFrames(transport.sent);
    expect(frames.map(({ opcode }) => opcode)).toEqual([TEXT, TEXT, 8]);
    expect(frames[2]?.payload.readUInt16BE()).toBe(1002);
    await until(() => zlibPool(4).load.running === 0);
    await turns();
    expect(readFrames(transport.sent).length).toBe(3);
  });

  it.each<[string, (connection: Connection<undefined>, breaks: () => void) => void]>([
    ['terminate()', (connection) => connection.terminate()],
    ['a transport that breaks', (_connection, breaks) => breaks()],
  ])('%s lets go of it, and the pool goes on with others', async (_how, end) => {
    const { connection, transport, errors } = opened();
    for (let count = 0; count < 8; count += 1) connection.send(LARGE);
    const drained = connection.drained();
    end(connection, () => transport.breaks(new Error('reset')));
    await connection.closed;
    await drained;
    expect(connection.queuedBytes).toBe(0);
    const other = opened();
    other.connection.send(LARGE);
    await until(() => other.connection.queuedBytes === 0);
    expect(sentMessages(other.transport.sent)).toEqual([`packed ${LARGE}`]);
    await until(() => zlibPool(4).load.running === 0 && zlibPool(4).load.waiting === 0);
    expect(transport.sent.length).toBe(0);
    expect(errors).toEqual([]);
  });
});

describe('what is compressed', () => {
  const sentBy = async (
    message: string | Uint8Array,
    compression: CompressionOptions,
  ): Promise<boolean> => {
    const { connection, transport } = open({ compression, deflate: FORGETFUL });
    connection.send(message);
    await until(() => transport.sent.length > 0);
    const [sent] = readFrames(transport.sent);
    const isPacked = ((sent?.opcode ?? 0) & RSV1) !== 0;
    const payload = sent?.payload ?? Buffer.alloc(0);
    expect((isPacked ? unpack(payload) : payload).equals(Buffer.from(message))).toBe(true);
    return isPacked;
  };

  it('is what has `threshold` octets or more, in UTF-8', async () => {
    const compression = { threshold: 900 };
    expect(await sentBy('a'.repeat(899), compression)).toBe(false);
    expect(await sentBy('a'.repeat(900), compression)).toBe(true);
    expect(await sentBy('€'.repeat(299), compression)).toBe(false);
    expect(await sentBy('€'.repeat(300), compression)).toBe(true);
    expect(await sentBy(Buffer.alloc(899), compression)).toBe(false);
    expect(await sentBy(Buffer.alloc(900), compression)).toBe(true);
  });

  it('is not what does not become shorter by it', async () => {
    expect(await sentBy(noise(2_000), {})).toBe(false);
    expect(await sentBy(noise(50_000), {})).toBe(false);
    expect(await sentBy('', { threshold: 0 })).toBe(false);
    expect(await sentBy('a', { threshold: 0 })).toBe(false);
  });

  it('may be any text and any form of octets', async () => {
    const backing = noise(4_000);
    backing.fill('v', 1_000, 3_000);
    const view = backing.subarray(1_000, 3_000);
    const shared = new SharedArrayBuffer(2_000);
    new Uint8Array(shared).set(view);
    const { connection, transport } = open({ compression: true, deflate: FORGETFUL });
    const forms = [
      view,
      new Uint16Array(Uint8Array.from(view).buffer),
      Uint8Array.from(view).buffer,
      shared,
      new DataView(shared),
    ];
    for (const form of forms) connection.send(form);
    const lone = `${'\ud800'.repeat(2_000)}`;
    connection.send(lone);
    connection.send(lone.repeat(10));
    await until(() => connection.queuedBytes === 0);
    const frames = readFrames(transport.sent);
    for (const { opcode, payload } of frames.slice(0, forms.length)) {
      expect(opcode).toBe(RSV1 | BINARY);
      expect(unpack(payload).equals(view)).toBe(true);
    }
    const texts = frames.slice(forms.length).map(({ payload }) => unpack(payload).toString());
    expect(texts).toEqual(['\ufffd'.repeat(2_000), '\ufffd'.repeat(20_000)]);
  });

  it('is nothing where it was not agreed on, whatever the options say', async () => {
    const { connection, transport } = open({ compression: { threshold: 0 } });
    connection.send('x'.repeat(100));
    await turn();
    expect(describeFrames(transport.sent)).toEqual([`text ${'x'.repeat(100)}`]);
  });
});

describe('what was sent before', () => {
  const KEPT: DeflateAgreement = {
    server: { windowBits: 15, contextTakeover: true },
    client: { windowBits: 15, contextTakeover: true },
  };

  /** The lengths of the frames that these messages become. */
  async function lengths(
    deflate: DeflateAgreement,
    messages: readonly string[],
  ): Promise<number[]> {
    const { connection, transport } = open({ compression: true, deflate });
    for (const message of messages) connection.send(message);
    await until(() => connection.queuedBytes === 0);
    return readFrames(transport.sent).map(({ payload }) => payload.length);
  }

  it.each([
    ['on the loop', 10_000],
    ['in the pool', 30_000],
  ])(
    'is referred to where the context is taken over, and only there: %s',
    async (_where, length) => {
      const message = LARGE.slice(0, length);
      const [first = 0, second = 0] = await lengths(FORGETFUL, [message, message]);
      expect(second).toBe(first);
      const [before = 0, behind = 0] = await lengths(KEPT, [message, message]);
      expect(before).toBe(first);
      expect(behind).toBeLessThan(first / 20);
    },
  );

  it('is not referred to where it was sent as it is: that is in no window', async () => {
    // Too short to be compressed, and then again as the beginning of what is.
    const short = LARGE.slice(0, 1_000);
    const long = `${short}${LARGE.slice(5_000, 5_500)}`;
    const alone = await lengths(KEPT, [long]);
    expect((await lengths(KEPT, [short, long])).slice(1)).toEqual(alone);
  });
});

describe('on sockets', () => {
  it('a burst of large and small messages in both directions keeps its order up to the Close', async () => {
    const heard: Message[] = [];
    const site = await serve<undefined>({
      compression: true,
      maxQueuedBytes: 2 ** 27,
      message: (connection, message) => void connection.send(message),
    });
    const client = await connect(site.url, {
      maxQueuedBytes: 2 ** 27,
      message: (_connection, message) => void heard.push(message),
    });
    expect(client.extensions).toMatch(/^permessage-deflate; /);
    const sent = Array.from({ length: 60 }, (_, at) => {
      if (at % 10 === 0) return noiseText(200_000, at);
      return at % 3 === 0 ? `${at} `.repeat(3_000) : `${at}`;
    });
    for (const message of sent) client.send(message);
    client.send('bye');
    await until(() => heard.at(-1) === 'bye');
    expect(heard).toEqual([...sent, 'bye']);
    client.close();
    expect(await client.closed).toMatchObject({ clean: true, droppedMessages: 0 });
  });
});
