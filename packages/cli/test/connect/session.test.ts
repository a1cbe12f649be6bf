import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CLOSE_CODES, isCloseCodeOnTheWire } from 'meerkat';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Certificate, selfSigned } from '../../../../test/support/certificate.ts';
import { Command, pipe } from './command.ts';
import {
  httpServer,
  meerkatServer,
  rawServer,
  serverSideEnd,
  tcpServer,
  wsServer,
} from './servers.ts';

const CLOSED = 'closed: 1000 normal closure. The purpose of the connection has been fulfilled.\n';

describe('meerkat connect in a pipe', () => {
  it.each([
    ['meerkat', meerkatServer],
    ['ws', wsServer],
  ])('A10 sends each line to %s and prints each answer as a line', async (_name, server) => {
    const { code, output, errors } = await pipe(
      'Hello World!\n\nGrüße\r\nlast',
      'connect',
      await server(),
    );
    expect(output).toBe('Hello World!\n\nGrüße\nlast\n');
    expect(errors).toBe(CLOSED);
    expect(code).toBe(0);
  });

  it('A10 is a check whether a server can be connected to, with nothing to send', async () => {
    expect(await pipe('', 'connect', await meerkatServer())).toMatchObject({
      code: 0,
      output: '',
      errors: CLOSED,
    });
  });

  it('D8 prints messages, not the chunks that they come in', async () => {
    const url = await rawServer(async (peer) => {
      await peer.send('81 01 61 81 01 62 01 01 63'); // "a", "b", and "c" begun …
      await peer.send('80 01 64'); // … "d" ends it
      await peer.send('88 02 03 e8');
      await peer.take(8);
      peer.end();
    });
    expect(await pipe('', 'connect', url, '--wait', 'forever')).toMatchObject({
      code: 0,
      output: 'a\nb\ncd\n',
    });
  });

  it('D8 prints messages wherever TCP cuts them', async () => {
    const url = await rawServer(async (peer) => {
      const octets = Buffer.from('8105c3bc0a666f8100880203e8', 'hex');
      for (const octet of octets) {
        await peer.send(Uint8Array.of(octet));
        await new Promise(setImmediate);
      }
      await peer.take(8);
      peer.end();
    });
    // A line end within a message is part of it.
    expect(await pipe('', 'connect', url, '--wait', 'forever')).toMatchObject({
      code: 0,
      output: 'ü\nfo\n\n',
    });
  });

  it('B3 sends octets as they are, and prints binary as hex digits', async () => {
    const input = Buffer.from('\xff\0\x1b\nplain\n', 'latin1');
    const { output } = await pipe(input, 'connect', await meerkatServer(), '--binary');
    expect(output).toBe('ff001b\n706c61696e\n');
  });

  it('B3 sends hex digits as octets', async () => {
    const { output } = await pipe('48 65 6c\n\n0xff\n', 'connect', await meerkatServer(), '--hex');
    expect(output).toBe('48656c\n\nff\n');
  });

  it('writes payloads as they come with --raw', async () => {
    const url = await wsServer((peer) => {
      peer.send('text');
      peer.send(Buffer.of(0, 10, 255));
      peer.close(1000);
    });
    const { octets } = await pipe('', 'connect', url, '--raw', '--wait', 'forever');
    expect(octets).toEqual(Buffer.from('text\0\n\xff', 'latin1'));
  });

  it('says which lines it could not send, sends the others, and fails', async () => {
    const bad = await pipe('00\nxyz\n0\nff\n', 'connect', await meerkatServer(), '--hex');
    expect(bad.output).toBe('00\nff\n');
    expect(bad.errors).toBe(
      'line 2 was not sent: "x" is no hex digit\n' +
        'line 3 was not sent: "0" is not two hex digits for each octet\n' +
        `${CLOSED}meerkat: not every line was sent\n`,
    );
    expect(bad.code).toBe(1);
    const latin1 = Buffer.from('Gr\xfc\xdfe\n', 'latin1');
    expect((await pipe(latin1, 'connect', await meerkatServer())).errors).toContain(
      'line 1 was not sent: not UTF-8, as text has to be; --binary sends any octets',
    );
  });

  it('loses no answer to a large input', async () => {
    // In one chunk, and more than the outgoing queue ever takes.
    const lines = Array.from({ length: 50_000 }, (_, number) => `${number}`.padEnd(99)).join('\n');
    const { code, output } = await pipe(lines, 'connect', await meerkatServer());
    expect(output === `${lines}\n`).toBe(true);
    expect(code).toBe(0);
  });

  it('sends a message that is larger than any queue', async () => {
    const long = 'x'.repeat(3_000_000);
    const { output } = await pipe(
      `${long}\n`,
      'connect',
      await meerkatServer({ maxMessageBytes: 4_000_000 }),
      '--max-message-bytes',
      '4_000_000',
    );
    expect(output.length).toBe(long.length + 1);
  });

  it('puts times before the lines', async () => {
    const { output } = await pipe('a\n', 'connect', await meerkatServer(), '--times');
    expect(output).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\ta\n$/);
  });

  it('ends when the server closes, though the input goes on', async () => {
    const command = new Command();
    const url = await wsServer((peer) => {
      peer.on('message', () => peer.close(1001, 'bye'));
    });
    command.stdin.write('first\n');
    expect(await command.run('connect', url)).toBe(0);
    expect(command.errors).toBe(
      'the server closed: 1001 going away "bye". The server is shutting down, or the browser left the page.\n',
    );
    expect(command.stdin.destroyed).toBe(true);
  });

  it('fails when the input cannot be read', async () => {
    const command = new Command();
    command.stdin._read = () => {
      command.stdin.destroy(new Error('EISDIR: illegal operation on a directory, read'));
    };
    expect(await command.run('connect', await meerkatServer())).toBe(1);
    expect(command.errors).toBe(
      `${CLOSED}meerkat: cannot read standard input: EISDIR: illegal operation on a directory, read\n`,
    );
  });
});

