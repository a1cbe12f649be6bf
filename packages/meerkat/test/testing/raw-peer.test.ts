import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { fromHex, RawPeer, toHex } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { turns, until } from '../support/waiting.ts';

/** A peer, and the far end of its stream. */
function inMemory(): { peer: RawPeer; far: ReturnType<typeof duplexPair>[0] } {
  const [near, far] = duplexPair();
  far.resume();
  onTestFinished(() => {
    near.destroy();
    far.destroy();
  });
  return { peer: new RawPeer(near), far };
}

async function onTcp(): Promise<{ peer: RawPeer; far: Socket; server: Server }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const accepted = once(server, 'connection');
  const peer = await RawPeer.connect(typeof address === 'object' ? (address?.port ?? 0) : 0);
  const [far] = (await accepted) as [Socket];
  far.on('error', () => {});
  onTestFinished(async () => {
    await peer.close();
    far.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { peer, far, server };
}

describe('hex', () => {
  it('reads digits, whatever groups them', () => {
    expect(fromHex('81 82\n00:00 00-00, 68 69')).toEqual(Buffer.from('8182000000006869', 'hex'));
    expect(fromHex('')).toEqual(Buffer.alloc(0));
  });

  it('writes two digits an octet, with a blank between', () => {
    expect(toHex(Uint8Array.of(0, 0x0f, 0xff))).toBe('00 0f ff');
    expect(toHex(new Uint8Array(0))).toBe('');
  });
});

describe('RawPeer', () => {
  it('sends exactly what it is told, hex, octets or text', async () => {
    const { peer, far } = inMemory();
    const heard: Buffer[] = [];
    far.on('data', (chunk: Buffer) => heard.push(chunk));
    await peer.send('81 00');
    await peer.send(Uint8Array.of(1, 2));
    await peer.sendText('GET \xff');
    expect(toHex(Buffer.concat(heard))).toBe('81 00 01 02 47 45 54 20 ff');
  });

  it('takes a number of octets, waiting for them, and leaves the rest', async () => {
    const { peer, far } = inMemory();
    far.write(fromHex('01 02'));
    const taken = peer.take(3);
    await turns();
    far.write(fromHex('03 04 05'));
    expect(await taken).toBe('01 02 03');
    expect(toHex(peer.received)).toBe('04 05');
    expect(await peer.take(0)).toBe('');
    expect(await peer.take(1)).toBe('04');
    expect(await peer.take(1)).toBe('05');
    expect(peer.received).toHaveLength(0);
  });

  it('takes fewer octets when the stream ends before', async () => {
    const { peer, far } = inMemory();
    far.end(fromHex('01 02'));
    expect(await peer.take(3)).toBe('01 02');
    expect(peer.ended).toBe(true);
    expect(await peer.take(3)).toBe('');
  });

  it('takes everything up to the end', async () => {
    const { peer, far } = inMemory();
    far.write(fromHex('01'));
    const all = peer.takeAll();
    await turns();
    far.end(fromHex('02 03'));
    expect(await all).toBe('01 02 03');
    const text = inMemory();
    text.far.end(fromHex('48 69 ff'));
    expect(await text.peer.takeText()).toBe('Hi\xff');
  });

  it('takes a head up to its empty line, however it is cut', async () => {
    const { peer, far } = inMemory();
    for (const character of 'HTTP/1.1 101 x\r\nA: b\r\n\r\nrest') far.write(character);
    expect(await peer.takeHead()).toBe('HTTP/1.1 101 x\r\nA: b\r\n\r\n');
    await until(() => peer.received.length === 4);
    expect(peer.received.toString()).toBe('rest');
    far.end();
    expect(await peer.takeHead()).toBe('rest');
  });

  it('keeps much in many pieces, in order, in reasonable time', async () => {
    const { peer, far } = await onTcp();
    const part = Buffer.alloc(1_000);
    for (let index = 0; index < 10_000; index += 1) {
      part.writeUInt32BE(index);
      far.write(Buffer.from(part));
    }
    far.end();
    for (let index = 0; index < 9_000; index += 1) {
      expect((await peer.take(1_000)).slice(0, 11)).toBe(toHex(uint32(index)));
    }
    const rest = fromHex(await peer.takeAll());
    expect(rest).toHaveLength(1_000_000);
    expect(rest.readUInt32BE(999_000)).toBe(9_999);
  });

  it('ends its direction, and still reads', async () => {
    const { peer, far } = await onTcp();
    const ended = once(far.resume(), 'end');
    peer.end();
    await ended;
    far.end('late');
    expect(await peer.takeText()).toBe('late');
    expect(peer.stream.readableEnded).toBe(true);
  });

  it('resets', async () => {
    const { peer, far } = await onTcp();
    far.resume();
    peer.reset();
    await until(() => far.destroyed);
    expect(far.errored).toMatchObject({ code: 'ECONNRESET' });
  });

  it('survives being reset: what it waits for ends', async () => {
    const { peer, far } = await onTcp();
    const taken = peer.take(10);
    far.write('four');
    await until(() => peer.received.length === 4);
    far.resetAndDestroy();
    expect(await taken).toBe('66 6f 75 72');
    expect(peer.stream.readableEnded).toBe(false);
    await peer.send('00'); // is lost, and nobody minds
  });

  it('closes both directions, once and again', async () => {
    const { peer, far } = await onTcp();
    const closed = once(far.resume(), 'close');
    far.on('end', () => far.end());
    await Promise.all([peer.close(), peer.close()]);
    await peer.close();
    expect(peer.ended).toBe(true);
    await closed;
  });

  it('of a stream that is over already waits for nothing', async () => {
    const [near, far] = duplexPair();
    near.destroy();
    await once(near, 'close');
    const peer = new RawPeer(near);
    expect(await peer.takeAll()).toBe('');
    await peer.close();
    far.destroy();
  });

  it('rejects when nobody listens there', async () => {
    const { server } = await onTcp();
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    server.close();
    await expect(RawPeer.connect(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}
