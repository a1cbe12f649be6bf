// Rows of the founding documents that are about the library, or about the whole, and have no better place.
import { randomFillSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type Message, WebSocketServer, type WebSocketServerOptions } from 'meerkat';
import {
  acceptKey,
  FIN,
  FrameParser,
  FrameWriter,
  Opcode,
  plainPrimitives,
} from 'meerkat/protocol';
import { fromHex, RawPeer, toHex } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endWithTest, startServe } from './support/meerkat-serve.ts';
import { Program, root } from './support/program.ts';

const primitives = plainPrimitives((octets) => void randomFillSync(octets));
const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** A server of the library beside an HTTP server that says "plain", until the test ends. */
async function site(options: WebSocketServerOptions = {}): Promise<{ port: number }> {
  const server = createServer((_request, response) => response.end('plain'));
  const wss = new WebSocketServer(options).attach(server, { path: '/websocket' });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    await wss.close({ timeout: 100 });
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return { port: (server.address() as AddressInfo).port };
}

async function rawPeer(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  onTestFinished(() => peer.close());
  return peer;
}

/** The head of the answer to a request to upgrade. */
async function answer(port: number, lines: readonly string[]): Promise<string> {
  const peer = await rawPeer(port);
  await peer.sendText(`${lines.join('\r\n')}\r\n\r\n`);
  return await peer.takeHead();
}

const UPGRADE = [
  'GET /websocket HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
];

function get(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    httpRequest({ port, host: '127.0.0.1', agent: false }, (response) => {
      text(response).then(resolve, reject);
    })
      .once('error', reject)
      .end();
  });
}

it('A1 one server object has handlers for open, message, drain, close and error, beside HTTP requests', async () => {
  const called: string[] = [];
  const ends = deferred();
  const { port } = await site({
    softQueuedBytes: 1,
    open: (connection) => {
      called.push('open');
      connection.send('x'.repeat(100_000)); // above the mark, until it has left
    },
    drain: () => void called.push('drain'),
    message: (_connection, message) => {
      called.push(`message ${message}`);
      throw new Error('in the handler');
    },
    error: (error) => void called.push(`error ${(error as Error).message}`),
    close: (_connection, { code }) => {
      called.push(`close ${code}`);
      ends.resolve();
    },
  });
  const connection = await connect(`ws://127.0.0.1:${port}/websocket`, {
    message: (one) => void one.send('hello'),
  });
  expect(await get(port)).toBe('plain');
  expect((await connection.closed).code).toBe(1011);
  await ends.promise;
  expect(called.filter((name) => name !== 'drain')).toEqual([
    'open',
    'message hello',
    'error in the handler',
    'close 1011',
  ]);
  expect(called).toContain('drain');
});