describe('meerkat connect --message', () => {
  it('A10 sends each of them in place of the input', async () => {
    const command = new Command();
    const run = command.run(
      'connect',
      await meerkatServer(),
      '-m',
      'one',
      '--message',
      'two',
      '-m',
      '',
    );
    expect(await run).toBe(0);
    expect(command.output).toBe('one\ntwo\n\n');
    expect(command.stdin.destroyed).toBe(false); // it was not looked at
  });

  it('B3 sends octets with --hex', async () => {
    const command = new Command();
    await command.run('connect', await meerkatServer(), '--hex', '-m', '00 ff');
    expect(command.output).toBe('00ff\n');
  });

  it('goes on listening as long as --wait says', async () => {
    let answer = (): void => {};
    const url = await wsServer((peer) => {
      peer.on('message', () => {
        answer = () => peer.send('late', () => peer.close(1000));
        setImmediate(answer);
      });
    });
    const command = new Command();
    expect(await command.run('connect', url, '-m', 'question', '--wait', '-1')).toBe(0);
    expect(command.output).toBe('late\n');
  });

  it('closes when the time of --wait is over', async () => {
    const { code, errors } = await pipe('', 'connect', await meerkatServer(), '--wait', '0.01');
    expect(code).toBe(0);
    expect(errors).toBe(CLOSED);
  });

  it('says how to wait where no answer came in time', async () => {
    const silent = await wsServer(() => {});
    const command = new Command();
    expect(await command.run('connect', silent, '-m', 'question')).toBe(0);
    expect(command.errors).toBe(
      `${CLOSED}nothing came before the close; --wait SECONDS goes on listening for answers\n`,
    );
    const told = new Command();
    await told.run('connect', silent, '-m', 'question', '--wait', '0');
    expect(told.errors).toBe(CLOSED);
  });

  it('fails when the server closes before everything was sent', async () => {
    const url = await wsServer((peer) => {
      peer.once('message', () => {
        peer.close(1000);
        peer.pause(); // what it is sent now stays in the network
      });
    });
    const messages = Array.from({ length: 300 }, () => ['-m', 'x'.repeat(100_000)]).flat();
    const command = new Command();
    expect(await command.run('connect', url, '--close-timeout', '50', ...messages)).toBe(1);
    expect(command.errors).toContain('it was closed before everything was sent');
  });
});

