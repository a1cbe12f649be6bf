import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { FrameParser, maskInPlace, plainPrimitives } from 'meerkat/protocol';
import { describe, expect, it } from 'vitest';
import { bottleneck } from '../../src/bench/load/bottleneck.ts';
import { type DialTarget, findTarget, localAddress } from '../../src/bench/load/dial-target.ts';
import { FailureCounts } from '../../src/bench/load/failure-counts.ts';
import { failureWords } from '../../src/bench/load/failure-words.ts';
import { LatencyRecorder } from '../../src/bench/load/latency-recorder.ts';
import { LatencyTotals } from '../../src/bench/load/latency-totals.ts';
import { LoadMeter } from '../../src/bench/load/load-meter.ts';
import { digits, PreparedMessages, slotOf } from '../../src/bench/load/prepared-messages.ts';
import { same } from '../../src/bench/load/same-octets.ts';
import { ServerProcess } from '../../src/bench/load/server-process.ts';
import { shares } from '../../src/bench/load/shares.ts';
import { starvedSeconds } from '../../src/bench/load/starvation.ts';
import { waitsBy } from '../../src/bench/load/timing.ts';
import { planOf } from './reports.ts';

describe('recorded times', () => {
  it('are told apart to three digits, and counted', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: 0, max: 200_000, noNaN: true }),
            fc.integer({ min: 1, max: 9 }),
          ),
          {
            maxLength: 30,
          },
        ),
        (times) => {
          const recorder = new LatencyRecorder();
          for (const [milliseconds, count] of times) recorder.record(milliseconds, count);
          const pairs = [...recorder.take()];
          const sum = pairs.reduce((total, value, at) => total + (at % 2 === 1 ? value : 0), 0);
          expect(sum).toBe(times.reduce((total, [, count]) => total + count, 0));
          for (const [milliseconds] of times) {
            const units = milliseconds * 10_000;
            const nearest = Math.min(
              ...pairs.filter((_value, at) => at % 2 === 0).map((value) => Math.abs(value - units)),
            );
            expect(nearest).toBeLessThanOrEqual(0.5 + units / 2_000);
          }
        },
      ),
    );
  });

  it('begin anew when they are taken; what is out of range counts as the end of it', () => {
    const recorder = new LatencyRecorder();
    recorder.record(-1, 1);
    recorder.record(Number.POSITIVE_INFINITY, 2);
    const [least, once, longest, twice] = recorder.take();
    expect([least, once, twice]).toEqual([0, 1, 2]);
    expect(longest).toBeGreaterThan(2_140_000_000);
    expect([...recorder.take()]).toEqual([]);
  });

  it('have the percentiles that hdr-histogram-js gives for the values themselves', () => {
    const recorder = new LatencyRecorder();
    const exact = build({ numberOfSignificantValueDigits: 3, highestTrackableValue: 2 ** 32 });
    for (let value = 1; value < 3_000_000; value += 997) {
      recorder.record(value / 10_000, 1);
      exact.recordValue(value);
    }
    const totals = new LatencyTotals();
    totals.add(recorder.take());
    const summary = totals.summary();
    for (const [percentile, milliseconds] of Object.entries(summary?.percentiles ?? {})) {
      const wanted = exact.getValueAtPercentile(Number(percentile)) / 10_000;
      expect(Math.abs(milliseconds - wanted) / wanted, percentile).toBeLessThan(0.002);
    }
    expect(summary?.count).toBe(exact.totalCount);
    const curve = summary?.curve ?? [];
    expect(curve.at(-1)).toEqual([100, summary?.max]);
    for (const [index, [percentile, milliseconds]] of curve.entries()) {
      const [before = -1, less = 0] = curve[index - 1] ?? [];
      expect(percentile).toBeGreaterThan(before);
      expect(milliseconds).toBeGreaterThanOrEqual(less);
    }
  });

  it('have no summary where there are none', () => {
    expect(new LatencyTotals().summary()).toBeUndefined();
  });
});

describe('prepared messages', () => {
  const primitives = plainPrimitives((octets) => void octets.fill(0));

  it.each([
    { sizes: [0], text: false },
    { sizes: [5], text: true },
    { sizes: [20, 126, 70_000], text: false },
    { sizes: [40_000_000], text: false },
  ])('are frames that hold the payloads, each with its number: %o', ({ sizes, text }) => {
    const messages = new PreparedMessages(planOf({ sizes, text, depth: 3 }));
    const { slots, payloads, plain, expected } = messages;
    expect(slots % sizes.length).toBe(0);
    const read = (role: 'client' | 'server', octets: Uint8Array): [number, Buffer][] => {
      const found: [number, Buffer][] = [];
      let head = 0;
      const parser = new FrameParser(
        role,
        {
          dataHeader: (first) => {
            head = first;
          },
          dataPayload: (memory, start, end) =>
            void found.push([head, Buffer.from(memory.subarray(start, end))]),
          controlFrame: () => expect.unreachable(),
        },
        { ...primitives, maskInPlace },
      );
      parser.parse(octets, 0, octets.length);
      return found;
    };
    const wanted = payloads.map((payload) => [text ? 0x81 : 0x82, payload] as const);
    for (const [octets, role] of [
      [expected, 'client'],
      [Buffer.from(plain.octets), 'server'],
    ] as const) {
      const found = read(role, octets);
      expect(found.length).toBe(slots);
      expect(
        found.every(
          ([head, payload], slot) => head === wanted[slot]?.[0] && payload.equals(wanted[slot][1]),
        ),
      ).toBe(true);
    }
    payloads.forEach((payload, slot) => {
      const size = sizes[slot % sizes.length] as number;
      expect(payload.length).toBe(size);
      if (size >= 8) expect(slotOf(payload.toString('latin1', 0, 8))).toBe(slot);
    });
  });

  it('are told apart by their numbers', () => {
    fc.assert(fc.property(fc.nat(0xffff_ffff), (slot) => slotOf(digits(slot)) === slot));
    expect(slotOf('{"id":1,')).toBeUndefined();
  });
});

