import { connect } from 'meerkat';
import type { RawPeer } from 'meerkat/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Program } from '../../../../test/support/program.ts';
import { dial, failure } from '../support/dialling.ts';
import { closeFrame, frame, PING, PONG, TEXT, takeFrame } from '../support/frames.ts';
import { rawPeer, upgraded, upgradeRequest } from '../support/handshake.ts';

/** Of one server process, which no fault of this file may end. */
let program: Program;
let port: number;

beforeAll(async () => {
  program = Program.source('test/support/throwing-server.ts');
  port = Number((await program.prints(/^port (\d+)\n/))[1]);
});

afterAll(async () => {
  expect(await program.stop()).toBe(0);
  // What no `error` handler took, and nothing else.
  const lines = program.stderr.split('\n').filter((line) => /^\S/.test(line));
  expect(lines.filter((line) => !line.startsWith('meerkat: the error handler failed:'))).toEqual(
    [],
  );
});

const url = (query = ''): string => `ws://127.0.0.1:${port}/${query}`;

/** A message there and back, on a connection of its own: whoever answers lives. */
async function expectAlive(): Promise<void> {
  const { connection, next } = await dial(url());
  connection.send('alive');
  expect(await next()).toBe('alive');
  connection.terminate();
  await connection.closed;
}

/** What was reported since `before`, after another round trip: nothing is on its way any more. */
async function reportedSince(before: number): Promise<string[]> {
  await expectAlive();
  return program.stdout.slice(before).trim().split('\n');
}

const WAYS = ['throw', 'reject', 'reject-later'] as const;
const both = (hooks: readonly string[]) =>
  hooks.flatMap((hook) => WAYS.map((how) => [hook, how] as const));

describe('a handler that fails', () => {
  it.each(both(['origins', 'upgrade']))(
    'R8 %s, %s: 500, reported once, the process lives',
    async (hook, how) => {
      const before = program.stdout.length;
      const headers = { Origin: 'http://localhost' };
      const error = await failure(connect(url(`?hook=${hook}&how=${how}`), { headers }));
      expect(error.status).toBe(500);
      expect(await reportedSince(before)).toEqual([`reported: in ${hook}`]);
    },
  );

  it('R8 trustProxy, throw: 500, reported once, the process lives', async () => {
    const before = program.stdout.length;
    const headers = { 'X-Forwarded-For': '192.0.2.1' };
    expect((await failure(connect(url(), { headers }))).status).toBe(500);
    expect(await reportedSince(before)).toEqual(['reported: in trustProxy']);
  });

  it.each(both(['refused']))(
    'R8 %s, %s: the answer leaves, reported once, the process lives',
    async (hook, how) => {
      const before = program.stdout.length;
      expect((await failure(connect(url(`?hook=${hook}&how=${how}`)))).status).toBe(403);
      expect(await reportedSince(before)).toEqual([`reported: in ${hook}`]);
    },
  );

  it.each(both(['open', 'message', 'ping', 'pong', 'drain']))(
    'R8 %s, %s: close 1011, reported once, the process lives',
    async (hook, how) => {
      const before = program.stdout.length;
      const { peer } = await upgraded(port, { target: `/?hook=${hook}&how=${how}` });
      const octets = Buffer.concat([frame(TEXT, 'one'), frame(PING, ''), frame(PONG, '')]);
      await peer.send(octets);
      expect(await closeCode(peer)).toBe(1011);
      await peer.send(closeFrame(1011));
      expect(await reportedSince(before)).toEqual([`reported: in ${hook}`]);
    },
  );

  it.each(both(['close']))('R8 %s, %s: reported once, the process lives', async (hook, how) => {
    const before = program.stdout.length;
    const { connection } = await dial(url(`?hook=${hook}&how=${how}`));
    connection.close();
    expect(await connection.closed).toMatchObject({ code: 1000, clean: true });
    expect(await reportedSince(before)).toEqual([`reported: in ${hook}`]);
  });

  it.each(both(['error']))(
    'R8 %s, %s: told to console.error, the process lives',
    async (hook, how) => {
      const { connection, next } = await dial(url(`?hook=${hook}&how=${how}`));
      const before = program.stderr.length;
      connection.send('one');
      expect(await next()).toBe('one');
      expect(await connection.closed).toMatchObject({ code: 1011 });
      await expectAlive();
      const said = program.stderr.slice(before);
      expect(said.match(/^meerkat: the error handler failed: Error: in error$/gm)).toHaveLength(1);
      expect(said).toContain('Error: in message');
    },
  );
});

