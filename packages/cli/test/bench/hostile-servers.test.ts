import { FIN, Opcode } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import type { BenchReport } from '../../src/bench/bench-report.ts';
import { frameHeader } from '../../src/bench/load/prepared-messages.ts';
import { runBench } from '../../src/bench/run-bench.ts';
import { tcpServer } from '../connect/servers.ts';
import { startLoad, until, words } from './loading.ts';
import { planOf } from './reports.ts';
import { scriptedServer } from './scripted-server.ts';

function frame(head: number, payload: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(head, payload.length, undefined), payload]);
}

describe('what is on its way when its connection is lost', () => {
  it('is missing', async () => {
    let messages = 0;
    const url = await scriptedServer((peer) => ({
      message: () => ++messages === 5 && peer.reset(),
    }));
    const load = await startLoad({ url, connections: 1, depth: 5 });
    await load.source.open();
    await until(() => load.meter.lost === 1);
    expect(await load.source.stop()).toBe(5);
  });

  it('counts, at a rate, with the time that it was waited for', async () => {
    const WAITING = 40;
    let messages = 0;
    const url = await scriptedServer((peer) => ({
      message: () => ++messages === WAITING && peer.reset(),
    }));
    const load = await startLoad({ url, connections: 1, rate: 1_000 });
    await load.source.open();
    load.source.begin();
    await until(() => load.meter.lost === 1);
    const missing = await load.source.stop();
    const { latencies, sent } = load.counts();
    expect(missing).toBe(sent);
    expect(missing).toBeGreaterThanOrEqual(WAITING);
    const times = [...latencies];
    expect(times.reduce((sum, value, at) => sum + (at % 2 === 1 ? value : 0), 0)).toBe(missing);
    // The first waited for those behind it, a millisecond apart, in units of 100 ns.
    expect(Math.max(...times.filter((_value, at) => at % 2 === 0))).toBeGreaterThan(380_000);
  });

  it('is told of what was to be sent, and had no connection', async () => {
    const url = await scriptedServer((peer) => ({ message: () => peer.reset() }));
    const load = await startLoad({ url, connections: 1, rate: 2_000 });
    await load.source.open();
    load.source.begin();
    const found: string[] = [];
    await until(() => {
      found.push(...words(load.counts().failures));
      return found.includes('overload: not sent: no connection was open');
    });
  });
});

describe('an answer that comes when nobody waits for it any more', () => {
  it('is right all the same, and stays missing', async () => {
    const WAITING = 5;
    const held: Buffer[] = [];
    const url = await scriptedServer((peer) => ({
      message: (opcode, payload) => held.push(frame(FIN | opcode, payload)),
      closed(payload) {
        for (const answer of held) peer.send(answer);
        peer.send(frame(FIN | Opcode.Close, payload));
        peer.end();
      },
    }));
    const load = await startLoad({ url, connections: 1, rate: 1_000 }, 100);
    await load.source.open();
    load.source.begin();
    await until(() => held.length >= WAITING);
    load.source.halt();
    const missing = await load.source.stop();
    const { latencies, failures, wrong, sent, received } = load.counts();
    expect(missing).toBe(sent);
    expect(received).toBe(sent);
    expect(words(failures)).toEqual([]);
    expect(wrong).toBe(0);
    // Each is timed once.
    const timed = [...latencies].reduce((sum, value, at) => sum + (at % 2 === 1 ? value : 0), 0);
    expect(timed).toBe(sent);
  });
});

describe('answers to an opening handshake', () => {
  const INFORMATIONAL = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';

  it('may be informational sixteen times, cut anywhere', async () => {
    const before = INFORMATIONAL.repeat(16);
    const url = await scriptedServer((_peer) => ({}), '', Buffer.alloc(0), before);
    const load = await startLoad({ url, connections: 1, mode: 'idle' });
    await load.source.open();
    expect(load.counts()).toMatchObject({ opened: 1, failures: [] });
  });

  it('are refused when they have no end, however many come at once', async () => {
    const url = await tcpServer((socket) => void socket.write(INFORMATIONAL.repeat(20_000)));
    const load = await startLoad({ url, connections: 1, mode: 'idle' });
    await load.source.open();
    expect(words(load.counts().failures)).toEqual([
      'handshake: more than 16 informational answers',
    ]);
  });

  it.each(['1e2', '0x6', ' 99'])('are no answers with the status %j', async (status) => {
    const url = await tcpServer((socket) => void socket.write(`HTTP/1.1 ${status} What\r\n\r\n`));
    const load = await startLoad({ url, connections: 1, mode: 'idle' });
    await load.source.open();
    expect(words(load.counts().failures)[0]).toContain('the answer is not HTTP');
  });
});

describe('frames', () => {
  it('that ask, of a server that does not read: the latest is answered, and no more are kept', async () => {
    const COUNT = 120_000;
    const AT_ONCE = 400;
    let pongs = 0;
    let last = 0;
    const url = await scriptedServer((peer) => ({
      open() {
        peer.pause();
        let asked = 0;
        const ask = (): void => {
          if (asked === COUNT) {
            peer.resume();
            return;
          }
          const pings = Array.from({ length: AT_ONCE }, (_, at) => {
            const payload = Buffer.alloc(125);
            payload.writeUInt32BE(asked + at + 1);
            return frame(FIN | Opcode.Ping, payload);
          });
          asked += AT_ONCE;
          peer.send(Buffer.concat(pings), ask);
        };
        ask();
      },
      pong(payload) {
        pongs += 1;
        last = payload.readUInt32BE();
      },
    }));
    const load = await startLoad({ url, connections: 1, mode: 'idle' });
    await load.source.open();
    await until(() => last === COUNT);
    // What the system's buffers hold has left before anything waits.
    expect(pongs).toBeLessThan(COUNT * 0.9);
  });

  it.each([
    ['plain', false],
    ['compressed', true],
  ])('that are empty, and no message: %s', async (_what, compression) => {
    const empty = Buffer.concat([
      Buffer.from([compression ? 0x41 : 0x01, 0]),
      Buffer.alloc(2 * 131_072),
    ]);
    const fields = compression
      ? 'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n'
      : '';
    const url = await scriptedServer((peer) => ({ open: () => peer.send(empty) }), fields);
    const load = await startLoad({ url, connections: 1, mode: 'idle', compression });
    await load.source.open();
    await until(() => load.meter.lost === 1);
    expect(words(load.counts().failures)[0]).toMatch(/^protocol: .*131072/);
  });
});

describe('a storm', () => {
  it('of connections that the server does not end says so', async () => {
    const url = await scriptedServer(() => ({ closed: () => {} }));
    const report = await stormOf(url);
    expect(report.endedEarly).toBe(
      'no connection came to its end for 3 s: the server does not end them',
    );
    expect(report.connections.opened).toBe(2);
  });
});

async function stormOf(url: string): Promise<BenchReport> {
  return await runBench(
    planOf({ url, mode: 'connect', connections: 2, warmUp: 0, duration: 60_000 }),
    { sample: () => {}, phase: () => {} },
    new AbortController().signal,
  );
}
