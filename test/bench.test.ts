// bench/: every server does what it is compared for, the load sees what is wrong, the driver writes what it measured.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { read } from './support/doc-page.ts';
import { FROM_SOURCE, Program, root } from './support/program.ts';

const { CI, NODE_OPTIONS = '' } = process.env;
/** meerkat is taken from its sources, also by what the driver starts. */
const SOURCES = { NODE_OPTIONS: `${NODE_OPTIONS} ${FROM_SOURCE.join(' ')}` };
const MODULES = join(root, 'bench/node_modules');
const programs: Program[] = [];

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
});

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const program = new Program(command, args, { env });
  programs.push(program);
  return program;
}

/** Runs a file of bench/ that uses meerkat. */
function run(file: string, ...args: readonly string[]): Program {
  return start(process.execPath, [join(root, 'bench', file), ...args], SOURCES);
}

/** What runs a server's file, where that is not Node. */
const RUNTIMES: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  bun: [join(MODULES, 'bun/bin/bun.exe')],
  deno: [join(MODULES, '.bin/deno'), 'run', '--allow-all'],
};

/** A server, as a process that whoever starts it has to stop. */
function serverProgram(name: string, compression: string): Program {
  const [command, ...args] = RUNTIMES[name] ?? [process.execPath];
  const file = join(root, `bench/servers/${name}.mjs`);
  const env = name.startsWith('meerkat') ? SOURCES : {};
  return new Program(command, [...args, file, '0', compression], { env });
}

async function portOf(server: Program): Promise<number> {
  const [, port] = await server.prints(/^READY (\d+)$/m);
  return Number(port);
}

/** Starts a server until the test ends, and answers with its process and port. */
async function serve(name: string, compression = 'none'): Promise<{ pid: number; port: number }> {
  const server = serverProgram(name, compression);
  programs.push(server);
  return { pid: server.pid, port: await portOf(server) };
}

interface Received {
  readonly data: string;
  readonly binary: boolean;
}

/** A client of another make. */
class Client {
  readonly #socket: WebSocket;
  readonly #received: Received[] = [];
  readonly #wakers: (() => void)[] = [];
  /** Sec-WebSocket-Extensions of the response. */
  extensions = '';
  /** The octets that came behind the response. */
  octets = Buffer.alloc(0);

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, binary) => {
      this.#received.push({ data: data.toString(), binary });
      for (const wake of this.#wakers.splice(0)) wake();
    });
    socket.on('upgrade', (response) => {
      this.extensions = response.headers['sec-websocket-extensions'] ?? '';
      response.socket.prependListener('data', (chunk: Buffer) => {
        this.octets = Buffer.concat([this.octets, chunk]);
      });
    });
  }

  static async open(port: number, path: string, deflate = false): Promise<Client> {
    const perMessageDeflate = deflate && {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      threshold: 0,
    };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate });
    const client = new Client(socket);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    onTestFinished(() => socket.terminate());
    return client;
  }

  send(message: string | Buffer): void {
    this.#socket.send(message);
  }

  /** The messages so far, once there are that many. */
  async messages(count: number): Promise<readonly Received[]> {
    while (this.#received.length < count) {
      await new Promise<void>((resolve) => {
        this.#wakers.push(resolve);
      });
    }
    return this.#received;
  }
}

/** Declares tests that need what bench/package.json names. Without it they are skipped; with `CI=true` they fail. */
function describeWithRivals(title: string, suite: () => void): void {
  if (existsSync(join(MODULES, '.package-lock.json'))) {
    describe(title, suite);
    return;
  }
  const reason = 'bench/node_modules is not there: node scripts/rivals.mjs';
  if (CI === 'true') {
    it(title, () => expect.unreachable(reason));
    return;
  }
  console.warn(`skipped: ${title}: ${reason}`);
  describe.skip(`${title} (${reason})`, suite);
}

for (const name of ['meerkat', 'meerkat-stream', 'ws']) {
  describe(`bench/servers/${name}.mjs`, () => describeServer(name, true));
}
for (const [name, compresses] of [
  ['ws-bufferutil', true],
  ['bun', true],
  ['deno', false],
  ['faye-websocket', false],
] as const) {
  describeWithRivals(`bench/servers/${name}.mjs`, () => describeServer(name, compresses));
}

