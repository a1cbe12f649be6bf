import { once } from 'node:events';
import { Socket } from 'node:net';
import { Duplex, duplexPair, PassThrough } from 'node:stream';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Certificate, selfSigned } from '../../../../test/support/certificate.ts';
import { StreamTransport } from '../../src/transport/stream-transport.ts';
import type { TransportReceiver } from '../../src/transport/transport.ts';
import { turns, until } from '../support/waiting.ts';
import { tcpPair } from './tcp-pair.ts';
import { describeTransport, type TransportEnds } from './transport-suite.ts';

let certificate: Certificate | undefined;

async function openTcp(side: 'accepted' | 'dialled'): Promise<TransportEnds> {
  const { accepted, dialled, dispose } = await tcpPair();
  const [near, far] = side === 'accepted' ? [accepted, dialled] : [dialled, accepted];
  far.allowHalfOpen = true;
  return {
    transport: new StreamTransport(near),
    far,
    breakOff: () => far.resetAndDestroy(),
    dispose,
  };
}

async function openTls(side: 'accepted' | 'dialled'): Promise<TransportEnds> {
  certificate ??= selfSigned();
  const { accepted, dialled, dispose } = await tcpPair();
  const server = new TLSSocket(accepted, { isServer: true, ...certificate });
  const client = connectTls({ socket: dialled, ca: certificate.cert, host: 'localhost' });
  await once(client, 'secureConnect');
  const [near, far] = side === 'accepted' ? [server, client] : [client, server];
  far.allowHalfOpen = true;
  return {
    transport: new StreamTransport(near),
    far,
    breakOff: () => (side === 'accepted' ? dialled : accepted).resetAndDestroy(),
    async dispose() {
      server.destroy();
      client.destroy();
      await dispose();
    },
  };
}

describeTransport({ name: 'a TCP socket that was accepted', open: () => openTcp('accepted') });
describeTransport({ name: 'a TCP socket that was dialled', open: () => openTcp('dialled') });
describeTransport({ name: 'a TLS socket that was accepted', open: () => openTls('accepted') });
describeTransport({ name: 'a TLS socket that was dialled', open: () => openTls('dialled') });
describeTransport({
  name: 'a duplexPair in memory',
  open: async () => {
    const [near, far] = duplexPair();
    return {
      transport: new StreamTransport(near),
      far,
      breakOff: () => near.destroy(new Error('broken off')),
      async dispose() {
        near.destroy();
        far.destroy();
      },
    };
  },
});

interface Heard extends TransportReceiver {
  readonly events: unknown[];
}

function receiver(): Heard {
  const events: unknown[] = [];
  return {
    events,
    chunk: (octets, start, end) => {
      events.push(Buffer.from(octets.subarray(start, end)).toString());
      return undefined;
    },
    drained: () => events.push('(drained)'),
    ended: () => events.push('(ended)'),
    closed: (error) => events.push(error ?? '(closed)'),
  };
}

