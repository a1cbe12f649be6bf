import { constants, deflateRawSync } from 'node:zlib';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { zlibPool } from '../../../src/connection/compression/zlib-pool.ts';
import { expectNothingUnhandled } from '../../support/failures.ts';
import { frame, TEXT } from '../../support/frames.ts';
import { turns, until } from '../../support/waiting.ts';
import { CLOSE_1000 } from '../frame-row-list.ts';
import { deflateSite, play, type Side } from './deflate-line.ts';

// Large messages are inflated beside the event loop. What is found out there, later, counts as if it were found at once.

beforeEach(expectNothingUnhandled);

const SIDES: readonly Side[] = ['server', 'client'];
const LENGTH = 200_000;

/** A large message that cannot be inflated: something is missing at its end, and something else is there. */
function broken(side: Side): Buffer {
  const payload = deflateRawSync('hello '.repeat(LENGTH / 6), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  const noise = Buffer.alloc(20_000, 0xff);
  return frame(0x40 | TEXT, Buffer.concat([payload, noise]), { masked: side === 'server' });
}

/** Takes every place of the pool, until the answer is called. */
function occupyPool(): () => void {
  const ends: (() => void)[] = [];
  for (let place = 0; place < 4; place += 1) zlibPool(4).run((done) => ends.push(done));
  expect(ends).toHaveLength(4);
  return () => {
    for (const end of ends) end();
  };
}

describe.each(SIDES)('to a %s', (side) => {
  it('a Close behind a message that turns out to be broken does not count', async () => {
    const site = await deflateSite(side);
    const { wire, closed } = await play(site, ({ octets }) => [
      Buffer.concat([broken(side), octets(CLOSE_1000)]),
    ]);
    expect(wire).toEqual([`close 1007 (${closed.reason})`]);
    expect(closed).toMatchObject({
      code: 1007,
      clean: false,
      by: 'local',
      because: 'violation',
      rule: 'WS_DEFLATE_INVALID',
    });
  });

  it('a FIN behind a message that turns out to be broken ends the connection without a wait', async () => {
    const clock = new ManualClock();
    const site = await deflateSite(side, { clock });
    const { connection, peer, closes } = await site.open();
    const release = occupyPool();
    await peer.send(broken(side));
    peer.end();
    await until(() => peer.stream.closed);
    await turns();
    expect(closes).toHaveLength(0);
    release();
    expect(await connection.closed).toMatchObject({ code: 1007, rule: 'WS_DEFLATE_INVALID' });
    expect(closes).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('a Close of ours that is answered behind a message that turns out to be broken ends in 1007', async () => {
    const clock = new ManualClock();
    const site = await deflateSite(side, { clock });
    const { connection, peer, octets } = await site.open();
    connection.close(4_000);
    await peer.send(Buffer.concat([broken(side), octets('88 82 k 0f a0')]));
    peer.end();
    expect(await connection.closed).toMatchObject({
      code: 1007,
      by: 'local',
      because: 'close',
      rule: 'WS_DEFLATE_INVALID',
    });
    await peer.close();
    await until(() => clock.pending === 0);
  });

  it('messages before it are handed over, those behind it are not', async () => {
    const site = await deflateSite(side);
    const { messages, wire } = await play(site, ({ octets }) => [
      Buffer.concat([
        octets('81 82 k 68 69 c1 87 k ca 48 cd c9 c9 07 00'),
        broken(side),
        octets('81 82 k 68 69 c1 87 k ca 48 cd c9 c9 07 00'),
      ]),
    ]);
    expect(messages).toEqual(['hi', 'hello']);
    expect(wire).toEqual(['text hi', 'text hello', expect.stringMatching(/^close 1007 /)]);
  });
});
