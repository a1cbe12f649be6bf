import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { PassThrough } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { connect, WebSocketServer } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { Output } from '../../src/terminal/output.ts';
import { paletteFor } from '../../src/terminal/palette.ts';
import { tapServer } from '../../src/traffic/tap-server.ts';
import { TappedSocket } from '../../src/traffic/tapped-socket.ts';
import { TrafficDump } from '../../src/traffic/traffic-dump.ts';
import type { TrafficListener } from '../../src/traffic/traffic-listener.ts';
import { until } from '../serve/serving.ts';

interface Site {
  readonly port: number;
  readonly text: () => string;
}

/** An echo whose traffic is dumped. */
async function dumpedEcho(secure = false): Promise<Site> {
  let text = '';
  const dump = dumpTo((more) => {
    text += more;
    return undefined;
  });
  const port = await tappedEcho(dump, secure);
  return { port, text: () => text };
}

function dumpTo(write: (text: string) => Promise<void> | undefined): TrafficDump {
  return new TrafficDump({ write, palette: paletteFor(new PassThrough(), {}), showSecrets: false });
}

async function tappedEcho(dump: TrafficDump, secure = false): Promise<number> {
  const server = secure ? createTlsServer(selfSigned()) : createServer();
  const webSockets = new WebSocketServer({
    async message(connection, message) {
      if (connection.send(message) !== 'sent') await connection.drained();
    },
  }).attach(server);
  let id = 0;
  tapServer(server, ({ localAddress, localPort, remoteAddress, remotePort }): TrafficListener => {
    id += 1;
    return dump.connection({
      id,
      role: 'server',
      localAddress,
      localPort,
      remoteAddress,
      remotePort,
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    await webSockets.close({ timeout: 100 });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Lines with what octets mean. */
function decoded(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^ {7}/.test(line))
    .map((line) => line.slice(7));
}

it.each([false, true])(
  'A7 dumps a real connection from its beginning to its end (TLS: %s)',
  async (secure) => {
    const { port, text } = await dumpedEcho(secure);
    const connection = await connect(`${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/?token=sesame`, {
      ...(secure ? { tls: { rejectUnauthorized: false } } : {}),
    });
    connection.send('Hello World!');
    for await (const message of connection) {
      expect(message).toBe('Hello World!');
      connection.close(1000, 'bye');
    }
    await until(() => text().includes('  closed\n'));
    const lines = decoded(text());
    expect(lines).toContain('ok GET /?token=(redacted) HTTP/1.1');
    expect(lines).toContain('ok HTTP/1.1 101 Switching Protocols');
    expect(lines).toContain('   text, FIN, unmasked, 12 octets: "Hello World!"');
    expect(
      lines.filter((line) => /^ {3}text, FIN, masked with .*: "Hello World!"$/.test(line)),
    ).toHaveLength(1);
    expect(
      lines.filter((line) => / 5 octets: 1000 normal closure, "bye"$/.test(line)),
    ).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('!!'))).toEqual([]);
    expect(text()).not.toContain('sesame');
  },
);

it('A7 dumps what the server refuses, and what it answers', async () => {
  const { port, text } = await dumpedEcho();
  const peer = await RawPeer.connect(port);
  onTestFinished(() => peer.close());
  await peer.sendText(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await peer.takeHead();
  await peer.send('81 01 61');
  await peer.takeAll();
  peer.end();
  await until(() => text().includes('  closed\n'));
  const lines = decoded(text());
  expect(lines).toContain(
    '!! WS_MASK_MISSING: a frame from the client is not masked (RFC 6455 §5.1) → 1002',
  );
  expect(lines.at(-1)).toMatch(/^ {3}close, FIN, unmasked, .*: 1002 protocol error, "/);
});

it('A7 holds the connections back while the output is behind, and loses nothing', async () => {
  const sink = new PassThrough({ highWaterMark: 1_000 });
  const output = new Output(sink);
  const port = await tappedEcho(dumpTo((text) => output.write(text)));
  const dialling = connect(`ws://127.0.0.1:${port}/`);
  await until(() => output.blocked);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  // The beginning of one connection, and the request: nothing more is made while nobody reads.
  expect(sink.readableLength + sink.writableLength).toBeLessThan(10_000);
  const chunks: Buffer[] = [];
  sink.on('data', (chunk: Buffer) => chunks.push(chunk));
  const connection = await dialling;
  const sent = Buffer.alloc(300_000, 0x42);
  connection.send(sent);
  for await (const message of connection) {
    expect(sent.equals(message as Uint8Array)).toBe(true);
    connection.close();
  }
  await until(() => Buffer.concat(chunks).includes('  closed\n'));
  const text = Buffer.concat(chunks).toString();
  // Both directions: unmasked in the echo, in the other one in what is decoded.
  const rows = text.match(/ {2}42 42 42 42 42 42 42 42 {2}42 42 42 42 42 42 42 42 {2}\|B{16}\|/g);
  expect(rows?.length).toBeGreaterThan(2 * 18_700);
});

it.each([false, true])(
  'A7 dumps a client, on the stream that it dials (TLS: %s)',
  async (secure) => {
    const { port } = await dumpedEcho(secure);
    let text = '';
    const dump = dumpTo((more) => {
      text += more;
      return undefined;
    });
    const connection = await connect(`${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/`, {
      headers: { Authorization: 'Bearer sesame' },
      createConnection(request) {
        const socket = secure
          ? connectTls({ ...request, rejectUnauthorized: false })
          : connectTcp(request);
        return new TappedSocket(
          socket,
          dump.connection({
            id: 1,
            role: 'client',
            remoteAddress: request.host,
            remotePort: request.port,
          }),
        );
      },
    });
    connection.send('hi');
    for await (const message of connection) {
      expect(message).toBe('hi');
      connection.close();
    }
    expect((await connection.closed).code).toBe(1000);
    await until(() => text.includes('  closed\n'));
    const lines = decoded(text);
    expect(lines).toContain('   Authorization: Bearer (redacted)');
    expect(lines).toContain('   text, FIN, unmasked, 2 octets: "hi"');
    expect(lines.filter((line) => line.startsWith('!!'))).toEqual([]);
    expect(text).not.toContain('sesame');
    expect(text).toContain(` #1 (unknown) -> 127.0.0.1:${port}  `);
  },
);