describe('the end of meerkat connect', () => {
  it('B8 closes with the code and reason that it is told', async () => {
    const { url, ended } = await serverSideEnd();
    const { code, errors } = await pipe('', 'connect', url, '--code', '4001', '--reason', 'tschüß');
    expect(await ended).toMatchObject({ code: 4001, reason: 'tschüß' });
    expect(errors).toBe(
      "closed: 4001 (private use). Only the service's documentation tells what it means.\n",
    );
    expect(code).toBe(0);
  });

  it('B8 sends an empty Close frame for 1005', async () => {
    const { url, ended } = await serverSideEnd();
    expect((await pipe('', 'connect', url, '--code', '1005')).code).toBe(0);
    expect((await ended).code).toBe(1005);
  });

  it.each([
    [
      'closes with a fault',
      '88 06 03 f0 6e 6f 21 21',
      'the server closed: 1008 policy violation "no!!".',
    ],
    ['breaks a rule', 'c1 01 61', '(WS_RESERVED_BIT_SET, RFC 6455 §5.2)'],
    ['sends what is too big', '82 7f 00 00 00 00 00 20 00 00', '--max-message-bytes raises it'],
  ])('B8 fails when the server %s', async (_what, octets, line) => {
    const url = await rawServer(async (peer) => {
      await peer.send(octets);
      await peer.take(6); // the client's Close
      peer.end();
    });
    const { code, errors } = await pipe('', 'connect', url, '--wait', 'forever');
    expect(errors).toContain(line);
    expect(errors).toMatch(/^meerkat: .*\n$/);
    expect(code).toBe(1);
  });

  it('B8 fails when the server ends the connection without a Close', async () => {
    const url = await rawServer(async (peer) => peer.end());
    const { code, errors } = await pipe('', 'connect', url, '--wait', 'forever');
    expect(errors).toBe(
      'meerkat: 1006 abnormal closure: the server ended the connection without a Close frame. "meerkat explain 1006" says more.\n',
    );
    expect(code).toBe(1);
  });

  it('gives up a server that never answers our Close', async () => {
    const url = await rawServer(async () => {});
    const { code, errors } = await pipe('', 'connect', url, '--close-timeout', '20');
    expect(errors).toContain('the server did not answer our Close in time');
    expect(code).toBe(1);
  });

  it('gives up a server that closes and never ends the connection, and calls that a good end', async () => {
    const url = await rawServer(async (peer) => {
      await peer.send('88 02 03 e8');
    });
    const { code } = await pipe('', 'connect', url, '--wait', 'forever', '--close-timeout', '20');
    expect(code).toBe(0);
  });

  it('loses nothing to a reader that is slower than the time for closing', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const slow = new PassThrough({ highWaterMark: 1 });
    const command = new Command({}, slow);
    const { url, ended } = await serverSideEnd();
    command.stdin.end('one\ntwo\nthree\n');
    const run = command.run('connect', url);
    await once(slow, 'readable');
    expect((await ended).code).toBe(1000);
    vi.advanceTimersByTime(100_000); // ten times the default
    const output = text(slow);
    expect(await run).toBe(0);
    slow.end();
    expect(await output).toBe('one\ntwo\nthree\n');
  });
});