function describeServer(name: string, compresses: boolean): void {
  let server: Program;
  let port: number;
  beforeAll(async () => {
    server = serverProgram(name, 'none');
    port = await portOf(server);
  });
  afterAll(() => server.stop());

  it('echoes text and binary on any path', async () => {
    const client = await Client.open(port, '/any/path?x=1');
    client.send('tëxt');
    client.send(Buffer.from('octets'));
    client.send('');
    expect(await client.messages(3)).toEqual([
      { data: 'tëxt', binary: false },
      { data: 'octets', binary: true },
      { data: '', binary: false },
    ]);
    expect(client.extensions).toBe('');
  });

  it('sends what is published at /pub to everyone at /sub, and to nobody else', async () => {
    const subscribers = await Promise.all([1, 2, 3].map(() => Client.open(port, '/sub')));
    const publisher = await Client.open(port, '/pub');
    const bystander = await Client.open(port, '/');
    publisher.send('one');
    publisher.send(Buffer.from('two'));
    const both = [
      { data: 'one', binary: false },
      { data: 'two', binary: true },
    ];
    for (const subscriber of subscribers) expect(await subscriber.messages(2)).toEqual(both);
    bystander.send('still here');
    expect(await bystander.messages(1)).toEqual([{ data: 'still here', binary: false }]);
    expect(await publisher.messages(0)).toEqual([]);
  });

  if (!compresses) return;
  it('compresses however short a message is, without context takeover on either side', async () => {
    const { port: deflating } = await serve(name, 'deflate');
    const echo = await Client.open(deflating, '/', true);
    const subscriber = await Client.open(deflating, '/sub', true);
    const publisher = await Client.open(deflating, '/pub', true);
    for (const client of [echo, subscriber]) {
      expect(client.extensions).toContain('permessage-deflate');
      expect(client.extensions).toContain('server_no_context_takeover');
      expect(client.extensions).toContain('client_no_context_takeover');
    }
    echo.send('aaaaaaaaaaaaaaaaaaaa');
    publisher.send('bbbbbbbbbbbbbbbbbbbb');
    expect(await echo.messages(1)).toEqual([{ data: 'aaaaaaaaaaaaaaaaaaaa', binary: false }]);
    expect(await subscriber.messages(1)).toEqual([{ data: 'bbbbbbbbbbbbbbbbbbbb', binary: false }]);
    const FIN_RSV1_TEXT = 0xc1;
    expect(echo.octets[0]).toBe(FIN_RSV1_TEXT);
    expect(subscriber.octets[0]).toBe(FIN_RSV1_TEXT);
  });
}

it('bench/servers/ are told by their command line where to listen, and print READY', async () => {
  const server = start(process.execPath, [join(root, 'bench/servers/ws.mjs'), 'nowhere']);
  expect(await server.exited).toBe(2);
  expect(server.stderr).toMatch(/^usage: .+ws\.mjs PORT \[none\|deflate\]/);
});

it('bench/servers/meerkat.mjs sets nothing but handlers, paths and compression', () => {
  const code = read('bench/servers/meerkat.mjs');
  const servers = [...code.matchAll(/^const \w+ = new WebSocketServer\(\{$([\s\S]*?)^\}\);$/gm)];
  expect(servers).toHaveLength(3);
  const names = servers.flatMap(([, options = '']) => options.match(/^ {2}\w+/gm) ?? []);
  expect([...new Set(names)]).toEqual(['  compression', '  message', '  open']);
  expect(code).toContain('\nconst compression = deflate ? { threshold: 0 } : false;\n');
  expect(code).toContain('new Topics()');
  expect(code.match(/(?:attach|listen)\(.*\)/g)).toEqual([
    "attach(server, { path: '/sub' })",
    "attach(server, { path: '/pub' })",
    'attach(server)',
    'listen(server)',
    "listen({ server, port, host: '127.0.0.1' })",
  ]);
});

