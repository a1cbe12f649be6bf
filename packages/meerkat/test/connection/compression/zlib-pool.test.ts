import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ZlibPool, zlibPool } from '../../../src/connection/compression/zlib-pool.ts';
import { CLOSE, frame, PING, PONG, TEXT, takeFrame } from '../../support/frames.ts';
import { upgraded } from '../../support/handshake.ts';
import { observe } from '../../support/observed.ts';
import { serve } from '../../support/serving.ts';
import { until } from '../../support/waiting.ts';

describe('ZlibPool', () => {
  it('runs so many jobs at a time, and the others in their order', () => {
    const pool = new ZlibPool(2);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    for (let job = 0; job < 5; job += 1) {
      pool.run((done) => {
        started.push(job);
        ends.push(done);
      });
    }
    expect([started, pool.load]).toEqual([[0, 1], { running: 2, waiting: 3 }]);
    ends[1]?.();
    expect([started, pool.load]).toEqual([[0, 1, 2], { running: 2, waiting: 2 }]);
    ends[0]?.();
    ends[2]?.();
    expect([started, pool.load]).toEqual([[0, 1, 2, 3, 4], { running: 2, waiting: 0 }]);
    ends[3]?.();
    ends[4]?.();
    expect(pool.load).toEqual({ running: 0, waiting: 0 });
  });

  it('is one for each number of jobs, in the whole process', () => {
    expect(zlibPool(3)).toBe(zlibPool(3));
    expect(zlibPool(3)).not.toBe(zlibPool(5));
  });
});

describe('C13', () => {
  const CONNECTIONS = 200;
  const LENGTH = 1_048_576;
  const headers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
  const message = frame(
    0x40 | TEXT,
    deflateRawSync('a'.repeat(LENGTH), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4),
  );

  it(`C13 ${CONNECTIONS} connections inflate at once: four at a time, and pings are answered meanwhile`, async () => {
    const pool = zlibPool(4);
    expect(pool.load).toEqual({ running: 0, waiting: 0 });
    let inflated = 0;
    let mostRunning = 0;
    let mostWaiting = 0;
    const site = await serve<undefined>({
      compression: true,
      message(_connection, text) {
        expect(text.length).toBe(LENGTH);
        inflated += 1;
      },
    });
    const look = (): void => {
      mostRunning = Math.max(mostRunning, pool.load.running);
      mostWaiting = Math.max(mostWaiting, pool.load.waiting);
    };
    const peers = await Promise.all(
      Array.from(
        { length: CONNECTIONS },
        async () => (await upgraded(site.port, { headers })).peer,
      ),
    );
    const { peer: bystander } = await upgraded(site.port);
    const octets = Buffer.concat([message, frame(PING, 'mine'), frame(CLOSE, '')]);
    await Promise.all(peers.map((peer) => peer.send(octets)));
    await until(() => pool.load.waiting > 0);
    // In time: before the inflating is done, of those whose own message waits and of others.
    await bystander.send(frame(PING, 'other'));
    let answered = 0;
    const pongs = [bystander, ...peers].map(async (peer) => {
      expect(await takeFrame(peer)).toMatchObject({ opcode: PONG });
      answered += 1;
      return inflated;
    });
    await until(() => {
      look();
      return answered === CONNECTIONS + 1;
    });
    const inflatedBefore = Math.max(...(await Promise.all(pongs)));
    expect(inflatedBefore).toBeLessThan(CONNECTIONS);
    await until(() => {
      look();
      return inflated === CONNECTIONS;
    });
    observe(`at most ${mostRunning} at a time`);
    observe(`every Pong was there when ${inflatedBefore} of ${CONNECTIONS} messages were inflated`);
    expect(mostRunning).toBe(4);
    expect(mostWaiting).toBeGreaterThan(4);
    // The Close of each waits for its message.
    for (const peer of peers) expect(await takeFrame(peer)).toMatchObject({ opcode: CLOSE });
    await until(() => pool.load.running === 0);
    expect(site.errors).toEqual([]);
  });
});
