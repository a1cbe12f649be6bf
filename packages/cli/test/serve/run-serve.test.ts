import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type Closed, type Connection, connect, type Message, type StreamRequest } from 'meerkat';
import { describe, expect, it, onTestFinished } from 'vitest';
import { control } from '../../../../test/support/observed.ts';
import { Command, pipe } from '../connect/command.ts';
import { ask, temporaryFolder, until } from './serving.ts';

interface Served {
  readonly command: Command;
  readonly exit: Promise<number>;
  readonly port: number;
  readonly url: string;
}

/** `meerkat serve` inside the test. It is interrupted when the test ends. */
async function served(...flags: readonly string[]): Promise<Served> {
  const folder = await temporaryFolder();
  const command = new Command();
  const exit = command.run('serve', folder.path, '--port=0', ...flags);
  onTestFinished(async () => {
    command.interrupt();
    command.interrupt();
    await exit;
    await folder.dispose();
  });
  await command.until((output) => output.includes('ends it.\n'));
  const port = Number(/wss?:\/\/localhost:(\d+)\//.exec(command.output)?.[1]);
  return { command, exit, port, url: `ws://127.0.0.1:${port}/websocket` };
}

/** A client, the messages that it got, and how it ends. */
async function client(url: string): Promise<{
  say(message: Message): void;
  heard: Message[];
  closed: Promise<Closed>;
  connection: Connection<undefined>;
}> {
  const heard: Message[] = [];
  const connection = await connect(url, { message: (_one, message) => void heard.push(message) });
  onTestFinished(() => connection.terminate());
  return { say: (m) => void connection.send(m), heard, closed: connection.closed, connection };
}

function events(command: Command): Record<string, unknown>[] {
  return command.errors
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

describe('flags that would do nothing', () => {
  it.each([
    [['--manual-accept'], /--manual-accept goes with --console/],
    [['--echo'], /--echo goes with --console/],
    [['--show-secrets'], /--show-secrets goes with --console or --hexdump/],
    [['--message-burst=9'], /--message-burst goes with --max-messages-per-second/],
    [['--byte-burst=9'], /--byte-burst goes with --max-bytes-per-second/],
    [['--over-rate=drop'], /--over-rate goes with --max-messages-.* or --max-bytes-per-second/],
    [['--over-rate=wait', '--max-messages-per-second=1'], /--over-rate.*pause, drop, close/],
    [['--max-inflate-ratio=9'], /--max-inflate-ratio goes with --compression/],
    [['--compression-level=9'], /--compression-level goes with --compression/],
    [['--compression-takeover'], /--compression-takeover goes with --compression/],
    [['--compression', '--compression-level=10'], /--compression-level.*from 0 to 9/],
    [['--compression', '--compression-window-bits=16'], /--compression-window-bits.*from 8 to 15/],
    [['--compression=yes'], /--compression/],
    [['--drain-spread=2', '--drain-timeout=1'], /--drain-spread: .*--drain-timeout/],
    [['--cert=c.pem'], /--cert and --key/],
    [['--key=k.pem'], /--cert and --key/],
    [['--tls', '--cert=c.pem', '--key=k.pem'], /--tls.* cannot be used with .*--cert/],
    [['--tls', '--listen=ws://127.0.0.1:0'], /--tls: none of the addresses/],
    [['--listen=wss://127.0.0.1:0'], /need a certificate/],
    [['--listen=ws://127.0.0.1:0', '--port=1'], /--listen.* cannot be used with .*--port/],
    [['--listen=ws://127.0.0.1:0', '--host=x'], /--listen.* cannot be used with .*--host/],
    [['--origins=https://a.test', '--dangerously-accept-any-origin'], /cannot be used with/],
    [['--drain-code=1000'], /--drain-code.*1001, 1012/],
    [['--log-level=loud'], /--log-level.*silent/],
    [['--log-format=xml'], /--log-format.*pretty/],
    [['--origins=https://a.test/path'], /--origins: /],
    [['--subprotocols=a b'], /--subprotocols: /],
    [
      ['--trust-proxy=nope'],
      /^meerkat: --trust-proxy nope: no address, no network such as 10\.0\.0\.0\/8, neither unix nor loopback$/m,
    ],
    [['--trust-proxy=10.0.0.1/8'], /--trust-proxy 10\.0\.0\.1\/8: .* 10\.0\.0\.0\/8 may be meant/],
    [['--quit-word='], /--quit-word/],
    [['--quit-word=quit '], /--quit-word/],
  ])('%j ends with 2 and one clear line', async (flags, line) => {
    const { code, output, errors } = await pipe('', 'serve', '.', ...flags);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(/^meerkat: .*\n$/);
    expect(errors).toMatch(line);
  });
});

describe('the limits on connections', () => {
  it('H27 --max-connections 2 answers the third with 503 and Retry-After, until one has left', async () => {
    const { url } = await served('--max-connections', '2');
    const [one] = [await client(url), await client(url)];
    await expect(connect(url)).rejects.toMatchObject({
      status: 503,
      headers: expect.arrayContaining([['Retry-After', expect.stringMatching(/^\d+$/)]]),
    });
    one?.connection.close();
    await one?.closed;
    await expect
      .poll(async () => {
        const again = await connect(url).catch(() => undefined);
        again?.terminate();
        return again !== undefined;
      })
      .toBe(true);
  });

  it('H27 --max-per-address 1 answers the second of one address with 429, and not that of another', async () => {
    const { url, port } = await served('--max-per-address', '1');
    await client(url);
    await expect(connect(url)).rejects.toMatchObject({ status: 429 });
    const createConnection = ({ port }: StreamRequest) =>
      connectTcp({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    const other = await connect(url, { createConnection });
    await other.ping();
    other.terminate();
    expect((await control(() => ask(port, '/rest'))).status).toBe(200); // HTTP is not counted
  });

  it('H27 --max-new-per-address 1 answers the third in a moment with 429', async () => {
    const { url } = await served('--max-new-per-address', '1');
    await client(url);
    await client(url);
    await expect(connect(url)).rejects.toMatchObject({ status: 429 });
  });

  it('--trust-proxy loopback counts, and logs, whom the proxy names', async () => {
    const { url, command } = await served(
      ...['--trust-proxy', 'loopback', '--max-per-address', '1'],
      ...['--log-format', 'json', '--request-log'],
    );
    const from = async (address: string) =>
      connect(url, { headers: { 'X-Forwarded-For': address } });
    const one = await from('203.0.113.9');
    await expect(from('203.0.113.9')).rejects.toMatchObject({ status: 429 });
    const other = await from('2001:db8::1');
    await until(() => events(command).filter(({ event }) => event === 'open').length === 2);
    expect(
      events(command)
        .filter(({ event }) => event === 'open')
        .map(({ remote }) => remote),
    ).toEqual(['203.0.113.9', '[2001:db8::1]']);
    one.terminate();
    other.terminate();
  });
});

describe('the limits on messages', () => {
  it('--over-rate close ends with 1008 whoever sends more, and the log says by which limit', async () => {
    const { url, command } = await served(
      ...['--max-messages-per-second=1', '--message-burst=2', '--over-rate=close'],
      ...['--log-format=json', '--request-log'],
    );
    const { say, closed } = await client(url);
    for (let count = 0; count < 3; count += 1) say('again');
    expect(await closed).toMatchObject({ code: 1008, by: 'peer' });
    await until(() => events(command).some(({ event }) => event === 'close'));
    expect(events(command).at(-1)).toMatchObject({
      rule: 'WS_MESSAGE_RATE',
      limit: 'maxMessagesPerSecond',
    });
  });

  it('--over-rate drop echoes what is within the rate, and the log counts the rest', async () => {
    const { url, command } = await served(
      ...['--max-bytes-per-second=1', '--byte-burst=10', '--over-rate=drop'],
      ...['--log-format=json', '--request-log'],
    );
    const { say, heard, closed, connection } = await client(url);
    // What is longer than the burst never passes, however slow this machine is.
    for (const message of ['12345678', 'much too long', 'as long as that']) say(message);
    await connection.ping();
    connection.close();
    await closed;
    expect(heard).toEqual(['12345678']);
    await until(() => events(command).some(({ event }) => event === 'close'));
    expect(events(command).at(-1)).toMatchObject({ code: 1000, discarded: 2 });
  });
});

describe('--compression', () => {
  /** Compresses well, and is past the threshold. */
  const LONG = 'hello, meerkat. '.repeat(1_000);

  it('A9 is agreed on with a client that offers it, and said in banner and log', async () => {
    const { url, command } = await served('--compression', '--log-format=json');
    expect(command.output).toContain('compression          for clients that offer');
    const { say, heard, connection } = await client(url);
    expect(connection.extensions).toMatch(/^permessage-deflate; server_no_context_takeover; /);
    say(LONG);
    say('short');
    await until(() => heard.length === 2);
    expect(heard).toEqual([LONG, 'short']);
    const plain = await connect(url, { compression: false });
    expect(plain.extensions).toBe('');
    plain.terminate();
    await until(() => events(command).filter(({ event }) => event === 'open').length === 2);
    const [first, second] = events(command).filter(({ event }) => event === 'open');
    expect(first).toMatchObject({ extensions: connection.extensions });
    expect(second).not.toHaveProperty('extensions');
  });

  it('A9 is declined without the flag', async () => {
    const { url, command } = await served();
    const { connection } = await client(url);
    expect(connection.extensions).toBe('');
    expect(command.output).not.toContain('compression');
  });

  it('C11 --compression-takeover and --compression-window-bits are what is agreed on', async () => {
    const { url } = await served(
      ...['--compression', '--compression-takeover', '--compression-window-bits=10'],
    );
    const heard: Message[] = [];
    const connection = await connect(url, {
      compression: { serverNoContextTakeover: false, clientNoContextTakeover: false },
      message: (_one, message) => void heard.push(message),
    });
    onTestFinished(() => connection.terminate());
    expect(connection.extensions).toBe(
      'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10',
    );
    for (let count = 0; count < 5; count += 1) connection.send(`${LONG}${count}`);
    await until(() => heard.length === 5);
    expect(heard.at(-1)).toBe(`${LONG}4`);
  });

  it('C8 goes with --max-message-bytes 67108864, inflated', async () => {
    const { url } = await served('--compression', '--max-message-bytes', '67108864');
    const heard: Message[] = [];
    const connection = await connect(url, {
      maxMessageBytes: 67_108_864,
      message: (_one, message) => void heard.push(message),
    });
    onTestFinished(() => connection.terminate());
    const large = new Uint8Array(4 * 1_048_576);
    connection.send(large);
    await until(() => heard.length === 1);
    expect(Buffer.compare(heard[0] as Uint8Array, large)).toBe(0);
  });

  it('C9 --max-inflate-ratio ends with 1008 whoever sends a bomb', async () => {
    const { url } = await served('--compression', '--max-inflate-ratio=100');
    const { say, closed } = await client(url);
    say(new Uint8Array(500_000));
    expect(await closed).toMatchObject({ code: 1008, by: 'peer' });
  });
});

describe('--quit-word quit', () => {
  it('closes who says it with 1000, and nobody else', async () => {
    const { url } = await served('--quit-word', 'quit');
    const [leaver, stayer] = [await client(url), await client(url)];
    stayer.say('quitter');
    stayer.say(new TextEncoder().encode('quit'));
    leaver.say('quit\n');
    expect(await leaver.closed).toMatchObject({ code: 1000, by: 'peer', clean: true });
    expect(leaver.heard).toEqual([]);
    stayer.say('still here');
    await until(() => stayer.heard.length === 3);
    expect(stayer.heard).toEqual(['quitter', new TextEncoder().encode('quit'), 'still here']);
    expect(stayer.connection.state).toBe('open');
  });
});

describe('the log', () => {
  it('is JSON, a line for each request, opening and closing', async () => {
    const { command, url, port } = await served();
    await ask(port, '/rest?token=hunter2');
    const { connection } = await client(url);
    connection.close(4000, 'bye');
    await connection.closed;
    await until(() => events(command).length === 3);
    expect(events(command)).toMatchObject([
      { event: 'request', id: 1, url: '/rest?token=(redacted)', status: 200, octets: 16 },
      { event: 'open', id: 2, url: '/websocket' },
      { event: 'close', id: 2, code: 4000, reason: 'bye' },
    ]);
  });

  it('is for people with --log-format pretty, and without colours in a pipe', async () => {
    const { command, port } = await served('--log-format=pretty');
    await ask(port, '/rest');
    await until(() => command.errors !== '');
    expect(command.errors).toMatch(/^\[[\d:.]+\] INFO: #1 127\.0\.0\.1:\d+ GET \/rest: 200, /);
    expect(command.errors).not.toContain('\x1b');
  });

  it.each([['--no-request-log'], ['--log-level=warn'], ['--log-level=silent']])(
    'has no requests with %s',
    async (flag) => {
      const { command, exit, port, url } = await served(flag);
      await ask(port, '/rest');
      const { connection } = await client(url);
      connection.terminate();
      await connection.closed;
      command.interrupt();
      await exit;
      expect(events(command)).toEqual([]);
    },
  );

  it('numbers connections as the dump does', async () => {
    const folder = await temporaryFolder();
    onTestFinished(() => folder.dispose());
    const file = join(folder.path, 'dump');
    const { command, exit, port, url } = await served('--hexdump', file);
    await ask(port, '/rest');
    const { connection } = await client(url);
    connection.close();
    await connection.closed;
    command.interrupt();
    expect(await exit).toBe(0);
    const dump = readFileSync(file, 'utf8');
    for (const { id, remote } of events(command))
      expect(dump).toContain(`#${id} 127.0.0.1:${port} -- ${remote}  opened`);
    expect(events(command).map(({ id }) => id)).toEqual([1, 2, 2]);
  });
});

describe('the end', () => {
  it('R9 leaves nothing behind that would keep the process', async () => {
    const { command, exit, port, url } = await served();
    await ask(port, '/rest');
    const { closed } = await client(url);
    command.interrupt();
    expect(await closed).toMatchObject({ code: 1001 });
    expect(await exit).toBe(0); // and test/support/leftovers.ts looks for the rest
  });
});

it('S20 does not serve the dump to its clients', async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.dispose());
  const command = new Command();
  const exit = command.run(
    'serve',
    folder.path,
    '--port=0',
    `--hexdump=${join(folder.path, 'd.txt')}`,
  );
  await command.until((output) => output.includes('ends it.\n'));
  const port = Number(/localhost:(\d+)\//.exec(command.output)?.[1]);
  expect((await ask(port, '/d.txt')).status).toBe(404);
  command.interrupt();
  expect(await exit).toBe(0);
  expect(readFileSync(join(folder.path, 'd.txt'), 'utf8')).toContain('GET /d.txt HTTP/1.1');
});

it('ends with 1 when the transcript of the console could not be written', async () => {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.dispose());
  const full = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
    },
  });
  const command = new Command({}, full);
  expect(await command.run('serve', folder.path, '--port=0', '--console')).toBe(1);
  expect(command.errors).toContain('cannot write the output: no space left on device');
  expect(command.errors).toMatch(/meerkat: the transcript is not complete\n$/);
});
