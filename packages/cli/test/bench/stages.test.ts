// A rate in stages, from the flag to what is shown of it.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { BenchStage } from '../../src/bench/bench-report.ts';
import { LoadMeter } from '../../src/bench/load/load-meter.ts';
import { StagedPace } from '../../src/bench/load/pace.ts';
import { Schedule } from '../../src/bench/load/schedule.ts';
import { compareReports } from '../../src/bench/report/compare-reports.ts';
import { comparisonText } from '../../src/bench/report/comparison-text.ts';
import { plotsOf } from '../../src/bench/report/html-plots.ts';
import { htmlReport } from '../../src/bench/report/html-report.ts';
import { judge } from '../../src/bench/report/judge.ts';
import { planPhrases } from '../../src/bench/report/plan-words.ts';
import { reportJson } from '../../src/bench/report/public-report.ts';
import { readReport } from '../../src/bench/report/read-report.ts';
import { lookFor } from '../../src/bench/report/report-look.ts';
import { summaryText } from '../../src/bench/report/summary-text.ts';
import { thinSamples } from '../../src/bench/report/thin-samples.ts';
import { Sleeper } from '../../src/bench/scenario/sleeper.ts';
import { plainLine } from '../../src/bench/view/live-lines.ts';
import { ProgressState } from '../../src/bench/view/progress-state.ts';
import { Collector, Command } from '../connect/command.ts';
import { meerkatServer } from '../connect/servers.ts';
import { startLoad, until, words } from './loading.ts';
import { planOf, reportOf, sampleOf, samplesOf } from './reports.ts';
import { runScenario } from './scenario/running.ts';

const STAGES = [
  { duration: 4_000, target: 1_000 },
  { duration: 6_000, target: 500 },
];
const PLAN = planOf({ rate: 1_000, stages: STAGES, warmUp: 0 });

function stageOf(given: Partial<BenchStage> = {}): BenchStage {
  return {
    from: 0,
    to: 1_000,
    seconds: 4,
    sentPerSecond: 500,
    receivedPerSecond: 499,
    p50: 0.3,
    p99: 1.2,
    max: 8,
    ...given,
  };
}

function staged(given: Parameters<typeof reportOf>[0] = {}): ReturnType<typeof reportOf> {
  return reportOf({
    plan: PLAN,
    samples: samplesOf((at) => ({ target: at * 100, received: at * 99, measured: true })),
    stages: [stageOf(), stageOf({ from: 1_000, to: 500, seconds: 6, p99: undefined })],
    ...given,
  });
}

describe('a load in stages', () => {
  it('sends each message at its time, timed from then, and ends by itself', async () => {
    const url = await meerkatServer();
    const stages = [
      { duration: 60, target: 1_000 },
      { duration: 40, target: 0 },
    ];
    const load = await startLoad({ url, rate: 1_000, stages });
    await load.source.open();
    load.source.begin();
    await load.received(50);
    const later = performance.now() + 20;
    await until(() => performance.now() > later);
    load.source.halt();
    expect(await load.source.stop()).toBe(0);
    const counts = load.counts();
    expect(words(counts.failures)).toEqual([]);
    expect(counts.sent).toBe(50);
  });

  it('keeps to the times of its pace, and has no timer left behind the last', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    const sent: number[] = [];
    const schedule = new Schedule({
      pace: new StagedPace([{ duration: 20, target: 200 }]),
      meter: new LoadMeter(),
      by: 'timer',
      send: (intended) => sent.push(intended),
    });
    schedule.begin();
    clock.mockReturnValue(1_000);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    await until(() => sent.length === 2);
    expect(sent).toEqual([0, expect.closeTo(Math.sqrt(200), 6)]);
    expect(timers).not.toHaveBeenCalled();
  });

  it('publishes at the rate of the stages', async () => {
    const url = await meerkatServer({ message: () => {} });
    const stages = [{ duration: 40, target: 500 }];
    const load = await startLoad({ url, mode: 'broadcast', rate: 500, stages }, 5);
    await load.source.open();
    load.source.begin();
    await until(() => load.meter.sent === 10);
    await load.source.stop();
    expect(load.meter.sent).toBe(10);
  });

  it('begins turns at the rate of the stages', async () => {
    const stages = [
      { duration: 0, target: 100 },
      { duration: 50, target: 100 },
    ];
    const { turns, turnsBegun } = await runScenario(
      await meerkatServer(),
      'before: [connect]\nsteps: [send: a, expect: a]',
      ({ turns: done }) => done.length === 5,
      { plan: { rate: 100, stages }, share: { rate: 100, stages } },
    );
    expect([turns.length, turnsBegun]).toEqual([5, 5]);
  });
});

