// The correct ones among the broken peers, against other implementations: a control that is wrong itself controls nothing.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from 'ws';
import { runBrokenClient } from './broken-client.ts';
import { type BrokenServer, startBrokenServer } from './broken-server.ts';

let server: BrokenServer;

beforeAll(async () => {
  server = await startBrokenServer();
});

afterAll(async () => {
  await server.close();
});

async function expectEcho(socket: WebSocket, message: string | Buffer): Promise<void> {
  socket.send(message);
  const [data, binary] = (await once(socket, 'message')) as [Buffer, boolean];
  expect(binary).toBe(typeof message !== 'string');
  expect(data.equals(Buffer.from(message))).toBe(true);
}

/** Compressible, and unlike from message to message. */
function sample(n: number, length: number): string {
  return JSON.stringify({ n, even: n % 2 === 0, name: `item ${n * 7919}` })
    .repeat(Math.ceil(length / 30))
    .slice(0, length);
}

describe('the correct server, to a client of npm ws', () => {
  it.each<[string, PerMessageDeflateOptions | false]>([
    ['without compression', false],
    ['with compression', {}],
    ['without its context', { serverNoContextTakeover: true }],
    ['with a window of 9 bits', { serverMaxWindowBits: 9 }],
    [
      'with a window of 8 bits and none of its context',
      { serverMaxWindowBits: 8, serverNoContextTakeover: true },
    ],
    ['with small windows on both sides', { serverMaxWindowBits: 10, clientMaxWindowBits: 9 }],
  ])('echoes %s', async (_words, perMessageDeflate) => {
    const offer = perMessageDeflate === false ? false : { threshold: 0, ...perMessageDeflate };
    const socket = new WebSocket(server.url, { perMessageDeflate: offer });
    await once(socket, 'open');
    expect(socket.extensions.includes('permessage-deflate')).toBe(perMessageDeflate !== false);
    for (let n = 0; n < 50; n += 1) {
      await expectEcho(socket, sample(n, (n * 997) % 20_000));
    }
    const big = Buffer.alloc(2_000_000, 'some pattern');
    await expectEcho(socket, big);
    socket.ping('are you there?');
    expect(String((await once(socket, 'pong'))[0])).toBe('are you there?');
    socket.close(3000);
    expect((await once(socket, 'close'))[0]).toBe(3000);
  });
});

const REQUEST = [
  'GET / HTTP/1.1',
  'Host: 127.0.0.1',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

/** Everything that comes behind the head, in hex, until the server ends TCP. */
async function answerTo(socket: Socket, octets: Buffer, size: number): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  for (let at = 0; at < octets.length; at += size) {
    socket.write(octets.subarray(at, at + size));
    await setImmediate();
  }
  await once(socket, 'end');
  socket.destroy();
  const all = Buffer.concat(chunks);
  return all.subarray(all.indexOf('\r\n\r\n') + 4).toString('hex');
}

describe('the correct server, to octets', () => {
  // The masking key is zero, so that a payload looks like itself.
  it.each([
    ['a normal Close', '8882 00000000 03e8', '880203e8'],
    ['a Close without code', '8880 00000000', '8800'],
    [
      'a ping between fragments',
      '0181 00000000 61 8981 00000000 70 8081 00000000 62 8880 00000000',
      '8a0170 81026162 8800',
    ],
    ['RSV1', 'c181 00000000 61', '880203ea'],
    ['an opcode 3', '8380 00000000', '880203ea'],
    ['a fragmented ping', '0980 00000000', '880203ea'],
    ['a ping of 126 octets', '89fe 007e 00000000', '880203ea'],
    ['a stray continuation', '8081 00000000 61', '880203ea'],
    ['a message inside of a message', '0181 00000000 61 8181 00000000 62', '880203ea'],
    ['an unmasked frame', '8101 61', '880203ea'],
    ['5 octets with a length of 16 bits', '82fe 0005 00000000', '880203ea'],
    ['200 octets with a length of 64 bits', '82ff 00000000000000c8 00000000', '880203ea'],
    ['a length with the top bit', '82ff 8000000000000000 00000000', '880203ea'],
    ['a length past its limit', '82ff 0000000004000001 00000000', '880203f1'],
    ['a Close of one octet', '8881 00000000 03', '880203ea'],
    ['a Close with 1005', '8882 00000000 03ed', '880203ea'],
    ['a reason that is not UTF-8', '8883 00000000 03e8 ff', '880203ef'],
    [
      'an octet that text cannot go on with, in an unfinished frame',
      '81e4 00000000 ceba ff',
      '880203ef',
    ],
    ['text that ends within a code point', '8182 00000000 e282', '880203ef'],
  ])('answers %s, whole and octet by octet', async (_words, hex, answer) => {
    const octets = Buffer.concat([
      Buffer.from(REQUEST),
      Buffer.from(hex.replaceAll(' ', ''), 'hex'),
    ]);
    for (const size of [octets.length, 1]) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').setNoDelay();
      expect(await answerTo(socket, octets, size)).toBe(answer.replaceAll(' ', ''));
    }
  });

  it('refuses a request without a version with 426', async () => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.end(REQUEST.replace('Sec-WebSocket-Version: 13\r\n', ''));
    await once(socket, 'end');
    expect(String(Buffer.concat(chunks))).toMatch(
      /^HTTP\/1\.1 426 .*Sec-WebSocket-Version: 13\r\n/s,
    );
  });
});

describe('the correct client, to a server of npm ws', () => {
  it.each<[string, PerMessageDeflateOptions | false]>([
    ['without compression', false],
    ['with compression', { threshold: 0 }],
    [
      'without its context, and with a window of 9 bits',
      { threshold: 0, clientNoContextTakeover: true, clientMaxWindowBits: 9 },
    ],
  ])('asks for the cases and echoes %s', async (_words, perMessageDeflate) => {
    const served = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      perMessageDeflate,
      handleProtocols: () => false,
    });
    await once(served, 'listening');
    const asked: string[] = [];
    const failures: unknown[] = [];
    served.on('connection', (socket, request) => {
      asked.push(request.url ?? '');
      serveCase(socket, request.url ?? '').catch((error: unknown) => failures.push(error));
    });
    const { port } = served.address() as { port: number };
    const run = await runBrokenClient(`ws://127.0.0.1:${port}`, 'a name');
    served.close();
    await once(served, 'close');
    expect(failures).toEqual([]);
    expect(run).toEqual({ cases: 2, diedIn: undefined });
    expect(asked).toEqual([
      '/getCaseCount',
      '/runCase?case=1&agent=a%20name',
      '/runCase?case=2&agent=a%20name',
      '/updateReports?agent=a%20name',
    ]);
  });
});

async function serveCase(socket: WebSocket, url: string): Promise<void> {
  if (url === '/getCaseCount') socket.send('2');
  if (url.startsWith('/runCase')) {
    for (let n = 0; n < 30; n += 1) {
      await expectEcho(socket, sample(n, n * 500));
    }
  }
  socket.close();
  expect((await once(socket, 'close'))[0]).toBe(1005);
}
