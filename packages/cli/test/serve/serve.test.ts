import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionIds } from '../../src/serve/connection-ids.ts';
import { echo } from '../../src/serve/echo.ts';
import { parseListenUrl } from '../../src/serve/listen-address.ts';
import { RequestLog } from '../../src/serve/request-log.ts';
import { type ServeOptions, type Serving, serve } from '../../src/serve/serve.ts';
import { makeTlsIdentity } from '../../src/serve/tls-identity.ts';
import { ask, temporaryFolder } from './serving.ts';

const DRAIN = { code: 1001, spread: 0, timeout: 60_000 };

/** Serves an empty folder until the test ends. */
async function serveFor(
  url: string,
  options: Partial<ServeOptions<unknown>> = {},
): Promise<{ serving: Serving; port: number }> {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.dispose());
  const address = parseListenUrl(url);
  const serving = await serve({
    directory: folder.path,
    followSymlinks: false,
    listen: [address],
    tls: address.secure ? await makeTlsIdentity([]) : undefined,
    webSocket: { message: echo },
    logger: pino({ level: 'silent' }),
    requestLog: undefined,
    ...options,
  });
  onTestFinished(() => serving.close({ ...DRAIN, timeout: 0 }));
  const [endpoint] = serving.endpoints;
  if (endpoint === undefined || !('authority' in endpoint)) throw new Error('no TCP endpoint');
  return { serving, port: Number(/\d+$/.exec(endpoint.authority)) };
}

/** A request log that is kept. */
function recording(): { events: object[]; requestLog: RequestLog } {
  const events: object[] = [];
  const logger = pino({}, { write: (line: string) => void events.push(JSON.parse(line)) });
  return { events, requestLog: new RequestLog(logger, new ConnectionIds()) };
}

async function silent(port: number): Promise<Socket> {
  const socket = connectTcp(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // a reset is an end too
  await once(socket, 'connect');
  return socket;
}

async function silentInTls(port: number): Promise<Socket> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

function closed(socket: Socket): Promise<unknown> {
  socket.resume();
  return new Promise((resolve) => socket.once('close', resolve));
}

describe('TLS that goes wrong', () => {
  it('H16 closes a connection whose TLS handshake is never finished', async () => {
    const { events, requestLog } = recording();
    const options = { tlsHandshakeTimeout: 50, requestLog };
    const { port } = await serveFor('wss://127.0.0.1:0', options);
    const [nothing, half] = [await silent(port), await silent(port)];
    half.write(Buffer.from('1603010200010001fc0303', 'hex')); // a ClientHello that goes on
    await Promise.all([closed(nothing), closed(half)]);
    expect([nothing.bytesRead, half.bytesRead]).toEqual([0, 0]);
    expect(events).toMatchObject([
      { event: 'tlsFailed', code: 'ERR_TLS_HANDSHAKE_TIMEOUT' },
      { event: 'tlsFailed', code: 'ERR_TLS_HANDSHAKE_TIMEOUT' },
    ]);
  });

  it('closes a connection that speaks HTTP where TLS is spoken, and goes on', async () => {
    const { events, requestLog } = recording();
    const { port } = await serveFor('wss://127.0.0.1:0', { requestLog });
    const socket = await silent(port);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await closed(socket);
    expect(Buffer.concat(chunks).toString('latin1')).not.toContain('HTTP/1.1 2');
    (await silentInTls(port)).destroy();
    expect(events).toMatchObject([{ event: 'tlsFailed', code: 'ERR_SSL_HTTP_REQUEST' }]);
  });
});

describe('the end of serve', () => {
  it.each([
    ['plain', 'ws://127.0.0.1:0', silent],
    ['TLS, before its handshake', 'wss://127.0.0.1:0', silent],
    ['TLS, after its handshake', 'wss://127.0.0.1:0', silentInTls],
  ])('R9 does not wait for a connection without a request: %s', async (_what, url, open) => {
    const { serving, port } = await serveFor(url);
    const socket = await open(port);
    const end = closed(socket);
    const answered = await silent(port); // whoever comes later has been accepted later
    answered.destroy();
    await serving.close(DRAIN);
    await end;
  });

  it('R9 does not wait for connections that are kept alive', async () => {
    const { serving, port } = await serveFor('ws://127.0.0.1:0');
    const peer = await RawPeer.connect(port);
    await peer.sendText('GET /rest HTTP/1.1\r\nHost: x\r\n\r\n');
    await peer.takeHead();
    await serving.close(DRAIN);
    expect(await peer.takeText()).toBe('{"result": 123}\n');
    await peer.close();
  });

  it('R9 resolves when everybody has answered the Close, and counts nobody then', async () => {
    const { serving, port } = await serveFor('ws://127.0.0.1:0');
    const connection = await connect(`ws://127.0.0.1:${port}/websocket`);
    await connection.ping();
    expect(serving.connections).toBe(1);
    await serving.close({ ...DRAIN, code: 1012 });
    expect(serving.connections).toBe(0);
    expect(await connection.closed).toMatchObject({ code: 1012, by: 'peer', clean: true });
  });

  it('closes what listens already when one of several addresses cannot be listened on', async () => {
    const { port } = await serveFor('ws://127.0.0.1:0');
    const folder = await temporaryFolder();
    onTestFinished(() => folder.dispose());
    const path = `${folder.path}/s`;
    const listen = [parseListenUrl(`unix:${path}`), parseListenUrl(`ws://127.0.0.1:${port}`)];
    await expect(serveFor('ws://127.0.0.1:0', { listen })).rejects.toMatchObject({ exitCode: 1 });
    await expect(connect('ws://localhost/websocket', { socketPath: path })).rejects.toMatchObject({
      code: expect.any(String),
    });
    expect((await ask(port, '/rest')).status).toBe(200);
  });
});
