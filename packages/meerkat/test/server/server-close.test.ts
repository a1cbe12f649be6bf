import { createServer } from 'node:http';
import { connect, WebSocketServer } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { closeFrame, frame, TEXT, takeClose, takeFrame } from '../support/frames.ts';
import { expectRefusal, rawPeer, refused, upgraded, upgradeRequest } from '../support/handshake.ts';
import { parseResponse } from '../support/http-response.ts';
import { control } from '../support/observed.ts';
import { listen, serve } from '../support/serving.ts';
import { deferred, turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

describe('close', () => {
  it.each([
    [{}, 1001, ''],
    [{ code: 1012, reason: 'back in a minute' }, 1012, 'back in a minute'],
    [{ code: 4000, reason: 'ä'.repeat(61) }, 4000, 'ä'.repeat(61)],
  ])('with %j closes every connection, both sides cleanly', async (options, code, reason) => {
    const site = await serve();
    const clients = await Promise.all([dial(site.url), dial(site.url), dial(site.url)]);
    await until(() => site.opened.length === 3);
    await site.wss.close(options);
    expect(site.wss.connections.size).toBe(0);
    for (const { connection } of clients) {
      expect(await connection.closed).toMatchObject({ code, reason, clean: true, by: 'peer' });
    }
    for (const connection of site.opened) {
      expect(await connection.closed).toMatchObject({ clean: true, by: 'local', sent: { code } });
    }
  });

  it('sends what is queued before the Close, and takes messages until the peer’s', async () => {
    const received: unknown[] = [];
    const site = await serve({ message: (_connection, message) => void received.push(message) });
    const { peer } = await upgraded(site.port);
    await until(() => site.opened.length === 1);
    peer.stream.pause();
    const [connection] = site.opened;
    let sent = 0;
    while (connection?.send(Buffer.alloc(100_000, sent)) === 'sent') sent += 1;
    sent += 1; // the one that was queued
    expect(connection?.queuedBytes).toBeGreaterThan(65_536);
    const closed = site.wss.close();
    await peer.send(frame(TEXT, 'still on its way'));
    peer.stream.resume();
    for (let at = 0; at < sent; at += 1) {
      expect((await takeFrame(peer))?.payload).toEqual(Buffer.alloc(100_000, at));
    }
    expect((await takeClose(peer)).code).toBe(1001);
    await peer.send(closeFrame(1001));
    expect(await peer.takeText()).toBe('');
    peer.end();
    await closed;
    expect(received).toEqual(['still on its way']);
  });

  it('waits for a peer that does not answer until `timeout`, and then destroys the connection', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock });
    const { peer } = await upgraded(site.port);
    await until(() => site.opened.length === 1);
    let done = false;
    const closed = site.wss.close({ timeout: 5_000 }).then(() => {
      done = true;
    });
    expect((await takeClose(peer)).code).toBe(1001);
    clock.advance(4_999);
    await turns();
    expect(done).toBe(false);
    clock.advance(1);
    await closed;
    expect(await site.opened[0]?.closed).toMatchObject({ code: 1006, clean: false, by: 'local' });
    await peer.takeText();
  });

  it('waits no longer than closeTimeout by default', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock, closeTimeout: 300 });
    const { peer } = await upgraded(site.port);
    await until(() => site.opened.length === 1);
    const closed = site.wss.close();
    expect((await takeClose(peer)).code).toBe(1001);
    clock.advance(300);
    await closed;
  });

  it('R9 spreads the Close frames evenly over `spread`, and gives closeTimeout after it', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock });
    const clients = await Promise.all(
      Array.from({ length: 5 }, async () => (await dial(site.url)).connection),
    );
    await until(() => site.opened.length === 5);
    const closed = site.wss.close({ code: 1012, spread: 1_000 });
    const left: number[] = [];
    for (const step of [0, 200, 200, 200, 200, 200]) {
      clock.advance(step);
      await turns();
      left.push(site.wss.connections.size);
    }
    await closed;
    expect(left).toEqual([4, 4, 3, 2, 1, 0]);
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1012 });
  });

  it('refuses upgrades with 503 while Close frames are spread', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock });
    await Promise.all([dial(site.url), dial(site.url)]);
    const closed = site.wss.close({ spread: 1_000 });
    expect((await failure(connect(site.url))).status).toBe(503);
    clock.advance(1_000);
    await closed;
  });

  it('destroys what is left after `timeout`, though its Close was not due yet', async () => {
    expect(() => new WebSocketServer().close({ spread: 2, timeout: 1 })).toThrow(
      expect.objectContaining({ code: 'MEERKAT_OPTION_RANGE' }),
    );
    const clock = new ManualClock();
    const site = await serve({ clock });
    const peers = await Promise.all([upgraded(site.port), upgraded(site.port)]);
    await until(() => site.opened.length === 2);
    const closed = site.wss.close({ spread: 1_000, timeout: 1_000 });
    clock.advance(1_000);
    await closed;
    for (const { peer } of peers) await peer.takeText();
    expect(site.wss.connections.size).toBe(0);
  });

  it('waits for handlers that are at work', async () => {
    const work = deferred();
    const order: string[] = [];
    const site = await serve({
      message: async () => {
        await work.promise;
        order.push('handled');
      },
    });
    const client = await dial(site.url);
    client.connection.send('work');
    await until(() => site.opened[0]?.state === 'open');
    await until(() => (site.sockets[0]?.bytesRead ?? 0) > 0);
    await turns();
    const closed = site.wss.close().then(() => order.push('closed'));
    await client.connection.closed;
    await turns();
    expect(order).toEqual([]);
    work.resolve();
    await closed;
    expect(order).toEqual(['handled', 'closed']);
  });

  it('does not wait for a handler longer than `timeout`', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock, message: () => new Promise(() => {}) });
    const { peer } = await upgraded(site.port);
    await peer.send(frame(TEXT, 'work'));
    await until(() => site.opened.length === 1);
    await turns();
    const closed = site.wss.close({ timeout: 1_000 });
    await takeClose(peer);
    await peer.send(closeFrame(1001));
    expect(await peer.takeText()).toBe('');
    peer.end();
    await until(() => site.sockets[0]?.destroyed === true);
    await turns();
    clock.advance(1_000);
    await closed;
    expect(site.wss.connections.size).toBe(0);
  });

  it('H28 a handshake while connections drain is answered 503', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock });
    const { peer } = await control(() => upgraded(site.port));
    await until(() => site.opened.length === 1);
    const closed = site.wss.close();
    await control(() => takeClose(peer));
    const response = await refused({ port: site.port, opened: [], requests: site.requests }, {});
    expect(response.status).toBe(503);
    expect(response.header('retry-after')).toBe('5');
    expect(site.opened.length).toBe(1);
    peer.end();
    await closed;
  });

  it('H28 a hook that still decides is told, and its client answered 503', async () => {
    const signals: AbortSignal[] = [];
    const site = await serve({
      upgrade: ({ signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest());
    await until(() => signals.length === 1);
    await site.wss.close();
    expect(signals[0]?.reason).toMatchObject({ code: 'MEERKAT_DRAINING' });
    const response = parseResponse(await peer.takeText());
    expectRefusal(response);
    expect(response.status).toBe(503);
    expect(site.opened).toEqual([]);
  });

  it('called again, from wherever, returns the same promise and changes nothing', async () => {
    const again: Promise<void>[] = [];
    const site = await serve({
      upgrade: ({ signal, path }) => {
        if (path !== '/chat') return undefined;
        signal.addEventListener('abort', () => again.push(site.wss.close({ code: 4999 })));
        return new Promise(() => {});
      },
    });
    site.wss.attach(site.server, { path: '/open' });
    const client = await dial(site.url.replace('/chat', '/open'));
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest());
    await until(() => site.sockets[1]?.bytesRead === upgradeRequest().length);
    await turns();
    const closed = site.wss.close();
    expect(again).toEqual([closed]);
    expect(site.wss.close()).toBe(closed);
    await closed;
    expect(await client.connection.closed).toMatchObject({ code: 1001 });
    expect(site.server.listenerCount('upgrade')).toBe(0);
  });

  it('takes the upgrade listener away, and leaves the HTTP server to the user', async () => {
    const site = await serve();
    expect(site.server.listenerCount('upgrade')).toBe(1);
    await site.wss.close();
    expect(site.server.listenerCount('upgrade')).toBe(0);
    expect(site.server.listening).toBe(true);
    // Without an upgrade listener node:http ignores the Upgrade (RFC 9110 §7.8).
    const peer = await rawPeer(site.port);
    await peer.sendText(upgradeRequest({ headers: { Connection: 'Upgrade, close' } }));
    expect(parseResponse(await peer.takeHead()).status).toBe(200);
  });

  it('keeps the listener for another WebSocketServer of the same HTTP server', async () => {
    const server = createServer();
    const one = new WebSocketServer().attach(server, { path: '/one' });
    const two = new WebSocketServer().attach(server, { path: '/two' });
    const { port } = await listen(server);
    await one.close();
    expect(server.listenerCount('upgrade')).toBe(1);
    await upgraded(port, { target: '/two' });
    expect((await refused({ port, opened: [], requests: [] }, { target: '/one' })).status).toBe(
      404,
    );
    new WebSocketServer().attach(server, { path: '/one' }); // free again
    await two.close({ timeout: 1 });
    expect(server.listenerCount('upgrade')).toBe(1);
  });

  it('leaves no timer behind', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock });
    const client = await dial(site.url);
    await until(() => site.opened.length === 1);
    await site.wss.close();
    await client.connection.closed;
    expect(clock.pending).toBe(0);
  });

  it.each<[object, string]>([
    [{ code: 1006 }, 'MEERKAT_CLOSE_ARGUMENT'],
    [{ code: 1005, reason: 'x' }, 'MEERKAT_CLOSE_ARGUMENT'],
    [{ reason: 'r'.repeat(124) }, 'MEERKAT_CLOSE_ARGUMENT'],
    [{ timeout: -1 }, 'MEERKAT_OPTION_RANGE'],
    [{ timeout: Number.POSITIVE_INFINITY }, 'MEERKAT_OPTION_RANGE'],
    [{ timeout: Number.NaN }, 'MEERKAT_OPTION_RANGE'],
    [{ timeOut: 5 }, 'MEERKAT_OPTION_UNKNOWN'],
  ])('throws for %o, and nothing is closed', async (options, code) => {
    const site = await serve();
    const client = await dial(site.url);
    await until(() => site.opened.length === 1);
    expect(() => site.wss.close(options)).toThrow(
      expect.objectContaining({ name: 'UsageError', code }),
    );
    expect(site.opened[0]?.state).toBe('open');
    expect(client.connection.state).toBe('open');
    await dial(site.url);
  });
});
