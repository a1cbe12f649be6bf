import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, connect as dial, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { FROM_SOURCE, Program } from '../../../../test/support/program.ts';
import { until } from '../support/waiting.ts';
import { Far, Recorder } from './recorder.ts';
import { tcpPair } from './tcp-pair.ts';
import { MEMORY } from './tcp-transports.ts';

type Module = typeof import('../../src/transport/open-transport.ts');

/** As a new process has it. */
async function load(): Promise<Module> {
  vi.resetModules();
  return await import('../../src/transport/open-transport.ts');
}

/** The same, where it is known what works. */
async function ready(): Promise<Module> {
  const module = await load();
  await module.transportsReady('handle', MEMORY);
  return module;
}

beforeEach(() => {
  vi.stubEnv('MEERKAT_TRANSPORT', '');
  onTestFinished(() => void vi.unstubAllEnvs());
});

async function accepted(): Promise<{ near: Socket; far: Socket }> {
  const { accepted: near, dialled: far, dispose } = await tcpPair();
  onTestFinished(dispose);
  return { near, far };
}

/** Which kind is opened on `stream`, which then has to work. */
async function kindOn(stream: Duplex, far: Duplex, module?: Module): Promise<string> {
  const { openTransport } = module ?? (await ready());
  const transport = openTransport(stream, 'handle', MEMORY);
  const recorder = new Recorder();
  transport.start(recorder.receiver);
  transport.write(Buffer.from('there'), 0, 5);
  far.write('back');
  const peer = new Far(far);
  await until(() => recorder.received.toString().endsWith('back'));
  await until(() => peer.received.toString().endsWith('there'));
  transport.destroy();
  await until(() => recorder.closed);
  return transport.constructor.name;
}

