import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { RawPeer } from 'meerkat/testing';
import { listen } from '../support/serving.ts';
import { until } from '../support/waiting.ts';

/** What a client of ours is connected to. */
interface Accepted {
  readonly peer: RawPeer;
  readonly socket: Socket;
}

/** A server that makes the handshake and leaves the rest to a raw peer, until the test ends. */
export async function fakeServer(): Promise<{ url: string; nextPeer(): Promise<Accepted> }> {
  const accepted: Accepted[] = [];
  const upgrade = async (socket: Socket): Promise<void> => {
    const peer = new RawPeer(socket);
    const key = /^Sec-WebSocket-Key: (.*)\r$/im.exec(await peer.takeHead())?.[1] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
    ];
    await peer.sendText(`${lines.join('\r\n')}\r\n\r\n`);
    accepted.push({ peer, socket });
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    void upgrade(socket); // a test that waits for it in vain times out
  });
  const { port } = await listen(server);
  return {
    url: `ws://127.0.0.1:${port}/`,
    async nextPeer() {
      await until(() => accepted.length > 0);
      return accepted.shift() as Accepted;
    },
  };
}
