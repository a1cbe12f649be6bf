import { constants, deflateRawSync } from 'node:zlib';
import { connect } from 'meerkat';
import { beforeAll, describe, expect, it } from 'vitest';
import { BINARY, frame } from '../../support/frames.ts';
import { upgraded } from '../../support/handshake.ts';
import { LoopStall } from '../../support/loop-stall.ts';
import { MeasuredServer } from '../../support/measured-server-process.ts';
import { observe } from '../../support/observed.ts';
import { describeFrames } from '../wire.ts';

// C9: what few octets become. The server is a process of its own, so that only its work counts.

const MEBI = 1_048_576;
/** The longest that the event loop may be held, in milliseconds. */
const MAX_STALL = 50;
/** A collection of garbage may wait for other threads: that a run was quick says something, that one was not does not. */
const ATTEMPTS = 5;
/** By how many MiB the process may grow in some rounds, once it has grown as far as it has to. */
const MAX_GROWTH = 6;

/** What zlib makes of so many MiB of zeros: 64 at a time, each with a flush. */
function zeros(mebi: number): Buffer {
  const part = deflateRawSync(Buffer.alloc(Math.min(mebi, 64) * MEBI), {
    level: 9,
    finishFlush: constants.Z_FULL_FLUSH,
  });
  return Buffer.concat(Array<Buffer>(Math.ceil(mebi / 64)).fill(part));
}

function compressed(payload: Uint8Array): Buffer {
  return frame(0x40 | BINARY, payload);
}

const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

/** Sends octets on a new connection and takes what comes back until the server ends it. */
async function throwAt(server: MeasuredServer, octets: Uint8Array): Promise<string[]> {
  const { peer } = await upgraded(server.port, { headers });
  void peer.send(octets); // the server may end before it has read all
  const wire = Buffer.from((await peer.takeAll()).replaceAll(' ', ''), 'hex');
  peer.end();
  return describeFrames(wire);
}

/** Runs until a run held the loop for less than {@link MAX_STALL}, or the attempts are used up. */
async function expectNoStall(server: MeasuredServer, run: () => Promise<void>): Promise<void> {
  const stalls: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await server.ask('reset');
    await run();
    const { stall } = await server.ask('measure');
    stalls.push(Math.ceil(stall));
    if (Math.ceil(stall) < MAX_STALL) break;
  }
  observe(`loop held ${stalls.at(-1)} ms at most`);
  expect(stalls.at(-1), `${stalls.join(', ')} ms`).toBeLessThan(MAX_STALL);
}

/** Runs again and again: in one of the {@link ATTEMPTS}, at the latest, the process grows no more. */
async function expectFlat(server: MeasuredServer, run: () => Promise<void>): Promise<void> {
  const growths: number[] = [];
  let { rss } = await server.ask('collect');
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    for (let round = 0; round < 4; round += 1) await run();
    const before = rss;
    ({ rss } = await server.ask('collect'));
    growths.push((rss - before) / MEBI);
    if (rss - before < MAX_GROWTH * MEBI) break;
  }
  const told = growths.map((growth) => growth.toFixed(1)).join(', ');
  const growth = Math.round(growths.at(-1) ?? 0);
  observe(growth > 0 ? `RSS grew by ${growth} MiB at most` : 'RSS did not grow');
  expect(growths.at(-1), `${told} MiB`).toBeLessThan(MAX_GROWTH);
}

describe('C9', () => {
  let bomb64: Buffer;
  let bomb1024: Buffer;

  beforeAll(() => {
    bomb64 = compressed(zeros(64));
    bomb1024 = compressed(zeros(1_024));
  });

  it.each([
    ['64 MiB of zeros in 64 KiB', () => bomb64],
    ['1 GiB of zeros in 1 MiB', () => bomb1024],
  ])('C9 %s are refused with 1009, without a stall and without memory', async (_title, bomb) => {
    const server = await MeasuredServer.start({ compression: true });
    const run = async (): Promise<void> => {
      const wires = await Promise.all(Array.from({ length: 8 }, () => throwAt(server, bomb())));
      for (const wire of wires) {
        expect(wire).toEqual([expect.stringMatching(/^close 1009 /)]);
      }
    };
    await expectFlat(server, run);
    await expectNoStall(server, run);
    const { closes, messages } = await server.until(({ connections }) => connections === 0);
    observe(`close ${Object.keys(closes).join(', ')}`);
    expect(Object.keys(closes)).toEqual(['1009']);
    expect(messages).toBe(0);
  });

  it('C9 thousands of messages of thirty octets, 16 KiB inflated, are handed over without a stall and without memory', async () => {
    const count = 2_000;
    const tiny = deflateRawSync(Buffer.alloc(16_384), { finishFlush: constants.Z_SYNC_FLUSH });
    const message = compressed(tiny.subarray(0, -4));
    expect(message.length).toBeLessThan(40);
    const octets = Buffer.concat([
      ...Array<Buffer>(count).fill(message),
      frame(8, Buffer.from('03e8', 'hex')),
    ]);
    const server = await MeasuredServer.start({ compression: true });
    const run = async (): Promise<void> => {
      const before = await server.ask('measure');
      expect(await throwAt(server, octets)).toEqual(['close 1000']);
      const after = await server.ask('measure');
      expect(after.messages - before.messages).toBe(count);
      expect(after.octets - before.octets).toBe(count * 16_384);
    };
    await expectFlat(server, run);
    await expectNoStall(server, run);
  });

  it('what is measured here sees a loop that is held', () => {
    const loop = new LoopStall();
    for (let attempt = 0; attempt < ATTEMPTS && loop.longest < MAX_STALL; attempt += 1) {
      for (const end = performance.now() + 4 * MAX_STALL; performance.now() < end; );
    }
    expect(loop.longest).toBeGreaterThan(MAX_STALL);
  });

  it('C9 others are served meanwhile', async () => {
    const server = await MeasuredServer.start({ compression: true });
    const echoes: string[] = [];
    const connection = await connect(server.url, {
      message: (_connection, message) => void echoes.push(String(message)),
    });
    let thrown = false;
    const bombs = Promise.all(Array.from({ length: 8 }, () => throwAt(server, bomb1024)));
    void bombs.then(() => {
      thrown = true;
    });
    let served = 0;
    while (!thrown) {
      connection.send('are you there?');
      await connection.ping();
      served += 1;
      expect(echoes.length).toBe(served);
    }
    observe(`${served} pings and echoes of others answered meanwhile`);
    expect(served).toBeGreaterThan(3);
    connection.terminate();
    await connection.closed;
    await bombs;
  });
});
