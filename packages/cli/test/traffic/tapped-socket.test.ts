import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { RawPeer } from 'meerkat/testing';
import { expect, it, onTestFinished } from 'vitest';
import { TappedSocket } from '../../src/traffic/tapped-socket.ts';
import { until } from '../serve/serving.ts';
import { RecordingListener } from './recording-listener.ts';

interface Wire {
  readonly peer: RawPeer;
  readonly socket: Socket;
  readonly tapped: TappedSocket;
  readonly errors: unknown[];
}

/** A peer, and the tap on the socket that it is connected to. */
async function wire(listener: RecordingListener, allowHalfOpen = true): Promise<Wire> {
  const server = createServer({ allowHalfOpen });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const peer = await RawPeer.connect((server.address() as AddressInfo).port);
  const [socket] = (await accepted) as [Socket];
  const tapped = new TappedSocket(socket, listener);
  const errors: unknown[] = [];
  tapped.on('error', (error) => errors.push(error));
  onTestFinished(async () => {
    await peer.close();
    tapped.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { peer, socket, tapped, errors };
}

/** A listener that is behind until it is told that it is not. */
class SlowListener extends RecordingListener {
  readonly #waiting: (() => void)[] = [];
  chunks = 0;

  override received(octets: Uint8Array): Promise<void> {
    void super.received(octets);
    return this.#wait();
  }

  override sent(octets: Uint8Array): Promise<void> {
    void super.sent(octets);
    return this.#wait();
  }

  catchUp(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #wait(): Promise<void> {
    this.chunks += 1;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

it('A7 reads no further while the listener is behind', async () => {
  const listener = new SlowListener();
  const { peer, socket, tapped } = await wire(listener);
  let read = 0;
  tapped.on('data', (chunk: Buffer) => {
    read += chunk.length;
  });
  void peer.send(Buffer.alloc(4_000_000));
  await until(() => listener.chunks === 1);
  expect(socket.isPaused()).toBe(true);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(listener.chunks).toBe(1);
  expect(read).toBeLessThanOrEqual(65_536);
  await until(() => {
    listener.catchUp();
    return read === 4_000_000;
  });
  expect(listener.receivedText.length).toBe(4_000_000);
});

it('A7 shows and sends large writes in slices, the next when the listener has caught up', async () => {
  const listener = new SlowListener();
  const { peer, tapped } = await wire(listener);
  let written = false;
  tapped.write(Buffer.alloc(200_000, 'z'), () => {
    written = true;
  });
  await until(() => peer.received.length === 65_536);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(listener.chunks).toBe(1);
  expect(tapped.writableLength).toBe(200_000);
  await until(() => {
    listener.catchUp();
    return written;
  });
  expect(listener.chunks).toBe(4);
  await until(() => peer.received.length === 200_000);
  expect(peer.received.equals(Buffer.alloc(200_000, 'z'))).toBe(true);
});

it('goes on when the listener fails', async () => {
  const listener = new RecordingListener();
  listener.sent = () => Promise.reject(new Error('no dump'));
  const { peer, tapped } = await wire(listener);
  tapped.end('all');
  expect(await peer.takeText()).toBe('all');
});

it('keeps a connection half-open', async () => {
  const listener = new RecordingListener();
  const { peer, tapped } = await wire(listener);
  tapped.resume();
  peer.end();
  await once(tapped, 'end');
  expect(tapped.writable).toBe(true);
  tapped.end('late');
  expect(await peer.takeText()).toBe('late');
  await until(() => tapped.closed);
  expect(listener.events).toEqual(['ended in', 'ended out', 'closed']);
  expect(listener.errors).toEqual([undefined]);
});

it('ends with the peer where the socket does', async () => {
  const listener = new RecordingListener();
  const { peer, tapped } = await wire(listener, false);
  tapped.resume();
  peer.end();
  await peer.takeAll();
  await until(() => tapped.closed);
  expect(listener.events).toEqual(['ended in', 'ended out', 'closed']);
});

it('ends our direction first and reads on', async () => {
  const listener = new RecordingListener();
  const { peer, tapped } = await wire(listener);
  tapped.end('bye');
  expect(await peer.takeText()).toBe('bye');
  const data = once(tapped, 'data');
  await peer.sendText('still here');
  expect(String((await data)[0])).toBe('still here');
});

it('keeps what was read when both sides have ended, until somebody reads it', async () => {
  const listener = new RecordingListener();
  const { peer, socket, tapped } = await wire(listener);
  tapped.read(0);
  await peer.sendText('unread');
  await until(() => tapped.readableLength === 6);
  peer.end();
  tapped.end();
  await once(socket, 'close');
  expect(tapped.destroyed).toBe(false);
  expect(String(tapped.read())).toBe('unread');
  tapped.resume();
  await until(() => tapped.closed);
});

it('passes a reset on as the error of a socket', async () => {
  const listener = new RecordingListener();
  const { peer, tapped, errors } = await wire(listener);
  tapped.resume();
  peer.reset();
  await until(() => tapped.closed);
  expect(errors).toEqual([expect.objectContaining({ code: 'ECONNRESET' })]);
  expect(listener.events).toEqual(['closed']);
  expect(listener.errors).toEqual(errors);
});

it('resets with resetAndDestroy()', async () => {
  const { peer, tapped } = await wire(new RecordingListener());
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => peer.stream.on('error', resolve));
  tapped.resetAndDestroy();
  expect((await failed).code).toBe('ECONNRESET');
  await until(() => tapped.closed);
});

it('destroys the socket with itself, and reports its own error', async () => {
  const listener = new RecordingListener();
  const { peer, socket, tapped, errors } = await wire(listener);
  tapped.write('x');
  await peer.take(1);
  tapped.destroy(new Error('enough'));
  await until(() => tapped.closed);
  expect(socket.destroyed).toBe(true);
  expect(errors).toEqual([expect.objectContaining({ message: 'enough' })]);
  await peer.takeAll();
});

it('is destroyed with the socket', async () => {
  const { socket, tapped } = await wire(new RecordingListener());
  socket.destroy();
  await until(() => tapped.closed);
  expect(tapped.destroyed).toBe(true);
});

it('writes everything before destroySoon() destroys', async () => {
  const { peer, tapped } = await wire(new RecordingListener());
  tapped.write(Buffer.alloc(300_000));
  tapped.destroySoon();
  peer.end();
  expect((await peer.takeText()).length).toBe(300_000);
  await until(() => tapped.closed);
});

it('passes timeouts on, and forgets them', async () => {
  const { tapped } = await wire(new RecordingListener());
  await new Promise<void>((resolve) => tapped.setTimeout(5, resolve));
  expect(tapped.timeout).toBe(5);
  tapped.setTimeout(0);
  expect(tapped.listenerCount('timeout')).toBe(0);
});

it('sends in one piece what was corked', async () => {
  const listener = new RecordingListener();
  const { peer, tapped } = await wire(listener);
  tapped.cork();
  tapped.write('one ');
  tapped.write('two');
  tapped.uncork();
  expect(await peer.take(7)).toBe('6f 6e 65 20 74 77 6f');
  expect(listener.sentText).toBe('one two');
});

it('has the properties of its socket', async () => {
  const { socket, tapped } = await wire(new RecordingListener());
  const names = [
    'remoteAddress',
    'remotePort',
    'remoteFamily',
    'localAddress',
    'localPort',
    'localFamily',
    'connecting',
    'pending',
    'readyState',
    'bytesRead',
    'bytesWritten',
    'timeout',
  ] as const;
  for (const name of names) expect(tapped[name], name).toBe(socket[name]);
  expect(tapped.address()).toEqual(socket.address());
  expect(tapped.encrypted).toBeUndefined();
  expect(tapped.authorized).toBeUndefined();
  expect(tapped.getPeerCertificate()).toBeUndefined();
  expect(tapped.setNoDelay(true).setKeepAlive(true, 1_000).unref().ref()).toBe(tapped);
});
