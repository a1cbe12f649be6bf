import { FIN, Opcode } from 'meerkat/protocol';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LoadMeter } from '../../src/bench/load/load-meter.ts';
import { SteadyPace } from '../../src/bench/load/pace.ts';
import { frameHeader } from '../../src/bench/load/prepared-messages.ts';
import { Schedule } from '../../src/bench/load/schedule.ts';
import { meerkatServer, tcpServer } from '../connect/servers.ts';
import { startLoad, until, words } from './loading.ts';
import { type ScriptedPeer, scriptedServer } from './scripted-server.ts';

function echo(peer: ScriptedPeer, opcode: number, payload: Buffer): void {
  peer.send(Buffer.concat([frameHeader(FIN | opcode, payload.length, undefined), payload]));
}

describe('at a rate', () => {
  it('counts from the time at which a message was to be sent: a stall is seen in all that it kept waiting', async () => {
    const held: (() => void)[] = [];
    const COUNT = 40;
    const url = await scriptedServer((peer) => ({
      message(opcode, payload) {
        held.push(() => echo(peer, opcode, payload));
        if (held.length >= COUNT) for (const answer of held.splice(0)) answer();
      },
    }));
    const load = await startLoad({ url, rate: 1_000 });
    await load.source.open();
    load.source.begin();
    await load.received(COUNT);
    const { latencies, failures } = load.counts();
    expect(words(failures)).toEqual([]);
    // The first one waited for 39 others, a millisecond apart; each of the first half for 20 of them at least.
    expect(Math.max(...values(latencies))).toBeGreaterThanOrEqual(390_000);
    expect(above(latencies, 190_000)).toBeGreaterThanOrEqual(COUNT / 2);
  });

  it('goes over the connections in turn, and no further than what was to be sent by now', async () => {
    const got: number[] = [0, 0, 0];
    let peers = 0;
    const url = await scriptedServer((peer) => {
      const index = peers++;
      return {
        message(opcode, payload) {
          got[index] = (got[index] ?? 0) + 1;
          echo(peer, opcode, payload);
        },
      };
    });
    const load = await startLoad({ url, rate: 3_000, connections: 3 });
    await load.source.open();
    const began = performance.now();
    load.source.begin();
    await load.received(30);
    load.source.halt();
    const most = ((performance.now() - began) * 3_000) / 1_000 + 1;
    expect(await load.source.stop()).toBe(0);
    expect(load.meter.sent).toBeLessThanOrEqual(most);
    expect(Math.max(...got) - Math.min(...got)).toBeLessThanOrEqual(1);
  });

  it('gives a connection no more than it can hold, counts what it never answers, and how long that waited', async () => {
    const url = await scriptedServer(() => ({ message: () => {} }));
    const load = await startLoad({ url, rate: 400_000, connections: 1, sizes: [0] }, 20);
    await load.source.open();
    load.source.begin();
    await until(() => load.meter.sent >= 4_096);
    const { sent } = load.counts();
    const full = performance.now();
    await until(() => performance.now() - full > 5); // the next are due, and those before have waited
    expect(await load.source.stop()).toBe(4_096);
    const { failures, latencies, sent: later } = load.counts();
    expect(sent + later).toBe(4_096);
    expect(words(failures)).toContain(
      'overload: not sent: 4096 messages of a connection wait already',
    );
    expect(above(latencies, 0)).toBe(4_096);
  });

  it('sends what a stall of its own kept back in a burst, with the times at which it was due, and counts that as late', async () => {
    const meter = new LoadMeter();
    const times: number[] = [];
    const schedule = new Schedule({
      pace: new SteadyPace(1_000),
      meter,
      by: 'timer',
      send: (intended) => times.push(intended),
    });
    onTestFinished(() => schedule.stop());
    schedule.begin();
    const until_ = performance.now() + 30;
    while (performance.now() < until_);
    await until(() => times.length > 30);
    schedule.stop();
    times.forEach((time, index) => {
      expect(time - (times[0] as number)).toBeCloseTo(index, 6);
    });
    expect(meter.late).toBeGreaterThan(25);
  });

  it.each([
    ['timer', 2.9, 0],
    ['timer', 3.1, 1],
    ['spin', 0.9, 0],
    ['spin', 1.1, 1],
  ] as const)(
    'does not blame the rate for what a timer is late of itself: a %s, %f ms late',
    async (by, milliseconds, late) => {
      const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
      onTestFinished(() => clock.mockRestore());
      const meter = new LoadMeter();
      const times: number[] = [];
      const send = (intended: number): number => times.push(intended);
      const schedule = new Schedule({ pace: new SteadyPace(200), meter, by, send });
      onTestFinished(() => schedule.stop());
      schedule.begin();
      clock.mockReturnValue(5 + milliseconds);
      await until(() => times.length > 1);
      schedule.stop();
      expect(times).toEqual([0, 5]);
      expect(meter.late).toBe(late);
    },
  );

  it('does not count the time in which it only looked at the clock', async () => {
    const meter = new LoadMeter();
    const schedule = new Schedule({
      pace: new SteadyPace(800),
      meter,
      by: 'spin',
      send: () => (meter.sent += 1),
    });
    onTestFinished(() => schedule.stop());
    schedule.begin();
    await until(() => meter.sent > 60);
    expect(meter.spun).toBeGreaterThan(0);
    const { cpu, seconds } = meter.take();
    expect(cpu).toBeLessThan(seconds);
  });
});