function deferred(): { promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

describe('A12 small enough', () => {
  interface Locked {
    readonly dependencies?: Record<string, string>;
    readonly optionalDependencies?: Record<string, string>;
    readonly hasInstallScript?: boolean;
    readonly link?: boolean;
  }
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };

  /** Where a package finds another one that it names. */
  function resolved(from: string, name: string): string | undefined {
    for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
      const at = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
      if (at in lock.packages) return at;
      if (folder === '') return undefined;
    }
  }

  /** Everything that is installed with a package, as folders. */
  function installedWith(folder: string, seen: Set<string> = new Set()): Set<string> {
    const { dependencies, optionalDependencies } = lock.packages[folder] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const at = resolved(folder, name);
      if (at === undefined || seen.has(at)) continue;
      seen.add(at);
      if (lock.packages[at]?.link !== true) installedWith(at, seen);
    }
    return seen;
  }

  it('A12 the library has no dependency', () => {
    expect(installedWith('packages/meerkat')).toEqual(new Set());
    const manifest = JSON.parse(readFileSync(join(root, 'packages/meerkat/package.json'), 'utf8'));
    for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies', 'scripts']) {
      expect(manifest[kind]).toBeUndefined();
    }
  });

  it('A12 nothing that the program installs runs a script or brings a binary', () => {
    const installed = [...installedWith('packages/cli')];
    expect(installed.length).toBeGreaterThan(20);
    expect(installed.filter((folder) => lock.packages[folder]?.hasInstallScript === true)).toEqual(
      [],
    );
    const native = installed
      .filter((folder) => lock.packages[folder]?.link !== true && existsSync(join(root, folder)))
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true })
          .map(String)
          .filter((file) => /(\.node|\.so|\.dll|\.dylib|binding\.gyp)$/.test(file))
          .map((file) => `${folder}/${file}`),
      );
    expect(native).toEqual([]);
  });

  it('A12 an idle connection holds less than 32 KiB', async () => {
    const program = Program.source('test/support/idle-server.ts');
    endWithTest(program);
    const port = Number((await program.prints(/port (\d+)/))[1]);
    const url = `ws://127.0.0.1:${port}/`;
    const memory = async (count: number): Promise<number> => {
      program.write('\n');
      const pattern = new RegExp(`\\b${count} connections, (\\d+) octets`);
      return Number((await program.prints(pattern))[1]);
    };
    const open = async (count: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: count }, async () => {
          const connection = await connect(url);
          onTestFinished(() => connection.terminate());
          connection.send('hello');
          await connection.ping();
        }),
      );
    };
    await open(100); // what is loaded with the first one does not count
    const before = await memory(100);
    await open(400);
    const each = ((await memory(500)) - before) / 400;
    expect(each).toBeLessThan(32_768);
    expect(each).toBeGreaterThan(0);
  });
});

it('B9 a server and a client, and every frame between them to be seen', async () => {
  const { program: server, port } = await startServe('--hexdump');
  const client = Program.meerkat(['connect', `ws://127.0.0.1:${port}/websocket`]);
  endWithTest(client);
  client.write('Hello World!\n');
  await client.prints(/^Hello World!$/m);
  client.endInput();
  expect(await client.exited).toBe(0);
  await server.prints(/-- 127\.0\.0\.1:\d+ +closed/);
  const frames = server.stdout.split('\n').filter((line) => /^ {10}(text|close), /.test(line));
  expect(frames.map((line) => line.trim().replace(/with [0-9a-f]{8}/, 'with KEY'))).toEqual([
    'text, FIN, masked with KEY, 12 octets: "Hello World!"',
    'text, FIN, unmasked, 12 octets: "Hello World!"',
    expect.stringMatching(/^close, FIN, masked with KEY, 2 octets: 1000 /),
    expect.stringMatching(/^close, FIN, unmasked, 2 octets: 1000 /),
  ]);
  expect(server.stdout).toMatch(/^[0-9a-f]{8} {2}81 0c 48 65 6c 6c 6f 20 {2}57 6f 72 6c 64 21 /m);
});

