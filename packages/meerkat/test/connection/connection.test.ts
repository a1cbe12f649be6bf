import { runInNewContext } from 'node:vm';
import { connect } from 'meerkat';
import { describe, expect, it } from 'vitest';
import type { Sendable } from '../../src/protocol/sendable.ts';
import { BINARY, frame, PING, PONG, TEXT } from '../support/frames.ts';
import { observe } from '../support/observed.ts';
import { serve } from '../support/serving.ts';
import { deferred, turn, turns, until } from '../support/waiting.ts';
import { CLOSE_1000, open, texts, VIOLATION } from './opening.ts';
import { readFrames } from './wire.ts';

/** A frame with no masking key, as a server sends it. */
function unmasked(opcode: number, payload: string | Uint8Array): Buffer {
  return frame(opcode, payload, { masked: false });
}

describe('what can be sent', () => {
  const octets = Buffer.from([...Array(32).keys()]);
  /** 32 octets with neighbours on both sides that must not leave. */
  const backing = Uint8Array.from([...Array(64).fill(0xaa), ...octets, ...Array(64).fill(0xbb)])
    .buffer as ArrayBuffer;
  const shared = new SharedArrayBuffer(32);
  new Uint8Array(shared).set(octets);

  const forms: [string, Sendable, Buffer][] = [
    ['an empty string', '', Buffer.alloc(0)],
    ['ASCII', 'Hello', Buffer.from('Hello')],
    ['a text of all lengths of UTF-8', 'a\u00e9\u20ac\u{1f994}', Buffer.from('aé€🦔')],
    ['a lone surrogate, as U+FFFD', 'a\ud800b', Buffer.from('a\ufffdb')],
    ['a long text', '€'.repeat(50_000), Buffer.from('€'.repeat(50_000))],
    ['an ArrayBuffer', octets.buffer.slice(octets.byteOffset, octets.byteOffset + 32), octets],
    ['a SharedArrayBuffer', shared, octets],
    ['an ArrayBuffer of another realm', runInNewContext('new ArrayBuffer(3)'), Buffer.alloc(3)],
    ['a view of another realm', runInNewContext('Uint8Array.of(1, 2, 3)'), Buffer.of(1, 2, 3)],
    ['an empty view', new Uint8Array(backing, 64, 0), Buffer.alloc(0)],
    ['a Buffer of the pool', Buffer.from(octets), octets],
    ['a view with an offset: Buffer', Buffer.from(backing, 64, 32), octets],
    ['a view with an offset: Uint8Array', new Uint8Array(backing, 64, 32), octets],
    ['a view with an offset: Uint8ClampedArray', new Uint8ClampedArray(backing, 64, 32), octets],
    ['a view with an offset: Int8Array', new Int8Array(backing, 64, 32), octets],
    ['a view with an offset: Int16Array', new Int16Array(backing, 64, 16), octets],
    ['a view with an offset: Uint16Array', new Uint16Array(backing, 64, 16), octets],
    ['a view with an offset: Int32Array', new Int32Array(backing, 64, 8), octets],
    ['a view with an offset: Uint32Array', new Uint32Array(backing, 64, 8), octets],
    ['a view with an offset: Float32Array', new Float32Array(backing, 64, 8), octets],
    ['a view with an offset: Float64Array', new Float64Array(backing, 64, 4), octets],
    ['a view with an offset: BigInt64Array', new BigInt64Array(backing, 64, 4), octets],
    ['a view with an offset: BigUint64Array', new BigUint64Array(backing, 64, 4), octets],
    ['a view with an offset: DataView', new DataView(backing, 64, 32), octets],
  ];

  it.each(forms)('%s leaves with its own octets and no others', async (_form, message, payload) => {
    const { connection, transport } = open();
    expect(connection.send(message)).not.toBe('dropped');
    await turn();
    const expected = unmasked(typeof message === 'string' ? TEXT : BINARY, payload);
    expect(transport.sent.equals(expected)).toBe(true);
  });

  it.each(forms)('%s leaves a client masked, and whole', async (_form, message, payload) => {
    const { connection, transport } = open({ role: 'client' });
    expect(connection.send(message)).not.toBe('dropped');
    await turn();
    const [sent, ...others] = readFrames(transport.sent);
    const opcode = typeof message === 'string' ? TEXT : BINARY;
    expect([sent?.fin, sent?.opcode, sent?.masked, others]).toEqual([true, opcode, true, []]);
    expect(sent?.payload.equals(payload)).toBe(true);
  });

  it.each([
    ['a number', 5],
    ['NaN', Number.NaN],
    ['a bigint', 5n],
    ['null', null],
    ['undefined', undefined],
    ['a boolean', true],
    ['an object', { length: 5 }],
    ['an array', [1, 2, 3]],
    ['a String object', new String('five')],
    ['a function', () => 'five'],
    ['a symbol', Symbol('five')],
    ['a Promise', Promise.resolve('five')],
    ['a Date', new Date(0)],
  ])('%s is refused at once, before any effect', async (_what, message) => {
    const { connection, transport } = open();
    expect(() => connection.send(message as unknown as Sendable)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_MESSAGE_TYPE' }),
    );
    await turn();
    expect([transport.writes, connection.queuedBytes, connection.state]).toEqual([[], 0, 'open']);
    // Also when it would be dropped: the mistake is the caller's either way.
    connection.terminate();
    expect(() => connection.send(message as unknown as Sendable)).toThrow(TypeError);
  });

  it.each([20, 200, 20_000, 200_000])(
    '%i octets may be overwritten right after send',
    async (length) => {
      const { connection, transport } = open();
      const message = Buffer.alloc(length, 'a');
      connection.send(message);
      message.fill('b');
      connection.send(message);
      message.fill('c');
      await turn();
      expect(readFrames(transport.sent).map(({ payload }) => payload.toString())).toEqual([
        'a'.repeat(length),
        'b'.repeat(length),
      ]);
    },
  );

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 65_537])(
    'a payload of %i octets has the shortest header (§5.2)',
    async (length) => {
      const { connection, transport } = open();
      connection.send(Buffer.alloc(length, 'a'));
      connection.send('a'.repeat(length));
      await turn();
      const payload = 'a'.repeat(length);
      const expected = [unmasked(BINARY, payload), unmasked(TEXT, payload)];
      expect(transport.sent.equals(Buffer.concat(expected))).toBe(true);
    },
  );
});

