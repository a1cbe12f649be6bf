// How `meerkat serve` ends, as a process of its own: R9.
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect } from 'meerkat';
import { RawPeer } from 'meerkat/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endWithTest, startServe, temporaryFolder } from './support/meerkat-serve.ts';
import { observe } from './support/observed.ts';
import { Program } from './support/program.ts';

const UPGRADE = [
  'GET /websocket HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');
const CLOSE_1001 = '88 02 03 e9';

/** A client that does what it is told and nothing else. */
async function rawPeer(port: number): Promise<RawPeer> {
  const peer = await RawPeer.connect(port);
  onTestFinished(() => peer.close());
  return peer;
}

/** One that has an open WebSocket. */
async function upgraded(port: number): Promise<RawPeer> {
  const peer = await rawPeer(port);
  await peer.sendText(UPGRADE);
  await peer.takeHead();
  return peer;
}

/** The exit code, noted as an outcome. */
async function observedExit(program: Program, when = ''): Promise<number | null> {
  const code = await program.exited;
  observe(`exit ${when}with ${code}`);
  return code;
}

/** Resolves when nothing listens there any more. */
async function refusesConnections(port: number): Promise<void> {
  for (;;) {
    const socket = connectTcp(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
    } catch {
      return;
    } finally {
      socket.destroy();
    }
  }
}

describe.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s', (signal) => {
  it('R9 stops accepting, answers 503 to whoever comes on an old connection, and ends with 0', async () => {
    const { program, port } = await startServe('--close-timeout=60000');
    const kept = await rawPeer(port);
    // In one packet: when the first is answered, half of the second is there.
    await kept.sendText(`GET /rest HTTP/1.1\r\nHost: x\r\n\r\n${UPGRADE.slice(0, 40)}`);
    expect(await kept.takeHead()).toMatch(/^HTTP\/1\.1 200 /);
    await kept.take('{"result": 123}\n'.length);
    const client = await upgraded(port);
    program.kill(signal);
    expect(await client.take(4)).toBe(CLOSE_1001);
    await refusesConnections(port);
    await kept.sendText(UPGRADE.slice(40));
    const refusal = await kept.takeText();
    observe(`${refusal.slice(9, 12)} to a request, close 1001 to a WebSocket, none accepted`);
    expect(refusal).toMatch(/^HTTP\/1\.1 503 /);
    expect(refusal).toMatch(/\r\nRetry-After: \d+\r\n/i);
    kept.end();
    await client.send('88 82 00 00 00 00 03 e9');
    expect(await client.takeText()).toBe('');
    client.end();
    expect(await observedExit(program)).toBe(0);
    expect(program.stderr).toContain(
      'meerkat: closing 1 WebSocket; Ctrl-C or SIGTERM again ends at once\n',
    );
  });

  it('R9 ends at once with 1 when it comes again', async () => {
    const { program, port } = await startServe('--close-timeout=60000', '--drain-timeout=60000');
    const client = await upgraded(port);
    program.kill(signal);
    expect(await client.take(4)).toBe(CLOSE_1001);
    program.kill(signal);
    expect(await observedExit(program, 'at once ')).toBe(1);
    expect(program.stderr).toContain('meerkat: ended at once\n');
  });
});

it('R9 half a request does not hold the end up', async () => {
  const { program, port } = await startServe('--drain-timeout=60000');
  const peer = await rawPeer(port);
  await peer.sendText('GET /rest HTTP/1.1\r\nHost: x\r\n\r\nGET / HT');
  await peer.takeHead();
  program.kill('SIGTERM');
  expect(await program.exited).toBe(0);
});