describe('bench/load.mjs', { timeout: 60_000 }, () => {
  const quick = ['-t', '0.15', '-W', '0.05', '-c', '5'];

  /** What it says of a server in a process of its own. */
  async function load(
    { pid, port }: { pid: number; port: number },
    ...args: readonly string[]
  ): Promise<{ code: number | null; result: Record<string, number>; stderr: string }> {
    const program = run('load.mjs', ...quick, ...args, '-p', `${port}`, '--pid', `${pid}`);
    const code = await program.exited;
    return { code, result: code === 0 ? JSON.parse(program.stdout) : {}, stderr: program.stderr };
  }

  it('counts echoes, deliveries and handshakes, with the processor time of the server', async () => {
    const server = await serve('meerkat', 'deflate');
    for (const args of [
      ['echo', '-s', '20', '-d', '4'],
      ['echo', '-s', '2000', '--text', '--deflate'],
      ['bcast', '-s', '64', '-w', '2'],
      ['churn'],
    ]) {
      const { code, result, stderr } = await load(server, ...args);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(result).toMatchObject({ mode: args[0], conns: 5 });
      expect(result['msgs']).toBeGreaterThan(0);
      expect(result['srv_us_per_msg']).toBeGreaterThanOrEqual(0);
    }
  });

  it('tells by how much idle connections make a server grow', async () => {
    const { result } = await load(await serve('meerkat'), 'idle');
    expect(result['bytes_per_conn']).toEqual(expect.any(Number));
  });

  it('speaks to an echo without WebSocket', async () => {
    const server = await serve('net');
    for (const args of [
      ['-s', '70000'],
      ['-s', '20', '-d', '16', '--text'],
    ]) {
      const { code, result } = await load(server, 'echo', '--raw', ...args);
      expect(code).toBe(0);
      expect(result['msgs']).toBeGreaterThan(0);
    }
  });

  it.each([
    ['an octet that differs', (message: Buffer) => message.fill('x', 19)],
    ['a message that is too short', (message: Buffer) => message.subarray(1)],
    ['the message before it', () => undefined],
  ])('does not let %s pass', async (_what, spoil) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => {
      let count = 0;
      let last: Buffer = Buffer.alloc(0);
      socket.on('error', () => {});
      socket.on('message', (message: Buffer) => {
        count += 1;
        socket.send(count === 10 ? (spoil(Buffer.from(message)) ?? last) : message);
        last = message;
      });
    });
    const { port } = server.address() as { port: number };
    const { code, stderr } = await load({ pid: process.pid, port }, 'echo', '-s', '20', '-t', '10');
    expect(stderr).toMatch(/^load: message 9 came back as binary of (19|20): /);
    expect(code).toBe(3);
  });

  it('does not let the end of a connection pass', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    onTestFinished(() => server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => socket.on('message', () => socket.close(1011)));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await load({ pid: process.pid, port }, 'echo', '-s', '20');
    expect(stderr).toMatch(/^load: the server closed: 1011/);
    expect(code).toBe(3);
  });
});

