import { connectionPair, ManualClock } from 'meerkat/testing';
import { describe, expect, it } from 'vitest';
import { turn, turns, until } from '../support/waiting.ts';

describe('connectionPair', () => {
  it('is two open connections that are each other’s peer', async () => {
    const heard: unknown[] = [];
    const { server, client } = connectionPair(
      { message: (connection, message) => void connection.send(message) },
      { message: (_connection, message) => void heard.push(message) },
    );
    expect([server.state, client.state]).toEqual(['open', 'open']);
    expect([server.url, server.protocol, server.remoteAddress]).toEqual(['/', '', undefined]);
    client.send('text');
    client.send(Uint8Array.of(1, 2));
    await until(() => heard.length === 2);
    expect(heard).toEqual(['text', Uint8Array.of(1, 2)]);
    client.close(4000, 'done');
    expect(await server.closed).toMatchObject({
      code: 4000,
      reason: 'done',
      by: 'peer',
      clean: true,
    });
    expect(await client.closed).toMatchObject({ code: 4000, by: 'local', clean: true });
  });

  it('needs no handlers: either side can be iterated over', async () => {
    const { server, client } = connectionPair();
    client.send('a');
    server.send('b');
    for await (const message of server) {
      expect(message).toBe('a');
      break;
    }
    for await (const message of client) {
      expect(message).toBe('b');
      break;
    }
    server.close();
    await Promise.all([server.closed, client.closed]);
  });

  it('masks, checks and limits as on a socket', async () => {
    const { server, client } = connectionPair({ maxMessageBytes: 10 });
    client.send('x'.repeat(11));
    expect(await client.closed).toMatchObject({ code: 1009, by: 'peer' });
    expect(await server.closed).toMatchObject({
      code: 1009,
      because: 'violation',
      limit: 'maxMessageBytes',
    });
  });

  it('pings there and back', async () => {
    const { server, client } = connectionPair();
    expect(await client.ping()).toBeGreaterThanOrEqual(0);
    expect(await server.ping(Buffer.from('mine'))).toBeGreaterThanOrEqual(0);
    client.terminate();
    await server.closed;
  });

  it('has backpressure: a peer that takes nothing makes send answer `queued`, then `dropped`', async () => {
    const { server, client } = connectionPair({}, { maxInboxMessages: 1 });
    const answers = new Set<string>();
    for (let count = 0; count < 10_000 && !answers.has('dropped'); count += 1) {
      answers.add(server.send('x'.repeat(1_000)));
    }
    expect([...answers]).toEqual(['sent', 'queued', 'dropped']);
    let taken = 0;
    for await (const message of client) {
      expect(message).toHaveLength(1_000);
      taken += 1;
      if (server.queuedBytes === 0 && taken > 1_000) break;
    }
    await server.drained();
    client.terminate();
    await server.closed;
  });

  it('terminate() on one side ends the other, as on a socket', async () => {
    for (const name of ['server', 'client'] as const) {
      const pair = connectionPair();
      pair[name].terminate();
      const other = pair[name === 'server' ? 'client' : 'server'];
      expect(await pair[name].closed).toMatchObject({ because: 'terminated', code: 1006 });
      expect(await other.closed).toMatchObject({ code: 1006, clean: false });
    }
  });

  it('a side with a clock of its own is closed by its timeouts', async () => {
    const clock = new ManualClock();
    const { server, client } = connectionPair(
      { clock },
      // A client that never takes its messages, and so never comes to the server's Close.
      { maxInboxMessages: 1, pingInterval: 0 },
    );
    server.send('a');
    server.send('b');
    await turns();
    server.close();
    await turn();
    clock.advance(10_000);
    expect(await server.closed).toMatchObject({ code: 1006, because: 'closeTimeout' });
    expect(await client.closed).toMatchObject({ clean: false });
    expect(clock.pending).toBe(0);
  });

  it('refuses wrong options', () => {
    expect(() => connectionPair({ maxMessageBytes: -1 })).toThrow(
      expect.objectContaining({ code: 'MEERKAT_OPTION_RANGE' }),
    );
  });
});

describe('a pair and compression', () => {
  it('agrees on compression where both sides want it', () => {
    const { server, client } = connectionPair({ compression: true });
    expect(server.extensions).toBe(
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12',
    );
    expect(client.extensions).toBe(server.extensions);
  });

  it.each<[string, Parameters<typeof connectionPair>]>([
    ['by default, as a server does not', []],
    ['when the client does not', [{ compression: true }, { compression: false }]],
    ['when the server does not', [{ compression: false }, { compression: true }]],
  ])('does without it %s', async (_why, sides) => {
    const { server, client } = connectionPair(...sides);
    expect([server.extensions, client.extensions]).toEqual(['', '']);
    client.send('x'.repeat(100_000));
    for await (const message of server) {
      expect(message).toBe('x'.repeat(100_000));
      break;
    }
    client.terminate();
    await server.closed;
  });
});
