import { connect } from 'meerkat';
import { fromHex, RawPeer } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { closeFrame, frame, PING, PONG, TEXT } from '../support/frames.ts';
import { upgradeRequest } from '../support/handshake.ts';
import { serve } from '../support/serving.ts';
import { deferred, turn, turns, until } from '../support/waiting.ts';
import { fakeServer } from './fake-server.ts';
import { CLOSE_1000, open, texts, VIOLATION } from './opening.ts';
import { describeFrames } from './wire.ts';

const NEVER = (): Promise<void> => new Promise(() => {});

describe('we close first', () => {
  it('the server ends the transport when the peer has answered (§7.1.1)', async () => {
    const { connection, transport, closes, clock, sent } = open();
    connection.close(4000, 'done');
    expect(connection.state).toBe('closeSent');
    expect([sent(), transport.ended]).toEqual([['close 4000 (done)'], false]);
    transport.receive(closeFrame(4000));
    expect([connection.state, transport.ended]).toEqual(['closed', true]);
    expect(closes).toEqual([]);
    transport.peerEnds();
    expect(await connection.closed).toEqual({
      code: 4000,
      reason: '',
      clean: true,
      by: 'local',
      because: 'close',
      phase: 'open',
      sent: { code: 4000, reason: 'done' },
      received: { code: 4000, reason: '' },
      rule: undefined,
      section: undefined,
      limit: undefined,
      error: undefined,
      droppedMessages: 0,
      discardedMessages: 0,
    });
    expect([closes.length, clock.pending]).toEqual([1, 0]);
    expect(sent()).toEqual(['close 4000 (done)']);
  });

  it('the client waits for the server to end the transport (§7.1.1)', async () => {
    const { connection, transport } = open({ role: 'client' });
    connection.close();
    transport.receive(closeFrame(1000, '', { masked: false }));
    await turns();
    expect([connection.state, transport.ended, transport.destroyed]).toEqual([
      'closed',
      false,
      false,
    ]);
    transport.peerEnds();
    expect(transport.ended).toBe(true);
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true, by: 'local' });
  });

  it('what the peer sends until its own Close is still handed over, and nothing after it', async () => {
    const messages: unknown[] = [];
    const { connection, transport } = open({
      message: (_connection, message) => {
        messages.push(message);
      },
    });
    connection.close();
    transport.receive(texts('a'));
    transport.receive(Buffer.concat([texts('b'), CLOSE_1000, texts('c')]));
    transport.peerEnds();
    await connection.closed;
    expect(messages).toEqual(['a', 'b']);
  });

  it('a peer that answers but does not end the transport is destroyed after closeTimeout', async () => {
    const { connection, transport, clock } = open();
    connection.close();
    transport.receive(CLOSE_1000);
    clock.advance(9_999);
    expect(transport.destroyed).toBe(false);
    clock.advance(1);
    expect(transport.destroyed).toBe(true);
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true, because: 'close' });
    expect(clock.pending).toBe(0);
  });

  it('each step of the handshake has closeTimeout', () => {
    const { connection, transport, clock } = open();
    connection.close();
    clock.advance(9_999);
    transport.receive(CLOSE_1000);
    clock.advance(9_999);
    expect(transport.destroyed).toBe(false);
    clock.advance(1);
    expect(transport.destroyed).toBe(true);
  });

  it('a peer that fails after our Close gets no second one', async () => {
    const { connection, transport, sent } = open();
    connection.close();
    transport.receive(VIOLATION);
    expect([sent(), transport.ended]).toEqual([['close 1000'], true]);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({
      code: 1002,
      clean: false,
      by: 'local',
      because: 'close',
      phase: 'open',
      rule: 'WS_MASK_MISSING',
      sent: { code: 1000 },
    });
  });

  it('a peer that ends the transport instead of answering is 1006', async () => {
    const { connection, transport } = open();
    connection.close();
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({
      code: 1006,
      clean: false,
      by: 'local',
      because: 'close',
      sent: { code: 1000 },
      received: undefined,
    });
  });

  it('the heartbeat does not interfere with a long closeTimeout', async () => {
    const { connection, transport, clock, sent } = open({ closeTimeout: 100_000 });
    connection.close();
    clock.advance(99_999);
    await turns();
    expect([transport.destroyed, sent()]).toEqual([false, ['close 1000']]);
    clock.advance(1);
    expect(transport.destroyed).toBe(true);
  });
});