describe('meerkat connect and Ctrl-C', () => {
  it('closes politely', async () => {
    const { url, ended } = await serverSideEnd({
      open: (connection) => void connection.send('ready'),
    });
    const command = new Command();
    const run = command.run('connect', url);
    await command.until((output) => output === 'ready\n');
    command.interrupt();
    expect(await run).toBe(0);
    expect((await ended).code).toBe(1000);
    expect(command.errors).toBe(CLOSED);
  });

  it('ends at once the second time', async () => {
    const url = await rawServer(async (peer) => {
      await peer.send('81 05 72 65 61 64 79');
    });
    const command = new Command();
    const run = command.run('connect', url);
    await command.until((output) => output === 'ready\n');
    command.interrupt();
    command.interrupt();
    expect(await run).toBe(1);
    expect(command.errors).toContain(
      "1006 abnormal closure: ended at once, the server's Close was not awaited.",
    );
  });

  it('ends at once though nobody reads the output, and the server has closed long ago', async () => {
    const stuck = new PassThrough({ highWaterMark: 1 });
    const command = new Command({}, stuck);
    const url = await rawServer(async (peer) => {
      await peer.send('81 01 61 81 01 62 88 02 03 e8');
      peer.end();
    });
    const run = command.run('connect', url, '--wait', 'forever');
    await once(stuck, 'readable');
    command.interrupt();
    expect(await run).toBe(0); // it had closed in order
  });

  it('ends a handshake that has no answer yet', async () => {
    const asked = new PassThrough();
    const url = await tcpServer((socket) => void socket.once('data', () => asked.write('asked')));
    const command = new Command();
    const run = command.run('connect', url);
    await once(asked, 'data');
    command.interrupt();
    expect(await run).toBe(1);
    expect(command.errors).toBe(`meerkat: ${url}: interrupted before the connection was open\n`);
  });
});

describe('meerkat connect and an output that fails', () => {
  function failing(code: string): Writable {
    return new Writable({
      write: (_chunk, _encoding, done) =>
        done(Object.assign(new Error(`${code}: failed`), { code })),
    });
  }

  it('closes politely when its reader leaves', async () => {
    const { url, ended } = await serverSideEnd({
      open: (connection) => void connection.send('for nobody'),
    });
    const command = new Command({}, failing('EPIPE'));
    expect(await command.run('connect', url)).toBe(0);
    expect((await ended).code).toBe(1000);
    expect(command.errors).toBe(CLOSED);
  });

  it('waits for no server that never stops sending', async () => {
    const url = await wsServer((peer) => {
      const more = (): void => peer.send('more', () => setImmediate(more));
      peer.removeAllListeners('close');
      peer.close = () => {};
      more();
    });
    const command = new Command({}, failing('EPIPE'));
    await command.run('connect', url, '--close-timeout', '20');
  });

  it('says what is wrong with the output, where it is more than that', async () => {
    const url = await meerkatServer();
    const command = new Command({}, failing('ENOSPC'));
    command.stdin.end('a\n');
    expect(await command.run('connect', url)).toBe(1);
    expect(command.errors).toBe(`${CLOSED}meerkat: cannot write the output: ENOSPC: failed\n`);
  });
});

