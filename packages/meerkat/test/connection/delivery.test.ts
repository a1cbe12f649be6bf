import { connect } from 'meerkat';
import { connectionPair } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import type { Message } from '../../src/connection/inbox.ts';
import { BINARY, frame, PING, TEXT } from '../support/frames.ts';
import { serve } from '../support/serving.ts';
import { type Deferred, deferred, turn, turns, until } from '../support/waiting.ts';
import { CLOSE_1000, open, texts, VIOLATION } from './opening.ts';

/** A handler whose every call waits until it is let go, and what became of the calls. */
function heldHandler(): {
  message(connection: unknown, message: Message): Promise<void>;
  /** Messages handed over, and `-message` when their handler was done. */
  readonly log: string[];
  /** Lets the oldest call finish, and everything that follows from it happen. */
  release(): Promise<void>;
} {
  const log: string[] = [];
  const waiting: Deferred<void>[] = [];
  return {
    log,
    async message(_connection, message) {
      log.push(String(message));
      const held = deferred();
      waiting.push(held);
      await held.promise;
      log.push(`-${String(message)}`);
    },
    async release() {
      waiting.shift()?.resolve();
      await turn();
    },
  };
}

describe('messages in order', () => {
  it('hands a message over only when the promise of the last handler is settled', async () => {
    const { log, message, release } = heldHandler();
    const { transport } = open({ message });
    transport.receive(texts('a', 'b'));
    transport.receive(texts('c'));
    await turn();
    expect(log).toEqual(['a']);
    await release();
    expect(log).toEqual(['a', '-a', 'b']);
    await release();
    expect(log).toEqual(['a', '-a', 'b', '-b', 'c']);
  });

  it('keeps the order of handlers that are synchronous now and then', async () => {
    const log: string[] = [];
    const { transport } = open({
      message: (_connection, message) => {
        const text = String(message);
        if (Number(text) % 3 === 0) {
          log.push(text);
          return undefined;
        }
        return turns(Number(text) % 3).then(() => {
          log.push(text);
        });
      },
    });
    const numbers = Array.from({ length: 40 }, (_, index) => String(index));
    for (const number of numbers) transport.receive(texts(number));
    await until(() => log.length === numbers.length);
    expect(log).toEqual(numbers);
  });

  it('waits for any thenable, and takes its first word', async () => {
    const log: string[] = [];
    const { transport, errors } = open({
      message: (_connection, message) => {
        log.push(String(message));
        const thenable = {
          // biome-ignore lint/suspicious/noThenProperty: that is what a thenable is
          then(resolve: () => void, reject: (error: Error) => void) {
            resolve();
            resolve();
            reject(new Error('too late'));
          },
        };
        return thenable as unknown as Promise<void>;
      },
    });
    transport.receive(texts('a', 'b', 'c'));
    await turn();
    expect(log).toEqual(['a', 'b', 'c']);
    expect(errors).toEqual([]);
  });

  it('does not call a handler that is still running, on a stream in memory', async () => {
    // What the one side writes there arrives at the other within the same call, and so does what that one answers.
    const big = 'x'.repeat(40_000);
    let inside = 0;
    const log: string[] = [];
    const pair = connectionPair(
      {
        message(connection, message) {
          if (message === 'async') return turn();
          inside += 1;
          log.push(`${String(message)} ${inside}`);
          // More than a slab: they leave before send returns.
          if (message === 'start') for (let count = 0; count < 3; count += 1) connection.send(big);
          inside -= 1;
          return undefined;
        },
      },
      {
        message(connection) {
          connection.send('answer');
        },
      },
    );
    pair.client.send('async');
    pair.client.send('start');
    await until(() => log.length === 4);
    expect(log).toEqual(['start 1', 'answer 1', 'answer 1', 'answer 1']);
    pair.client.close();
    await Promise.all([pair.client.closed, pair.server.closed]);
  });

  it('gives each binary message memory of its own', async () => {
    const messages: Uint8Array[] = [];
    const { transport } = open({
      message: (_connection, message) => {
        messages.push(message as Uint8Array);
      },
    });
    transport.receive(Buffer.concat([frame(BINARY, 'one'), frame(BINARY, 'two')]));
    // The transport has used the memory of the chunk for something else by now.
    expect(messages.map((message) => Buffer.from(message).toString())).toEqual(['one', 'two']);
    expect(messages.every(({ buffer, length }) => buffer.byteLength === length)).toBe(true);
  });

  it('calls the handler as a method of the handlers', () => {
    const heard: unknown[] = [];
    class Handlers {
      readonly heard = heard;
      message(_connection: unknown, message: Message): void {
        this.heard.push(message);
      }
    }
    const pair = connectionPair(new Handlers(), {});
    pair.client.send('hi');
    return until(() => heard.length > 0).then(async () => {
      expect(heard).toEqual(['hi']);
      pair.client.close();
      await pair.server.closed;
    });
  });
});