describe('G1 the opening handshake', () => {
  const without = (name: string): string[] => UPGRADE.filter((line) => !line.startsWith(name));

  it.each<[string, string[], number]>([
    ['a POST', ['POST /websocket HTTP/1.1', ...UPGRADE.slice(1)], 405],
    ['no key', without('Sec-WebSocket-Key'), 400],
    [
      'a key of 15 octets',
      [...without('Sec-WebSocket-Key'), 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA'],
      400,
    ],
    ['another version', [...without('Sec-WebSocket-Version'), 'Sec-WebSocket-Version: 8'], 426],
    ['no Host', without('Host'), 400],
  ])('G1 refuses %s', async (_what, lines, status) => {
    const { port } = await site();
    expect(await answer(port, lines)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  it('G1 answers a GET with the key of its request', async () => {
    const { port } = await site();
    const head = await answer(port, UPGRADE);
    expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(head).toContain(`\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n`);
    expect(head.endsWith('\r\n\r\n')).toBe(true);
  });
});

it('G2 key and GUID, SHA-1, base64, on any platform', () => {
  expect(acceptKey(KEY, primitives)).toBe(ACCEPT);
});

/** The octets of one frame. */
function written(role: 'client' | 'server', opcode: number, payload: Uint8Array): Uint8Array {
  let octets = new Uint8Array(0);
  let sent = 0;
  const out = {
    get octets(): Uint8Array<ArrayBuffer> {
      return octets;
    },
    reserve(length: number): number {
      octets = new Uint8Array(length);
      return 0;
    },
    commit(end: number): void {
      sent = end;
    },
  };
  new FrameWriter(role, out, primitives).frame(FIN | opcode, payload, 0, payload.length);
  return octets.subarray(0, sent);
}

describe('meerkat/protocol alone', () => {
  it.each([
    [0, '82 00'],
    [125, '82 7d'],
    [126, '82 7e 00 7e'],
    [65_535, '82 7e ff ff'],
    [65_536, '82 7f 00 00 00 00 00 01 00 00'],
  ])('G6 a frame of %i octets is its header, then its payload', (length, header) => {
    const payload = new Uint8Array(length).fill(0x61);
    const frame = written('server', Opcode.Binary, payload);
    const start = fromHex(header).length;
    expect(toHex(frame.subarray(0, start))).toBe(header);
    expect(Buffer.compare(frame.subarray(start), payload)).toBe(0);
  });

  it.each([0, 125, 126, 65_535, 65_536])(
    'G3 a masked frame of %i octets is read back, whatever its form of length',
    (length) => {
      const payload = Uint8Array.from({ length }, (_, at) => at & 0xff);
      const frame = written('client', Opcode.Binary, payload);
      expect((frame[1] as number) & 0x80).toBe(0x80);
      const read: Uint8Array[] = [];
      const lengths: number[] = [];
      const parser = new FrameParser(
        'server',
        {
          dataHeader: (head, announced) => {
            expect(head).toBe(FIN | Opcode.Binary);
            lengths.push(announced);
          },
          dataPayload: (octets, start, end) => void read.push(octets.slice(start, end)),
          controlFrame: () => expect.unreachable(),
        },
        primitives,
      );
      parser.parse(frame, 0, frame.length);
      expect(lengths).toEqual([length]);
      expect(Buffer.compare(Buffer.concat(read), payload)).toBe(0);
    },
  );
});

describe('G4 small packets', () => {
  /** A server that keeps what it is told, and a client with an open WebSocket. */
  async function listening(
    options: WebSocketServerOptions = {},
  ): Promise<{ peer: RawPeer; told: Message[] }> {
    const told: Message[] = [];
    const { port } = await site({
      ...options,
      message: (connection, message) => {
        told.push(message);
        connection.send('thanks');
      },
    });
    const peer = await rawPeer(port);
    await peer.sendText(`${UPGRADE.join('\r\n')}\r\n\r\n`);
    await peer.takeHead();
    return { peer, told };
  }

  const FRAGMENTS = '01 83 00000000 48 65 6c 00 82 00000000 6c 6f 80 81 00000000 21';

  it('G4 are joined into a message: fragments, each octet in a packet of its own', async () => {
    const { peer, told } = await listening();
    for (const octet of fromHex(FRAGMENTS)) await peer.send(Uint8Array.of(octet));
    expect(await peer.take(8)).toBe('81 06 74 68 61 6e 6b 73');
    expect(told).toEqual(['Hello!']);
  });

  it('G4 are not joined past the limit', async () => {
    const { peer, told } = await listening({ maxMessageBytes: 5 });
    await peer.send(FRAGMENTS);
    expect((await peer.take(4)).slice(-5)).toBe('03 f1'); // 1009
    expect(told).toEqual([]);
  });
});

it('G5 the place for the business logic is a handler', async () => {
  const { port } = await site({
    message: (connection, message) => void connection.send(`you said ${message}`),
  });
  const connection = await connect(`ws://127.0.0.1:${port}/websocket`);
  onTestFinished(() => connection.terminate());
  connection.send('hello');
  expect((await connection[Symbol.asyncIterator]().next()).value).toBe('you said hello');
});
