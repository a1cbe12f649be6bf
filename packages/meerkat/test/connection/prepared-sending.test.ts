import fc from 'fast-check';
import { type Connection, type Message, PreparedMessage, UsageError } from 'meerkat';
import { connectionPair } from 'meerkat/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CompressionOptions } from '../../src/connection/compression/compression-options.ts';
import { deflateShare } from '../../src/connection/compression/loop-share.ts';
import { deflateWay } from '../../src/connection/compression/shared-deflate.ts';
import { zlibPool } from '../../src/connection/compression/zlib-pool.ts';
import type { DeflateAgreement } from '../../src/protocol/handshake/permessage-deflate.ts';
import { BINARY, TEXT } from '../support/frames.ts';
import { turns, until } from '../support/waiting.ts';
import { CLOSE_1000, type Opened, type Opening, open } from './opening.ts';
import { FORGETFUL, noise, noiseText, RSV1, unpack } from './packed.ts';
import { readFrames } from './wire.ts';

/** Compressed beside the loop. */
const LARGE = noiseText(100_000);
/** Compressed on the loop. */
const LONG = 'a'.repeat(5_000);
/** Nobody else has a pool of that size: what runs in it was sent by the test. */
const CONCURRENCY = 3;
const COMPRESSION: CompressionOptions = { concurrency: CONCURRENCY };

/** How the defaults compress, with the window of `FORGETFUL`. */
const WAY = deflateWay({ level: 3, memLevel: 5, windowBits: 15 });

/** A connection with compression, until the test ends. */
function opened(given: Opening = {}): Opened {
  const one = open({ compression: COMPRESSION, deflate: FORGETFUL, ...given });
  onTestFinished(() => one.connection.terminate());
  return one;
}

const several = (count: number, given?: Opening): Opened[] =>
  Array.from({ length: count }, () => opened(given));

const isPacked = (opcode: number): boolean => (opcode & RSV1) !== 0;

/** What was sent, message by message: `packed` or `plain`, and the text. */
function sentBy({ transport }: Opened): string[] {
  return readFrames(transport.sent).map(({ opcode, payload }) => {
    if (isPacked(opcode)) return `packed ${unpack(payload).toString()}`;
    return opcode === 8 ? 'close' : `plain ${payload.toString()}`;
  });
}

const idle = (each: readonly Opened[]): Promise<void> =>
  until(() => each.every(({ connection }) => connection.queuedBytes === 0));

/** Uses up what compressing has of this turn of the loop. */
async function useUpShare(): Promise<void> {
  await until(() => !deflateShare.taken);
  deflateShare.spend(() => {
    const end = performance.now() + 6;
    while (performance.now() < end);
  });
}

