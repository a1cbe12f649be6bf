import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../src/bench/bench-plan.ts';
import type { BenchReport, BenchSample } from '../../src/bench/bench-report.ts';
import { runBench } from '../../src/bench/run-bench.ts';
import { meerkatServer, tcpServer } from '../connect/servers.ts';
import { planOf } from './reports.ts';

/** Runs a plan with processes of its own, short. */
async function run(
  given: Partial<BenchPlan>,
  onSample: (sample: BenchSample, abort: () => void) => void = () => {},
): Promise<BenchReport & { phases: string[] }> {
  const phases: string[] = [];
  const controller = new AbortController();
  const plan = planOf({ connections: 4, warmUp: 20, duration: 200, ...given });
  const report = await runBench(
    plan,
    {
      sample: (sample) => onSample(sample, () => controller.abort()),
      phase: (phase) => phases.push(phase),
    },
    controller.signal,
  );
  return { ...report, phases };
}

/** 40 ms at 400 a second, and 20 ms down to none: 20 messages. */
const STAGES = [
  { duration: 0, target: 400 },
  { duration: 40, target: 400 },
  { duration: 20, target: 0 },
  { duration: 200, target: 0 },
];

describe('a run', () => {
  it('is split among processes, and what they did is put together', async () => {
    const url = await meerkatServer();
    const samples: BenchSample[] = [];
    const report = await run(
      { url, processes: 2, depth: 2, pid: process.pid, headers: [['Authorization', 'secret']] },
      (sample) => samples.push(sample),
    );
    expect(report.phases).toEqual(['opening', 'warm-up', 'measuring', 'ending']);
    expect(report.failures).toEqual([]);
    expect(report.connections).toEqual({ opened: 4, refused: 0, lost: 0, peak: 4, compressed: 0 });
    expect(report.load.processes).toHaveLength(2);
    expect(report.messages).toMatchObject({ missing: 0, wrong: 0 });
    expect(report.messages.received).toBeGreaterThan(0);
    expect(report.latency?.count).toBe(report.messages.received);
    expect(report.handshake?.count).toBe(4);
    expect(report.seconds).toBeGreaterThanOrEqual(0.19);
    expect(report.samples).toEqual(samples);
    expect(samples.at(-1)).toMatchObject({ measured: true, open: 4 });
    expect(report.server?.pid).toBe(process.pid);
    expect(report.server?.cpu).toBeGreaterThan(0);
    expect(report.interrupted).toBe(false);
    expect(report.endedEarly).toBeUndefined();
    expect(JSON.stringify(report)).not.toContain('secret');
  });

  it('tells what it measured until it was interrupted', async () => {
    const url = await meerkatServer();
    const report = await run({ url, duration: 60_000 }, ({ measured, received }, abort) => {
      if (measured && received > 0) abort();
    });
    expect(report.interrupted).toBe(true);
    expect(report.messages.received).toBeGreaterThan(0);
    expect(report.seconds).toBeLessThan(30);
    expect(report.connections.lost).toBe(0);
  });

  it('is over when the server is gone, and says so', async () => {
    let dying = false;
    const url = await meerkatServer({
      message(connection, message) {
        if (dying) connection.terminate();
        else connection.send(message);
      },
    });
    const report = await run({ url, duration: 60_000 }, ({ measured }) => {
      dying = measured;
    });
    expect(report.endedEarly).toBe('no connection was left');
    expect(report.interrupted).toBe(false);
    expect(report.connections.lost).toBe(4);
    expect(report.failures).toMatchObject([{ kind: 'closed', count: 4 }]);
  });

  it('tells of connections that were opened and lost from those that never were', async () => {
    const url = await meerkatServer({ open: (connection) => connection.close(1013) });
    const report = await run({ url, duration: 60_000 });
    expect(report.endedEarly).toBe('no connection was left');
    expect(report.connections).toMatchObject({ opened: 4, lost: 4 });
  });

  it('is over where the publisher of a broadcast cannot connect, and says that it was the publisher', async () => {
    const url = await meerkatServer();
    const report = await run({
      url,
      publishUrl: 'ws://127.0.0.1:1/',
      mode: 'broadcast',
      duration: 60_000,
    });
    expect(report.endedEarly).toBe(
      'the publisher could not connect: ECONNREFUSED: nobody listens there',
    );
    expect(report.connections).toMatchObject({ opened: 4, refused: 1 });
  });

  it('is over where a broadcast has nobody to hear it', async () => {
    const url = await meerkatServer({
      upgrade: ({ url: path }) => (path === '/pub' ? undefined : { refuse: 403 }),
    });
    const publishUrl = new URL('/pub', url).href;
    const report = await run({ url, publishUrl, mode: 'broadcast', duration: 60_000 });
    expect(report.endedEarly).toBe('no subscriber could be opened');
  });

  it('tells what it waited by for the time of a message, and with whom compression was agreed on', async () => {
    const url = await meerkatServer({ compression: true });
    const processes = availableParallelism();
    const report = await run({
      url,
      connections: processes,
      processes,
      rate: 500,
      compression: true,
    });
    expect(report.connections).toMatchObject({ opened: processes, compressed: processes });
    expect(report.load).toMatchObject({ timer: 'timer', lateAfter: 3, dropped: 0 });
    expect(report.load.processes).toHaveLength(processes);
    for (const { starved } of report.load.processes) {
      if (process.platform === 'linux') expect(starved).toBeGreaterThanOrEqual(0);
      else expect(starved).toBeUndefined();
    }
  });

  it.each([
    ['stages', { rate: 400, stages: STAGES, warmUp: 0, duration: 260 }],
    ['a rate', { rate: 400, warmUp: 0, duration: 100 }],
  ])(
    'counts all from the first message on where nothing is warmed up: %s',
    async (_what, given) => {
      const url = await meerkatServer();
      const report = await run({ url, ...given });
      const { sent, received, missing } = report.messages;
      // What was sent at the very end may still be on its way.
      expect(report.latency?.count).toBe(sent);
      expect(received).toBeLessThanOrEqual(sent);
      expect(missing).toBe(0);
      expect(report.phases).toEqual(['opening', 'measuring', 'ending']);
      if (report.stages === undefined) return;
      expect(sent).toBe(20);
      const inStages = report.stages.reduce(
        (sum, { sentPerSecond, seconds }) => sum + sentPerSecond * seconds,
        0,
      );
      expect(inStages).toBeCloseTo(sent, 6);
    },
  );

  it('tells of turns that were due and never began', async () => {
    // Each turn takes 40 ms and more, one is due every 5 ms, and there are 2 users.
    const url = await meerkatServer({
      async message(connection, message) {
        await new Promise((resolve) => setTimeout(resolve, 40));
        connection.send(message);
      },
    });
    const scenario = {
      name: 'slow',
      before: [{ connect: {} }],
      steps: [{ send: { text: 'a' } }, { expect: { echo: true } }],
    };
    const report = await run({ url, mode: 'scenario', scenario, connections: 2, rate: 200 });
    const due = 200 * report.seconds;
    expect(report.load.dropped).toBeGreaterThan(due / 2);
    expect(report.load.dropped).toBeLessThan(due + 2);
    expect(report.load.late).toBeGreaterThan(0);
    expect(report.load.bottleneck).toMatch(
      /^more users are needed: \d+ turns were due and \d+ began/,
    );
    expect(report.failures).toEqual([]);
  });

  it('is over at once where nobody lets it in', async () => {
    const url = await tcpServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n'));
    });
    const report = await run({ url, connections: 300, connecting: 10, duration: 60_000 });
    expect(report.endedEarly).toBe('no connection could be opened');
    expect(report.connections.opened).toBe(0);
    expect(report.messages.receivedPerSecond).toBe(0);
    expect(report.latency).toBeUndefined();
    expect(report.failures[0]?.detail).toContain('503');
  });

  it('does not begin with a process to watch that is not there', async () => {
    await expect(run({ url: 'ws://127.0.0.1:1/', pid: 2 ** 22 + 1 })).rejects.toThrow(/process/);
  });
});