it.each([
  ['accepted', 'idle', true, 3],
  ['declined', 'idle', false, 0],
  ['accepted', 'scenario', true, 3],
  ['declined', 'scenario', false, 0],
] as const)(
  'counts the connections with which compression was %s: %s',
  async (_what, mode, compression, compressed) => {
    const url = await meerkatServer({ compression });
    const scenario = { name: '', before: [{ connect: {} }], steps: [{ wait: 60_000 }] };
    const load = await startLoad({ url, mode, scenario, connections: 3, compression: true });
    await load.source.open();
    expect(load.counts()).toMatchObject({ opened: 3, compressed, failures: [] });
  },
);

describe('a broadcast', () => {
  /** A server with the paths /sub and /pub. */
  async function room(
    relay?: (payload: Buffer, peers: readonly ScriptedPeer[]) => void,
  ): Promise<string> {
    const peers: ScriptedPeer[] = [];
    return await scriptedServer((peer) => ({
      open: () => peers.push(peer),
      message(opcode, payload) {
        if (relay !== undefined) relay(payload, peers);
        else for (const one of peers) if (one !== peer) echo(one, opcode, payload);
      },
    }));
  }

  it.each([
    ['as fast as the window allows', {}],
    ['at a rate', { rate: 1_000 }],
    ['of texts in several sizes', { text: true, sizes: [5, 200] }],
  ])('counts deliveries: %s', async (_what, given) => {
    const url = await room();
    const load = await startLoad({ url, mode: 'broadcast', connections: 5, window: 3, ...given });
    await load.source.open();
    load.source.begin();
    await load.received(100);
    load.source.halt();
    expect(await load.source.stop()).toBe(0);
    const counts = load.counts();
    expect(words(counts.failures)).toEqual([]);
    expect(counts.opened).toBe(6);
    expect(counts.received).toBe(counts.sent * 5);
  });

  it('sends no more than the window before the deliveries', async () => {
    const url = await room(() => {});
    const load = await startLoad({ url, mode: 'broadcast', connections: 4, window: 3 }, 20);
    await load.source.open();
    load.source.begin();
    expect(await load.source.stop()).toBe(12);
    expect(load.meter.sent).toBe(3);
  });

  it('says that a message did not come, and goes on', async () => {
    let count = 0;
    const url = await room((payload, peers) => {
      count += 1;
      peers.forEach((peer, index) => {
        const last = index === peers.length - 1; // who publishes
        if (!last && !(count === 4 && index === 0)) echo(peer, Opcode.Binary, payload);
      });
    });
    const load = await startLoad({ url, mode: 'broadcast', connections: 2, window: 2 });
    await load.source.open();
    load.source.begin();
    await load.received(40);
    load.source.halt();
    expect(await load.source.stop()).toBe(0);
    const { failures, wrong } = load.counts();
    expect(words(failures)).toContain('lost: a message that was published did not come');
    expect(wrong).toBe(1);
  });

  it('says that it was the publisher who could not connect', async () => {
    const url = await room();
    const load = await startLoad({
      url,
      publishUrl: 'ws://127.0.0.1:1/',
      mode: 'broadcast',
      connections: 2,
    });
    expect(load.source.over?.()).toBeUndefined();
    await load.source.open();
    expect(load.source.over?.()).toBe(
      'the publisher could not connect: ECONNREFUSED: nobody listens there',
    );
    const { opened, refused, failures } = load.counts();
    expect({ opened, refused }).toEqual({ opened: 2, refused: 1 });
    expect(words(failures)).toEqual([
      'connect: ECONNREFUSED: nobody listens there (the publisher)',
    ]);
  });

  it('says that it was the publisher who was lost', async () => {
    const url = await room((_payload, peers) => peers.at(-1)?.end());
    const load = await startLoad({ url, mode: 'broadcast', connections: 2 }, 20);
    await load.source.open();
    load.source.begin();
    await until(() => load.source.over?.() !== undefined);
    expect(load.source.over?.()).toBe(
      'the publisher was lost: the server ended the connection without a Close',
    );
    await load.source.stop();
  });

  it('goes on without a subscriber that is lost', async () => {
    const url = await room((payload, peers) => {
      peers.forEach((peer, index) => {
        if (index === 0) peer.end();
        else if (index < peers.length - 1) echo(peer, Opcode.Binary, payload);
      });
    });
    const load = await startLoad({ url, mode: 'broadcast', connections: 3, window: 1 });
    await load.source.open();
    load.source.begin();
    await load.received(40);
    expect(load.counts()).toMatchObject({ lost: 1, failures: [{ kind: 'closed' }] });
    load.source.halt();
    // What was published before it was lost, and it did not get.
    expect(await load.source.stop()).toBe(1);
  });
});