describe('a prepared message without compression', () => {
  it('leaves a server as the frame that it is, however often and to whomever', () => {
    const each = [open(), open()];
    const message = new PreparedMessage('Hello');
    for (const { connection } of each) {
      expect(connection.send(message)).toBe('sent');
      expect(connection.send('between')).toBe('sent');
      expect(connection.send(message, { compress: true })).toBe('sent');
      connection.close();
    }
    for (const one of each) {
      expect(one.sent()).toEqual(['text Hello', 'text between', 'text Hello', 'close 1000']);
      one.connection.terminate();
    }
  });

  it('is masked by a client with a key of its own each time', () => {
    const { connection, transport } = open({ role: 'client' });
    const message = new PreparedMessage(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    connection.send(message);
    connection.send(message);
    connection.close();
    const [one, other] = readFrames(transport.sent);
    for (const frame of [one, other]) {
      expect(frame).toMatchObject({ fin: true, opcode: BINARY, masked: true });
      expect([...(frame?.payload ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }
    const octets = transport.sent;
    expect(octets.subarray(0, 14).equals(octets.subarray(14, 28))).toBe(false);
    connection.terminate();
  });

  it.each([0, 125, 126, 16_380, 16_384, 65_535, 65_536, 200_000])(
    'arrives whole, with %i octets',
    (length) => {
      const { connection, transport } = open({ maxQueuedBytes: 1_000_000 });
      const octets = noise(length);
      connection.send('first');
      connection.send(new PreparedMessage(octets));
      connection.send(new PreparedMessage('last'));
      connection.close();
      const frames = readFrames(transport.sent);
      expect(frames.map(({ opcode }) => opcode)).toEqual([TEXT, BINARY, TEXT, 8]);
      expect(frames[1]?.payload.equals(octets)).toBe(true);
      connection.terminate();
    },
  );

  it('is counted, queued and dropped like any other', async () => {
    const { connection, transport } = open({ softQueuedBytes: 1_000, maxQueuedBytes: 2_000 });
    transport.flowing = false;
    const message = new PreparedMessage(noise(900));
    const answers = Array.from({ length: 5 }, () => connection.send(message));
    expect(answers).toEqual(['sent', 'queued', 'queued', 'dropped', 'dropped']);
    expect(connection.queuedBytes).toBe(3 * 904);
    expect(connection.droppedMessages).toBe(2);
    await turns(2);
    transport.take();
    await connection.drained();
    expect(connection.send(message)).toBe('sent');
    connection.terminate();
    expect(connection.send(message)).toBe('dropped');
  });

  it('has its options looked at like any other', () => {
    const { connection } = open();
    const message = new PreparedMessage('a');
    for (const options of [{ compres: true }, { compress: 1 }, null, 1, []]) {
      expect(() => connection.send(message, options as object)).toThrow(UsageError);
    }
    expect(connection.send(message, Object.create({ inherited: 1 }) as object)).toBe('sent');
    connection.terminate();
  });
});

describe('a prepared message that is compressed', () => {
  it('is compressed once for all who agreed on the same', async () => {
    await until(() => !deflateShare.taken);
    const spend = vi.spyOn(deflateShare, 'spend');
    onTestFinished(() => spend.mockRestore());
    const each = several(5);
    const message = new PreparedMessage(LONG);
    for (const { connection } of each) expect(connection.send(message)).toBe('sent');
    await idle(each);
    expect(spend).toHaveBeenCalledTimes(1);
    for (const one of each) expect(sentBy(one)).toEqual([`packed ${LONG}`]);
  });

  it('is compressed once for each window, level and memory level', async () => {
    await until(() => !deflateShare.taken);
    const spend = vi.spyOn(deflateShare, 'spend');
    onTestFinished(() => spend.mockRestore());
    const agreed = (windowBits: number, contextTakeover = false): DeflateAgreement => ({
      server: { windowBits, contextTakeover },
      client: { windowBits: 15, contextTakeover: false },
    });
    const each = [
      opened({ deflate: agreed(9) }),
      opened({ deflate: agreed(9) }),
      opened({ deflate: agreed(12) }),
      opened({ deflate: agreed(12, true) }), // the same: it refers to nothing
      opened({ deflate: agreed(12), compression: { ...COMPRESSION, level: 9 } }),
      opened({ deflate: agreed(12), compression: { ...COMPRESSION, memLevel: 8 } }),
      opened({ deflate: agreed(12), compression: { ...COMPRESSION, threshold: 100 } }),
    ];
    const message = new PreparedMessage(LONG);
    for (const { connection } of each) connection.send(message);
    await idle(each);
    for (const one of each) expect(sentBy(one)).toEqual([`packed ${LONG}`]);
    expect(spend).toHaveBeenCalledTimes(4);
  });

  it('is compressed once beside the loop when it is large, and all wait for that', async () => {
    const run = vi.spyOn(zlibPool(CONCURRENCY), 'run');
    onTestFinished(() => run.mockRestore());
    const each = several(5);
    const message = new PreparedMessage(LARGE);
    for (const { connection, transport } of each) {
      expect(connection.send(message)).toBe('queued');
      expect(connection.queuedBytes).toBeGreaterThanOrEqual(LARGE.length);
      expect(connection.send('behind')).toBe('queued');
      expect(transport.sent.length).toBe(0);
    }
    await idle(each);
    const late = opened();
    late.connection.send(message);
    await idle([late]);
    expect(run).toHaveBeenCalledTimes(1);
    for (const one of each) expect(sentBy(one)).toEqual([`packed ${LARGE}`, 'plain behind']);
    expect(sentBy(late)).toEqual([`packed ${LARGE}`]);
  });

  it('waits for a later turn when the loop is busy, and is compressed once then', async () => {
    const each = several(5);
    await useUpShare();
    const spend = vi.spyOn(deflateShare, 'spend');
    onTestFinished(() => spend.mockRestore());
    const message = new PreparedMessage(LONG);
    for (const { connection, transport } of each) {
      connection.send(message);
      connection.send('behind');
      expect(transport.sent.length).toBe(0);
    }
    await idle(each);
    for (const one of each) expect(sentBy(one)).toEqual([`packed ${LONG}`, 'plain behind']);
    expect(spend).toHaveBeenCalledTimes(1);
  });

  it('leaves at once where somebody has compressed it, though the loop is busy', async () => {
    const [one, other] = several(2) as [Opened, Opened];
    const message = new PreparedMessage(LONG);
    await until(() => !deflateShare.taken);
    one.connection.send(message);
    await useUpShare();
    other.connection.send(message);
    other.connection.close();
    expect(sentBy(other)).toEqual([`packed ${LONG}`, 'close']);
  });

  it('is not waited for where more than 64 KiB wait: it leaves uncompressed, in its order', async () => {
    const one = opened();
    await useUpShare();
    const texts = Array.from({ length: 30 }, (_, at) => noiseText(4_000, at + 1));
    for (const text of texts) one.connection.send(new PreparedMessage(text));
    await idle([one]);
    const sent = sentBy(one);
    expect(sent.map((each) => each.replace(/^\w+ /, ''))).toEqual(texts);
    expect(sent.some((each) => each.startsWith('packed'))).toBe(true);
  });

  it('is sent as it is to all where it does not get shorter', async () => {
    const each = several(3);
    const [small, large] = [noise(2_000), noise(50_000)];
    for (const { connection } of each) {
      connection.send(new PreparedMessage(small));
      connection.send(new PreparedMessage(large));
    }
    await idle(each);
    for (const { transport } of each) {
      const frames = readFrames(transport.sent);
      expect(frames.map(({ opcode }) => opcode)).toEqual([BINARY, BINARY]);
      expect(frames[0]?.payload.equals(small)).toBe(true);
      expect(frames[1]?.payload.equals(large)).toBe(true);
    }
  });

  it('is compressed or not as the threshold says, and `compress` in its place', async () => {
    const one = opened();
    const short = 'a'.repeat(100);
    one.connection.send(new PreparedMessage(short));
    one.connection.send(new PreparedMessage(LONG), { compress: false });
    one.connection.send(new PreparedMessage(short), { compress: true });
    one.connection.send(new PreparedMessage('€'.repeat(400))); // 1,200 octets
    await idle([one]);
    expect(sentBy(one)).toEqual([
      `plain ${short}`,
      `plain ${LONG}`,
      `packed ${short}`,
      `packed ${'€'.repeat(400)}`,
    ]);
  });

  it('is compressed by a client too, and masked', async () => {
    const one = opened({ role: 'client' });
    one.connection.send(new PreparedMessage(LONG));
    one.connection.send(new PreparedMessage(LARGE));
    await idle([one]);
    expect(sentBy(one)).toEqual([`packed ${LONG}`, `packed ${LARGE}`]);
    expect(readFrames(one.transport.sent).every(({ masked }) => masked)).toBe(true);
  });
});

describe('while a prepared message is compressed beside the loop', () => {
  it('a Close does not wait: it leaves uncompressed, as does what is behind it', async () => {
    const [one, other] = several(2) as [Opened, Opened];
    const message = new PreparedMessage(LARGE);
    for (const { connection } of [one, other]) {
      connection.send(message);
      connection.send('behind');
    }
    one.connection.close();
    expect(sentBy(one)).toEqual([`plain ${LARGE}`, 'plain behind', 'close']);
    await idle([one, other]);
    expect(sentBy(other)).toEqual([`packed ${LARGE}`, 'plain behind']);
    await turns();
    expect(sentBy(one).length).toBe(3);
  });

  it('the echo of the peer’s Close comes behind it', async () => {
    const one = opened();
    one.connection.send(new PreparedMessage(LARGE));
    one.transport.receive(CLOSE_1000);
    await until(() => one.transport.ended);
    expect(sentBy(one).map((each) => each.slice(0, 6))).toEqual(['plain ', 'close']);
  });

  it('the end of whoever sent it first is no loss to the others', async () => {
    const each = several(4);
    const message = new PreparedMessage(LARGE);
    for (const { connection } of each) connection.send(message);
    each[0]?.connection.terminate();
    each[2]?.connection.terminate();
    await idle(each);
    expect(each.map((one) => sentBy(one).length)).toEqual([0, 1, 0, 1]);
  });

  it('and nobody waits any more, it is not begun; who comes later begins anew', async () => {
    const pool = zlibPool(CONCURRENCY);
    const busy = several(CONCURRENCY);
    for (const { connection } of busy) connection.send(noise(200_000)); // the pool is full
    const [one, other] = several(2) as [Opened, Opened];
    const [large, small] = [new PreparedMessage(LARGE), new PreparedMessage(LONG)];
    one.connection.send(large);
    one.connection.terminate();
    await idle(busy);
    await until(() => pool.load.running === 0);
    await turns(2);
    await useUpShare();
    const gone = opened();
    gone.connection.send(small);
    gone.connection.terminate();
    await turns(3);
    expect([large, small].map((message) => message.compressedFrame(WAY))).toEqual([
      undefined,
      undefined,
    ]);
    other.connection.send(large);
    other.connection.send(small);
    await idle([other]);
    expect(sentBy(other)).toEqual([`packed ${LARGE}`, `packed ${LONG}`]);
    expect(large.compressedFrame(WAY)).toBeDefined();
  });

  it('the same message may be sent again', async () => {
    const one = opened({ maxQueuedBytes: 1_000_000 });
    const message = new PreparedMessage(LARGE);
    for (let at = 0; at < 3; at += 1) one.connection.send(message);
    one.connection.send(message, { compress: false });
    await idle([one]);
    expect(sentBy(one)).toEqual([...Array(3).fill(`packed ${LARGE}`), `plain ${LARGE}`]);
  });
});

/** A message as a text that says of which kind it is. */
const shown = (message: Message): string =>
  typeof message === 'string'
    ? `text ${message}`
    : `octets ${Buffer.from(message).toString('latin1')}`;

it.each<[string, CompressionOptions]>([
  ['neither side keeps its context', {}],
  ['both keep it', { serverNoContextTakeover: false, clientNoContextTakeover: false }],
])(
  'any messages arrive in their order, prepared for several or not, where %s',
  async (_how, takeover) => {
    const compression = { ...takeover, threshold: 10, level: 1 };
    const content = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text).toString()),
      fc.nat(30_000).map((length) => LARGE.slice(-length)),
      fc.nat(30_000).map((length) => noise(length, 3)),
      fc.nat(5_000).map((times) => 'same '.repeat(times)),
    );
    const step = fc.record({
      content,
      prepared: fc.boolean(),
      compress: fc.constantFrom(undefined, true, false),
      to: fc.constantFrom<readonly number[]>([0, 1, 2], [0], [2, 1], [0, 0]),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const heard: string[][] = [[], [], []];
        const pairs = heard.map((mine) =>
          connectionPair(
            { compression, maxQueuedBytes: 2 ** 30 },
            {
              compression,
              message: (_connection, message) => void mine.push(shown(message)),
            },
          ),
        );
        const expected: string[][] = [[], [], []];
        for (const each of steps) {
          const message = each.prepared ? new PreparedMessage(each.content) : each.content;
          for (const at of each.to) {
            const { server } = pairs[at] as { server: Connection<undefined> };
            expect(server.send(message, { compress: each.compress })).not.toBe('dropped');
            expected[at]?.push(shown(each.content));
          }
        }
        for (const { server } of pairs) server.close();
        await Promise.all(pairs.flatMap(({ server, client }) => [server.closed, client.closed]));
        expect(heard).toEqual(expected);
      }),
      { numRuns: 12 },
    );
  },
);