describe('when it leaves', () => {
  it('what is sent while a chunk is handled leaves in one write at its end', () => {
    const { transport } = open({
      message: (connection, message) => {
        connection.send(message);
      },
    });
    transport.receive(Buffer.concat([texts('a', 'b'), frame(PING, 'p'), texts('c')]));
    expect(transport.writes).toEqual([
      Buffer.concat([
        ...[unmasked(TEXT, 'a'), unmasked(TEXT, 'b')],
        ...[unmasked(PONG, 'p'), unmasked(TEXT, 'c')],
      ]),
    ]);
  });

  it('what is sent from elsewhere leaves in one write at nextTick', async () => {
    const { connection, transport } = open();
    connection.send('a');
    connection.send('b');
    expect(transport.writes).toEqual([]);
    await new Promise(process.nextTick);
    expect(transport.writes).toEqual([Buffer.concat([unmasked(TEXT, 'a'), unmasked(TEXT, 'b')])]);
  });

  it('what follows a handler’s await leaves too', async () => {
    const { transport, sent } = open({
      async message(connection, message) {
        await turn();
        connection.send(message);
      },
    });
    transport.receive(texts('a', 'b'));
    await turns();
    expect(sent()).toEqual(['text a', 'text b']);
  });

  it('a close takes what was sent before it along, at once', () => {
    const { connection, transport } = open();
    connection.send('a');
    connection.close(1001, 'bye');
    expect(transport.writes).toHaveLength(1);
    expect(transport.sent.toString('hex')).toBe('810161' + '880503e9627965');
  });
});

