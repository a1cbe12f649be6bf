// `meerkat serve` as a user runs it: a process of its own, real sockets.
import { on, once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Program } from './support/program.ts';

let folder: string;
let server: Program;
let port: number;

const portOf = async (program: Program): Promise<number> =>
  Number((await program.prints(/ws:\/\/\S+?:(\d+)\/websocket/))[1]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meerkat-serve-'));
  writeFileSync(join(folder, 'hello.txt'), 'Hello World!\n');
  writeFileSync(join(folder, '.env'), 'SECRET=1\n');
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub/index.html'), '<!doctype html><title>sub</title>');
  server = Program.meerkat(['serve', folder, '--port', '0']);
  port = await portOf(server);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own; the path goes out as it is. */
function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, headers, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('latin1');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    request.on('error', reject);
    request.end();
  });
}

describe('meerkat serve', () => {
  it('A2 prints every URL that it answers on', () => {
    expect(server.stdout).toContain(`http://localhost:${port}/`);
    expect(server.stdout).toContain(`ws://localhost:${port}/websocket`);
    expect(server.stdout).toContain(`http://localhost:${port}/rest`);
  });

  it('A3 echoes text as text and binary as binary at /websocket', async () => {
    const connection = await connect(`ws://127.0.0.1:${port}/websocket`);
    const messages = connection[Symbol.asyncIterator]();
    connection.send('Grüße 👋');
    expect((await messages.next()).value).toBe('Grüße 👋');
    connection.send(new Uint8Array([0, 255, 1]));
    expect((await messages.next()).value).toEqual(new Uint8Array([0, 255, 1]));
    await messages.return?.(); // the last message is done with
    connection.close();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
  });

  it('A3 echoes to the npm client ws', async () => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/websocket`);
    const messages = on(client, 'message'); // from here on, so that none is missed
    await once(client, 'open');
    client.send('text');
    client.send(Buffer.from([1, 2, 3]));
    expect((await messages.next()).value).toEqual([Buffer.from('text'), false]);
    expect((await messages.next()).value).toEqual([Buffer.from([1, 2, 3]), true]);
    client.close(4321, 'enough');
    expect(await once(client, 'close')).toEqual([4321, Buffer.alloc(0)]);
  });

  it('A8 answers the exchange of the founding document octet by octet', async () => {
    const peer = await RawPeer.connect(port);
    await peer.sendText(
      [
        'GET /websocket HTTP/1.1',
        'Host: localhost:8000',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Origin: http://localhost:8000',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: aijc515qfzyVZxdEyv1cDw==',
        'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
        '',
        '',
      ].join('\r\n'),
    );
    expect(await peer.takeHead()).toBe(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Accept: MuGQ/SKV5Xm4wvNLi4qUhRw7lkc=',
        '',
        '',
      ].join('\r\n'),
    );
    await peer.send('81 8c ed 7f 06 db a5 1a 6a b7 82 5f 51 b4 9f 13 62 fa');
    expect(await peer.take(14)).toBe('81 0c 48 65 6c 6c 6f 20 57 6f 72 6c 64 21');
    await peer.close();
  });

  it('A4 answers /rest byte for byte', async () => {
    const { status, headers, body } = await get('/rest');
    expect([status, headers['content-type'], body]).toEqual([
      200,
      'application/json',
      '{"result": 123}\n',
    ]);
  });

  it('A5 serves files with type, length and ETag, then 304 and ranges', async () => {
    const whole = await get('/hello.txt');
    expect(whole.status).toBe(200);
    expect(whole.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '13',
    });
    expect(whole.body).toBe('Hello World!\n');
    const etag = whole.headers.etag as string;
    const again = await get('/hello.txt', { 'If-None-Match': etag });
    expect([again.status, again.body]).toEqual([304, '']);
    const part = await get('/hello.txt', { Range: 'bytes=0-4' });
    expect([part.status, part.headers['content-range'], part.body]).toEqual([
      206,
      'bytes 0-4/13',
      'Hello',
    ]);
    expect((await get('/sub/')).status).toBe(200);
  });

  it.each(['/..%2f..%2fetc/passwd', '/.env', '/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd'])(
    'gives nothing at %s',
    async (path) => {
      const { status, body } = await get(path);
      expect([403, 404]).toContain(status);
      expect(body).not.toMatch(/root:|SECRET/);
    },
  );

  it('A6 serves the test page at / and /test.html', async () => {
    for (const path of ['/', '/test.html']) {
      const { status, headers, body } = await get(path);
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body).toContain('WebSocket');
    }
  });

  it('prefers files of the user to the built-in page', async () => {
    writeFileSync(join(folder, 'test.html'), 'mine');
    writeFileSync(join(folder, 'index.html'), 'my index');
    expect((await get('/test.html')).body).toBe('mine');
    expect((await get('/')).body).toBe('my index');
  });

  it('answers a request to /websocket without an upgrade with 426', async () => {
    const { status, headers } = await get('/websocket');
    expect([status, headers.upgrade]).toEqual([426, 'websocket']);
  });

  it('refuses an upgrade elsewhere with 404', async () => {
    await expect(connect(`ws://127.0.0.1:${port}/rest`)).rejects.toMatchObject({
      code: 'WS_RESPONSE_STATUS',
      status: 404,
    });
  });

  it('refuses a web page of another host', async () => {
    await expect(
      connect(`ws://127.0.0.1:${port}/websocket`, { headers: { Origin: 'http://evil.example' } }),
    ).rejects.toMatchObject({ status: 403, body: expect.stringContaining('origins') });
  });
});