describe('which transport a stream gets', () => {
  it('is the handle for a plain TCP socket, at either end', async () => {
    const { near, far } = await accepted();
    const { openTransport } = await ready();
    expect(openTransport(near, 'handle', MEMORY).constructor.name).toBe('HandleTransport');
    expect(openTransport(far, 'handle', MEMORY).constructor.name).toBe('HandleTransport');
  });

  it('is the stream where that was asked for', async () => {
    const { near } = await accepted();
    const { openTransport } = await ready();
    expect(openTransport(near, 'stream', MEMORY).constructor.name).toBe('StreamTransport');
  });

  it('is the stream as long as nobody knows whether the handle works', async () => {
    const { near, far } = await accepted();
    const module = await load();
    const { openTransport, transportsReady } = module;
    expect(openTransport(near, 'handle', MEMORY).constructor.name).toBe('StreamTransport');
    const known = transportsReady('handle', MEMORY);
    expect(transportsReady('handle', MEMORY)).toBe(known);
    expect(openTransport(near, 'handle', MEMORY).constructor.name).toBe('StreamTransport');
    expect(await known).toBe(true);
    expect(transportsReady('handle', MEMORY)).toBe(undefined);
    expect(openTransport(far, 'handle', MEMORY).constructor.name).toBe('HandleTransport');
  });

  it('is the stream for a stream in memory', async () => {
    const [near, far] = duplexPair();
    expect(await kindOn(near, far)).toBe('StreamTransport');
    far.destroy();
  });

  it('is the stream for TLS, at either end', async () => {
    const module = await ready();
    for (const side of ['server', 'client']) {
      const certificate = selfSigned();
      const { near, far } = await accepted();
      const server = new TLSSocket(near, { isServer: true, ...certificate });
      const client = connectTls({ socket: far, ca: certificate.cert, host: 'localhost' });
      await once(client, 'secureConnect');
      const [one, other] = side === 'server' ? [server, client] : [client, server];
      expect(await kindOn(one, other, module)).toBe('StreamTransport');
    }
  });

  it('is the stream for a socket in the file system', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'socket');
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    const far = dial(path);
    const [near] = (await once(server, 'connection')) as [Socket];
    onTestFinished(() => {
      far.destroy();
      near.destroy();
      server.close();
    });
    expect(await kindOn(near, far)).toBe('StreamTransport');
  });

  it('is the stream for a socket of a class of its own', async () => {
    class Mine extends Socket {}
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const mine = new Mine();
    mine.connect((server.address() as { port: number }).port, '127.0.0.1');
    const [[far]] = (await Promise.all([once(server, 'connection'), once(mine, 'connect')])) as [
      [Socket],
      unknown,
    ];
    onTestFinished(() => {
      far.destroy();
      mine.destroy();
      server.close();
    });
    expect(await kindOn(mine, far)).toBe('StreamTransport');
  });

  it.each<[string, (near: Socket, far: Socket) => unknown]>([
    ['somebody listens for what arrives', (near) => near.on('data', () => {})],
    ['somebody listens for when it may be read', (near) => near.on('readable', () => near.read())],
    ['it is piped somewhere', (near) => near.pipe(duplexPair()[0])],
    ['it is corked', (near) => near.cork()],
  ])('is the stream where %s', async (_, touch) => {
    const { near, far } = await accepted();
    touch(near, far);
    const { openTransport } = await ready();
    expect(openTransport(near, 'handle', MEMORY).constructor.name).toBe('StreamTransport');
  });

  it('is the stream where it is read as text', async () => {
    const { near } = await accepted();
    near.setEncoding('utf8');
    const { openTransport } = await ready();
    expect(openTransport(near, 'handle', MEMORY).constructor.name).toBe('StreamTransport');
  });

  it.each(['write', 'push', 'read', '_write', '_writev', '_read', 'emit'] as const)(
    'is the stream where %s was replaced',
    async (name) => {
      const { near, far } = await accepted();
      let calls = 0;
      const original = Reflect.get(near, name) as (...args: unknown[]) => unknown;
      Reflect.set(near, name, (...args: unknown[]) => {
        calls += 1;
        return original.apply(near, args);
      });
      // node's own writes many at once with one call
      expect(await kindOn(near, far)).toBe('StreamTransport');
      if (name !== '_writev') expect(calls).toBeGreaterThan(0);
    },
  );

  it('is the stream where octets wait to be written', async () => {
    const { near, far } = await accepted();
    near.write(Buffer.alloc(8 << 20));
    const { openTransport } = await ready();
    const transport = openTransport(near, 'handle', MEMORY);
    expect(transport.constructor.name).toBe('StreamTransport');
    transport.start(new Recorder().receiver);
    transport.write(Buffer.from('behind'), 0, 6);
    const peer = new Far(far);
    await until(() => peer.bytes === (8 << 20) + 6);
    expect(peer.received.toString('latin1', 8 << 20)).toBe('behind');
  });

  it.each(['handle', 'stream'] as const)(
    'is the %s where octets were read already: they come first, all of them',
    async (kind) => {
      const { near, far } = await accepted();
      near.on('end', () => {}); // whoever listens for that alone sees no octets
      near.unshift(Buffer.from('third, '));
      near.unshift(Buffer.from('second, '));
      near.unshift(Buffer.from('first, '));
      far.write('fourth, ');
      near.read(0); // begins to read
      await until(() => near.readableLength > 22);
      const { openTransport } = await ready();
      const transport = openTransport(near, kind, MEMORY);
      expect(transport.constructor.name.toLowerCase()).toBe(`${kind}transport`);
      const recorder = new Recorder();
      transport.start(recorder.receiver);
      far.write('then');
      await until(() => recorder.received.toString().endsWith('then'));
      expect(recorder.received.toString()).toBe('first, second, third, fourth, then');
    },
  );

  it('is the stream for a socket that is destroyed', async () => {
    const { near } = await accepted();
    near.destroy();
    const { openTransport } = await ready();
    const transport = openTransport(near, 'handle', MEMORY);
    expect(transport.constructor.name).toBe('StreamTransport');
    const recorder = new Recorder();
    transport.start(recorder.receiver);
    await until(() => recorder.closed);
    expect(recorder.events).toEqual(['closed']);
  });

  it.each(['bun', 'deno'])('is the stream on %s', async (runtime) => {
    Object.defineProperty(process.versions, runtime, { value: '1.0.0', configurable: true });
    onTestFinished(() => void Reflect.deleteProperty(process.versions, runtime));
    const { near, far } = await accepted();
    const module = await load();
    expect(module.transportsReady('handle', MEMORY)).toBe(undefined);
    expect(await kindOn(near, far, module)).toBe('StreamTransport');
  });

  it('is the stream where Node’s internals are not what they were', async () => {
    const original = Object.getOwnPropertySymbols;
    const spy = vi
      .spyOn(Object, 'getOwnPropertySymbols')
      .mockImplementation((value) =>
        original(value).filter(({ description }) => description !== 'kBuffer'),
      );
    onTestFinished(() => spy.mockRestore());
    const { near, far } = await accepted();
    const module = await load();
    expect(module.transportsReady('handle', MEMORY)).toBe(undefined);
    spy.mockRestore();
    expect(await kindOn(near, far, module)).toBe('StreamTransport');
  });
});