describe('the handshake of meerkat connect', () => {
  it('B5 asks at the port of the URL for its path and query', async () => {
    let asked: string | undefined;
    const url = await meerkatServer({
      upgrade({ incoming }) {
        asked = `${incoming.headers.host}${incoming.url}`;
        return undefined;
      },
    });
    expect((await pipe('', 'connect', `${url}a/b?c=d%20e`)).code).toBe(0);
    expect(`ws://${asked}`).toBe(`${url}a/b?c=d%20e`);
  });

  it('B6 sends header fields, Origin and credentials', async () => {
    let asked: Record<string, unknown> = {};
    const url = await meerkatServer({
      dangerouslyAcceptAnyOrigin: true,
      upgrade({ incoming }) {
        asked = incoming.headers;
        return undefined;
      },
    });
    const { code } = await pipe(
      '',
      'connect',
      url.replace('ws://', 'ws://user:secret@'),
      '-H',
      'X-One: 1',
      '--header',
      'X-Two: a: b',
      '--origin',
      'https://example.com',
    );
    expect(asked).toMatchObject({
      'x-one': '1',
      'x-two': 'a: b',
      origin: 'https://example.com',
      authorization: `Basic ${Buffer.from('user:secret').toString('base64')}`,
    });
    expect(code).toBe(0);
  });

  it('B7 offers subprotocols, and says when the server chose none', async () => {
    let offered: readonly string[] = [];
    const upgrade = ({ subprotocols }: { subprotocols: readonly string[] }): undefined => {
      offered = subprotocols;
    };
    const chat = await meerkatServer({ subprotocols: ['superchat'], upgrade });
    const agreed = await pipe('', 'connect', chat, '-s', 'chat,superchat', '--subprotocol', 'v3');
    expect(offered).toEqual(['chat', 'superchat', 'v3']);
    expect(agreed.errors).toBe(CLOSED);
    const none = await pipe('', 'connect', await meerkatServer(), '-s', 'chat');
    expect(none.errors).toBe(`the server chose none of the subprotocols\n${CLOSED}`);
  });

  it('D7 says "Sec-WebSocket-Accept mismatch"', async () => {
    const url = await rawServer(
      async () => {},
      () => 'HSmrc0sMlYUkAGmm5OPpG2HaGWk=', // the fixed value of the document
    );
    const { code, errors } = await pipe('', 'connect', url);
    expect(errors).toContain('Sec-WebSocket-Accept mismatch');
    expect(code).toBe(1);
  });

  it('D7 gives up a server that is silent', async () => {
    const url = await tcpServer(() => {});
    const { code, errors } = await pipe('', 'connect', url, '--timeout', '20');
    expect(errors).toContain(`${url}: the handshake took too long: 20 ms.`);
    expect(code).toBe(1);
  });

  it.each([
    ['an ordinary page', 200, 'text/html', '<h1>hello</h1>', '200 OK: an ordinary web page'],
    ['a refusal', 403, 'text/plain', 'go away', '403 Forbidden (it says "go away"): '],
    ['S19 an evil refusal', 403, 'text/plain', '\x1b]0;x\x07', '(it says "\\x1b]0;x\\x07")'],
  ])('B8 says in one line that it met %s', async (_what, status, type, body, line) => {
    const url = await httpServer((_request, response) => {
      response.writeHead(status, { 'Content-Type': type }).end(body);
    });
    const { code, output, errors } = await pipe('', 'connect', url);
    expect(errors).toContain(line);
    expect(errors).toMatch(/^meerkat: [^\n]*\n$/);
    expect(output).toBe('');
    expect(code).toBe(1);
  });

  it('says that nobody listens', async () => {
    const { code, errors } = await pipe('', 'connect', 'ws://localhost:1/');
    expect(errors).toContain('meerkat: ws://localhost:1/: cannot connect: ECONNREFUSED: nobody');
    expect(code).toBe(1);
  });

  it('says that the server expects TLS, or has none', async () => {
    const plain = await meerkatServer();
    const wss = await pipe('', 'connect', plain.replace('ws:', 'wss:'));
    expect(wss.errors).toContain('try ws:// in place of wss://');
    const tls = await meerkatServer({}, selfSigned());
    const ws = await pipe('', 'connect', tls.replace('wss:', 'ws:'));
    expect(ws.errors).toContain('wss://');
    expect([wss.code, ws.code]).toEqual([1, 1]);
  });
});