describe('the open hook', () => {
  it('comes before the first message, and its promise delays it', async () => {
    const log: string[] = [];
    const held = deferred();
    const { transport } = open({
      async open() {
        log.push('open');
        await held.promise;
        log.push('opened');
      },
      message: (_connection, message) => {
        log.push(String(message));
      },
    });
    transport.receive(texts('a', 'b'));
    await turn();
    expect(log).toEqual(['open']);
    held.resolve();
    await turn();
    expect(log).toEqual(['open', 'opened', 'a', 'b']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('closes with 1011 when it %s, and no message is handed over', async (_how, hook) => {
    const messages: unknown[] = [];
    const { transport, sent, errors, connection, closes } = open({
      open: hook,
      message: (_connection, message) => {
        messages.push(message);
      },
    });
    transport.receive(texts('a'));
    await turn();
    expect(sent()).toEqual(['close 1011']);
    expect(errors).toEqual([expect.objectContaining({ message: 'no' })]);
    transport.receive(Buffer.concat([texts('b'), CLOSE_1000]));
    transport.peerEnds();
    await connection.closed;
    expect(messages).toEqual([]);
    expect(closes).toMatchObject([{ code: 1000, by: 'local', because: 'handler' }]);
  });

  it('may itself be the loop over the messages', async () => {
    const messages: unknown[] = [];
    const { transport, sent, connection } = open({
      async open(connection) {
        for await (const message of connection) messages.push(message);
        messages.push('end');
      },
    });
    transport.receive(CLOSE_1000);
    await turn();
    expect(sent()).toEqual(['close 1000']);
    transport.peerEnds();
    await connection.closed;
    await turn();
    expect(messages).toEqual(['end']);
  });
});

describe('the bounded inbox', () => {
  it.each([
    ['maxInboxMessages', { maxInboxMessages: 4 }, 'x'],
    ['maxInboxBytes', { maxInboxBytes: 40 }, 'ten octets'],
  ])('pauses reading at %s, and goes on below it', async (_limit, options, text) => {
    const { log, message, release } = heldHandler();
    const { transport } = open({ message, ...options });
    for (let count = 0; count < 4; count += 1) transport.receive(texts(text));
    expect(transport.paused).toBe(false); // one is being handled, three wait
    transport.receive(texts(text));
    expect(transport.paused).toBe(true);
    await release();
    expect(transport.paused).toBe(false);
    transport.receive(texts(text));
    expect(transport.paused).toBe(true);
    for (let count = 0; count < 6; count += 1) await release();
    expect(transport.paused).toBe(false);
    expect(log.filter((entry) => entry === text)).toHaveLength(6);
  });

  it('hands over all of a chunk that holds more than the inbox', async () => {
    const { log, message, release } = heldHandler();
    const { transport } = open({ message, maxInboxMessages: 2 });
    const many = Array.from({ length: 3_000 }, (_, index) => `${index}`);
    transport.receive(texts(...many));
    expect(transport.paused).toBe(true);
    for (let count = 0; count < many.length; count += 1) await release();
    expect(log.filter((entry) => !entry.startsWith('-'))).toEqual(many);
    expect(transport.paused).toBe(false);
  });

  it('bounds what a flood can make the server hold (R2), and loses nothing of it', async () => {
    const first = deferred();
    let handled = 0;
    let inOrder = true;
    const site = await serve({
      async message(_connection, message) {
        if (handled === 0) await first.promise;
        inOrder &&= Buffer.from(message as Uint8Array).readUInt32BE() === handled;
        handled += 1;
      },
    });
    const client = await connect(site.url, { maxQueuedBytes: 2 ** 30 });
    const message = Buffer.alloc(10_000);
    const count = 2_000;
    for (let index = 0; index < count; index += 1) {
      message.writeUInt32BE(index);
      expect(client.send(message)).not.toBe('dropped');
    }
    // Reading stands still: nothing more is read however long one waits, and the rest is with the sender.
    let read = -1;
    while (read !== site.sockets[0]?.bytesRead) {
      read = site.sockets[0]?.bytesRead ?? 0;
      await turns(50);
    }
    expect(read).toBeLessThan(65_536 + 4 * 65_536);
    expect(client.queuedBytes).toBeGreaterThan(10_000_000);
    first.resolve();
    await until(() => handled === count);
    expect(inOrder).toBe(true);
    client.close();
    await client.closed;
  });

  it('does not pause for a message that a loop is waiting for', async () => {
    const { transport, connection } = open({ maxInboxMessages: 1 });
    const loop = connection[Symbol.asyncIterator]();
    const next = loop.next();
    transport.receive(texts('a'));
    expect(await next).toEqual({ done: false, value: 'a' });
    expect(transport.paused).toBe(false);
    transport.receive(texts('b'));
    expect(transport.paused).toBe(true);
    expect(await loop.next()).toEqual({ done: false, value: 'b' });
    expect(transport.paused).toBe(false);
  });
});

describe('messages before the end', () => {
  it.each([
    ['the Close', Buffer.concat([texts('a', 'b'), CLOSE_1000]), 1000],
    ['a violation', Buffer.concat([texts('a', 'b'), VIOLATION]), 1002],
    ['the FIN', texts('a', 'b'), 1006],
  ])(
    'are handed over in order after %s, and `close` comes last, once',
    async (_end, octets, code) => {
      const { log, message, release } = heldHandler();
      const { transport, connection, closes } = open({
        message,
        close: (_connection, closed) => {
          log.push(`close ${closed.code}`);
        },
      });
      transport.receive(octets);
      transport.peerEnds();
      await turns();
      expect(log).toEqual(['a']);
      await release();
      await release();
      await connection.closed;
      expect(log).toEqual(['a', '-a', 'b', '-b', `close ${code}`]);
      await turns();
      expect(closes).toHaveLength(1);
    },
  );

  it('are handed over after the transport broke', async () => {
    const { log, message, release } = heldHandler();
    const { transport, connection } = open({ message });
    transport.receive(texts('a', 'b'));
    transport.breaks(new Error('reset'));
    await release();
    await release();
    expect(await connection.closed).toMatchObject({ code: 1006, because: 'transportError' });
    expect(log).toEqual(['a', '-a', 'b', '-b']);
  });

  it('may take closeTimeout each, but not longer, once the transport is gone', async () => {
    const { log, message, release } = heldHandler();
    const { transport, clock, closes } = open({ message });
    transport.receive(texts('a', 'b', 'c'));
    transport.breaks(new Error('reset'));
    clock.advance(9_999);
    await release();
    clock.advance(9_999);
    expect(closes).toHaveLength(0);
    await release();
    clock.advance(10_000); // c hangs
    expect(closes).toHaveLength(1);
    await release();
    expect(log).toEqual(['a', '-a', 'b', '-b', 'c', '-c']);
    expect(closes).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('with a handler that hangs, `close` comes closeTimeout after the transport is gone', async () => {
    const { transport, connection, clock, closes } = open({
      message: () => new Promise<void>(() => {}),
    });
    transport.receive(texts('a', 'b'));
    transport.breaks(new Error('reset'));
    clock.advance(9_999);
    expect(closes).toHaveLength(0);
    clock.advance(1);
    expect(closes).toHaveLength(1);
    expect(await connection.closed).toBe(closes[0]);
    expect(clock.pending).toBe(0);
  });
});

describe('for await', () => {
  async function collect(connection: Connection<undefined>, into: unknown[]): Promise<void> {
    for await (const message of connection) into.push(message);
    into.push('end');
  }

  it('gives the messages in order, those before the loop began as well, and ends with the connection', async () => {
    const messages: unknown[] = [];
    const { transport, connection } = open();
    transport.receive(texts('a', 'b'));
    const loop = collect(connection, messages);
    await turn();
    transport.receive(Buffer.concat([texts('c'), CLOSE_1000]));
    transport.peerEnds();
    await loop;
    expect(messages).toEqual(['a', 'b', 'c', 'end']);
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
  });

  it.each([
    ['the peer fails', (octets: (more: Uint8Array) => void) => octets(VIOLATION)],
    ['the transport breaks', undefined],
  ])('ends without a throw when %s', async (_how, fail) => {
    const messages: unknown[] = [];
    const { transport, connection } = open();
    const loop = collect(connection, messages);
    transport.receive(texts('a'));
    if (fail === undefined) transport.breaks(new Error('reset'));
    else fail((octets) => transport.receive(octets));
    transport.peerEnds();
    await loop;
    expect(messages).toEqual(['a', 'end']);
  });

  it('gives what was left when it begins after the end', async () => {
    const messages: unknown[] = [];
    const { transport, connection } = open();
    transport.receive(Buffer.concat([texts('a', 'b'), CLOSE_1000]));
    transport.peerEnds();
    await connection.closed;
    await collect(connection, messages);
    expect(messages).toEqual(['a', 'b', 'end']);
    await collect(connection, messages);
    expect(messages).toEqual(['a', 'b', 'end', 'end']);
  });

  it('holds the next message back until the body is done, and reading with it', async () => {
    const { transport, connection } = open({ maxInboxMessages: 2 });
    const bodies: Deferred<void>[] = [];
    const log: string[] = [];
    const loop = (async () => {
      for await (const message of connection) {
        log.push(String(message));
        const body = deferred();
        bodies.push(body);
        await body.promise;
      }
    })();
    transport.receive(texts('a'));
    await turn();
    transport.receive(texts('b', 'c'));
    await turn();
    expect([log, transport.paused]).toEqual([['a'], true]);
    bodies[0]?.resolve();
    await turn();
    expect([log, transport.paused]).toEqual([['a', 'b'], false]);
    bodies[1]?.resolve();
    await turn();
    bodies[2]?.resolve();
    transport.receive(CLOSE_1000);
    transport.peerEnds();
    await loop;
    expect(log).toEqual(['a', 'b', 'c']);
  });

  it('lets the peer’s Close wait for the body of the loop', async () => {
    const { transport, connection, sent } = open();
    const body = deferred();
    const loop = (async () => {
      for await (const message of connection) {
        await body.promise;
        connection.send(`re: ${String(message)}`);
      }
    })();
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    await turns();
    expect(sent()).toEqual([]);
    body.resolve();
    await turns();
    expect(sent()).toEqual(['text re: a', 'close 1000']);
    transport.peerEnds();
    await loop;
    await connection.closed;
  });

  it('can be left and begun again, without a loss', async () => {
    const { transport, connection } = open();
    const messages: unknown[] = [];
    transport.receive(texts('a', 'b', 'c'));
    for await (const message of connection) {
      messages.push(message);
      if (messages.length === 2) break;
    }
    transport.receive(Buffer.concat([texts('d'), CLOSE_1000]));
    transport.peerEnds();
    await collect(connection, messages);
    expect(messages).toEqual(['a', 'b', 'c', 'd', 'end']);
  });

  it('that was left is not waited for: the peer’s Close is answered at once', async () => {
    const { transport, connection, sent } = open();
    transport.receive(texts('a', 'b', 'c', 'd'));
    for await (const message of connection) if (message === 'c') break;
    transport.receive(CLOSE_1000);
    expect(sent()).toEqual(['close 1000']);
  });

  it('keeps the connection when its body throws', async () => {
    const { transport, connection, errors } = open();
    transport.receive(texts('a', 'b'));
    await expect(
      (async () => {
        for await (const _message of connection) throw new Error('mine');
      })(),
    ).rejects.toThrow('mine');
    expect([connection.state, errors]).toEqual(['open', []]);
    for await (const message of connection) {
      expect(message).toBe('b');
      break;
    }
  });

  it('is refused a second time, and beside a handler, at once', () => {
    const { connection } = open();
    connection[Symbol.asyncIterator]();
    expect(() => connection[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'MEERKAT_CONSUMED_TWICE' }),
    );
    const handled = open({ message() {} });
    expect(() => handled.connection[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ code: 'MEERKAT_CONSUMED_TWICE' }),
    );
  });

  it('an iterator that was left is done, and takes nothing from the next one', async () => {
    const { transport, connection } = open();
    const left = connection[Symbol.asyncIterator]();
    const pending = left.next();
    expect(await left.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
    const next = connection[Symbol.asyncIterator]();
    await left.return?.();
    expect(() => connection[Symbol.asyncIterator]()).toThrow(
      expect.objectContaining({ code: 'MEERKAT_CONSUMED_TWICE' }),
    );
    transport.receive(texts('a'));
    expect(await left.next()).toEqual({ done: true, value: undefined });
    expect(await next.next()).toEqual({ done: false, value: 'a' });
  });

  it('answers calls of next() that did not wait for each other in order', async () => {
    const { transport, connection } = open();
    const loop = connection[Symbol.asyncIterator]();
    const results = [loop.next(), loop.next(), loop.next(), loop.next()];
    transport.receive(texts('a', 'b'));
    transport.receive(Buffer.concat([texts('c'), CLOSE_1000]));
    transport.peerEnds();
    expect(await Promise.all(results)).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
      { done: false, value: 'c' },
      { done: true, value: undefined },
    ]);
  });

  it('may take closeTimeout for each message once the transport is gone', async () => {
    const { transport, connection, clock, closes } = open();
    const loop = connection[Symbol.asyncIterator]();
    transport.receive(texts('a', 'b', 'c'));
    transport.breaks(new Error('reset'));
    await loop.next();
    clock.advance(9_999);
    await loop.next();
    clock.advance(9_999);
    await loop.next();
    clock.advance(9_999);
    expect(closes).toHaveLength(0);
    expect(await loop.next()).toEqual({ done: true, value: undefined });
    expect(closes).toHaveLength(1);
  });
});

describe('nobody takes the messages', () => {
  it('the peer’s Close is answered at once', async () => {
    const { transport, sent } = open();
    transport.receive(Buffer.concat([texts('a'), CLOSE_1000]));
    await turn();
    expect(sent()).toEqual(['close 1000']);
  });

  it('reading pauses while the open hook may still take them, so that memory is bounded', async () => {
    const { transport, connection } = open({ open: () => new Promise(() => {}) });
    for (let count = 0; count < 16; count += 1) transport.receive(texts('a'));
    await turn();
    expect(transport.paused).toBe(true);
    connection.terminate();
  });

  it('a server lets go of what the inbox cannot hold, so that Pings and the Close behind are read', async () => {
    const { transport, connection, sent } = open();
    for (let count = 0; count < 40; count += 1) {
      transport.receive(texts('a'));
      await turn();
    }
    expect(transport.paused).toBe(false);
    transport.receive(Buffer.concat([frame(PING, 'p'), CLOSE_1000]));
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
    expect(sent()).toEqual(['pong 70', 'close 1000']);
  });

  it('a client keeps them for whoever asks later', async () => {
    const { transport, connection } = open({ role: 'client', maxInboxMessages: 2 });
    for (const text of ['a', 'b', 'c']) transport.receive(frame(TEXT, text, { masked: false }));
    await turn();
    expect(transport.paused).toBe(true);
    const messages: unknown[] = [];
    for await (const message of connection) {
      messages.push(message);
      if (messages.length === 3) break;
    }
    expect(messages).toEqual(['a', 'b', 'c']);
    connection.terminate();
  });

  it('close() completes, even when more came than the inbox holds', async () => {
    const { transport, connection, sent } = open({ maxInboxMessages: 2 });
    transport.receive(texts('a', 'b'));
    expect(transport.paused).toBe(true);
    connection.close();
    await turn();
    transport.receive(texts('c', 'd'));
    transport.receive(CLOSE_1000);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
    expect(sent()).toEqual(['close 1000']);
  });

  it('close() completes although a loop takes only some of what is too much', async () => {
    const { transport, connection } = open({ maxInboxMessages: 2 });
    const loop = connection[Symbol.asyncIterator]();
    transport.receive(texts('a', 'b', 'c', 'd'));
    connection.close();
    expect(await loop.next()).toEqual({ done: false, value: 'a' });
    expect(transport.paused).toBe(true); // the loop may make room
    await loop.return?.();
    await turn();
    expect(transport.paused).toBe(false);
    transport.receive(CLOSE_1000);
    transport.peerEnds();
    expect(await connection.closed).toMatchObject({ clean: true });
  });

  it('close() completes while a late loop works through what the inbox could not hold', async () => {
    const { transport, connection } = open({ maxInboxMessages: 2 });
    transport.receive(texts('a', 'b', 'c', 'd'));
    connection.close();
    await turn(); // nobody came: reading goes on, and nothing that comes is kept
    const loop = connection[Symbol.asyncIterator]();
    expect(await loop.next()).toEqual({ done: false, value: 'a' });
    expect(transport.paused).toBe(false);
    transport.receive(Buffer.concat([texts('e'), CLOSE_1000]));
    transport.peerEnds();
    const rest = [await loop.next(), await loop.next(), await loop.next(), await loop.next()];
    expect(rest.map(({ value }) => value)).toEqual(['b', 'c', 'd', undefined]);
    expect(await connection.closed).toMatchObject({ clean: true });
  });

  it('one loop may follow the other while we close: nothing is lost in between', async () => {
    const { transport, connection } = open({ maxInboxMessages: 2 });
    const messages: unknown[] = [];
    const first = connection[Symbol.asyncIterator]();
    transport.receive(texts('a', 'b', 'c', 'd'));
    connection.close();
    messages.push((await first.next()).value);
    await first.return?.();
    const second = (async () => {
      for await (const message of connection) messages.push(message);
    })();
    await turn();
    transport.receive(CLOSE_1000);
    transport.peerEnds();
    await second;
    expect(messages).toEqual(['a', 'b', 'c', 'd']);
  });

  it('two messages asked for at once are both put down by the next step', async () => {
    const { transport, connection, sent } = open();
    const loop = connection[Symbol.asyncIterator]();
    const both = [loop.next(), loop.next()];
    transport.receive(texts('a', 'b'));
    await Promise.all(both);
    await loop.return?.();
    transport.receive(CLOSE_1000);
    await turn();
    expect(sent()).toEqual(['close 1000']);
    connection.terminate();
  });

  it('a loop that begins after close() still gets what the inbox has room for', async () => {
    const { transport, connection } = open();
    transport.receive(texts('a'));
    connection.close();
    transport.receive(texts('b'));
    const messages: unknown[] = [];
    const loop = (async () => {
      for await (const message of connection) messages.push(message);
    })();
    transport.receive(Buffer.concat([texts('c'), CLOSE_1000]));
    transport.peerEnds();
    await loop;
    expect(messages).toEqual(['a', 'b', 'c']);
  });

  it('pings are answered all the same', async () => {
    const { transport, sent } = open();
    transport.receive(Buffer.concat([texts('a'), frame(PING, 'p')]));
    expect(sent()).toEqual(['pong 70']);
  });
});