describe('how much may wait', () => {
  const LIMITS = { softQueuedBytes: 100, maxQueuedBytes: 200 };
  /** As a frame 10 octets. */
  const TEN = '12345678';

  function stalled() {
    const opened = open(LIMITS);
    opened.transport.flowing = false;
    return opened;
  }

  it('small messages to a reader that is stuck leave in few writes, so that the queue costs what it counts', async () => {
    const { connection, transport } = open();
    transport.flowing = false;
    for (let count = 0; count < 2_000; count += 1) {
      connection.send('x');
      await turn();
    }
    expect(transport.writes.length).toBeLessThan(5);
    expect(connection.queuedBytes).toBe(6_000);
    transport.flowing = true;
    transport.take();
    expect(transport.sent.length).toBe(6_000);
  });

  it('send answers for the octets that wait with it, and drops for those that waited before it, framing included', () => {
    const { connection } = stalled();
    const answers = Array.from({ length: 25 }, () => connection.send(TEN));
    expect(answers).toEqual([
      ...Array(9).fill('sent'), // 10 to 90 wait with it
      ...Array(11).fill('queued'), // 100 to 200
      ...Array(5).fill('dropped'), // 200 before it
    ]);
    expect(connection.queuedBytes).toBe(200);
  });

  it('counts alike what has been flushed and what has not', async () => {
    const { connection } = stalled();
    const answers: string[] = [];
    for (let count = 0; count < 25; count += 1) {
      answers.push(connection.send(TEN));
      if (count % 3 === 0) await turn();
    }
    expect(answers.indexOf('queued')).toBe(9);
    expect(answers.indexOf('dropped')).toBe(20);
  });

  it('takes one message of any size below the cap', () => {
    const { connection } = stalled();
    expect(connection.send('x'.repeat(5_000))).toBe('queued');
    expect(connection.queuedBytes).toBe(5_004);
    expect(connection.send('')).toBe('dropped');
  });

  it('takes messages again when the queue is shorter, and tells how many it dropped', async () => {
    const { connection, transport, sent } = stalled();
    for (let count = 0; count < 23; count += 1) connection.send(TEN);
    await turn();
    transport.take(10);
    expect(connection.queuedBytes).toBe(190);
    expect(connection.send(TEN)).toBe('queued');
    expect(connection.send(TEN)).toBe('dropped');
    await turn();
    transport.take();
    expect(connection.send(TEN)).toBe('sent');
    await turn();
    transport.take();
    expect(sent()).toHaveLength(22);
    connection.terminate();
    expect(connection.send(TEN)).toBe('dropped');
    await connection.closed;
    expect((await connection.closed).droppedMessages).toBe(5);
  });

  it('R1 a queue still at the cap after closeTimeout closes with 1013', async () => {
    const { connection, transport, clock, closes, sent } = stalled();
    for (let count = 0; count < 21; count += 1) connection.send(TEN);
    await turn();
    clock.advance(9_999);
    expect(connection.state).toBe('open');
    clock.advance(1);
    expect(connection.state).toBe('closeSent');
    expect(connection.send(TEN)).toBe('dropped');
    observe(sent().at(-1) ?? 'nothing');
    expect(sent().at(-1)).toBe('close 1013 (the outgoing queue is full)');
    clock.advance(10_000); // the peer still does not read, so it does not answer
    await turn();
    expect(transport.destroyed).toBe(true);
    expect(closes).toMatchObject([
      {
        code: 1006,
        by: 'local',
        because: 'overflow',
        sent: { code: 1013 },
        received: undefined,
        droppedMessages: 2,
      },
    ]);
    expect(clock.pending).toBe(0);
  });

  it('R1 a queue that went below the cap in the meantime does not', async () => {
    const { connection, transport, clock } = stalled();
    for (let count = 0; count < 21; count += 1) connection.send(TEN);
    await turn();
    clock.advance(9_999);
    transport.take(10);
    expect(connection.send(TEN)).toBe('queued');
    clock.advance(10_000);
    expect(connection.state).toBe('open');
    // Full again, and dropping again: the time counts from then.
    expect(connection.send(TEN)).toBe('dropped');
    clock.advance(9_999);
    expect(connection.state).toBe('open');
    clock.advance(1);
    expect(connection.state).toBe('closeSent');
  });

  it('R1 on a socket: memory stays at the cap plus one message, and others are not affected', async () => {
    const site = await serve();
    const stuck = await connect(site.url, { maxInboxMessages: 1 }); // nobody takes its messages
    const well = await connect(site.url);
    const [first, second] = site.opened;
    const message = Buffer.alloc(100_000);
    let answer = first?.send(message);
    while (answer !== 'dropped') {
      await turn();
      answer = first?.send(message);
      expect(first?.queuedBytes).toBeLessThanOrEqual(1_048_576 + 100_014);
    }
    expect(second?.send('fine')).toBe('sent');
    for await (const heard of well) {
      expect(heard).toBe('fine');
      break;
    }
    stuck.terminate();
    well.terminate();
    await Promise.all([stuck.closed, well.closed]);
  });

  it('drained() resolves at once below the soft mark', async () => {
    const { connection } = stalled();
    connection.send(TEN);
    await connection.drained();
    expect(connection.queuedBytes).toBe(10);
  });

  it('drained() resolves when the queue is below the soft mark, for everybody who waits', async () => {
    const { connection, transport } = stalled();
    for (let count = 0; count < 10; count += 1) connection.send(TEN);
    await turn();
    let resolved = 0;
    const waiting = [connection.drained(), connection.drained()].map((drained) =>
      drained.then(() => {
        resolved += 1;
      }),
    );
    await turns();
    expect(resolved).toBe(0);
    transport.take(1);
    await Promise.all(waiting);
    expect(resolved).toBe(2);
  });

  it('drained() resolves although everything left within the call', async () => {
    const { connection } = open(LIMITS);
    for (let count = 0; count < 15; count += 1) connection.send(TEN);
    expect(connection.queuedBytes).toBe(150); // not flushed yet
    await connection.drained();
    expect(connection.queuedBytes).toBe(0);
  });

  it('drained() resolves at the end of the chunk that a handler sends in', async () => {
    const log: string[] = [];
    const { transport } = open({
      ...LIMITS,
      async message(connection, message) {
        for (let count = 0; count < 15; count += 1) connection.send(TEN);
        await connection.drained();
        log.push(String(message));
      },
    });
    transport.receive(texts('a', 'b'));
    await until(() => log.length === 2);
    expect(log).toEqual(['a', 'b']);
  });

  it.each([
    ['terminate()', 'terminate'],
    ['a reset', 'reset'],
    ['the end of a closing handshake', 'close'],
  ])('drained() resolves at the end: %s', async (_title, how) => {
    const { connection, transport } = stalled();
    for (let count = 0; count < 15; count += 1) connection.send(TEN);
    await turn();
    const drained = connection.drained();
    if (how === 'terminate') connection.terminate();
    else if (how === 'reset') transport.breaks(new Error('reset'));
    else {
      transport.receive(CLOSE_1000);
      transport.peerEnds();
    }
    await drained;
    await connection.drained();
    await connection.closed;
  });

  it('the drain handler is called once after `queued`, when the queue is below the soft mark', async () => {
    let drains = 0;
    const { connection, transport } = open({
      ...LIMITS,
      drain: (drained) => {
        expect(drained).toBe(connection);
        drains += 1;
      },
    });
    transport.flowing = false;
    for (let count = 0; count < 9; count += 1) connection.send(TEN);
    await turn();
    transport.take(5);
    expect(drains).toBe(0); // nobody was told to wait
    expect(connection.send(TEN)).toBe('sent');
    expect(connection.send(TEN)).toBe('queued');
    await turn();
    transport.take(5);
    expect(drains).toBe(0); // 100 wait
    transport.take(10);
    expect(drains).toBe(1);
    transport.take();
    expect(drains).toBe(1);
  });

  it('the drain handler is called after `dropped`, and although everything left within the call', async () => {
    let drains = 0;
    const { connection } = open({
      ...LIMITS,
      drain: () => {
        drains += 1;
      },
    });
    for (let count = 0; count < 21; count += 1) connection.send(TEN);
    expect(drains).toBe(0);
    await turn();
    expect(drains).toBe(1);
    expect(connection.queuedBytes).toBe(0);
  });

  it('the drain handler may fill the queue again', async () => {
    let left = 5;
    const { connection, sent } = open({
      ...LIMITS,
      drain: (drained) => {
        left -= 1;
        while (left > 0 && drained.send(TEN) === 'sent');
      },
    });
    while (connection.send(TEN) === 'sent');
    await until(() => left === 0);
    expect(sent()).toHaveLength(5 * 10);
  });

  it('the drain handler is not called any more once the transport is destroyed', async () => {
    let drains = 0;
    const { connection, transport } = open({
      ...LIMITS,
      drain: () => {
        drains += 1;
      },
    });
    transport.flowing = false;
    for (let count = 0; count < 15; count += 1) connection.send(TEN);
    await turn();
    connection.terminate();
    transport.take(); // a stream reports what it threw away as written
    await connection.closed;
    expect(drains).toBe(0);
  });

  it('a soft mark above the cap counts as the cap', async () => {
    const { connection, transport } = open({ softQueuedBytes: 1_000, maxQueuedBytes: 100 });
    transport.flowing = false;
    for (let count = 0; count < 11; count += 1) connection.send(TEN);
    await turn();
    let resolved = false;
    const drained = connection.drained().then(() => {
      resolved = true;
    });
    await turns();
    expect(resolved).toBe(false);
    transport.take(10);
    await drained;
  });

  it('is empty when the connection is over', async () => {
    const { connection, transport } = stalled();
    for (let count = 0; count < 15; count += 1) connection.send(TEN);
    await turn();
    transport.breaks(new Error('reset'));
    await connection.closed;
    transport.queuedBytes = 0; // a stream's own
    expect(connection.queuedBytes).toBe(0);
  });
});