it('R9 whatever is queued for a client arrives before its Close', async () => {
  const { program, port } = await startServe();
  let letIn = (): void => {};
  const gate = new Promise<void>((resolve) => {
    letIn = resolve;
  });
  const numbers: number[] = [];
  let first = (): void => {};
  const begun = new Promise<void>((resolve) => {
    first = resolve;
  });
  const connection = await connect(`ws://127.0.0.1:${port}/websocket`, {
    maxQueuedBytes: 2 ** 26,
    maxInboxBytes: 1,
    async message(_connection, message) {
      numbers.push((message as Uint8Array)[0] as number);
      expect(message.length).toBe(1_000_000);
      first();
      await gate;
    },
  });
  for (let number = 0; number < 24; number += 1) {
    connection.send(new Uint8Array(1_000_000).fill(number));
  }
  await begun;
  program.kill('SIGTERM');
  await program.prints(/closing 1 WebSocket/, 'stderr');
  expect(numbers).toEqual([0]);
  letIn();
  expect(await connection.closed).toMatchObject({ code: 1001, by: 'peer', clean: true });
  observe(`${numbers.length} queued messages, then close 1001`);
  expect(numbers.length).toBeGreaterThan(1);
  expect(numbers).toEqual(numbers.map((_, at) => at));
  expect(await program.exited).toBe(0);
});

it('R9 announces a restart with 1012, to one client after the other', async () => {
  const { program, port } = await startServe('--drain-code', '1012', '--drain-spread', '1000');
  const url = `ws://127.0.0.1:${port}/websocket`;
  const [early, late] = [await connect(url), await connect(url)];
  program.kill('SIGTERM');
  observe(`close ${(await early.closed).code} to one after the other`);
  expect(await early.closed).toMatchObject({ code: 1012, by: 'peer', clean: true });
  await late.ping(); // still there
  expect(await late.closed).toMatchObject({ code: 1012, by: 'peer', clean: true });
  expect(await program.exited).toBe(0);
});

describe('a download', () => {
  const SIZE = 64 * 1_048_576;

  /** The server of a big file, and a client that has the head of it and does not read on. */
  async function download(
    ...flags: readonly string[]
  ): Promise<{ program: Program; port: number; peer: RawPeer }> {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'big'), '');
    truncateSync(join(folder, 'big'), SIZE);
    const program = Program.meerkat(['serve', folder, '--port=0', ...flags]);
    endWithTest(program);
    const port = Number((await program.prints(/ws:\/\/\S+?:(\d+)\//))[1]);
    const peer = await rawPeer(port);
    await peer.sendText('GET /big HTTP/1.1\r\nHost: x\r\n\r\n');
    await peer.takeHead();
    peer.stream.pause();
    return { program, port, peer };
  }

  it('R9 that is on its way finishes, and its connection does not stay', async () => {
    const { program, port, peer } = await download();
    program.kill('SIGTERM');
    await refusesConnections(port);
    let octets = peer.received.length;
    peer.stream.removeAllListeners('data');
    peer.stream.on('data', (chunk: Buffer) => {
      octets += chunk.length;
    });
    peer.stream.resume();
    await once(peer.stream, 'end');
    expect(octets).toBe(SIZE);
    peer.end();
    expect(await program.exited).toBe(0);
  });

  it('R9 is cut off after --drain-timeout, as is a client that does not answer the Close', async () => {
    const { program, port, peer } = await download('--drain-timeout=300', '--close-timeout=60000');
    const client = await upgraded(port);
    program.kill('SIGTERM');
    expect(await client.take(4)).toBe(CLOSE_1001);
    expect(await program.exited).toBe(0);
    expect(await client.takeText()).toBe('');
    peer.stream.resume();
    expect((await peer.takeText()).length).toBeLessThan(SIZE);
  });
});

it.each([[[]], [['--tls', '--hexdump']]])(
  'R9 does not wait for whoever has sent nothing: serve %j',
  async (flags) => {
    const { program, port } = await startServe(...flags);
    const [nothing] = [await rawPeer(port), await rawPeer(port)];
    program.kill('SIGTERM');
    expect(await nothing?.takeText()).toBe('');
    expect(await program.exited).toBe(0);
  },
);