describe('the peer closes first', () => {
  it('is answered with its code, and the server ends the transport', async () => {
    const { connection, transport, sent } = open();
    transport.receive(closeFrame(4001, 'enough'));
    expect([sent(), transport.ended]).toEqual([['close 4001'], true]);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({
      code: 4001,
      reason: 'enough',
      clean: true,
      by: 'peer',
      because: 'close',
      phase: 'open',
      sent: { code: 4001, reason: '' },
    });
  });

  it('the client answers and waits for the end of the transport', async () => {
    const { connection, transport, sent } = open({ role: 'client' });
    transport.receive(closeFrame(1001, '', { masked: false }));
    expect([sent(), transport.ended]).toEqual([['close 1001'], false]);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1001, clean: true, by: 'peer' });
  });

  it('the echo waits for the inbox, and the handlers’ answers leave before it', async () => {
    const first = deferred();
    const { connection, transport, sent } = open({
      async message(replying, message) {
        if (message === 'a') await first.promise;
        expect(replying.send(`re: ${String(message)}`)).toBe('sent');
      },
    });
    transport.receive(Buffer.concat([texts('a', 'b'), CLOSE_1000, texts('c')]));
    await turns();
    expect([connection.state, sent()]).toEqual(['closeReceived', []]);
    first.resolve();
    await turns();
    expect(sent()).toEqual(['text re: a', 'text re: b', 'close 1000']);
    expect(connection.send('late')).toBe('dropped');
    transport.peerEnds();
    await connection.closed;
  });

  it('the echo waits at most closeTimeout', async () => {
    const { connection, transport, clock, sent, closes } = open({ message: NEVER });
    transport.receive(Buffer.concat([texts('a', 'b'), CLOSE_1000]));
    clock.advance(9_999);
    expect(sent()).toEqual([]);
    clock.advance(1);
    expect([sent(), transport.ended]).toEqual([['close 1000'], true]);
    transport.peerEnds();
    await turn();
    clock.advance(10_000);
    expect(closes).toMatchObject([{ code: 1000, clean: true, by: 'peer' }]);
    expect(await connection.closed).toBe(closes[0]);
    expect(clock.pending).toBe(0);
  });

  it('the echo still leaves when the peer’s FIN came right behind its Close', async () => {
    const held = deferred();
    const { connection, transport, sent } = open({
      async message(replying) {
        await held.promise;
        replying.send('answer');
      },
    });
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    transport.peerEnds();
    await turns();
    expect([connection.state, transport.ended]).toEqual(['closeReceived', false]);
    held.resolve();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true, by: 'peer' });
    expect(sent()).toEqual(['text answer', 'close 1000']);
  });

  it('the client’s too, and it ends the transport, which the server has ended', async () => {
    const held = deferred();
    const { connection, transport, sent } = open({
      role: 'client',
      async message(replying) {
        await held.promise;
        replying.send('answer');
      },
    });
    const unmasked = { masked: false };
    transport.receive(Buffer.concat([frame(TEXT, 'a', unmasked), closeFrame(1000, '', unmasked)]));
    transport.peerEnds();
    await turns();
    held.resolve();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true, by: 'peer' });
    expect([sent(), transport.ended]).toEqual([['text answer', 'close 1000'], true]);
  });

  it('on a socket of a client, which Node would end with the server’s FIN', async () => {
    const { url, nextPeer } = await fakeServer();
    const held = deferred();
    const connection = await connect(url, {
      async message(replying) {
        await held.promise;
        replying.send('answer');
      },
    });
    const { peer, socket } = await nextPeer();
    await peer.send('81 01 61 88 02 03 e8');
    peer.end();
    await turns(50);
    held.resolve();
    expect(describeFrames(fromHex(await peer.takeAll()))).toEqual(['text answer', 'close 1000']);
    expect(socket.readableEnded).toBe(true);
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true, by: 'peer' });
    await peer.close();
  });

  it('the echo waits no longer for a FIN behind the Close', async () => {
    const { transport, clock, sent, closes } = open({ message: NEVER });
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    clock.advance(5_000);
    transport.peerEnds();
    clock.advance(5_000);
    expect([sent(), transport.ended]).toEqual([['close 1000'], true]);
    await turn();
    clock.advance(10_000);
    expect(closes).toMatchObject([{ code: 1000, clean: true }]);
    expect(clock.pending).toBe(0);
  });

  it('a reset while the echo waits is the end, with the code that came', async () => {
    const held = deferred();
    const { connection, transport, sent } = open({ message: () => held.promise });
    transport.receive(Buffer.concat([texts('a'), closeFrame(4000, 'bye')]));
    transport.breaks(new Error('reset'));
    held.resolve();
    expect(await connection.closed).toMatchObject({
      code: 4000,
      reason: 'bye',
      clean: false,
      by: 'peer',
      sent: undefined,
    });
    expect(sent()).toEqual([]);
  });

  it('close() while the echo waits answers with its own code', async () => {
    const held = deferred();
    const { connection, transport, clock, sent } = open({ message: () => held.promise });
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    connection.close(4002, 'mine');
    expect([sent(), transport.ended]).toEqual([['close 4002 (mine)'], true]);
    clock.advance(9_999);
    held.resolve(); // nothing waits for that any more
    await turns();
    clock.advance(1);
    expect(transport.destroyed).toBe(true);
    expect(await connection.closed).toMatchObject({
      code: 1000,
      clean: true,
      by: 'peer',
      sent: { code: 4002, reason: 'mine' },
    });
  });

  it('terminate() waits for no handler, when only that is left to wait for', async () => {
    const { connection, transport, sent } = open({ message: NEVER });
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    connection.close(4002, 'mine');
    expect(sent()).toEqual(['close 4002 (mine)']);
    transport.peerEnds();
    await turn();
    connection.terminate();
    expect(await connection.closed).toMatchObject({
      code: 1000,
      clean: true,
      by: 'peer',
      sent: { code: 4002, reason: 'mine' },
    });
  });

  it('the heartbeat does not interfere with a long closeTimeout', async () => {
    const { transport, clock, sent } = open({ closeTimeout: 100_000, message: NEVER });
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    clock.advance(99_999);
    await turns();
    expect([transport.destroyed, sent()]).toEqual([false, []]);
    clock.advance(1);
    expect(sent()).toEqual(['close 1000']);
  });
});