describe('ping', () => {
  it('resolves with the milliseconds until its pong', async () => {
    const { connection, transport, clock } = open();
    const ping = connection.ping();
    await turn();
    const [sent] = readFrames(transport.sent);
    expect(sent).toMatchObject({ opcode: PING });
    clock.advance(120);
    transport.receive(frame(PONG, sent?.payload ?? ''));
    expect(await ping).toBe(120);
  });

  it('each has a payload of its own, and is answered by its own pong', async () => {
    const { connection, transport, clock } = open();
    const first = connection.ping();
    clock.advance(10);
    const second = connection.ping();
    clock.advance(10);
    const third = connection.ping();
    await turn();
    const payloads = readFrames(transport.sent).map(({ payload }) => payload);
    expect(new Set(payloads.map(String)).size).toBe(3);
    clock.advance(10);
    transport.receive(frame(PONG, payloads[0] as Buffer));
    expect(await first).toBe(30);
    clock.advance(10);
    transport.receive(frame(PONG, payloads[2] as Buffer)); // a peer may answer the latest alone (§5.5.3)
    expect(await Promise.all([second, third])).toEqual([30, 20]);
  });

  it('a pong that nobody asked for is ignored', async () => {
    const pongs: unknown[] = [];
    const { connection, transport, clock } = open({
      pong: (_connection, payload) => {
        pongs.push(Buffer.from(payload).toString());
      },
    });
    transport.receive(frame(PONG, 'early'));
    const ping = connection.ping();
    await turn();
    transport.receive(frame(PONG, 'other'));
    transport.receive(frame(PONG, ''));
    clock.advance(7);
    transport.receive(frame(PONG, readFrames(transport.sent)[0]?.payload ?? ''));
    expect(await ping).toBe(7);
    expect(pongs.slice(0, 3)).toEqual(['early', 'other', '']);
    expect(connection.state).toBe('open');
  });

  it('takes a payload, and keeps it although the caller uses the memory again', async () => {
    const { connection, transport, sent } = open();
    const payload = Buffer.from('mine');
    const ping = connection.ping(payload);
    payload.fill('x');
    await turn();
    expect(sent()).toEqual(['ping 6d 69 6e 65']);
    transport.receive(frame(PONG, 'mine'));
    expect(await ping).toBe(0);
  });

  it('sends only the octets of a view', async () => {
    const { connection, sent } = open();
    const backing = Buffer.from('..mine..');
    void connection.ping(new Uint8Array(backing.buffer, backing.byteOffset + 2, 4));
    await turn();
    expect(sent()).toEqual(['ping 6d 69 6e 65']);
    connection.terminate();
  });

  it.each([
    ['126 octets', Buffer.alloc(126)],
    ['a number', 5],
    ['a string', 'mine'],
    ['null', null],
    ['an object', { length: 3 }],
  ])('%s as payload is refused at once, before any effect', async (_what, payload) => {
    const { connection, transport } = open();
    expect(() => connection.ping(payload as unknown as Uint8Array)).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_CONTROL_PAYLOAD' }),
    );
    expect(connection.send('after')).toBe('sent');
    await turn();
    expect(transport.sent.equals(unmasked(TEXT, 'after'))).toBe(true);
  });

  it.each([
    ['the peer closes', CLOSE_1000, 1000],
    ['the peer fails', VIOLATION, 1002],
    ['the transport ends', undefined, 1006],
  ])('rejects when %s first', async (_how, octets, closeCode) => {
    const { connection, transport } = open();
    const ping = connection.ping();
    if (octets !== undefined) transport.receive(octets);
    transport.peerEnds();
    await expect(ping).rejects.toMatchObject({
      name: 'ConnectionClosedError',
      code: 'MEERKAT_CONNECTION_CLOSED',
      closeCode,
    });
    await expect(connection.ping()).rejects.toMatchObject({ closeCode });
    await connection.closed;
    await expect(connection.ping()).rejects.toMatchObject({ closeCode });
  });

  it('rejects while the connection is closing, and sends nothing', async () => {
    const { connection, transport, sent } = open();
    connection.close();
    await expect(connection.ping()).rejects.toMatchObject({ code: 'MEERKAT_CONNECTION_CLOSED' });
    expect(sent()).toEqual(['close 1000']);
    transport.breaks(new Error('reset'));
    await connection.closed;
  });

  it('a rejection that nobody listens to does not end the process', async () => {
    const { connection, transport } = open();
    void connection.ping(); // for the round trip alone, as many write it
    transport.breaks(new Error('reset'));
    await connection.closed;
    void connection.ping();
    await turns(); // an unhandled rejection would fail the test run
  });
});

