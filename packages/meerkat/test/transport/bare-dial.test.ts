import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bareDialsWork, type DialledTransport, dialBare } from '../../src/transport/bare-dial.ts';
import { Recorder } from './recorder.ts';
import { describeTransport, type TransportKind } from './transport-suite.ts';

const memory = Buffer.alloc(65_536);

/** Where the switch of the process is set, there are sockets only. */
const dialsBare = process.env['MEERKAT_TRANSPORT'] !== 'stream';
if (!dialsBare) console.log('not tested: with MEERKAT_TRANSPORT=stream nothing is dialled bare');

/** A server on a free port of an address; what it accepts, in order. */
async function listening(host = '127.0.0.1') {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    accepted.push(socket);
    server.emit('accepted');
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dispose = (): void => {
    for (const socket of accepted) socket.destroy();
    server.close();
  };
  return {
    port,
    dispose,
    async next(): Promise<Socket> {
      if (accepted.length === 0) await once(server, 'accepted');
      return accepted[0] as Socket;
    },
  };
}

const kind: TransportKind = {
  name: 'a connection that was dialled without a socket',
  async open() {
    await bareDialsWork(memory);
    const { port, dispose, next } = await listening();
    let transport: DialledTransport | undefined;
    await new Promise<void>((resolve) => {
      transport = dialBare({ address: '127.0.0.1', port }, Buffer.alloc(65_536), resolve);
    });
    const far = await next();
    return {
      transport: transport as DialledTransport,
      far,
      breakOff: () => far.resetAndDestroy(),
      async dispose() {
        transport?.destroy();
        dispose();
      },
    };
  },
};
if (dialsBare) describeTransport(kind);

describe.runIf(dialsBare)('dialling without a socket', () => {
  /** Resolves when it is connected, or at its end. */
  async function dial(target: Parameters<typeof dialBare>[0]) {
    expect(await bareDialsWork(memory)).toBe(true);
    const recorder = new Recorder();
    let connected = false;
    let settle: () => void = () => {};
    const settled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const transport = dialBare(target, memory, () => {
      connected = true;
      settle();
    });
    transport.start({
      ...recorder.receiver,
      closed(error) {
        recorder.receiver.closed(error);
        settle();
      },
    });
    onTestFinished(() => transport.destroy());
    return { transport, recorder, settled, isConnected: () => connected };
  }

  it.each([
    ['127.0.0.1', undefined],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', undefined],
    ['::1', '::1'],
  ])('reaches %s, from %s', async (address, localAddress) => {
    const { port, dispose, next } = await listening(address);
    onTestFinished(dispose);
    const { settled, isConnected } = await dial({ address, port, localAddress });
    await settled;
    expect(isConnected()).toBe(true);
    const far = await next();
    if (localAddress !== undefined) expect(far.remoteAddress).toBe(localAddress);
  });

  it.each([
    ['nobody listens', { address: '127.0.0.1', port: 1 }, 'ECONNREFUSED'],
    [
      'the address is none of ours',
      { address: '127.0.0.1', port: 1, localAddress: '192.0.2.1' },
      'EADDRNOTAVAIL',
    ],
  ])('tells why it failed: %s', async (_what, target, code) => {
    const { recorder, settled, isConnected } = await dial(target);
    await settled;
    expect(isConnected()).toBe(false);
    expect(recorder.events).toEqual(['closed']);
    expect(recorder.error).toMatchObject({ code });
  });

  it.each(['destroy', 'reset'] as const)('can be given up on its way: %s', async (how) => {
    const { port, dispose } = await listening();
    onTestFinished(dispose);
    const { transport, recorder, settled, isConnected } = await dial({
      address: '127.0.0.1',
      port,
    });
    transport[how]();
    await settled;
    expect(isConnected()).toBe(false);
    expect(recorder.events).toEqual(['closed']);
    expect(recorder.error).toBeUndefined();
  });

  it('ends with a reset where that is asked for', async () => {
    const { port, dispose, next } = await listening();
    onTestFinished(dispose);
    const { transport, recorder, settled } = await dial({ address: '127.0.0.1', port });
    await settled;
    const far = await next();
    const broken = once(far, 'error');
    far.resume();
    transport.reset();
    expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(recorder.events).toEqual(['closed']);
  });
});