describe('both close', () => {
  it('at the same time: neither answers the other', async () => {
    const { connection, transport, sent } = open();
    connection.close(4000);
    transport.receive(closeFrame(4001, 'crossed'));
    expect([sent(), transport.ended]).toEqual([['close 4000'], true]);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({
      code: 4001,
      reason: 'crossed',
      clean: true,
      by: 'local',
      sent: { code: 4000 },
      received: { code: 4001 },
    });
  });

  it('messages before a crossing Close are handed over before `close`', async () => {
    const log: string[] = [];
    const held = deferred();
    const { connection, transport } = open({
      async message(_connection, message) {
        await held.promise;
        log.push(String(message));
      },
      close: () => {
        log.push('close');
      },
    });
    connection.close();
    transport.receive(Buffer.concat([texts('a', 'b'), CLOSE_1000]));
    transport.peerEnds();
    await turns();
    held.resolve();
    await connection.closed;
    expect(log).toEqual(['a', 'b', 'close']);
  });

  it('two of ours, over real sockets, and the other way round', async () => {
    const site = await serve();
    for (const first of ['client', 'server', 'both']) {
      const client = await connect(site.url);
      const server = site.opened.at(-1) as Connection<undefined>;
      if (first !== 'server') client.close(4000, 'client');
      if (first !== 'client') server.close(4001, 'server');
      const [atClient, atServer] = await Promise.all([client.closed, server.closed]);
      expect([atClient.clean, atServer.clean]).toEqual([true, true]);
      expect([atClient.by, atServer.by]).toEqual(
        { client: ['local', 'peer'], server: ['peer', 'local'], both: ['local', 'local'] }[first],
      );
      expect(atServer.received?.code).toBe(first === 'server' ? 4001 : 4000);
      expect(atClient.received?.code).toBe(first === 'client' ? 4000 : 4001);
    }
  });
});

