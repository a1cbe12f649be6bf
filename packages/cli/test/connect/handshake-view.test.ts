// What --verbose shows, over real connections.
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'meerkat';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { pipe } from './command.ts';
import { httpServer, meerkatServer, rawServer, tcpServer } from './servers.ts';

/** The fixed value that one of the documents has for every key. */
const DOCUMENT_ACCEPT = 'ZmQ5OWUxMjgwMTViNTEyM2FmZTRlOGViODZkNTk3OTBjMWRiYjBiYg==';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'meerkat-verbose-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** The value of a field that stands in what was printed. */
function field(errors: string, name: string): string {
  return new RegExp(`^[<>] (?:ok|!!|  ) ${name}: (\\S*)`, 'm').exec(errors)?.[1] ?? '';
}

describe('meerkat connect --verbose', () => {
  it('B6 shows TCP, our request and the response field by field, before anything else', async () => {
    const url = await meerkatServer({ subprotocols: ['chat'] });
    const { port } = new URL(url);
    const { code, output, errors } = await pipe(
      'hello\n',
      'connect',
      `${url}?y=1`,
      '--verbose',
      '-s',
      'chat',
      '-H',
      'X-One: 1',
    );
    expect(output).toBe('hello\n');
    const key = field(errors, 'Sec-WebSocket-Key');
    expect(errors.split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(
          `^\\* TCP (127\\.0\\.0\\.1|\\[::1\\]):\\d+ to (127\\.0\\.0\\.1|\\[::1\\]):${port}$`,
        ),
      ),
      '> ok GET /?y=1 HTTP/1.1',
      `> ok Host: localhost:${port}`,
      '> ok Connection: Upgrade',
      '> ok Upgrade: websocket',
      '> ok Sec-WebSocket-Version: 13',
      `> ok Sec-WebSocket-Key: ${key}`,
      '> ok Sec-WebSocket-Protocol: chat',
      expect.stringMatching(/^> ok Sec-WebSocket-Extensions: permessage-deflate; /),
      '>      permessage-deflate: the client offers to compress messages (RFC 7692)',
      '>        server_no_context_takeover: asks the server to compress each message on its own',
      '>        client_no_context_takeover: the client will compress each message on its own',
      '>        client_max_window_bits=12: the client will refer back 4096 octets at most, or fewer if the server says so',
      '>      permessage-deflate: the client offers to compress messages (RFC 7692)',
      '>        client_max_window_bits: the server may limit how far the client refers back',
      '>    X-One: 1',
      '> ok the opening handshake keeps the rules',
      '< ok HTTP/1.1 101 Switching Protocols',
      '< ok Upgrade: websocket',
      '< ok Connection: Upgrade',
      `< ok Sec-WebSocket-Accept: ${acceptOf(key)}`,
      '< ok Sec-WebSocket-Protocol: chat',
      '<      permessage-deflate was offered and is declined: no message may be compressed',
      '< ok the opening handshake keeps the rules',
      'closed: 1000 normal closure. The purpose of the connection has been fulfilled.',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('A9 shows what was agreed on, parameter by parameter', async () => {
    const url = await meerkatServer({ compression: true });
    const { code, output, errors } = await pipe(`${'hello '.repeat(300)}\n`, 'connect', url, '-v');
    expect(output).toBe(`${'hello '.repeat(300)}\n`);
    const lines = errors.split('\n');
    const at = lines.findIndex((line) => line.startsWith('< ok Sec-WebSocket-Extensions: '));
    expect(lines[at]).toMatch(/: permessage-deflate; /);
    expect(lines[at + 1]).toBe(
      '<      permessage-deflate: agreed, messages may be compressed (RFC 7692)',
    );
    expect(lines.slice(at + 2, at + 4)).toEqual([
      '<        server_no_context_takeover: the server compresses each message on its own',
      '<        client_no_context_takeover: the client has to compress each message on its own',
    ]);
    expect(code).toBe(0);
  });

  it('A9 --no-compression offers nothing', async () => {
    const url = await meerkatServer({ compression: true });
    const { code, errors } = await pipe('hello\n', 'connect', url, '-v', '--no-compression');
    expect(errors).not.toMatch(/extensions|permessage-deflate/i);
    expect(code).toBe(0);
  });

  it('G2 verifies the Accept: SHA-1 of key and GUID in base64', async () => {
    const { errors } = await pipe('', 'connect', await meerkatServer(), '-v');
    const key = field(errors, 'Sec-WebSocket-Key');
    expect(Buffer.from(key, 'base64')).toHaveLength(16);
    expect(errors).toContain(`\n< ok Sec-WebSocket-Accept: ${acceptOf(key)}\n`);
  });

  it('D7 marks a wrong Accept, and says which value would be right', async () => {
    const url = await rawServer(
      async () => {},
      () => DOCUMENT_ACCEPT,
    );
    const { code, errors } = await pipe('', 'connect', url, '-v');
    const right = acceptOf(field(errors, 'Sec-WebSocket-Key'));
    expect(errors).toContain(
      `\n< !! Sec-WebSocket-Accept: ${DOCUMENT_ACCEPT} — must be ${right}, exactly once (`,
    );
    expect(errors).toMatch(/^meerkat: ws:.*: Sec-WebSocket-Accept mismatch[:.].*\n$/m);
    expect(code).toBe(1);
  });

  it('D7 shows what a silent server was asked, and gives it up', async () => {
    const url = await tcpServer(() => {});
    const { code, errors } = await pipe('', 'connect', url, '-v', '--timeout', '50');
    expect(errors).toContain('> ok GET / HTTP/1.1\n');
    expect(errors).not.toMatch(/^</m);
    expect(errors).toContain('the handshake took too long: 50 ms.');
    expect(code).toBe(1);
  });

  it('B6 shows a refusal, its fields among it', async () => {
    const url = await httpServer((_request, response) => {
      response.writeHead(404, { 'X-Why': 'none here', 'Set-Cookie': 'id=secret' }).end('no');
    });
    const { code, errors } = await pipe('', 'connect', url, '-v');
    expect(errors).toContain('< !! HTTP/1.1 404 Not Found — the server did not upgrade');
    expect(errors).toContain('<    X-Why: none here\n');
    expect(errors).not.toContain('id=secret');
    expect(code).toBe(1);
  });

  it('B6 shows responses before the last one, and nothing of what follows that', async () => {
    const url = await tcpServer((socket) => {
      socket.once('data', (request) => {
        const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(request.toString())?.[1] ?? '';
        const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n\r\n`;
        // All in one chunk: a text that looks like a head, and a Close.
        const text = 'HTTP/1.1 200 OK\r\n\r\n';
        const frames = Buffer.concat([
          Buffer.of(0x81, text.length),
          Buffer.from(text),
          Buffer.of(0x88, 2, 3, 0xe8),
        ]);
        const early = Buffer.from(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${head}`);
        socket.end(Buffer.concat([early, frames]));
      });
    });
    const { output, errors } = await pipe('', 'connect', url, '-v', '--wait', 'forever', '--raw');
    expect(output).toBe('HTTP/1.1 200 OK\r\n\r\n');
    expect(errors.match(/^< .. HTTP.*$/gm)).toEqual([
      expect.stringContaining('103 Early Hints'),
      '< ok HTTP/1.1 101 Switching Protocols',
    ]);
  });

  it('B6 shows a response that comes octet by octet', async () => {
    const url = await tcpServer((socket) => {
      socket.setNoDelay(true);
      const octets = [...Buffer.from('HTTP/1.1 403 Forbidden\r\nX-Why: no\r\n\r\n')];
      const next = (): void => {
        const octet = octets.shift();
        if (octet === undefined) socket.end();
        else socket.write(Uint8Array.of(octet), () => setImmediate(next));
      };
      socket.once('data', next);
    });
    const { errors } = await pipe('', 'connect', url, '-v');
    expect(errors).toMatch(/^< !! HTTP\/1\.1 403 Forbidden.*\n< {4}X-Why: no\n/m);
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', 'SSH-2.0-OpenSSH_9.6\\r\\n'],
    ['what a terminal would obey', '\x1b[2J\r\n\r\n', '\\x1b[2J\\r\\n\\r\\n'],
    ['HTTP/2', '\0\0\x12\x04\0', '\\x00\\x00\\x12\\x04\\x00'],
  ])('S19 shows the beginning of %s, made harmless', async (_what, octets, line) => {
    const url = await tcpServer((socket) => void socket.once('data', () => socket.end(octets)));
    const { code, errors } = await pipe('', 'connect', url, '-v');
    expect(errors).toContain(`\n< !! this is no HTTP/1: "${line}"\n`);
    expect(code).toBe(1);
  });

  it('S20 hides credentials, unless --show-secrets is given', async () => {
    const url = (await meerkatServer()).replace('ws://', 'ws://user:hidden1@');
    const args = [`${url}?token=hidden2`, '-v', '-H', 'Cookie: id=hidden3'];
    const hidden = await pipe('', 'connect', ...args);
    expect(hidden.errors).toContain('Authorization: Basic (redacted)');
    expect(hidden.errors).not.toMatch(/hidden|dXNlcjpoaWRkZW4x/);
    const shown = await pipe('', 'connect', ...args, '--show-secrets');
    expect(shown.errors).toContain('Authorization: Basic dXNlcjpoaWRkZW4x');
    expect(shown.errors).toContain('?token=hidden2');
    expect(shown.errors).toContain('Cookie: id=hidden3');
  });

  it('B5 shows TLS: version, cipher, and whose certificate it is', async () => {
    const certificate = selfSigned();
    const ca = join(folder(), 'ca.pem');
    writeFileSync(ca, certificate.cert);
    const url = await meerkatServer({}, certificate);
    const { code, errors } = await pipe('', 'connect', url, '-v', '--ca', ca);
    const { fingerprint256 } = new X509Certificate(certificate.cert);
    expect(errors).toMatch(/^\* TCP .*\n\* TLSv1\.3, TLS_\w+\n\* certificate of CN=meerkat test\n/);
    expect(errors).toMatch(/^\* {3}for DNS:localhost, IP Address:127\.0\.0\.1, until .* GMT$/m);
    expect(errors).toContain(`\n*   SHA-256 ${fingerprint256}\n> ok GET / HTTP/1.1\n`);
    expect(errors).toContain('\n< ok HTTP/1.1 101 Switching Protocols\n');
    expect(code).toBe(0);
  });

  it('B5 shows a certificate that is refused, and no request: none was sent', async () => {
    const certificate = selfSigned();
    const url = await meerkatServer({}, certificate);
    const { code, errors } = await pipe('', 'connect', url, '-v');
    expect(errors).toContain(new X509Certificate(certificate.cert).fingerprint256);
    expect(errors).toContain('trust this certificate with --ca FILE');
    expect(errors).not.toMatch(/^>/m);
    expect(code).toBe(1);
  });
});

describe('meerkat connect --unix', () => {
  it('connects through a unix socket, and sends the Host of the URL', async () => {
    const path = join(folder(), 's');
    const server = createServer();
    let host: string | undefined;
    const webSockets = new WebSocketServer({
      upgrade: ({ incoming }) => {
        host = incoming.headers.host;
        return undefined;
      },
      message: (connection, message) => void connection.send(message),
    }).attach(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(async () => {
      await webSockets.close({ timeout: 100 });
      await new Promise((resolve) => server.close(resolve));
    });
    const args = ['connect', 'ws://example.com/x', '--unix', path];
    expect(await pipe('hello\n', ...args)).toMatchObject({ code: 0, output: 'hello\n' });
    expect(host).toBe('example.com');
    const { errors } = await pipe('', ...args, '--verbose');
    expect(errors).toMatch(new RegExp(`^\\* unix socket ${path}\\n> ok GET /x HTTP/1.1\\n`));
  });

  it('says that there is none', async () => {
    const { code, errors } = await pipe('', 'connect', 'ws://localhost/', '--unix', '/nowhere');
    expect(errors).toBe(
      'meerkat: ws://localhost/: cannot connect: ENOENT: there is no such unix socket: check its path, and whether the server runs.\n',
    );
    expect(code).toBe(1);
  });
});

describe('meerkat connect --verbose to a server that is not there', () => {
  it('shows nothing but the error', async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => server.close(resolve));
    const { code, errors } = await pipe('', 'connect', `ws://localhost:${port}/`, '-v');
    expect(errors).toMatch(/^meerkat: .*ECONNREFUSED.*\n$/);
    expect(code).toBe(1);
  });
});