it('compares octets wherever they lie', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.nat(9),
      fc.nat(9),
      fc.nat(199),
      (octets, from, start, at) => {
        const expected = Buffer.concat([Buffer.alloc(from), octets]);
        const other = Buffer.concat([Buffer.alloc(start, 7), octets]);
        expect(same(expected, from, other, start, octets.length)).toBe(true);
        const changed = start + (at % octets.length);
        other[changed] = (other[changed] as number) ^ 1;
        expect(same(expected, from, other, start, octets.length)).toBe(false);
      },
    ),
  );
});

it('splits a plan so that nothing is lost and nobody has nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 64 }),
      fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: undefined }),
      (connections, processes, rate) => {
        const parts = shares(planOf({ connections, processes, rate }));
        let first = 0;
        for (const part of parts) {
          expect(part.first).toBe(first);
          expect(part.connections).toBeGreaterThan(0);
          expect(part.connecting).toBeGreaterThan(0);
          first += part.connections;
        }
        expect(first).toBe(connections);
        expect(parts.length).toBe(Math.min(connections, processes));
        const sum = parts.reduce((total, part) => total + (part.rate ?? 0), 0);
        expect(sum).toBeCloseTo(rate ?? 0, 3);
      },
    ),
  );
});

describe('where is dialled', () => {
  it.each([
    ['ws://127.0.0.1/', { secure: false, address: '127.0.0.1', port: 80, authority: '127.0.0.1' }],
    [
      'wss://[::1]:8443/a?b=c',
      { secure: true, address: '::1', port: 8443, authority: '[::1]:8443' },
    ],
  ])('%s', async (url, wanted) => {
    expect(await findTarget(url)).toMatchObject(wanted);
  });

  it('rejects a name that is unknown', async () => {
    await expect(findTarget('ws://no-such-host.invalid/')).rejects.toThrow();
  });

  it.runIf(process.platform === 'linux')(
    'takes another local address when the ports of one run out',
    () => {
      const target = { address: '127.0.0.1' } as DialTarget;
      expect(localAddress(target, 24_999)).toBeUndefined();
      expect(localAddress(target, 25_000)).toBe('127.0.0.2');
      expect(localAddress(target, 75_000)).toBe('127.0.0.4');
      expect(localAddress({ ...target, address: '192.0.2.1' }, 75_000)).toBeUndefined();
    },
  );
});

describe('failures', () => {
  it('are counted by their words, and bounded however many words a server has', () => {
    const failures = new FailureCounts();
    for (let index = 0; index < 1_000; index += 1) failures.add('closed', `reason ${index}`);
    for (let index = 0; index < 5; index += 1) failures.add('closed', 'reason 3');
    const list = failures.take();
    expect(list).toHaveLength(101);
    expect(list.reduce((sum, { count }) => sum + count, 0)).toBe(1_005);
    expect(list.find(({ detail }) => detail === 'reason 3')?.count).toBe(6);
    expect(failures.take()).toEqual([]);
  });

  it.each([
    ['EMFILE', 'EMFILE: this process may open no more files'],
    ['EADDRNOTAVAIL', 'EADDRNOTAVAIL: this machine has no local port left'],
    ['EWHAT', 'EWHAT: broken'],
  ])('say what a code means: %s', (code, beginning) => {
    expect(failureWords(Object.assign(new Error('broken'), { code }), '')).toContain(beginning);
  });
});