describe('close()', () => {
  it.each([
    ['an empty one', 1005, '', 'close'],
    ['the default', undefined, undefined, 'close 1000'],
    ['a reason of 123 octets', 4000, '€'.repeat(41), `close 4000 (${'€'.repeat(41)})`],
  ])('sends %s', (_what, code, reason, expected) => {
    const { connection, sent } = open();
    connection.close(code, reason);
    expect(sent()).toEqual([expected]);
  });

  it.each([
    ['code 0', 0, ''],
    ['code 999', 999, ''],
    ['code 1004', 1004, ''],
    ['code 1006', 1006, ''],
    ['code 1015', 1015, ''],
    ['code 1016', 1016, ''],
    ['code 2999', 2999, ''],
    ['code 5000', 5000, ''],
    ['code 1000.5', 1000.5, ''],
    ['NaN', Number.NaN, ''],
    ['a code that is a string', '1000', ''],
    ['null', null, ''],
    ['a reason of 124 octets', 1000, 'a'.repeat(124)],
    ['a reason of 42 characters and 126 octets', 1000, '€'.repeat(42)],
    ['a reason without a code', 1005, 'why'],
    ['a number as reason', 1000, 5],
    ['octets as reason', 1000, new Uint8Array(50)],
    ['an ArrayBuffer as reason', 1000, new ArrayBuffer(5)],
    ['null as reason', 1000, null],
    ['an object as reason', 1000, { length: 5 }],
  ])('refuses %s at once, before any effect', async (_what, code, reason) => {
    const { connection, transport } = open();
    const close = () => connection.close(code as number, reason as string);
    expect(close).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_CLOSE_ARGUMENT' }),
    );
    await turn();
    expect([connection.state, transport.writes]).toEqual(['open', []]);
    // Also where it would do nothing: the mistake is the caller's either way.
    connection.close();
    expect(close).toThrow(expect.objectContaining({ code: 'MEERKAT_CLOSE_ARGUMENT' }));
    connection.terminate();
    await connection.closed;
    expect(close).toThrow(expect.objectContaining({ code: 'MEERKAT_CLOSE_ARGUMENT' }));
  });

  it('a second time does nothing, at any time', async () => {
    const { connection, transport, sent, closes } = open();
    connection.close(4000);
    connection.close(4001);
    transport.receive(closeFrame(4000));
    connection.close(4002);
    transport.peerEnds();
    connection.close(4003);
    await connection.closed;
    connection.close(4004);
    connection.terminate();
    await turns();
    expect(sent()).toEqual(['close 4000']);
    expect(closes).toMatchObject([{ code: 4000, by: 'local', because: 'close' }]);
  });

  it('send after it answers `dropped`, and is counted', async () => {
    const { connection, transport, sent } = open();
    connection.send('a');
    connection.close();
    expect([connection.send('b'), connection.send(Buffer.of(1))]).toEqual(['dropped', 'dropped']);
    transport.receive(CLOSE_1000);
    expect(connection.send('c')).toBe('dropped');
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ droppedMessages: 3 });
    expect(connection.send('d')).toBe('dropped');
    expect(sent()).toEqual(['text a', 'close 1000']);
  });

  it.each([
    ['open', undefined],
    ['message', texts('a')],
    ['ping', frame(PING, '')],
    ['pong', frame(PONG, '')],
    ['drain', undefined],
  ])('in the %s handler is the last thing sent', async (name, octets) => {
    const { connection, transport, sent } = open({
      softQueuedBytes: 1,
      [name]: (closing: Connection<undefined>) => {
        closing.send('before');
        closing.close(4000);
        closing.send('after');
      },
    });
    if (name === 'drain') {
      connection.send('a');
      connection.send('b');
    } else if (octets !== undefined) transport.receive(octets);
    await turns();
    expect(sent().slice(-2)).toEqual(['text before', 'close 4000']);
    transport.receive(closeFrame(4000));
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 4000, clean: true, droppedMessages: 1 });
  });
});