describe('bench/run.mjs', () => {
  const quick = ['--load', 'own', '--rounds', '1', '--seconds', '0.2', '--warm', '0.1'];

  function temporaryFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-bench-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    return folder;
  }

  interface Figure {
    readonly candidate: string;
    readonly values: readonly number[];
    readonly failures: readonly string[];
    readonly reason?: string;
  }

  function figuresIn(folder: string): readonly Figure[] {
    return JSON.parse(readFileSync(join(folder, 'results/results.json'), 'utf8')).figures;
  }

  /** Runs it for what needs no measurement. */
  function plain(...args: readonly string[]): Program {
    return start(process.execPath, [join(root, 'bench/run.mjs'), ...args]);
  }

  it('writes a table and a chart of what it measured', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const which = ['--only', 'ws,meerkat,net', '--rows', 'deflate-1k', '--out', folder];
    const bench = run('run.mjs', ...which, ...quick);
    expect(await bench.exited, bench.stderr).toBe(0);
    const node = process.versions.node.split('.')[0];
    const measured = { failures: [], values: [expect.any(Number)] };
    expect(figuresIn(folder)).toEqual([
      expect.objectContaining({ candidate: `ws@${node}`, ...measured }),
      expect.objectContaining({ candidate: `meerkat@${node}`, ...measured }),
      expect.objectContaining({ candidate: `net@${node}`, values: [], reason: expect.anything() }),
    ]);
    for (const { values } of figuresIn(folder)) {
      for (const value of values) expect(value).toBeGreaterThan(0);
    }
    const page = readFileSync(join(folder, 'RESULTS.md'), 'utf8');
    expect(page).toMatch(/^\| +\| ws \| meerkat \| net \|$/m);
    const cell = String.raw`\*\*[\d.]+k?\*\* [\d.]+×<br>\[[\d.k–]+\]`;
    expect(page).toMatch(
      new RegExp(String.raw`^\| echo, 1 KiB text, compressed \| ${cell} \| ${cell} \| – \|$`, 'm'),
    );
    expect(page).toContain(`- net@${node}: there is no WebSocket in it (deflate-1k)`);
    const chart = readFileSync(join(folder, `results/node-${node}.svg`), 'utf8');
    expect(chart.match(/<rect class="(?:ours|other)"/g)).toHaveLength(2);
    expect(bench.stdout).toMatch(/^ {2}meerkat@\d+ +[\d.]+k? +[\d.]+× /m);

    // The same again, of what was kept.
    const again = temporaryFolder();
    const kept = ['--report', join(folder, 'results/results.json'), '--out', again];
    expect(await plain(...kept).exited).toBe(0);
    // The figures that are kept are rounded, so the last digit may differ.
    const shape = (text: string): string => text.replace(/\d+(\.\d+)?/g, '0');
    expect(shape(readFileSync(join(again, 'RESULTS.md'), 'utf8'))).toBe(shape(page));
  });

  it.each([
    [['--only', 'nobody'], /--only nobody: one of ws, /],
    [['--rows', 'echo-21'], /--rows echo-21: no such row/],
    [['--nodes', 'twenty'], /--nodes twenty: a number/],
    [['--nodes', '7', '--only', 'ws'], /none of the candidates can run here/],
    [['--seconds', '0'], /--seconds 0: a number above 0/],
    [['--load', 'mine'], /--load mine: one of own, wsload, auto/],
    [['--fast'], /--fast/],
  ])('refuses %j', async (args, message) => {
    const bench = plain(...args);
    expect(await bench.exited).toBe(2);
    expect(bench.stderr).toMatch(message);
  });

  it.runIf(process.platform === 'linux')(
    'ends what it started when it is interrupted (looks into /proc: Linux only)',
    async () => {
      const args = ['--only', 'meerkat', '--rows', 'echo-20', '--out', temporaryFolder()];
      const bench = run('run.mjs', ...args, ...quick, '--seconds', '300');
      const children = () =>
        readFileSync(`/proc/${bench.pid}/task/${bench.pid}/children`, 'utf8')
          .split(' ')
          .filter((pid) => pid !== '');
      // Server and load.
      const pids = await vi.waitFor(
        () => {
          expect(children()).toHaveLength(2);
          return children();
        },
        { timeout: 15_000, interval: 20 },
      );
      bench.kill('SIGINT');
      expect(await bench.exited).toBe(130);
      await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { interval: 20 });
    },
  );

  it('is what `npm run bench` starts, as docs/reference/benchmark.md says in bench.sh', async () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(scripts['bench']).toBe('node scripts/bench.mjs');
    const help = new Program(process.execPath, [join(root, 'scripts/bench.mjs'), '--help']);
    expect(await help.exited).toBe(0);
    const commands = read('docs/snippets/bench.sh').trimEnd().split('\n');
    for (const command of commands) {
      expect(command).toMatch(/^npm run bench(?: -- |$)/);
      for (const [option] of command.matchAll(/ --\w+/g))
        expect(help.stdout).toContain(` ${option} `);
    }
  });
});

function isRunning(pid: string): boolean {
  try {
    // Who ended stays a zombie until somebody asks how.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

describeWithRivals('bench/run.mjs, with what is installed for it', () => {
  it('measures every rival', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meerkat-bench-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const rivals = ['ws-bufferutil', 'faye-websocket', 'socket.io', 'bun', 'deno'];
    const which = ['--only', rivals.join(), '--rows', 'echo-20-text', '--out', folder];
    const quick = ['--load', 'own', '--rounds', '1', '--seconds', '0.1', '--warm', '0.1'];
    const bench = run('run.mjs', ...which, ...quick);
    expect(await bench.exited, bench.stderr).toBe(0);
    expect(bench.stderr).not.toContain('skipped');
    const { figures } = JSON.parse(readFileSync(join(folder, 'results/results.json'), 'utf8')) as {
      figures: { candidate: string; values: number[] }[];
    };
    expect(figures.map(({ candidate }) => candidate.split('@')[0])).toEqual(rivals);
    for (const { values } of figures) expect(values).toEqual([expect.any(Number)]);
  });

  it('broadcasts with Socket.IO in its own protocol', async () => {
    const { pid, port } = await serve('socket.io');
    const args = ['bcast', '--socket.io', '-p', `${port}`, '--pid', `${pid}`, '-c', '5'];
    const load = run('load.mjs', ...args, '-s', '64', '-t', '0.1', '-W', '0.1');
    expect(await load.exited, load.stderr).toBe(0);
    expect(JSON.parse(load.stdout).msgs).toBeGreaterThan(0);
  });
});