describe('whether connections can do without a socket', () => {
  /** A new process in which the self-tests come out like this, and how often each was made. */
  async function where(outcomes: { socket: boolean; bare: boolean }): Promise<string[]> {
    const made: string[] = [];
    vi.doMock('../../src/transport/self-test.ts', () => ({
      selfTest: async (_memory: Uint8Array, accepted: 'socket' | 'bare' = 'socket') => {
        made.push(accepted);
        return outcomes[accepted];
      },
    }));
    onTestFinished(() => void vi.doUnmock('../../src/transport/self-test.ts'));
    vi.resetModules();
    return made;
  }

  it('is so here', async () => {
    const { bareTransportsWork } = await load();
    expect(await bareTransportsWork('handle', MEMORY)).toBe(true);
  });

  it('is found out once, by both self-tests, whoever asks meanwhile', async () => {
    const made = await where({ socket: true, bare: true });
    const { bareTransportsWork } = await import('../../src/transport/open-transport.ts');
    const all = Array.from({ length: 3 }, () => bareTransportsWork('handle', MEMORY));
    expect(await Promise.all(all)).toEqual([true, true, true]);
    expect(await bareTransportsWork('handle', MEMORY)).toBe(true);
    expect(made).toEqual(['socket', 'bare']);
  });

  it.each<[string, string[], { socket: boolean; bare: boolean }]>([
    ['handles do not work', ['socket'], { socket: false, bare: true }],
    ['they do not without a socket', ['socket', 'bare'], { socket: true, bare: false }],
  ])('is not so where %s', async (_title, tests, outcomes) => {
    const made = await where(outcomes);
    const { bareTransportsWork } = await import('../../src/transport/open-transport.ts');
    expect(await bareTransportsWork('handle', MEMORY)).toBe(false);
    expect(made).toEqual(tests);
  });

  it('is not so where streams were asked for, by the caller or for the process', async () => {
    const made = await where({ socket: true, bare: true });
    const { bareTransportsWork } = await import('../../src/transport/open-transport.ts');
    expect(await bareTransportsWork('stream', MEMORY)).toBe(false);
    vi.stubEnv('MEERKAT_TRANSPORT', 'stream');
    vi.resetModules();
    const again = await import('../../src/transport/open-transport.ts');
    expect(await again.bareTransportsWork('handle', MEMORY)).toBe(false);
    expect(made).toEqual([]);
  });

  // Each of these is looked for on a socket of Node.
  it.each(['kUpdateTimer', 'owner_symbol'])('is not so where Node has no %s', async (missing) => {
    const original = Object.getOwnPropertySymbols;
    const spy = vi
      .spyOn(Object, 'getOwnPropertySymbols')
      .mockImplementation((value) =>
        original(value).filter(({ description }) => description !== missing),
      );
    onTestFinished(() => spy.mockRestore());
    const module = await load();
    expect(await module.bareTransportsWork('handle', MEMORY)).toBe(false);
  });

  it.each<[string, { socket: boolean; bare: boolean }]>([
    ['works', { socket: true, bare: true }],
    ['does not work', { socket: true, bare: false }],
  ])('decides who accepts where a server listens: it %s', async (_title, outcomes) => {
    await where(outcomes);
    const { connect, WebSocketServer } = await import('meerkat');
    const server = createHttpServer();
    let sockets = 0;
    server.on('connection', () => {
      sockets += 1;
    });
    const wss = new WebSocketServer({
      message: (connection, message) => void connection.send(message),
    });
    onTestFinished(async () => {
      await wss.close();
      server.close();
    });
    const listening = { server, host: '127.0.0.1', port: 0, announceWebSockets: false };
    const { port } = await wss.listen(listening);
    const answers: unknown[] = [];
    const client = await connect(`ws://127.0.0.1:${port}`, {
      message: (_, message) => void answers.push(message),
    });
    client.send('either way');
    await until(() => answers.length === 1);
    expect(answers).toEqual(['either way']);
    expect(sockets).toBe(outcomes.bare ? 0 : 1);
    client.close();
    await client.closed;
  });

  it('is so under the permission model, where the network is permitted', async () => {
    const known = process.allowedNodeEnvironmentFlags;
    const program = new Program(
      process.execPath,
      [
        known.has('--permission') ? '--permission' : '--experimental-permission',
        '--allow-fs-read=*',
        '--allow-worker', // what loads TypeScript has one
        ...(known.has('--allow-net') ? ['--allow-net'] : []),
        '--disable-warning=ExperimentalWarning',
        '--disable-warning=SecurityWarning',
        ...FROM_SOURCE,
        'packages/meerkat/test/transport/programs/listening.ts',
        'here',
      ],
      { env: { MEERKAT_TRANSPORT: '' } },
    );
    onTestFinished(() => program.kill('SIGKILL'));
    expect([await program.exited, program.stdout, program.stderr]).toEqual([0, 'bare\n', '']);
  });

  it.each(['cluster', 'thread'])('is so in a worker: %s', async (kind) => {
    const file = 'packages/meerkat/test/transport/programs/listening.ts';
    const program = Program.source(file, [kind], { MEERKAT_TRANSPORT: '' });
    onTestFinished(() => program.kill('SIGKILL'));
    expect([await program.exited, program.stdout, program.stderr]).toEqual([0, 'bare\n', '']);
  });
});

