import { arch, availableParallelism, cpus, platform, release } from 'node:os';
import type { BenchPlan } from '../bench-plan.ts';
import type { BenchReport } from '../bench-report.ts';
import { bottleneck, type TimedStrain } from './bottleneck.ts';
import { connectionMemory } from './connection-memory.ts';
import type { RunTotals } from './run-totals.ts';
import type { ServerWatch } from './server-watch.ts';
import type { StageTotals } from './stage-totals.ts';
import { LATE_AFTER, waitsBy } from './timing.ts';

/** What a report is made of. */
export interface RunOutcome {
  readonly plan: BenchPlan;
  readonly totals: RunTotals;
  readonly server: ServerWatch | undefined;
  readonly startedAt: Date;
  readonly meerkat: string;
  /** From the first dial until all connections were open. */
  readonly openingSeconds: number;
  readonly interrupted: boolean;
  readonly endedEarly: string | undefined;
  /** Where the rate has them. */
  readonly stages: StageTotals | undefined;
}

export function buildReport(outcome: RunOutcome): BenchReport {
  const { plan, totals, startedAt, meerkat, openingSeconds, interrupted, endedEarly } = outcome;
  const { seconds, sent, received, late, dropped } = totals;
  const timer = waitsBy(plan);
  const lateAfter = LATE_AFTER[timer ?? 'spin'];
  const failures = totals.failures.list();
  const per = (count: number): number => (seconds > 0 ? count / seconds : 0);
  const processes = totals.cpu.map((cpu, index) => ({
    cpu: per(cpu),
    starved: starvedShare(totals.starved[index], seconds),
    longestStall: totals.longestStalls[index] ?? 0,
  }));
  const server = serverReport(outcome);
  return {
    format: 'meerkat-bench',
    version: 1,
    meerkat,
    startedAt: startedAt.toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? arch(),
      cores: availableParallelism(),
      node: process.version,
      platform: `${platform()} ${arch()} ${release()}`,
    },
    plan: publishable(plan),
    seconds,
    interrupted,
    ...(endedEarly === undefined ? {} : { endedEarly }),
    connections: {
      opened: totals.opened,
      refused: totals.refused,
      lost: totals.lost,
      peak: totals.peak,
      compressed: totals.compressed,
    },
    messages: {
      sent,
      received,
      sentPerSecond: per(sent),
      receivedPerSecond: per(received),
      bytesPerSecond: per(totals.bytes),
      missing: totals.missing,
      wrong: totals.wrong,
    },
    handshakesPerSecond:
      plan.mode === 'connect' || plan.mode === 'scenario'
        ? per(totals.handshakes)
        : openingSeconds > 0
          ? totals.opened / openingSeconds
          : 0,
    latency: totals.latency.summary(),
    handshake: totals.handshake.summary(),
    failures,
    samples: totals.samples,
    ...(outcome.stages === undefined ? {} : { stages: outcome.stages.report() }),
    load: {
      processes,
      timer,
      late,
      lateAfter,
      dropped,
      bottleneck: bottleneck({
        seconds,
        processes,
        cores: availableParallelism(),
        serverCpu: server?.cpu,
        timed: timer === undefined ? undefined : timedStrain(outcome, lateAfter),
        failures,
      }),
    },
    server,
  };
}

function publishable(plan: BenchPlan): BenchPlan {
  return {
    ...plan,
    headers: plan.headers.map(([name]) => [name, '']),
    ...(plan.key !== undefined && { key: '' }),
  };
}

function starvedShare(starved: number | undefined, seconds: number): number | undefined {
  if (starved === undefined) return undefined;
  return seconds > 0 ? Math.min(1, starved / seconds) : 0;
}

function timedStrain({ plan, totals }: RunOutcome, lateAfter: number): TimedStrain {
  const { late, dropped, turnsBegun, sent } = totals;
  return plan.mode === 'scenario'
    ? { what: 'turn', done: turnsBegun, late, lateAfter, dropped }
    : { what: 'message', done: sent, late, lateAfter, dropped };
}

function serverReport({ plan, totals, server }: RunOutcome): BenchReport['server'] {
  if (server === undefined) return undefined;
  const { pid, before, open, after, cpuMeasured, rssPeak } = server;
  const things = plan.mode === 'connect' ? totals.handshakes : totals.received;
  const each = things > 0 && cpuMeasured > 0 ? (cpuMeasured / things) * 1e6 : undefined;
  const held = plan.mode === 'connect' ? 0 : totals.peak;
  return {
    pid,
    cpu: totals.seconds > 0 ? cpuMeasured / totals.seconds : 0,
    cpuMicrosPerMessage: each,
    capacity: each === undefined ? undefined : 1e6 / each,
    rssBefore: before.rss,
    rssAfter: after.rss,
    rssPeak,
    rssPerConnection: connectionMemory(before.rss, open.rss, held),
  };
}