describe('await using', () => {
  it('closes with 1000 and waits until nothing is left', async () => {
    const { connection, transport, sent } = open();
    const disposed = connection[Symbol.asyncDispose]();
    expect(sent()).toEqual(['close 1000']);
    transport.receive(CLOSE_1000);
    transport.peerEnds();
    await disposed;
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true, by: 'local' });
  });
});

describe('terminate()', () => {
  it.each([
    ['open', () => {}, { code: 1006, by: 'local', because: 'terminated', phase: 'open' }],
    [
      'closeSent',
      ({ connection }: ReturnType<typeof open>) => connection.close(4000),
      { code: 1006, by: 'local', because: 'close', phase: 'open', sent: { code: 4000 } },
    ],
    [
      'closeReceived',
      ({ transport }: ReturnType<typeof open>) =>
        transport.receive(Buffer.concat([texts('a'), closeFrame(4001)])),
      { code: 4001, by: 'peer', because: 'close', clean: false, sent: undefined },
    ],
    [
      'closed',
      ({ transport }: ReturnType<typeof open>) => transport.receive(VIOLATION),
      { code: 1002, by: 'local', because: 'violation', phase: 'open' },
    ],
  ])('ends at once in state %s', async (state, before, expected) => {
    const opened = open({ message: NEVER });
    const { connection, transport, clock, closes } = opened;
    before(opened);
    expect(connection.state).toBe(state);
    connection.terminate();
    connection.terminate();
    expect([connection.state, transport.destroyed]).toEqual(['closed', true]);
    expect(connection.send('a')).toBe('dropped');
    expect(await connection.closed).toMatchObject(expected);
    connection.terminate();
    await turns();
    expect([closes.length, clock.pending]).toEqual([1, 0]);
  });

  it('hands over no message that waited', async () => {
    const held = deferred();
    const messages: unknown[] = [];
    const { connection, transport } = open({
      async message(_connection, message) {
        messages.push(message);
        await held.promise;
      },
    });
    transport.receive(texts('a', 'b'));
    connection.terminate();
    transport.receive(texts('c'));
    held.resolve();
    await connection.closed;
    await turns();
    expect(messages).toEqual(['a']);
  });

  it('ends a loop', async () => {
    const { connection, transport } = open();
    transport.receive(texts('a', 'b'));
    const messages: unknown[] = [];
    for await (const message of connection) {
      messages.push(message);
      connection.terminate();
    }
    expect(messages).toEqual(['a']);
    expect(await connection.closed).toMatchObject({ because: 'terminated' });
  });

  it.each(['open', 'message', 'ping', 'pong'])('in the %s handler is the end', async (name) => {
    const octets = { message: texts('a', 'b'), ping: frame(PING, ''), pong: frame(PONG, '') }[name];
    let calls = 0;
    const { connection, transport, closes, errors } = open({
      [name]: (terminating: Connection<undefined>) => {
        calls += 1;
        terminating.send('lost');
        terminating.terminate();
      },
    });
    if (octets !== undefined) transport.receive(Buffer.concat([octets, CLOSE_1000]));
    expect(await connection.closed).toMatchObject({ code: 1006, because: 'terminated' });
    expect([calls, closes.length, errors]).toEqual([1, 1, []]);
  });

  it('on a socket frees it, and the peer sees the end', async () => {
    const site = await serve();
    const peer = await RawPeer.connect(site.port);
    await peer.sendText(upgradeRequest());
    await peer.takeHead();
    site.opened[0]?.terminate();
    expect(await peer.takeAll()).toBe('');
    await peer.close();
    await until(() => site.wss.connections.size === 0);
    expect(site.sockets[0]?.destroyed).toBe(true);
  });
});