describe('the bottleneck', () => {
  const uses = (...given: readonly (readonly [cpu: number, starved?: number])[]) =>
    given.map(([cpu, starved]) => ({ cpu, starved, longestStall: 0 }));
  const messages = { what: 'message', done: 1_000, late: 0, lateAfter: 3, dropped: 0 } as const;
  const turns = { ...messages, what: 'turn' } as const;
  const roomy = { seconds: 10, processes: uses([0.5]), cores: 2, serverCpu: 0.4, timed: undefined };

  it.each<[string, Partial<Parameters<typeof bottleneck>[0]>, RegExp | undefined]>([
    ['is none where there is room', {}, undefined],
    [
      'is none where the server is busy, whatever became of the load',
      {
        processes: uses([0.97, 0.5]),
        serverCpu: 0.99,
        timed: { ...turns, late: 900, dropped: 900 },
      },
      undefined,
    ],
    [
      'is none where nothing is known and there is room',
      { processes: uses([0.94]), serverCpu: undefined },
      undefined,
    ],
    [
      'is the load that is busy while the server is not',
      { processes: uses([0.2], [0.97]) },
      /97 % of its core while the server used 40 %/,
    ],
    [
      'may be the load where nothing is known of the server',
      { processes: uses([0.97]), serverCpu: undefined },
      /--pid/,
    ],
    [
      'is a limit of this machine',
      {
        serverCpu: 0.99,
        failures: [{ kind: 'connect', detail: 'EMFILE: no more files', count: 7 }],
      },
      /EMFILE.*7 times/,
    ],
    [
      'is the rate, where the load has much to do and cannot keep to its times',
      { processes: uses([0.8, 0.1]), timed: { ...messages, late: 20 } },
      /^2 % of the messages were sent more than 3 ms after their time: the rate is more/,
    ],
    [
      'is others, where the load that is late has little to do',
      { processes: uses([0.035, 0.1]), timed: { ...messages, late: 80 } },
      /^8 % of the messages .*used more than 4 % of its core: other programs had the processors$/,
    ],
    [
      'is not others, where the load that is late never waited for them',
      { processes: uses([0.1, 0]), timed: { ...messages, late: 80 } },
      /the rate is more/,
    ],
    [
      'is others, perhaps the server, where nothing is known of it',
      { processes: uses([0.1]), serverCpu: undefined, timed: { ...messages, late: 80 } },
      /others, perhaps the server, had the processors$/,
    ],
    ['is none where one in a hundred is late', { timed: { ...messages, late: 10 } }, undefined],
    [
      'is others, where a load without a rate was not let run',
      { processes: uses([0.15, 0.02], [0.15, 0.45]), serverCpu: 0.19 },
      /for 45 % of the time, while the server used 19 % of one\. Neither was busy: other programs/,
    ],
    [
      'is the machine, where the load and the server share too few processors',
      { processes: uses([0.5, 0.5]), serverCpu: 0.5, cores: 1 },
      /this machine has too few for both/,
    ],
    [
      'may be the server that did not let the load run',
      { processes: uses([0.4, 0.6]), serverCpu: undefined },
      /for 60 % of the time: others had it; with --pid/,
    ],
    [
      'is none where the load waited for less than that, and the server may be what it waited for',
      { processes: uses([0.5, 0.5]), serverCpu: undefined },
      undefined,
    ],
    [
      'is none where the load waited for most of a moment',
      { processes: uses([0.1, 0.8]), seconds: 0.3 },
      undefined,
    ],
    ['is none where the load waited a little', { processes: uses([0.5, 0.19]) }, undefined],
    ['is none where it is not known how long it waited', { processes: uses([0.1]) }, undefined],
    [
      'is too few users, where turns were due and did not begin',
      { timed: { ...turns, done: 34, late: 34, dropped: 366 } },
      /^more users are needed: 400 turns were due and 34 began, since every user was still busy/,
    ],
    [
      'is too few users, where turns began late',
      { processes: uses([0.1, 0]), timed: { ...turns, done: 100, late: 30 } },
      /^30 % of the turns began more than 3 ms after their time, since no user was free: more users/,
    ],
  ])('%s', (_what, given, words) => {
    const found = bottleneck({ failures: [], ...roomy, ...given });
    if (words === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(words);
  });
});

it.runIf(process.platform === 'linux')('reads for how long no processor was free', () => {
  const before = starvedSeconds();
  expect(before).toBeGreaterThanOrEqual(0);
  expect(starvedSeconds()).toBeGreaterThanOrEqual(before ?? Number.NaN);
  const { starved, seconds } = new LoadMeter().take();
  expect(starved).toBeLessThanOrEqual(seconds);
});

describe('what waits for the time of a message', () => {
  const cores = availableParallelism();

  it.each([
    ['nothing, without a rate', { processes: 1 }, undefined],
    ['a timer, where no core is left over', { rate: 1_000, processes: cores }, 'timer'],
    ['a timer, for turns of a scenario', { rate: 1_000, processes: 0, mode: 'scenario' }, 'timer'],
    ['the clock, where one is', { rate: 1_000, processes: cores - 1 }, 'spin'],
  ] as const)('%s', (_what, given, by) => {
    expect(waitsBy(planOf(given))).toBe(by);
  });
});

it.runIf(process.platform === 'linux')(
  "reads a process's time and memory, and that it is not there",
  () => {
    const own = new ServerProcess(process.pid).read();
    const { user, system } = process.cpuUsage();
    expect(own?.cpu).toBeCloseTo((user + system) / 1e6, 0);
    expect(own?.rss).toBeGreaterThan(10_000_000);
    expect(() => new ServerProcess(2 ** 22 + 1)).toThrow('there is no process');
  },
);
