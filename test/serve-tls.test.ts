// `meerkat serve` with TLS and on unix sockets, as a process of its own.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { type ConnectOptions, connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from './support/certificate.ts';
import { describeInChromium } from './support/chromium.ts';
import { endWithTest, startServe, temporaryFolder } from './support/meerkat-serve.ts';
import { Program, root } from './support/program.ts';

interface Presented {
  readonly pem: string;
  readonly fingerprint: string;
}

/** The certificate that a server shows. */
function presentedBy(port: number): Promise<Presented> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('no certificate'));
      else resolve({ pem: certificate.toString(), fingerprint: certificate.fingerprint256 });
    });
    socket.once('error', reject);
  });
}

async function get(
  options: RequestOptions & { ca?: string },
): Promise<{ status: number | undefined; body: string }> {
  const request = options.ca === undefined ? requestPlain : requestSecure;
  return await new Promise((resolve, reject) => {
    const asked = request({ agent: false, ...options }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}

/** Says something to an echo, and hears it. */
async function expectEcho(url: string, options: ConnectOptions): Promise<void> {
  const connection = await connect(url, options);
  onTestFinished(() => connection.terminate());
  const messages = connection[Symbol.asyncIterator]();
  connection.send('Grüße');
  expect((await messages.next()).value).toBe('Grüße');
  connection.send(new Uint8Array([0, 255]));
  expect((await messages.next()).value).toEqual(new Uint8Array([0, 255]));
  await messages.return?.(); // the last message is done with
  connection.close();
  expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
}

describe('meerkat serve --tls', () => {
  let program: Program;
  let secure: number;
  let plain: number;
  let presented: Presented;

  beforeAll(async () => {
    program = Program.meerkat([
      ...['serve', 'examples/public', '--tls'],
      ...['--listen', 'wss://127.0.0.1:0', '--listen', 'ws://127.0.0.1:0'],
    ]);
    secure = Number((await program.prints(/wss:\/\/localhost:(\d+)\/websocket/))[1]);
    plain = Number((await program.prints(/ ws:\/\/localhost:(\d+)\/websocket/))[1]);
    await program.prints(/Ctrl-C/);
    presented = await presentedBy(secure);
  });
  afterAll(() => program.stop());

  it('A2 prints where it speaks TLS, and the fingerprint of the certificate that it shows', () => {
    expect(program.stdout).toContain(`https://localhost:${secure}/\n`);
    expect(program.stdout).toContain(`https://localhost:${secure}/rest\n`);
    expect(program.stdout).toContain(` wss://localhost:${secure}/websocket\n`);
    expect(program.stdout).toContain(`SHA-256 ${presented.fingerprint}`);
  });

  it.each(['localhost', '127.0.0.1'])(
    'B5 echoes over wss://%s to whoever trusts it',
    async (host) => {
      await expectEcho(`wss://${host}:${secure}/websocket`, { tls: { ca: presented.pem } });
    },
  );

  it('B5 is not trusted by anybody else', async () => {
    await expect(connect(`wss://localhost:${secure}/websocket`)).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
  });

  it('B5 speaks ws:// and wss:// at once', async () => {
    expect(plain).not.toBe(secure);
    await Promise.all([
      expectEcho(`ws://127.0.0.1:${plain}/websocket`, {}),
      expectEcho(`wss://127.0.0.1:${secure}/websocket`, { tls: { ca: presented.pem } }),
    ]);
  });

  it('A4 answers /rest, files and the test page over https', async () => {
    const ask = (path: string): ReturnType<typeof get> =>
      get({ host: 'localhost', port: secure, ca: presented.pem, path });
    expect(await ask('/rest')).toEqual({ status: 200, body: '{"result": 123}\n' });
    expect((await ask('/test.html')).body).toContain('WebSocket');
    expect((await ask('/no-such-file')).status).toBe(404);
  });

  it('closes a connection that speaks HTTP to it, and goes on', async () => {
    const peer = await RawPeer.connect(secure);
    onTestFinished(() => peer.close());
    await peer.sendText('GET /rest HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await peer.takeText()).not.toContain('HTTP/1.1 200');
    expect((await presentedBy(secure)).fingerprint).toBe(presented.fingerprint);
    await program.prints(/"event":"tlsFailed"/, 'stderr');
  });

  describeInChromium('the test page over https', (open) => {
    it('A6 connects to wss:// by itself, and echoes', async () => {
      const { page, complaints } = await open(`https://localhost:${secure}/test.html`, {
        ignoreHTTPSErrors: true,
      });
      expect(await page.getByLabel('URL').inputValue()).toBe(`wss://localhost:${secure}/websocket`);
      await page.getByRole('button', { name: 'Connect', exact: true }).click();
      const log = page.getByRole('log');
      await log.locator('.entry', { hasText: 'CONNECTION OPENED' }).waitFor();
      await page.getByLabel('Text, sent as UTF-8').fill('Hello World!');
      await page.getByRole('button', { name: 'Send', exact: true }).click();
      await log.locator('.entry', { hasText: 'RECEIVED: Hello World!' }).waitFor();
      expect(complaints).toEqual([]);
    });
  });
});

describe('meerkat serve --cert --key', () => {
  const ours = selfSigned();

  function files(cert: string, key: string): [string, string] {
    const folder = temporaryFolder();
    const paths: [string, string] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(paths[0], cert);
    writeFileSync(paths[1], key);
    return paths;
  }

  it('B5 shows the certificate that it is given', async () => {
    const [cert, key] = files(ours.cert, ours.key);
    const { program, port } = await startServe('--cert', cert, '--key', key);
    await expectEcho(`wss://localhost:${port}/websocket`, { tls: { ca: ours.cert } });
    expect((await presentedBy(port)).pem).toBe(ours.cert);
    expect(program.stdout).toContain((await presentedBy(port)).fingerprint);
    expect(program.stdout).not.toContain('made for this run');
  });

  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encrypted = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'secret',
  }) as string;

  it.each<[string, () => string[], RegExp]>([
    ['the key of another certificate', () => files(ours.cert, selfSigned().key), /not the key of/],
    [
      'an encrypted key',
      () => files(ours.cert, encrypted),
      /put its passphrase into MEERKAT_KEY_PASSPHRASE/,
    ],
    ['a key for a certificate', () => files(ours.key, ours.key), /no certificate in PEM form/],
    ['a certificate for a key', () => files(ours.cert, ours.cert), /no private key in PEM form/],
    [
      'a file that is not there',
      () => ['/no/cert.pem', '/no/key.pem'],
      /\/no\/cert\.pem: no such file/,
    ],
  ])('ends with 2 and one line for %s', async (_what, make, line) => {
    const [cert = '', key = ''] = make();
    const program = Program.meerkat(['serve', '--port=0', '--cert', cert, '--key', key]);
    endWithTest(program);
    expect(await program.exited).toBe(2);
    expect(program.stderr).toMatch(/^meerkat: --(cert|key) .*\n$/);
    expect(program.stderr).toMatch(line);
    expect(program.stdout).toBe('');
  });

  it('ends with 2 and says what to do for wss:// without a certificate', async () => {
    const program = Program.meerkat(['serve', '--listen', 'wss://127.0.0.1:0']);
    endWithTest(program);
    expect(await program.exited).toBe(2);
    expect(program.stderr).toMatch(/^meerkat: .*--cert FILE --key FILE, or --tls .*\n$/);
  });
});

describe('meerkat serve --listen unix:', () => {
  it('answers HTTP and WebSocket there, and takes the file away at SIGTERM', async () => {
    const folder = temporaryFolder();
    const [open, sealed] = [join(folder, 's'), join(folder, 't')];
    const program = Program.meerkat([
      ...['serve', join(root, 'examples/public'), '--tls'],
      ...['--listen', `unix:${open}`, '--listen', `unix+tls:${sealed}`],
    ]);
    endWithTest(program);
    await program.prints(/Ctrl-C/);
    expect(program.stdout).toContain(`meerkat connect --unix ${open}\n`);
    expect(await get({ socketPath: open, path: '/rest' })).toEqual({
      status: 200,
      body: '{"result": 123}\n',
    });
    await expectEcho('ws://localhost/websocket', { socketPath: open });
    await expectEcho('wss://localhost/websocket', {
      socketPath: sealed,
      tls: { rejectUnauthorized: false },
    });
    program.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    expect([existsSync(open), existsSync(sealed)]).toEqual([false, false]);
  });
});