describe('closed', () => {
  it('is one promise, before and after, and what the close handler got', async () => {
    const { connection, transport, closes } = open();
    const before = connection.closed;
    transport.breaks(new Error('reset'));
    const closed = await before;
    expect(connection.closed).toBe(before);
    expect(closed).toBe(closes[0]);
  });

  it('may be asked for the first time after the end', async () => {
    const { connection, transport, closes } = open();
    transport.breaks(new Error('reset'));
    const after = connection.closed;
    expect(await after).toBe(closes[0]);
    expect(connection.closed).toBe(after);
  });

  it('may be asked for in the close handler', async () => {
    let asked: Promise<unknown> | undefined;
    const { transport, closes } = open({
      close: (connection) => {
        asked = connection.closed;
      },
    });
    transport.breaks(new Error('reset'));
    expect(await asked).toBe(closes[0]);
  });

  it('every call in the close handler is harmless', async () => {
    const { connection, transport, errors, closes } = open({
      close: (over) => {
        expect(over.send('a')).toBe('dropped');
        over.close(4000);
        over.terminate();
        void over.ping();
        void over.drained();
        expect(over.state).toBe('closed');
      },
    });
    transport.breaks(new Error('reset'));
    await connection.closed;
    await turns();
    expect([errors, closes.length]).toEqual([[], 1]);
  });
});

describe('a connection that fails', () => {
  it('is destroyed after closeTimeout when the peer does not end the transport', async () => {
    const { connection, transport, clock } = open();
    transport.receive(VIOLATION);
    expect(transport.ended).toBe(true);
    clock.advance(9_999);
    expect(transport.destroyed).toBe(false);
    clock.advance(1);
    expect(transport.destroyed).toBe(true);
    expect(await connection.closed).toMatchObject({ code: 1002, because: 'violation' });
    expect(clock.pending).toBe(0);
  });

  it('goes on reading, so that the peer is not reset before it has read the Close', () => {
    const { transport, sent } = open({ message: NEVER, maxInboxMessages: 2 });
    transport.receive(Buffer.concat([texts('a', 'b', 'c', 'd'), VIOLATION]));
    expect(sent()).toEqual(['close 1002 (a frame from the client is not masked)']);
    expect(transport.paused).toBe(false);
  });

  it('goes on reading after a Close that no handler let us answer in time', async () => {
    const { transport, clock, sent } = open({ message: NEVER, maxInboxMessages: 2 });
    transport.receive(Buffer.concat([texts('a', 'b', 'c', 'd'), CLOSE_1000]));
    expect(transport.paused).toBe(true);
    clock.advance(10_000);
    expect([sent(), transport.paused]).toEqual([['close 1000'], false]);
  });

  it('is over although the stream never says that it is closed', async () => {
    const { connection, transport, clock } = open();
    transport.destroy = () => {};
    connection.terminate();
    clock.advance(9_999);
    await turns();
    clock.advance(1);
    expect(await connection.closed).toMatchObject({ because: 'terminated' });
    transport.breaks(new Error('after all'));
    expect(clock.pending).toBe(0);
  });

  it('with a reader that stopped: the Close waits behind what is queued, and the socket is destroyed in time', async () => {
    const { connection, transport, clock } = open();
    transport.flowing = false;
    connection.send('a');
    await turn();
    transport.receive(VIOLATION);
    expect(describeFrames(transport.sent)).toHaveLength(2);
    clock.advance(10_000);
    expect(await connection.closed).toMatchObject({ code: 1002 });
  });

  it('sends nothing after its Close, whoever asks', async () => {
    const { connection, transport, clock, sent } = open({
      message: (replying, message) => {
        replying.send(message);
      },
    });
    transport.receive(Buffer.concat([texts('a'), VIOLATION, frame(PING, ''), texts('b')]));
    connection.send('c');
    connection.close(4000);
    await expect(connection.ping()).rejects.toMatchObject({ closeCode: 1002 });
    clock.advance(9_000);
    transport.receive(Buffer.concat([frame(TEXT, 'd'), CLOSE_1000]));
    await turns();
    expect(sent()).toEqual(['text a', 'close 1002 (a frame from the client is not masked)']);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ droppedMessages: 1, received: undefined });
  });
});