describe('pings of the peer', () => {
  it('are answered before the handler hears of them, which may send too', () => {
    const payloads: string[] = [];
    const { transport, sent } = open({
      ping: (connection, payload) => {
        payloads.push(Buffer.from(payload).toString());
        connection.send('after');
      },
    });
    transport.receive(frame(PING, 'p'));
    expect(sent()).toEqual(['pong 70', 'text after']);
    expect(payloads).toEqual(['p']);
  });

  it('are not answered after our Close (§5.5.2)', () => {
    const { connection, transport, sent } = open();
    connection.close();
    transport.receive(frame(PING, 'p'));
    expect(sent()).toEqual(['close 1000']);
  });

  it('wait for earlier output, and only the latest is answered then (§5.5.3)', async () => {
    const { connection, transport, sent } = open();
    transport.flowing = false;
    connection.send('a');
    await turn();
    transport.receive(Buffer.concat([frame(PING, '1'), frame(PING, '2')]));
    transport.receive(frame(PING, '3'));
    await turn();
    expect(sent()).toEqual(['text a']);
    transport.take();
    expect(sent()).toEqual(['text a', 'pong 33']);
    transport.flowing = true;
    transport.take();
    transport.receive(frame(PING, '4'));
    expect(sent()).toEqual(['text a', 'pong 33', 'pong 34']);
  });

  it('of one chunk are all answered, however much is sent while it is handled', () => {
    const { transport, sent } = open({
      message: (connection) => {
        connection.send('x'.repeat(20_000)); // more than a slab: it is written in the middle of the chunk
      },
    });
    transport.flowing = false;
    transport.receive(
      Buffer.concat([texts('a'), frame(PING, '1'), frame(PING, '2'), texts('b'), frame(PING, '3')]),
    );
    transport.take(); // what came last in the chunk waits for what is on its way
    expect(sent().filter((each) => each.startsWith('pong'))).toEqual([
      'pong 31',
      'pong 32',
      'pong 33',
    ]);
  });
});