describe('meerkat connect over TLS', () => {
  function caFile({ cert }: Certificate): string {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-connect-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'ca.pem'), cert);
    return join(folder, 'ca.pem');
  }

  it('B5 refuses a certificate that nobody vouches for, and says what to do', async () => {
    const url = await meerkatServer({}, selfSigned());
    const { code, errors } = await pipe('', 'connect', url);
    expect(errors).toContain('trust this certificate with --ca FILE');
    expect(code).toBe(1);
  });

  it('B5 trusts what --ca says', async () => {
    const certificate = selfSigned();
    const url = await meerkatServer({}, certificate);
    const { code, output, errors } = await pipe(
      'secret\n',
      'connect',
      url,
      '--ca',
      caFile(certificate),
    );
    expect(output).toBe('secret\n');
    expect(errors).toBe(CLOSED);
    expect(code).toBe(0);
  });

  it('B5 refuses a certificate for another name, though it trusts it', async () => {
    const certificate = selfSigned({ names: ['example.com'], addresses: [] });
    const url = await meerkatServer({}, certificate);
    const { code, errors } = await pipe('', 'connect', url, '--ca', caFile(certificate));
    expect(errors).toContain('the certificate is for another name');
    expect(code).toBe(1);
  });

  it('connects to anything with --insecure, and warns', async () => {
    const url = await meerkatServer({}, selfSigned({ names: ['example.com'], addresses: [] }));
    const { code, output, errors } = await pipe('secret\n', 'connect', url, '--insecure');
    expect(output).toBe('secret\n');
    expect(errors).toMatch(/^WARNING: the certificate is not verified/);
    expect(code).toBe(0);
  });
});

describe('S19 meerkat connect with a terminal for its output', () => {
  it('shows control characters, and binary as hex and ASCII', async () => {
    const url = await wsServer((peer) => {
      peer.send('\x1b[2J\x07 \u202e\u009b');
      peer.send(Buffer.from('\x1b[2J'));
      peer.close(1000, '\x1b[2J');
    });
    const command = new Command({ stdout: true });
    expect(await command.run('connect', url, '--wait', 'forever')).toBe(0);
    const marked = (text: string): string => `\x1b[7m${text}\x1b[27m`;
    expect(command.output).toBe(
      `${marked('\\x1b')}[2J${marked('\\x07')} ${marked('\\u202e')}${marked('\\x9b')}\n` +
        '1b 5b 32 4a  |.[2J| \x1b[2m(4 octets)\x1b[22m\n',
    );
    expect(command.errors).toContain('"\\x1b[2J"');
  });

  it('refuses --raw there', async () => {
    const command = new Command({ stdout: true });
    expect(await command.run('connect', 'localhost', '--raw')).toBe(2);
    expect(command.errors).toContain('--raw writes octets as they come');
  });
});

describe('meerkat connect --count', () => {
  it('closes after so many messages, and shows no more', async () => {
    const { url, ended } = await serverSideEnd({
      open: (connection) => {
        for (const text of ['one', 'two', 'three']) connection.send(text);
      },
    });
    const { code, output, errors } = await pipe('', 'connect', url, '--count', '2');
    expect(await ended).toMatchObject({ code: 1000, by: 'peer' });
    expect(output).toBe('one\ntwo\n');
    expect(errors).toBe(CLOSED);
    expect(code).toBe(0);
  });

  it('waits for answers that come late, though the input has ended', async () => {
    const url = await wsServer((peer) => {
      peer.on('message', (data) => setImmediate(() => peer.send(`late ${data}`)));
      peer.on('message', (data) =>
        setImmediate(() => setImmediate(() => peer.send(`later ${data}`))),
      );
    });
    const command = new Command();
    expect(await command.run('connect', url, '-m', 'a', '-c', '2')).toBe(0);
    expect(command.output).toBe('late a\nlater a\n');
  });

  it('ends an input that is still open, with the --code that it is told', async () => {
    const { url, ended } = await serverSideEnd();
    const command = new Command();
    command.stdin.write('a\n');
    expect(await command.run('connect', url, '--count', '1', '--code', '4000')).toBe(0);
    expect((await ended).code).toBe(4000);
    expect(command.output).toBe('a\n');
  });

  it.each([
    ['the time of --wait is over', ['--wait', '0.01']],
    ['--wait is 0', ['--wait', '0']],
  ])('fails when %s before', async (_when, wait) => {
    const { code, errors } = await pipe(
      '',
      'connect',
      await meerkatServer(),
      '--count',
      '1',
      ...wait,
    );
    expect(errors).toBe(`${CLOSED}meerkat: only 0 of 1 message came before the end\n`);
    expect(code).toBe(1);
  });

  it('fails when the server closes before', async () => {
    const url = await wsServer((peer) => {
      peer.send('one');
      peer.close(1000);
    });
    const { code, output, errors } = await pipe('', 'connect', url, '--count', '3');
    expect(output).toBe('one\n');
    expect(errors).toMatch(/^the server closed: 1000 .*\nmeerkat: only 1 of 3 messages came .*\n$/);
    expect(code).toBe(1);
  });

  it('fails when the connection is lost before', async () => {
    const url = await rawServer(async (peer) => peer.reset());
    const { code, errors } = await pipe('', 'connect', url, '--count', '3');
    expect(errors).toMatch(/^only 0 of 3 messages came .*\nmeerkat: 1006 abnormal closure: .*\n$/);
    expect(code).toBe(1);
  });
});