describe('meerkat serve, its options and its end', () => {
  let other: Program | undefined;

  afterEach(async () => {
    await other?.stop();
    other = undefined;
  });

  it('passes limits on: --max-message-bytes 4 refuses five octets with 1009', async () => {
    other = Program.meerkat(['serve', folder, '--port', '0', '--max-message-bytes', '4']);
    const connection = await connect(`ws://127.0.0.1:${await portOf(other)}/websocket`);
    connection.send('five!');
    expect(await connection.closed).toMatchObject({ code: 1009, by: 'peer' });
  });

  it('passes policies on: --message-types text, --subprotocols, --origins', async () => {
    other = Program.meerkat([
      'serve',
      folder,
      '--port=0',
      '--message-types=text',
      '--subprotocols=superchat,chat',
      '--origins=https://a.example, https://b.example',
    ]);
    const url = `ws://127.0.0.1:${await portOf(other)}/websocket`;
    const connection = await connect(url, {
      subprotocols: ['chat', 'superchat'],
      headers: { Origin: 'https://b.example' },
    });
    expect(connection.protocol).toBe('superchat');
    connection.send(new Uint8Array(1));
    expect((await connection.closed).code).toBe(1003);
  });

  it('listens on several addresses at once', async () => {
    other = Program.meerkat([
      'serve',
      folder,
      '--listen=ws://127.0.0.1:0',
      '--listen=http://127.0.0.2:0',
    ]);
    await other.prints(/ws:\/\/127\.0\.0\.2:\d+\/websocket/);
    const urls = other.stdout.match(/ws:\/\/\S+/g) ?? [];
    expect(urls.length).toBe(2);
    for (const url of urls) {
      const connection = await connect(url.replace('localhost', '127.0.0.1'));
      connection.close();
      expect((await connection.closed).clean).toBe(true);
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with 1001 for everyone', async (signal) => {
    const program = Program.meerkat(['serve', folder, '--port', '0']);
    const connection = await connect(`ws://127.0.0.1:${await portOf(program)}/websocket`);
    program.kill(signal);
    expect(await connection.closed).toMatchObject({ code: 1001, by: 'peer', clean: true });
    expect(await program.exited).toBe(0);
  });
});

describe('meerkat serve, in the face of clients that do not behave', () => {
  const HANDSHAKE = [
    'GET /websocket HTTP/1.1',
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '',
    '',
  ].join('\r\n');

  it('echoes everything to a client that sends 24 MiB before it reads', async () => {
    const peer = await RawPeer.connect(port);
    await peer.sendText(HANDSHAKE);
    await peer.takeHead();
    peer.stream.pause();
    const mebibyte = Buffer.alloc(1_048_576, 'x');
    const header = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0]);
    for (let count = 0; count < 24; count += 1) {
      peer.stream.write(header);
      peer.stream.write(mebibyte);
    }
    peer.stream.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
    await turns(200);
    peer.stream.resume();
    expect(await peer.takeOctets(24 * (10 + 1_048_576))).toHaveLength(24 * (10 + 1_048_576));
    expect(await peer.take(2)).toBe('88 00');
    await peer.close();
  });

  it('ends at once on a second SIGTERM, while a client does not answer the first', async () => {
    const program = Program.meerkat(['serve', folder, '--port=0', '--close-timeout=60000']);
    const peer = await RawPeer.connect(await portOf(program));
    await peer.sendText(HANDSHAKE);
    await peer.takeHead();
    program.kill('SIGTERM');
    expect(await peer.take(4)).toBe('88 02 03 e9'); // 1001, which it does not answer
    program.kill('SIGTERM');
    expect(await program.exited).toBe(1);
    await peer.close();
  });

  it('goes on when whoever read its log has left', async () => {
    const program = Program.meerkat(['serve', folder, '--port=0']);
    const url = `ws://127.0.0.1:${await portOf(program)}/websocket`;
    program.closeErrors();
    for (let count = 0; count < 3; count += 1) {
      const connection = await connect(url); // each leaves two lines in the log
      await connection.ping();
      connection.close();
      expect((await connection.closed).clean).toBe(true);
    }
    expect(await program.stop()).toBe(0);
  });

  it('survives a reader that leaves early: --help | head -1', async () => {
    const program = Program.meerkat(['serve', '--help']);
    program.closeOutput();
    expect(await program.exited).toBe(0);
    expect(program.stderr).toBe('');
  });
});

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('meerkat, wrongly used', () => {
  const run = async (...args: string[]) => {
    const program = Program.meerkat(args);
    program.endInput();
    const code = await program.exited;
    return { code, stdout: program.stdout, stderr: program.stderr };
  };

  it('says in one line that a port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port: number } = taken.address() as { port: number };
    const { code, stderr } = await run('serve', folder, '--port', String(number));
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^meerkat: cannot listen on 127\.0\.0\.1:\d+: the port is in use.*\n$/);
  });

  it.each([
    [['serve', '/no/such/folder'], 1, /^meerkat: \/no\/such\/folder: no such directory\n$/],
    [['serve', '--listen', 'nonsense'], 2, /^meerkat: --listen nonsense: not a URL.*\n$/],
    [['serve', '--port', '99999'], 2, /^meerkat: --port 99999: .*\n$/],
    [['serve', '--max-message-bytes', '0'], 2, /^meerkat: .*--max-message-bytes.*\n$/],
    [['serve', '--origins', 'nonsense'], 2, /^meerkat: .*origin.*\n$/],
    [['serve', '--no-such-option'], 2, /^meerkat: .*--no-such-option.*\n$/],
    [['nonsense'], 2, /^meerkat: .*nonsense.*\n$/],
  ])('%j ends with exit code %i and one clear line', async (args, exitCode, line) => {
    const { code, stderr } = await run(...args);
    expect(stderr).toMatch(line);
    expect(code).toBe(exitCode);
  });

  it('has a help that lists every limit, and a version', async () => {
    const help = await run('serve', '--help');
    expect(help.code).toBe(0);
    for (const flag of ['--max-message-bytes', '--ping-interval', '--origins', '--listen']) {
      expect(help.stdout).toContain(flag);
    }
    expect(await run('--version')).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });
});
