// `meerkat serve --compression` as a process of its own, with clients of others: what they agree on, and what the dump shows.
import { on, once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { constants, deflateRawSync } from 'node:zlib';
import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { endWithTest, startServe } from './support/meerkat-serve.ts';
import { Program } from './support/program.ts';

/** Compresses well, and is past every threshold. */
const LONG = 'a meerkat stands upright. '.repeat(400);

/** The client of the npm package ws, what was agreed on with it, and what it hears. */
async function wsClient(
  port: number,
  perMessageDeflate: ClientOptions['perMessageDeflate'],
): Promise<{
  client: WebSocket;
  agreed: string | undefined;
  next(): Promise<[data: Buffer, binary: boolean]>;
}> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/websocket`, { perMessageDeflate });
  onTestFinished(() => client.terminate());
  const messages = on(client, 'message');
  const [response] = (await once(client, 'upgrade')) as [IncomingMessage];
  const agreed = response.headers['sec-websocket-extensions'];
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open');
  return { client, agreed, next: async () => (await messages.next()).value };
}

/** A client that sends octets as they are, after an opening handshake that agreed on compression. */
async function compressingPeer(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  await peer.sendText(
    [
      'GET /websocket HTTP/1.1',
      'Host: localhost',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Extensions: permessage-deflate',
      '',
      '',
    ].join('\r\n'),
  );
  expect(await peer.takeHead()).toContain('permessage-deflate');
  return peer;
}

/** A message of zeros, compressed, in one frame with a key of zeros. */
function zeros(length: number): Buffer {
  const bomb = deflateRawSync(Buffer.alloc(length), {
    finishFlush: constants.Z_SYNC_FLUSH,
  }).subarray(0, -4);
  const header = Buffer.from([0xc2, 0xfe, 0, 0, 0, 0, 0, 0]);
  header.writeUInt16BE(bomb.length, 2);
  return Buffer.concat([header, bomb]);
}

describe('meerkat serve --compression', () => {
  let server: Program;
  let port: number;

  beforeAll(async () => {
    const flags = ['--compression', '--hexdump', '--request-log'];
    server = Program.meerkat(['serve', 'examples/public', '--port', '0', ...flags]);
    port = Number((await server.prints(/ws:\/\/\S+?:(\d+)\/websocket/))[1]);
  });
  afterAll(async () => {
    await server.stop();
  });

  it('A9 agrees with the npm client ws, echoes, and says so in banner, log and dump', async () => {
    const { client, agreed, next } = await wsClient(port, { threshold: 0 });
    expect(agreed).toBe(
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12',
    );
    client.send(LONG);
    expect(await next()).toEqual([Buffer.from(LONG), false]);
    client.send(Buffer.alloc(100_000, 'octets'));
    expect(await next()).toEqual([Buffer.alloc(100_000, 'octets'), true]);
    client.close(1000);
    expect(await once(client, 'close')).toEqual([1000, Buffer.alloc(0)]);
    await server.prints(/-- 127\.0\.0\.1:\d+ +closed/);
    expect(server.stdout).toMatch(/^ {2}compression +for clients that offer permessage-deflate$/m);
    expect(server.stdout).toMatch(/^ {12}permessage-deflate: agreed, messages may be compressed/m);
    const begins = 'inflated: text, at least ';
    const lines = server.stdout.split('\n').map((line) => line.trim());
    expect(lines.filter((line) => line.startsWith(begins))).toHaveLength(2);
    expect(
      lines.filter((line) => /^inflated: binary, at least \d+ octets$/.test(line)),
    ).toHaveLength(2);
    expect(server.stdout.match(/^ {7}!!.*$/gm)).toBeNull();
    await server.prints(/"event":"open".*"extensions":"permessage-deflate; server/, 'stderr');
  });

  it('A9 leaves a client alone that does not offer it', async () => {
    const { client, agreed, next } = await wsClient(port, false);
    expect(agreed).toBeUndefined();
    client.send(LONG);
    expect(await next()).toEqual([Buffer.from(LONG), false]);
  });

  it('C9 is not harmed by a bomb: the dump shows its beginning, and the next client is served', async () => {
    const peer = await compressingPeer(port);
    await peer.send(zeros(48 * 1_048_576));
    expect((await peer.take(4)).slice(-5)).toBe('03 f1'); // 1009
    await peer.close();
    await server.prints(/inflated: binary, at least 65536 octets/);
    const next = await connect(`ws://127.0.0.1:${port}/websocket`);
    onTestFinished(() => next.terminate());
    expect(await next.ping()).toBeGreaterThan(0);
  });

  it('C9 is not held up by the dump of many bombs at once: most of them are said in words', async () => {
    const peer = await compressingPeer(port);
    await peer.send(Buffer.concat(Array<Buffer>(60).fill(zeros(1_048_576))));
    await server.prints(/not inflated: too much at once/);
    await peer.close();
    const next = await connect(`ws://127.0.0.1:${port}/websocket`);
    onTestFinished(() => next.terminate());
    expect(await next.ping()).toBeGreaterThan(0);
  });

  it('A9 agrees with meerkat connect, unless that is told --no-compression', async () => {
    const run = async (...flags: readonly string[]): Promise<Program> => {
      const url = `ws://127.0.0.1:${port}/websocket`;
      const program = Program.meerkat(['connect', url, '-m', LONG, '--count', '1', ...flags]);
      endWithTest(program);
      expect(await program.exited).toBe(0);
      expect(program.stdout).toBe(`${LONG}\n`);
      return program;
    };
    const [compressed, plain] = await Promise.all([
      run('-v', '--hexdump'),
      run('-v', '--no-compression'),
    ]);
    expect(compressed.stderr).toMatch(/^< ok Sec-WebSocket-Extensions: permessage-deflate/m);
    expect(compressed.stderr.match(/^ {10}text, FIN, RSV1 \(compressed\), /gm)).toHaveLength(2);
    expect(compressed.stderr.match(/^ {10}inflated: text, at least \d+ octets; /gm)).toHaveLength(
      2,
    );
    expect(plain.stderr).not.toContain('permessage-deflate');
  });
});

it('C11 --compression-takeover keeps the context in both directions, with messages past 1 MiB', async () => {
  const { port } = await startServe(
    ...['--compression', '--compression-takeover', '--compression-window-bits', '15'],
    ...['--max-message-bytes', '67108864'],
  );
  const { client, agreed, next } = await wsClient(port, { threshold: 0 });
  expect(agreed).toBe('permessage-deflate');
  for (const message of ['', 'a', LONG, LONG, 'x'.repeat(8 * 1_048_576), `${LONG}!`]) {
    client.send(message);
    const [data, binary] = await next();
    expect(binary).toBe(false);
    expect(data.toString() === message).toBe(true);
  }
});