describe('StreamTransport', () => {
  it('hears of a stream that was destroyed before it was started', async () => {
    const stream = new PassThrough();
    stream.destroy();
    await once(stream, 'close');
    const heard = receiver();
    new StreamTransport(stream).start(heard);
    expect(heard.events).toEqual([]);
    await until(() => heard.events.length > 0);
    await turns();
    expect(heard.events).toEqual(['(closed)']);
  });

  it('hears why a stream was destroyed before it was made', async () => {
    const stream = new PassThrough();
    stream.on('error', () => {});
    const error = new Error('early');
    stream.destroy(error);
    await once(stream, 'close').catch(() => {});
    const heard = receiver();
    new StreamTransport(stream).start(heard);
    await until(() => heard.events.length > 0);
    expect(heard.events).toEqual([error]);
  });

  it('hears of an error between its making and its start', async () => {
    const stream = new PassThrough();
    const transport = new StreamTransport(stream);
    const error = new Error('early');
    stream.destroy(error);
    await turns();
    const heard = receiver();
    transport.start(heard);
    await until(() => heard.events.length > 0);
    expect(heard.events).toEqual([error]);
  });

  it('says when what was written before it was made has left: who waits for that need not write to hear of it', async () => {
    const written: string[] = [];
    let release = (): void => {};
    const stream = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString());
        release = done;
      },
    });
    onTestFinished(() => void stream.destroy());
    stream.write('of somebody else');
    const transport = new StreamTransport(stream);
    const heard = receiver();
    transport.start(heard);
    expect(transport.queuedBytes).toBe(16);
    release();
    await turns();
    release();
    await until(() => heard.events.length > 0);
    expect([heard.events, transport.queuedBytes]).toEqual([['(drained)'], 0]);
    expect(written.join('')).toBe('of somebody else');
  });

  it('hears of an end that had passed before it was started', async () => {
    const [near, far] = duplexPair();
    near.resume();
    far.end();
    await once(near, 'end');
    const heard = receiver();
    const transport = new StreamTransport(near);
    transport.start(heard);
    await until(() => heard.events.length > 0);
    expect(heard.events).toEqual(['(ended)']);
    far.resume();
    transport.end();
    await until(() => heard.events.length > 1);
    expect(heard.events).toEqual(['(ended)', '(closed)']);
  });

  it('reads octets that were put back first', async () => {
    const [near, far] = duplexPair();
    near.pause();
    far.write('read');
    await turns();
    near.unshift(Buffer.from('back '));
    const heard = receiver();
    const transport = new StreamTransport(near);
    transport.start(heard);
    await until(() => heard.events.length > 1);
    expect(heard.events.join('')).toBe('back read');
    transport.destroy();
    far.destroy();
  });

  it('reads the octets of a stream that ends within the same call', async () => {
    const stream = new PassThrough();
    const heard = receiver();
    new StreamTransport(stream).start(heard);
    await turns();
    stream.end('all of it');
    await until(() => heard.events.includes('(closed)'));
    expect(heard.events).toEqual(['all of it', '(ended)', '(closed)']);
  });

  it('an error that comes late has a listener', async () => {
    const stream = new PassThrough();
    const heard = receiver();
    const transport = new StreamTransport(stream);
    transport.start(heard);
    transport.destroy();
    await until(() => heard.events.length > 0);
    stream.emit('error', new Error('late'));
    expect(heard.events).toEqual(['(closed)']);
  });

  it('does not report what was thrown away as drained', async () => {
    const heard = receiver();
    const stuck = new Duplex({ read() {}, write() {} });
    const transport = new StreamTransport(stuck);
    transport.start(heard);
    transport.writeOwned(Buffer.alloc(10));
    transport.writeOwned(Buffer.alloc(10));
    expect(transport.queuedBytes).toBe(20);
    transport.destroy();
    await until(() => heard.events.length > 0);
    await turns();
    expect(heard.events).toEqual(['(closed)']);
    expect(transport.queuedBytes).toBe(0);
  });

  it('takes over from the timeouts of node:http, and sends small writes at once', async () => {
    const { accepted, dialled, dispose } = await tcpPair();
    onTestFinished(dispose);
    accepted.setTimeout(60_000);
    const calls: boolean[] = [];
    const setNoDelay = accepted.setNoDelay.bind(accepted);
    accepted.setNoDelay = (on = true) => {
      calls.push(on);
      return setNoDelay(on);
    };
    new StreamTransport(accepted).start(receiver());
    expect(accepted.timeout).toBe(0);
    expect(calls).toEqual([true]);
    dialled.destroy();
  });

  it('leaves no listener behind but the one for errors', async () => {
    const stream = new PassThrough();
    const before = new Map(stream.eventNames().map((name) => [name, stream.listenerCount(name)]));
    const heard = receiver();
    const transport = new StreamTransport(stream);
    transport.start(heard);
    transport.destroy();
    await until(() => heard.events.length > 0);
    for (const name of stream.eventNames()) {
      const added = stream.listenerCount(name) - (before.get(name) ?? 0);
      expect([name, added]).toEqual([name, name === 'error' ? 1 : 0]);
    }
  });

  it('is a Socket’s own chunk, not a copy, that it hands on', async () => {
    const { accepted, dialled, dispose } = await tcpPair();
    onTestFinished(dispose);
    const read: Buffer[] = [];
    const handed: Uint8Array[] = [];
    new StreamTransport(accepted).start({
      ...receiver(),
      chunk: (octets) => {
        handed.push(octets);
        return undefined;
      },
    });
    accepted.on('data', (chunk) => read.push(chunk));
    dialled.write('octets');
    await until(() => handed.length > 0);
    expect(handed[0]).toBe(read[0]);
    expect(accepted).toBeInstanceOf(Socket);
  });
});