it('a user without a further turn waits for the end, and not for a timer that Node cuts to nothing', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => timers.mockRestore());
  const sleeper = new Sleeper();
  const slept = sleeper.sleep(Number.POSITIVE_INFINITY, false);
  expect(timers.mock.lastCall?.[1]).toBe(2 ** 31 - 1);
  sleeper.stop();
  expect(await slept).toBe('stopped');
});

describe('a rate in stages', () => {
  it('is measured over all of them, each is told of, and what is due stands beside what was sent', async () => {
    const url = await meerkatServer();
    const command = new Command();
    const stages = ['--stages', '0s:400,200ms:400,150ms:1k,100ms:0'];
    expect(await command.run('bench', url, '-c', '2', ...stages, '--json', '-')).toBe(0);
    const { plan, seconds, messages, samples, stages: told } = readReport(command.output);
    expect(plan).toMatchObject({ rate: 1_000, duration: 450, warmUp: 0 });
    expect(plan.stages).toEqual([
      { duration: 0, target: 400 },
      { duration: 200, target: 400 },
      { duration: 150, target: 1_000 },
      { duration: 100, target: 0 },
    ]);
    expect(seconds).toBeGreaterThan(0.4);
    // 80, 105 and 50 of them, less what a busy machine may leave undone at the end.
    expect(messages.sent).toBeLessThanOrEqual(235);
    expect(messages.sent).toBeGreaterThan(190);
    expect(told?.map(({ from, to }) => [from, to])).toEqual([
      [400, 400],
      [400, 1_000],
      [1_000, 0],
    ]);
    let [sent, received] = [0, 0];
    for (const stage of told ?? []) {
      expect(stage.sentPerSecond).toBeGreaterThan(0);
      expect(stage.p50).toBeGreaterThan(0);
      sent += stage.sentPerSecond * stage.seconds;
      received += stage.receivedPerSecond * stage.seconds;
    }
    expect([sent, received]).toEqual(
      [messages.sent, messages.received].map((n) => expect.closeTo(n, 6)),
    );
    const targets = samples.filter(({ measured }) => measured).map(({ target = 0 }) => target);
    expect(Math.max(...targets)).toBeGreaterThan(500);
    expect(Math.max(...targets)).toBeLessThanOrEqual(1_000);
  });

  it('is words, in the plan and while it runs', () => {
    expect(planPhrases(PLAN)).toContain('messages a second: to 1,000 in 4 s, to 500 in 6 s');
    const many = Array.from({ length: 9 }, () => ({ duration: 0, target: 2 }));
    expect(planPhrases(planOf({ mode: 'scenario', rate: 2, stages: many })).at(-1)).toMatch(
      /^turns a second: (?:at once to 2\.00, ){6}and 3 more stages$/,
    );
    const state = new ProgressState(PLAN);
    state.phase = 'measuring';
    expect(plainLine(state)).toBe('measuring, 0 of 10 s');
    for (const [at, stage] of [
      [0.25, 1],
      [4.003, 1],
      [4.25, 2],
      [10.003, 2],
    ] as const) {
      state.add(sampleOf({ at, target: 123 }));
      expect(state.stage).toBe(stage);
    }
    expect(plainLine(state)).toMatch(/^measuring, 10 of 10 s, stage 2 of 2: 123\/s due: 100 open/);
  });

  it('is a table in the summary and on the page, a line in its plot, and read again', () => {
    const look = lookFor(new Collector(false), {});
    expect(summaryText(staged(), look)).toContain(
      [
        'Stages               sent/s  received/s         p50         p99         max',
        '  0 to 1,000            500         499      300 µs     1.20 ms     8.00 ms',
        '  1,000 to 500          500         499      300 µs           –     8.00 ms',
      ].join('\n'),
    );
    const page = htmlReport(staged());
    expect(page).toContain('<th scope="row">2: 1,000 to 500</th><td>6 s</td>');
    expect(page).toContain('<th scope="col">Due/s</th>');
    const rate = plotsOf(staged(), undefined).find(({ id }) => id === 'rate');
    expect(rate?.lines.map(({ label }) => label)).toEqual(['due', 'sent', 'received']);
    expect(readReport(reportJson(staged()))).toMatchObject({
      plan: { stages: STAGES },
      stages: staged().stages,
    });
    expect(thinSamples(staged().samples, 8)[0]?.target).toBeCloseTo(125, 0);
  });

  it('is another load than other stages, and what it makes of the samples is no noise', () => {
    const longer = { ...PLAN, stages: [...STAGES, { duration: 0, target: 1 }] };
    const other = compareReports(staged(), staged({ plan: longer }));
    expect(other.differences).toEqual([
      {
        name: 'rate',
        now: 'messages a second: to 1,000 in 4 s, to 500 in 6 s',
        earlier: 'messages a second: to 1,000 in 4 s, to 500 in 6 s, at once to 1.00',
        decisive: true,
      },
    ]);
    const same = compareReports(staged(), staged());
    expect(same.figures.find(({ key }) => key === 'rate')?.noise).toBe(5);
  });

  it('is compared stage by stage, each by the noise of its own samples', () => {
    // The first stage has other times than the second, and the second is wild.
    const samples = samplesOf((at) => ({
      at: at - 1,
      measured: at > 1,
      target: 100,
      p50: at <= 5 ? 0.3 : 3,
      p99: at <= 5 ? 1.2 : at % 1 === 0 ? 1 : 90,
    }));
    const now = staged({ samples, stages: [stageOf({ p50: 0.6 }), stageOf({ p50: 3, p99: 50 })] });
    const earlier = staged({ samples, stages: [stageOf(), stageOf({ p50: 3, p99: 10 })] });
    const comparison = compareReports(now, earlier);
    const latencies = comparison.figures.filter(({ name }) => name.startsWith('latency'));
    expect(latencies.map(({ name, verdict }) => `${name}: ${verdict}`)).toEqual([
      'latency p50, stage 1: worse',
      'latency p99, stage 1: within noise',
      'latency p50, stage 2: within noise',
      'latency p99, stage 2: too noisy to tell',
    ]);
    const missed = judge(now, { maxLoss: 0.1 }, comparison).filter(({ passed }) => !passed);
    expect(missed.map(({ words: said }) => said)).toEqual([
      expect.stringMatching(/^latency p50, stage 1 600 µs, earlier 300 µs: \+100 %/),
      expect.stringMatching(/^latency p99, stage 2 .*: measure longer \(--stages\)$/),
    ]);
    const look = lookFor(new Collector(false), {});
    expect(comparisonText(comparison, look)).toContain('Measure longer (--stages).');
    // One that was interrupted has fewer of them.
    const short = staged({ samples, stages: [stageOf()] });
    const keys = compareReports(short, earlier).figures.map(({ key }) => key);
    expect(keys).toContain('stage 1 p99');
    expect(keys).not.toContain('stage 2 p99');
    expect(compareReports(earlier, short).figures).toHaveLength(keys.length);
  });
});

