import { execFileSync } from 'node:child_process';
import type { Closed } from 'meerkat';
import { ManualClock } from 'meerkat/testing';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Program } from '../../../../test/support/program.ts';
import { dial } from '../support/dialling.ts';
import { expectNothingUnhandled } from '../support/failures.ts';
import { frame, PING, PONG, takeFrame } from '../support/frames.ts';
import { upgraded } from '../support/handshake.ts';
import { observe } from '../support/observed.ts';
import { serve } from '../support/serving.ts';
import { turns, until } from '../support/waiting.ts';

beforeEach(expectNothingUnhandled);

/** A client in a process of its own, which dials again whenever its connection ends. */
function clientProcess(url: string): Program {
  const program = Program.source('test/support/patient-client.ts', [url]);
  onTestFinished(async () => {
    program.kill('SIGKILL');
    await program.exited;
  });
  return program;
}

/** Keeps the event loop from everything else. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('a peer that is half open', () => {
  it('R3 is given up 20 s after a ping, 25 s ± 10 % after it was heard; others stay', async () => {
    const clock = new ManualClock();
    const closes: Closed[] = [];
    const site = await serve({ clock, close: (_one, closed) => void closes.push(closed) });
    const dead = await upgraded(site.port);
    const alive = await upgraded(site.port);
    clock.advance(22_499);
    await turns();
    expect([dead.peer.received.length, alive.peer.received.length]).toEqual([0, 0]);
    clock.advance(5_001);
    for (const { peer } of [dead, alive]) {
      expect(await takeFrame(peer)).toMatchObject({ opcode: PING });
    }
    // The dead one reads what it is sent, as a kernel does for a process that hangs, and says nothing.
    await alive.peer.send(frame(PONG, ''));
    await until(() => site.sockets[1]?.bytesRead !== site.sockets[0]?.bytesRead);
    clock.advance(14_999); // of the 20 s the pings may have begun to wait up to 5 s ago
    await turns();
    expect(closes).toEqual([]);
    clock.advance(5_001);
    await until(() => closes.length > 0);
    const [given] = closes;
    observe(
      `${given?.code} (${given?.because}) 20 s after the ping, ${site.wss.connections.size} other stays`,
    );
    expect(closes).toMatchObject([
      { code: 1006, because: 'pongTimeout', by: 'local', clean: false },
    ]);
    expect(await dead.peer.takeText()).toBe('');
    expect(site.wss.connections.size).toBe(1);
    expect(site.sockets.map(({ destroyed }) => destroyed)).toEqual([true, false]);
  });

  it('R3 holds nothing afterwards, whatever was queued for it', async () => {
    const clock = new ManualClock();
    const site = await serve({ clock });
    const { peer } = await upgraded(site.port);
    await until(() => site.opened.length === 1);
    peer.stream.pause();
    const [connection] = site.opened;
    while (connection?.send(Buffer.alloc(65_536)) !== 'dropped') await turns(1);
    clock.advance(200_000);
    await until(() => site.sockets[0]?.destroyed === true);
    expect(connection?.state).toBe('closed');
    observe(`${site.wss.connections.size} connections and ${clock.pending} timers stay`);
    expect(site.wss.connections.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});

describe('a client process that is stopped', () => {
  it('R4 SIGSTOP: it is given up as any silent peer; SIGCONT: it sees the end and comes back', async () => {
    const clock = new ManualClock();
    const closes: Closed[] = [];
    const site = await serve({ clock, close: (_one, closed) => void closes.push(closed) });
    const other = await dial(site.url);
    const client = clientProcess(site.url);
    await client.prints(/^open\n/);
    expect(site.opened).toHaveLength(2);

    client.kill('SIGSTOP');
    await until(() => stateOf(client.pid).startsWith('T'));
    clock.advance(27_500); // pings
    await other.connection.ping();
    clock.advance(20_000);
    await until(() => closes.length > 0);
    const [given] = closes;
    observe(`stopped: ${given?.code} (${given?.because}) 20 s after the ping`);
    expect(closes).toMatchObject([{ code: 1006, because: 'pongTimeout' }]);
    expect(site.wss.connections.size).toBe(1);
    expect(client.stdout).toBe('open\n');

    client.kill('SIGCONT');
    await client.prints(/^open\nclosed 1006\nopen\n/);
    await until(() => site.wss.connections.size === 2);
    observe(`continued: ${site.wss.connections.size} connected again`);
    expect(other.connection.state).toBe('open');
  });
});

/** As `ps` tells it: T for a process that is stopped. */
function stateOf(pid: number): string {
  return execFileSync('ps', ['-o', 'state=', '-p', `${pid}`], { encoding: 'utf8' }).trim();
}

describe('the event loop of the server', () => {
  it('R7 blocked for longer than the pong timeout, again and again, gives nobody up', async () => {
    let pongs = 0;
    const closes: Closed[] = [];
    const site = await serve({
      pingInterval: 40,
      pongTimeout: 150,
      pong: () => {
        pongs += 1;
      },
      close: (_one, closed) => void closes.push(closed),
    });
    const client = clientProcess(site.url); // which answers while this process does not read
    await client.prints(/^open\n/);
    const before = pongs;
    for (let time = 0; time < 8; time += 1) {
      block(300);
      await turns(3); // a ping leaves; the next block is longer than its answer may take
    }
    await until(() => pongs > before + 3);
    observe(`blocked 8 times for 300 ms, of a pongTimeout of 150 ms: ${closes.length} closed`);
    expect(closes).toEqual([]);
    expect(client.stdout).toBe('open\n');
  });
});

describe('the wall clock', () => {
  it('R12 an hour forward, two hours back: nobody is given up, pings go on, timeouts still work', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2030, 0, 1) });
    onTestFinished(() => void vi.useRealTimers());
    const pongs = new Map<object, number>();
    const closes: Closed[] = [];
    const site = await serve({
      pingInterval: 40,
      pongTimeout: 10_000,
      maxNewConnectionsPerAddress: 25,
      pong: (one) => void pongs.set(one, (pongs.get(one) ?? 0) + 1),
      close: (_one, closed) => void closes.push(closed),
      upgrade: ({ url }) => (url.endsWith('hang') ? new Promise(() => {}) : undefined),
    });
    await Promise.all(Array.from({ length: 20 }, () => dial(site.url)));
    const { peer } = await upgraded(site.port);
    const hour = 3_600_000;
    for (const jump of [hour, -2 * hour, hour]) {
      vi.setSystemTime(Date.now() + jump);
      pongs.clear();
      await until(() => pongs.size === 20 && [...pongs.values()].every((count) => count >= 2));
      observe(
        `${closes.length} of ${site.wss.connections.size} closed; ${pongs.size} answer pings`,
      );
      expect(closes).toEqual([]);
      expect(site.wss.connections.size).toBe(21);
    }
    await dial(site.url); // the rate of new ones is not used up by a jump back
    expect(peer.ended).toBe(false); // silent, and its ten seconds are not over
  });
});
