import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { connect, type StreamRequest, WebSocketServer } from 'meerkat';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { dial, failure } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { echo, serve } from '../support/serving.ts';

beforeEach(expectNothingUnhandled);

async function onUnixSocket(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-'));
  const path = join(folder, 's');
  const server = createServer();
  const wss = new WebSocketServer(echo).attach(server);
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  onTestFinished(async () => {
    await wss.close();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  return path;
}

describe('socketPath', () => {
  it('dials a unix socket, and sends the Host of the URL', async () => {
    const socketPath = await onUnixSocket();
    const { connection, next } = await dial('ws://example.com:81/x', { socketPath });
    connection.send('hello');
    expect(await next()).toBe('hello');
    expect(connection.remoteAddress).toBeUndefined();
    expect(connection.url).toBe('ws://example.com:81/x');
  });

  it('says so when nobody listens there', async () => {
    const error = await failure(connect('ws://localhost/', { socketPath: '/nowhere/at/all' }));
    expect(error.code).toBe('MEERKAT_CONNECT_FAILED');
    expect(error.message).toContain('/nowhere/at/all');
  });
});

describe('createConnection', () => {
  it('is asked once, with what net.connect needs', async () => {
    const site = await serve(echo);
    const asked: StreamRequest[] = [];
    const { connection, next } = await dial(site.url, {
      createConnection(request) {
        asked.push(request);
        return connectTcp(request);
      },
    });
    expect(asked).toEqual([{ secure: false, host: '127.0.0.1', port: site.port }]);
    connection.send('hello');
    expect(await next()).toBe('hello');
    connection.close();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
  });

  it('is asked with what tls.connect needs, certificates and the name to verify among it', async () => {
    const tls = selfSigned();
    const site = await serve(echo, { tls });
    const asked: StreamRequest[] = [];
    const url = site.url.replace('127.0.0.1', 'localhost');
    const { next, connection } = await dial(url, {
      tls: { ca: tls.cert },
      createConnection(request) {
        asked.push(request);
        return connectTls(request);
      },
    });
    expect(asked).toMatchObject([{ secure: true, host: 'localhost', servername: 'localhost' }]);
    connection.send('hello');
    expect(await next()).toBe('hello');
    // and it does verify
    const error = await failure(connect(url, { createConnection: (wanted) => connectTls(wanted) }));
    expect(error.code).toBe('MEERKAT_CONNECT_FAILED');
  });

  it('is asked with the path of a unix socket', async () => {
    const socketPath = await onUnixSocket();
    const { connection, next } = await dial('ws://localhost/', {
      socketPath,
      createConnection: (request) => connectTcp(request),
    });
    connection.send('hello');
    expect(await next()).toBe('hello');
  });

  it.each([
    [
      'what it throws',
      () => {
        throw new Error('no tunnel');
      },
      'no tunnel',
    ],
    ['a stream of text', () => silent().setEncoding('utf8'), 'not of octets'],
    ['a stream of objects', () => new PassThrough({ objectMode: true }), 'not of octets'],
    ['a stream that has failed', () => silent().destroy(new Error('it broke')), 'it broke'],
    ['a stream that is destroyed', () => silent().destroy(), 'is destroyed'],
    ['a value that is no stream', () => undefined as never, 'did not return a stream'],
  ])('fails the dial with %s', async (_what, createConnection, said) => {
    const error = await failure(connect('ws://localhost:1/', { createConnection }));
    expect(error.code).toBe('MEERKAT_CONNECT_FAILED');
    expect(error.message).toContain(said);
  });

  it('fails the dial when the stream fails', async () => {
    const stream = silent();
    const dialled = connect('ws://localhost:1/', { createConnection: () => stream });
    setImmediate(() => stream.destroy(new Error('the tunnel fell in')));
    const error = await failure(dialled);
    expect(error.message).toContain('the tunnel fell in');
  });

  it('gives up a stream that never answers, and destroys it', async () => {
    const stream = silent();
    const error = await failure(
      connect('ws://localhost:1/', { handshakeTimeout: 10, createConnection: () => stream }),
    );
    expect(error.code).toBe('MEERKAT_HANDSHAKE_TIMEOUT');
    expect(stream.destroyed).toBe(true);
  });
});

/** Takes everything and answers nothing. */
function silent(): Duplex {
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      done();
    },
  });
}