describe('the closing handshake', () => {
  it('B1 we close, and both sides are closed', async () => {
    const { url, ended } = await serverSideEnd();
    const { code, errors } = await pipe('hello\n', 'connect', url);
    expect(errors).toBe(CLOSED);
    expect(code).toBe(0);
    expect(await ended).toMatchObject({ code: 1000, clean: true, by: 'peer' });
  });

  it('B1 the server closes, and both sides are closed', async () => {
    const { url, ended } = await serverSideEnd({
      open: (connection) => connection.close(1000, 'done'),
    });
    const { code, errors } = await pipe('', 'connect', url, '--wait', 'forever');
    expect(errors).toMatch(/^the server closed: 1000 normal closure "done"\./);
    expect(code).toBe(0);
    expect(await ended).toMatchObject({ code: 1000, clean: true, by: 'local' });
  });

  it('B1 messages cross both ways at the same time', async () => {
    const url = await wsServer((peer) => {
      peer.send('first');
      peer.on('message', (data) => peer.send(`echo ${data}`));
    });
    const { output } = await pipe('a\nb\n', 'connect', url, '--count', '3');
    expect(output).toBe('first\necho a\necho b\n');
  });
});

describe('every close code that may be on the wire', () => {
  const onTheWire = CLOSE_CODES.filter(({ code }) => isCloseCodeOnTheWire(code));

  it.each(onTheWire)('B8 $code of the server is named, with its meaning', async (entry) => {
    const { code, name, meaning } = entry;
    const url = await wsServer((peer) => peer.close(code, 'why'));
    const { errors, code: exitCode } = await pipe('', 'connect', url, '--wait', 'forever');
    expect(errors).toContain(`the server closed: ${code} ${name} "why". ${meaning}`);
    expect(exitCode).toBe(code === 1000 || code === 1001 ? 0 : 1);
  });

  it.each(onTheWire)('B8 $code of --code reaches the server, and is named', async (entry) => {
    const { code, name, meaning } = entry;
    const { url, ended } = await serverSideEnd();
    const { errors, code: exitCode } = await pipe('', 'connect', url, '--code', `${code}`);
    expect(await ended).toMatchObject({ code, by: 'peer', clean: true });
    expect(errors).toBe(`closed: ${code} ${name}. ${meaning}\n`);
    expect(exitCode).toBe(0);
  });
});

describe('what meerkat connect says of a URL', () => {
  it('S20 has no password and no token in it', async () => {
    const { errors } = await pipe('', 'connect', 'ws://me:hidden@localhost:1/?token=hidden');
    expect(errors).toContain('ws://localhost:1/?token=(redacted): cannot connect: ECONNREFUSED');
    expect(errors).not.toContain('hidden');
  });
});