describe('a peer that breaks', () => {
  /** Each resets its connection where a socket's `error` could find nobody who listens. */
  const resets: readonly [string, () => Promise<RawPeer>][] = [
    ['before it said anything', () => rawPeer(port)],
    ['in the middle of a request', () => raw('GET / HTTP/1.1\r\nHost: a\r\nUpgra')],
    ['behind its request', () => raw(upgradeRequest())],
    ['while the hook decides', () => raw(upgradeRequest({ target: '/?hang' }))],
    ['behind a refused request', () => raw(upgradeRequest({ headers: { Host: undefined } }))],
    ['behind what Node refuses', () => raw('\x16\x03\x01\x02\x00\r\n\r\n')],
    ['behind two requests', () => raw(upgradeRequest().repeat(2))],
    ['while it is sent a megabyte', () => open('/?flood', '')],
    ['in the middle of a frame', () => open('/', '81 fe 01')],
    ['behind a frame that breaks a rule', () => open('/', 'f1 80 00 00 00 00')],
    ['behind its Close', () => open('/', '88 80 00 00 00 00')],
  ];

  async function raw(octets: string): Promise<RawPeer> {
    const peer = await rawPeer(port);
    await peer.sendText(octets);
    return peer;
  }

  async function open(target: string, octets: string): Promise<RawPeer> {
    const { peer } = await upgraded(port, { target });
    await peer.send(octets);
    return peer;
  }

  it.each(resets)('R8 with a reset %s does not end the process', async (_when, begin) => {
    const before = program.stdout.length;
    for (let time = 0; time < 10; time += 1) (await begin()).reset();
    expect(await reportedSince(before)).toEqual(['']);
  });

  it.each([
    ['a reserved bit', 'c1 81 00 00 00 00 61', 1002],
    ['an unknown opcode', '83 80 00 00 00 00', 1002],
    ['a fragmented ping', '09 80 00 00 00 00', 1002],
    ['a ping that is too long', '89 fe 00 7e 00 00 00 00', 1002],
    ['a length that is not minimal', '81 fe 00 01 00 00 00 00 61', 1002],
    ['a length of 2^63', '82 ff 80 00 00 00 00 00 00 00', 1002],
    ['a frame without a mask', '81 01 61', 1002],
    ['a continuation of nothing', '80 80 00 00 00 00', 1002],
    ['a Close of one octet', '88 81 00 00 00 00 03', 1002],
    ['a Close with 1005', '88 82 00 00 00 00 03 ed', 1002],
    ['text that is not UTF-8', '81 81 00 00 00 00 ff', 1007],
    ['a message that is too big', '82 ff 00 00 00 00 ff ff ff ff 00 00 00 00', 1009],
  ])(
    'R8 with %s gets its Close frame, and does not end the process',
    async (_what, octets, code) => {
      const before = program.stdout.length;
      const { peer } = await upgraded(port);
      await peer.send(octets);
      expect(await closeCode(peer)).toBe(code);
      peer.end();
      expect(await reportedSince(before)).toEqual(['']);
    },
  );
});

/** The code of the next Close frame, whatever comes before it. */
async function closeCode(peer: RawPeer): Promise<number | undefined> {
  for (;;) {
    const received = await takeFrame(peer);
    if (received === undefined) return undefined;
    if (received.opcode === 8) return received.payload.readUInt16BE();
  }
}