describe('handlers that fail', () => {
  const ERROR = new Error('mine');

  it.each([
    [
      'throws',
      () => {
        throw ERROR;
      },
    ],
    ['rejects', () => Promise.reject(ERROR)],
    [
      'rejects later',
      async () => {
        await turn();
        throw ERROR;
      },
    ],
    [
      'throws something that is no Error',
      () => {
        throw undefined;
      },
    ],
  ])(
    'a message handler that %s closes with 1011; no more messages, one report',
    async (_how, message) => {
      const messages: unknown[] = [];
      const { connection, transport, sent, errors, closes } = open({
        message: (_connection, text) => {
          messages.push(text);
          return message();
        },
      });
      transport.receive(texts('a', 'b'));
      transport.receive(texts('c'));
      await turns();
      expect(sent()).toEqual(['close 1011']);
      transport.receive(texts('d'));
      await turns();
      expect(errors).toHaveLength(1);
      transport.receive(CLOSE_1000);
      transport.peerEnds();
      await connection.closed;
      expect(messages).toEqual(['a']);
      expect(closes).toMatchObject([
        { code: 1000, by: 'local', because: 'handler', phase: 'open', sent: { code: 1011 } },
      ]);
      expect([undefined, ERROR]).toContain(closes[0]?.error);
      expect(closes[0]?.error).toBe(errors[0]);
    },
  );

  it.each(['ping', 'pong', 'drain'] as const)(
    'a %s handler that throws or rejects closes with 1011',
    async (name) => {
      for (const fails of [
        () => {
          throw ERROR;
        },
        () => Promise.reject(ERROR) as unknown as undefined,
      ]) {
        const { connection, transport, sent, errors } = open({ [name]: fails, softQueuedBytes: 1 });
        if (name === 'drain') {
          connection.send('a');
          connection.send('b');
        } else transport.receive(frame(name === 'ping' ? PING : PONG, ''));
        await turns();
        expect(sent().at(-1)).toBe('close 1011');
        expect(errors).toEqual([ERROR]);
        transport.receive(CLOSE_1000);
        transport.peerEnds();
        expect(await connection.closed).toMatchObject({ because: 'handler', error: ERROR });
      }
    },
  );

  it.each([
    [
      'throws',
      () => {
        throw ERROR;
      },
    ],
    ['rejects', () => Promise.reject(ERROR) as unknown as undefined],
  ])(
    'a close handler that %s is reported, and the connection is over all the same',
    async (_how, close) => {
      const { connection, transport, errors, closes } = open({ close });
      transport.breaks(new Error('reset'));
      expect(await connection.closed).toBe(closes[0]);
      await turns();
      expect(errors).toEqual([ERROR]);
      expect(closes).toHaveLength(1);
    },
  );

  it('a failure after the peer’s Close answers it with 1011', async () => {
    const held = deferred();
    const { connection, transport, sent } = open({ message: () => held.promise });
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    held.reject(ERROR);
    await turns();
    expect(sent()).toEqual(['close 1011']);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1000, by: 'peer', clean: true });
  });

  it('a failure after the end is reported and changes nothing', async () => {
    const held = deferred();
    const { connection, transport, clock, errors, closes } = open({ message: () => held.promise });
    transport.receive(texts('a'));
    transport.breaks(new Error('reset'));
    clock.advance(10_000);
    await connection.closed;
    held.reject(ERROR);
    await turns();
    expect(errors).toEqual([ERROR]);
    expect(closes).toHaveLength(1);
  });

  it('the error handler may decide on another end', async () => {
    const { connection, transport, sent } = open({
      message() {
        throw ERROR;
      },
      error: (_error, failed) => failed?.close(4001, 'sorry'),
    });
    transport.receive(texts('a'));
    expect(sent()).toEqual(['close 4001 (sorry)']);
    transport.receive(CLOSE_1000);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ because: 'close', sent: { code: 4001 } });
  });
});