describe('a storm of connections', () => {
  it.each(['handshake', 'abrupt'] as const)('opens and ends them: %s', async (closing) => {
    let most = 0;
    let open = 0;
    const codes = new Set<number>();
    const url = await meerkatServer({
      open() {
        open += 1;
        most = Math.max(most, open);
      },
      close(_connection, { code }) {
        open -= 1;
        codes.add(code);
      },
    });
    const load = await startLoad({ url, mode: 'connect', connections: 3, closing });
    await load.source.open();
    await until(() => load.meter.opened >= 30);
    await load.source.stop();
    const { failures, refused, lost, open: left } = load.counts();
    expect(words(failures)).toEqual([]);
    expect({ refused, lost, left }).toEqual({ refused: 0, lost: 0, left: 0 });
    await until(() => open === 0);
    expect([...codes]).toEqual([closing === 'handshake' ? 1000 : 1006]);
    if (closing === 'handshake') expect(most).toBeLessThanOrEqual(3);
  });

  it('gives up a closing handshake that has no end', async () => {
    const url = await scriptedServer(() => ({ closed: () => {} }));
    const load = await startLoad({ url, mode: 'connect', connections: 1, connectTimeout: 20 });
    await load.source.open();
    await until(() => load.meter.opened >= 2);
    expect(words(load.counts().failures)).toEqual([
      'timeout: no end of the closing handshake in time',
    ]);
  });

  it('does not hammer a server that is not there', async () => {
    let dials = 0;
    const url = await tcpServer((socket) => {
      dials += 1;
      socket.destroy();
    });
    const load = await startLoad({ url, mode: 'connect', connections: 2 });
    await load.source.open();
    const began = performance.now();
    await until(() => load.meter.refused >= 6);
    expect(performance.now() - began).toBeGreaterThan(150);
    expect(dials).toBeLessThan(12);
  });
});

describe('idle connections', () => {
  it('are opened and kept; what comes is no fault, a Ping is answered', async () => {
    let pongs = 0;
    const url = await scriptedServer((peer) => ({
      open() {
        echo(peer, Opcode.Text, Buffer.from('welcome'));
        echo(peer, Opcode.Ping, Buffer.from('?'));
      },
      pong: () => (pongs += 1),
    }));
    const load = await startLoad({ url, mode: 'idle', connections: 20, connecting: 4 });
    await load.source.open();
    await until(() => pongs === 20);
    expect(load.counts()).toMatchObject({ open: 20, opened: 20, received: 20, failures: [] });
  });

  it('are opened over the ramp, never more at a time than may be', async () => {
    let dialling = 0;
    let most = 0;
    const url = await meerkatServer({
      async upgrade() {
        dialling += 1;
        most = Math.max(most, dialling);
        await new Promise((resolve) => setImmediate(resolve));
        dialling -= 1;
        return {};
      },
    });
    const load = await startLoad({ url, mode: 'idle', connections: 12, connecting: 2, ramp: 120 });
    const began = performance.now();
    await load.source.open();
    expect(performance.now() - began).toBeGreaterThanOrEqual(110);
    expect(most).toBeLessThanOrEqual(2);
    expect(load.meter.open).toBe(12);
  });
});

function values(times: Float64Array): number[] {
  return [...times].filter((_value, index) => index % 2 === 0);
}

/** How many of the times are at least that, in units of 100 ns. */
function above(times: Float64Array, least: number): number {
  let count = 0;
  for (let at = 0; at < times.length; at += 2) {
    if ((times[at] as number) >= least) count += times[at + 1] as number;
  }
  return count;
}