describe('MEERKAT_TRANSPORT', () => {
  it.each([
    ['stream', 'StreamTransport', ''],
    ['handle', 'HandleTransport', ''],
    [
      'nonsense',
      'HandleTransport',
      "(node) [MEERKAT_TRANSPORT] Warning: MEERKAT_TRANSPORT is 'nonsense', not 'handle' or 'stream'; 'handle' is used\n",
    ],
  ])('%s: %s', async (value, kind, warning) => {
    const program = Program.source('packages/meerkat/test/transport/programs/which.ts', [], {
      MEERKAT_TRANSPORT: value,
      NODE_OPTIONS: '',
    });
    onTestFinished(() => program.kill('SIGKILL'));
    expect(await program.exited).toBe(0);
    expect(program.stdout).toBe(`${kind}\n${kind}\n`);
    const [first = '', ...hints] = program.stderr
      .replace(/^\(node:\d+\)/, '(node)')
      .split(/(?<=\n)/);
    expect(first).toBe(warning);
    expect(hints.filter((line) => !line.includes('--trace-warnings'))).toEqual([]);
  });

  it('keeps from trying the handle', async () => {
    vi.stubEnv('MEERKAT_TRANSPORT', 'stream');
    const { transportsReady } = await load();
    expect(transportsReady('handle', MEMORY)).toBe(undefined);
  });
});