describe('meerkat bench --stages', () => {
  it.each<[args: string, words: string | RegExp]>([
    ['10s', /argument '10s' is invalid\. It is|A stage is time:rate, several by commas/],
    ['10s:', /A stage is time:rate/],
    ['10:5', /A stage is time:rate/],
    ['10s:5,', /A stage is time:rate/],
    ['10s:-5', /A stage is time:rate/],
    ['10s:5:5', /A stage is time:rate/],
    [Array(101).fill('1s:1').join(','), /There are at most 100 stages\./],
    ['10s:0', '--stages: no stage has a rate above 0'],
    ['0s:5', '--stages: together they last from 50ms to 24h'],
    ['20h:5,5h:5', '--stages: together they last from 50ms to 24h'],
    ['1s:5 -r 5', /'--stages <list>' cannot be used with option '-r, --rate <n>'/],
    ['1s:5 -t 5s', /'--stages <list>' cannot be used with option '-t, --duration <time>'/],
    ['1s:5 --warm-up 0', /'--stages <list>' cannot be used with option '--warm-up <time>'/],
    ['1s:5 -d 2', /'--stages <list>' cannot be used with option '-d, --depth <n>'/],
    ['1s:5 -m connect', '--stages is for --mode echo, --mode broadcast and --scenario'],
  ])('refuses %s with one line and code 2', async (args, said) => {
    const command = new Command();
    expect(await command.run('bench', ':1', '--stages', ...args.split(' '))).toBe(2);
    const [, line] = /^meerkat: (.*)\n$/.exec(command.errors) ?? [];
    if (typeof said === 'string') expect(line).toBe(said);
    else expect(line).toMatch(said);
  });
});
