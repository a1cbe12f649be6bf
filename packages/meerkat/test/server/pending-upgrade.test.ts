import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HandshakeError } from 'meerkat';
import { ManualClock, type RawPeer } from 'meerkat/testing';
import { describe, expect, it, vi } from 'vitest';
import { HttpArrival } from '../../src/server/arrival.ts';
import { PendingUpgrade } from '../../src/server/pending-upgrade.ts';
import { rawPeer } from '../support/handshake.ts';
import { listen } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

interface Waiting {
  readonly pending: PendingUpgrade;
  readonly socket: Socket;
  readonly peer: RawPeer;
  readonly clock: ManualClock;
  readonly events: readonly string[];
}

async function waiting(head = ''): Promise<Waiting> {
  const { port, sockets } = await listen(createServer({ allowHalfOpen: true }));
  const peer = await rawPeer(port);
  await until(() => sockets.length === 1);
  const socket = sockets[0] as Socket;
  socket.on('error', () => {});
  const clock = new ManualClock();
  const events: string[] = [];
  const pending: PendingUpgrade = new PendingUpgrade(arrivalOn(socket, head), clock, 10_000, {
    expired: () => events.push('expired'),
    left: () => events.push('left'),
  });
  pending.signal.addEventListener('abort', () => events.push('abort'));
  return { pending, socket, peer, clock, events };
}

/** A request on `socket`, as node:http hands it out with what it has read behind it. */
function arrivalOn(socket: Socket, head: string): HttpArrival {
  return new HttpArrival(new IncomingMessage(socket), socket, Buffer.from(head));
}

/** Everything that can be read from a socket until its end. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('an upgrade that is being decided', () => {
  it('puts back what came early, in order, behind the head', async () => {
    const { pending, socket, peer } = await waiting('one ');
    await peer.sendText('two ');
    await until(() => socket.bytesRead === 4);
    await turns();
    await peer.sendText('three ');
    await until(() => socket.bytesRead === 10);
    await turns();
    expect(pending.settle()).toBe(true);
    expect(socket.isPaused()).toBe(true);
    await peer.sendText('four');
    peer.end();
    expect(await readAll(socket)).toBe('one two three four');
  });

  it('keeps a head of its own: the memory it was handed may be somebody else’s', async () => {
    const { port, sockets } = await listen(createServer({ allowHalfOpen: true }));
    const peer = await rawPeer(port);
    await until(() => sockets.length === 1);
    const socket = sockets[0] as Socket;
    const head = Buffer.from('head');
    const arrival = new HttpArrival(new IncomingMessage(socket), socket, head);
    const pending = new PendingUpgrade(arrival, new ManualClock(), 10_000, {
      expired: () => {},
      left: () => {},
    });
    head.fill('x');
    pending.settle();
    peer.end();
    expect(await readAll(socket)).toBe('head');
  });

  it('leaves a socket that sent nothing as it was', async () => {
    const { pending, socket, peer } = await waiting();
    pending.settle();
    expect(socket.readableLength).toBe(0);
    for (const event of ['data', 'end', 'close']) {
      expect(socket.listeners(event).filter(({ name }) => name.startsWith('#on'))).toEqual([]);
    }
    await peer.sendText('later');
    peer.end();
    expect(await readAll(socket)).toBe('later');
  });

  it('settles once', async () => {
    const { pending, clock } = await waiting();
    expect(clock.pending).toBe(1);
    expect(pending.settle()).toBe(true);
    expect(pending.settle()).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('stops reading at 64 KiB and goes on when it is settled', async () => {
    const { pending, socket, peer } = await waiting();
    const sent = Buffer.alloc(8_000_000, 'abcdefghijklmnopqrstuvwxyz');
    const written = peer.send(sent);
    await until(() => socket.isPaused());
    expect(socket.bytesRead).toBeGreaterThanOrEqual(65_536);
    expect(socket.bytesRead).toBeLessThan(1_000_000);
    pending.settle();
    const read = readAll(socket);
    await written;
    peer.end();
    expect(await read).toBe(sent.toString());
  });

  it('keeps one buffer, not the pieces that came', async () => {
    const { pending, socket, peer } = await waiting();
    const pieces: WeakRef<Buffer>[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(new WeakRef(piece)));
    const count = 300;
    for (let at = 0; at < count; at += 1) {
      await peer.sendText('x');
      await until(() => pieces.length === at + 1);
    }
    await turns();
    collectGarbage();
    expect(pieces.filter((piece) => piece.deref() !== undefined).length).toBeLessThan(3);
    const unshift = vi.spyOn(socket, 'unshift');
    pending.settle();
    expect(unshift.mock.calls.length).toBe(1);
    const kept = unshift.mock.calls[0]?.[0] as Buffer;
    expect(kept.toString()).toBe('x'.repeat(count));
    expect(kept.buffer.byteLength).toBeLessThanOrEqual(2 * count);
  });

  it('keeps at most twice the bound, with a head just below it', async () => {
    const { pending, socket, peer } = await waiting('h'.repeat(65_535));
    const unshift = vi.spyOn(socket, 'unshift');
    void peer.send(Buffer.alloc(8_000_000));
    await until(() => socket.isPaused());
    pending.settle();
    const kept = unshift.mock.calls[0]?.[0] as Buffer;
    expect(kept.length).toBeGreaterThan(65_535);
    expect(kept.buffer.byteLength).toBeLessThanOrEqual(2 * 65_536);
    socket.destroy();
  });

  it.each([
    ['ends its direction', 'end'],
    ['resets the connection', 'reset'],
  ] as const)('notices a client that %s', async (_title, leave) => {
    const { pending, socket, peer, clock, events } = await waiting('early');
    peer[leave]();
    await until(() => events.length === 2);
    expect(events).toEqual(['left', 'abort']);
    expect(pending.signal.reason).toBeInstanceOf(HandshakeError);
    expect(pending.signal.reason).toMatchObject({ code: 'MEERKAT_ABORTED' });
    expect(socket.destroyed).toBe(true);
    expect(pending.settle()).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('says when the time is up, and fires the signal when it is abandoned', async () => {
    const { pending, clock, events } = await waiting();
    clock.advance(9_999);
    expect(events).toEqual([]);
    clock.advance(1);
    expect(events).toEqual(['expired']);
    pending.settle();
    pending.abandon(new HandshakeError('MEERKAT_HOOK_TIMEOUT'));
    expect(events).toEqual(['expired', 'abort']);
    expect(pending.signal.reason).toMatchObject({ code: 'MEERKAT_HOOK_TIMEOUT' });
  });

  it('says nothing any more once it is settled', async () => {
    const { pending, peer, clock, events } = await waiting();
    pending.settle();
    clock.advance(10_000);
    peer.reset();
    await turns();
    expect(events).toEqual([]);
  });
});
