import { describe, expect, it } from 'vitest';
import { Pings } from '../../src/connection/pings.ts';

function answer(pings: Pings, payload: Uint8Array, now: number): void {
  // In the middle of a chunk, as it comes.
  const chunk = Buffer.concat([Buffer.from('..'), payload, Buffer.from('..')]);
  pings.answered(chunk, 2, 2 + payload.length, now);
}

describe('Pings', () => {
  it('makes payloads that differ, of a few octets', () => {
    const pings = new Pings();
    const payloads = Array.from({ length: 2_000 }, () => Buffer.from(pings.uniquePayload()));
    expect(new Set(payloads.map(String)).size).toBe(2_000);
    expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(8);
  });

  it('measures from the ping to its pong', async () => {
    const pings = new Pings();
    const payload = pings.uniquePayload();
    const pong = pings.wait(payload, 1_000);
    answer(pings, payload, 1_250);
    expect(await pong).toBe(250);
  });

  it('the pong of a later ping answers the earlier ones (§5.5.3), not the later', async () => {
    const pings = new Pings();
    const payloads = [pings.uniquePayload(), pings.uniquePayload(), pings.uniquePayload()];
    const settled: number[] = [];
    const pongs = payloads.map((payload, index) =>
      pings.wait(payload, index).then((milliseconds) => settled.push(milliseconds)),
    );
    answer(pings, payloads[1] as Uint8Array, 10);
    await Promise.all(pongs.slice(0, 2));
    expect(settled).toEqual([10, 9]);
    answer(pings, payloads[2] as Uint8Array, 12);
    await pongs[2];
    expect(settled).toEqual([10, 9, 10]);
  });

  it('two pings with the same payload are answered one by one', async () => {
    const pings = new Pings();
    const same = Buffer.from('same');
    const first = pings.wait(same, 0);
    const second = pings.wait(same, 5);
    answer(pings, same, 10);
    expect(await first).toBe(10);
    answer(pings, same, 20);
    expect(await second).toBe(15);
  });

  it('ignores a pong with another payload, a prefix or an empty one', async () => {
    const pings = new Pings();
    const payload = Buffer.from('whole');
    const pong = pings.wait(payload, 0);
    for (const other of ['', 'w', 'whol', 'whole!', 'wHole']) answer(pings, Buffer.from(other), 1);
    answer(pings, payload, 2);
    expect(await pong).toBe(2);
    answer(pings, payload, 3); // nobody waits any more
  });

  it('an empty payload is matched by an empty pong', async () => {
    const pings = new Pings();
    const pong = pings.wait(new Uint8Array(0), 0);
    answer(pings, new Uint8Array(0), 4);
    expect(await pong).toBe(4);
  });

  it('rejects everybody who waits, once', async () => {
    const pings = new Pings();
    const error = new Error('closed');
    const pongs = [pings.wait(pings.uniquePayload(), 0), pings.wait(pings.uniquePayload(), 0)];
    pings.rejectAll(error);
    pings.rejectAll(new Error('again'));
    expect(await Promise.allSettled(pongs)).toEqual([
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
    ]);
  });
});
