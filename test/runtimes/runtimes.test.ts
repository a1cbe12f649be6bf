// The compiled library on other runtimes than the one of the tests, and on this one with flags that allow less.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, WebSocketServer } from 'meerkat';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { nextMessage, untilTestEnds } from '../support/example.ts';
import { Program, root } from '../support/program.ts';
import { describeWithRuntime } from '../support/runtimes.ts';

const LARGE = Buffer.alloc(
  1 << 20,
  Uint8Array.from({ length: 251 }, (_, at) => at),
);

/** Where the library is compiled to, as it is published: without a dependency, loaded as a file. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meerkat-compiled-'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const output = [
    '--noCheck',
    '--outDir',
    folder,
    '--tsBuildInfoFile',
    join(folder, '.tsbuildinfo'),
  ];
  execFileSync(process.execPath, [tsc, '-p', 'packages/meerkat', ...output], { cwd: root });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** How a file is run there. */
interface Runtime {
  readonly command: string;
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What the connections there travel on. */
  readonly transport: 'handle' | 'stream';
}

function start({ command, flags, env }: Runtime, file: string, ...args: string[]): Program {
  const path = join(root, 'test/runtimes', file);
  return untilTestEnds(
    new Program(command, [...flags, path, join(folder, 'index.js'), ...args], { env }),
  );
}

/** Our client here, on the server there: how it was closed. */
async function visit(url: string): Promise<unknown> {
  const connection = await connect(url, { compression: false });
  connection.send('Grüße, 世界 🦦');
  expect(await nextMessage(connection)).toBe('Grüße, 世界 🦦');
  connection.send(LARGE);
  expect(LARGE.equals((await nextMessage(connection)) as Uint8Array)).toBe(true);
  expect(await connection.ping()).toBeGreaterThanOrEqual(0);
  connection.close(4001, 'enough');
  return connection.closed;
}

/** The client of `ws`, which offers compression: what it received, and how it was closed. */
async function visitWithWs(url: string): Promise<{ received: unknown[]; closed: unknown[] }> {
  const client = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
  const received: unknown[] = [];
  client.on('open', () => {
    client.send('Grüße, 世界 🦦');
    client.send('Grüße, 世界 🦦');
    client.send(LARGE);
    client.send('close 4002');
  });
  client.on('message', (data: Buffer, binary) => {
    received.push(binary ? LARGE.equals(data) : data.toString());
  });
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.on('close', (code, reason) => resolve({ received, closed: [code, `${reason}`] }));
  });
}

/** A server of ours, here: its URL. */
async function host(): Promise<string> {
  const http = createServer();
  const wss = new WebSocketServer({
    compression: { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false },
    message(connection, message) {
      if (message === 'close 4002') connection.close(4002, 'as you wish');
      else connection.send(message);
    },
  }).attach(http, { path: '/websocket' });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await wss.close({ timeout: 0 });
    await new Promise((resolve) => http.close(resolve));
  });
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/websocket`;
}

function describeRuntime(runtime: Runtime): void {
  const { transport } = runtime;

  it('serves our client and the one of ws, and ends without a warning when it is told to', async () => {
    const server = start(runtime, 'echo-server.mjs');
    const [, url = ''] = await server.prints(/^listening on (\S+)$/m);
    expect(await visit(url)).toMatchObject({ code: 4001, by: 'local', clean: true });
    await server.prints(/^closed: 4001 enough, by peer, clean$/m);
    expect(await visitWithWs(url)).toEqual({
      received: ['Grüße, 世界 🦦', 'Grüße, 世界 🦦', true],
      closed: [4002, 'as you wish'],
    });
    await server.prints(/^closed: 4002 .*, by local, clean$/m);
    const opened = server.stdout.match(/^open on .*$/gm);
    expect(opened).toEqual(Array(2).fill(`open on ${transport} from 127.0.0.1`));
    const last = await connect(url);
    expect(await server.stop()).toBe(0);
    expect(await last.closed).toMatchObject({ code: 1001, by: 'peer', clean: true });
    expect(server.stderr).toBe('');
  });

  it('speaks to a server as a client, and ends by itself without a warning', async () => {
    const client = start(runtime, 'client.mjs', await host());
    expect(await client.exited, client.stderr).toBe(0);
    expect(client.stderr).toBe('');
    expect(client.stdout.trimEnd().split('\n')).toEqual([
      'plain: all came back',
      'plain: a ping is answered',
      'plain: 4001, by local, clean',
      'compressed: all came back',
      'compressed: a ping is answered',
      `transport: ${transport}`,
      'compressed: 4002 as you wish, by peer, clean',
      'elsewhere: WS_RESPONSE_STATUS 404',
    ]);
  });
}

/** This Node, on the transport that the tests run on. */
function describeHere(title: string, flags: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const { MEERKAT_TRANSPORT } = { ...process.env, ...env };
  const transport = MEERKAT_TRANSPORT === 'stream' ? 'stream' : 'handle';
  describe(title, () => describeRuntime({ command: process.execPath, flags, env, transport }));
}

const STRICT = ['--throw-deprecation', '--pending-deprecation'];
describeHere('this Node, where deprecations throw', STRICT);
describeHere('this Node with MEERKAT_TRANSPORT=stream', STRICT, { MEERKAT_TRANSPORT: 'stream' });

const known = process.allowedNodeEnvironmentFlags;
if (known.has('--permission')) {
  // Where there is a permission for the network, its flag warns that it is experimental.
  const network = known.has('--allow-net')
    ? ['--allow-net', '--disable-warning=ExperimentalWarning']
    : [];
  const flags = ['--permission', '--allow-fs-read=*', ...network, ...STRICT];
  describeHere('this Node under --permission', flags);
} else {
  const title = `this Node under --permission (${process.version} has no such flag)`;
  console.warn(`skipped: ${title}`);
  describe.skip(title, () => describeHere(title, []));
}

// They have no handles of Node's, and find that out by themselves.
for (const [name, flags] of [
  ['bun', []],
  ['deno', ['run', '--no-prompt', '--allow-net', '--allow-read']],
] as const) {
  describeWithRuntime(name, name, (command) => {
    const env = { MEERKAT_TRANSPORT: undefined };
    describeRuntime({ command, flags, env, transport: 'stream' });
  });
}
