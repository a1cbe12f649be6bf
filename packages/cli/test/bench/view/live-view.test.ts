import { describe, expect, it } from 'vitest';
import type { BenchPlan } from '../../../src/bench/bench-plan.ts';
import type { BenchSample } from '../../../src/bench/bench-report.ts';
import { type LiveView, showLive } from '../../../src/bench/view/live-view.ts';
import { Collector } from '../../connect/command.ts';
import { Screen } from '../../terminal/screen.ts';
import { planOf, sampleOf, samplesOf } from '../reports.ts';

class Terminal extends Collector {
  override columns: number;
  rows = 24;

  constructor(columns: number) {
    super(true);
    this.columns = columns;
  }
}

interface Shown {
  readonly view: LiveView;
  readonly terminal: Terminal;
  /** What the terminal shows. */
  lines(): string[];
}

function onTerminal(plan: BenchPlan = planOf(), columns = 80, env: NodeJS.ProcessEnv = {}): Shown {
  const terminal = new Terminal(columns);
  const view = showLive(plan, { stderr: terminal, env: { NO_COLOR: '1', ...env } });
  return { view, terminal, lines: () => Screen.of(terminal.text, columns).lines };
}

function feed(view: LiveView, samples: readonly BenchSample[]): void {
  for (const sample of samples) view.sample(sample);
}

describe('the live view on a terminal', () => {
  it('is one block, drawn again in place', () => {
    const { view, lines } = onTerminal(planOf({ pid: 1 }));
    view.phase('measuring');
    feed(
      view,
      samplesOf((at) => ({ serverCpu: 0.98, serverRss: 67e6, received: at * 1_000 })).slice(0, 14),
    );
    expect(lines()).toEqual([
      'ws://localhost:8000/websocket   echo   100 connections',
      'measuring    ███████████████████████░░░░░░░░░░░░░░░░░ 7 of 12 s',
      'connections  100 open   0 handshakes/s   0 failures',
      'messages     6,750/s received   97,886/s sent   135 kB/s   ▂▂▃▃▄▄▅▅▆▆▇▇██',
      'latency      p50 313 µs   p99 1.25 ms   max 18.2 ms   in the last second',
      'this program 62 % of a core',
      'server       0.98 cores   67.0 MB of memory',
    ]);
  });

  it.each([40, 41, 60, 80, 200])('fits into %d columns, whatever comes', (columns) => {
    const { view, lines } = onTerminal(
      planOf({ url: `ws://example.com/${'長'.repeat(100)}`, processes: 4 }),
      columns,
    );
    feed(view, [
      sampleOf({
        at: 0.5,
        measured: false,
        open: 0,
        p50: undefined,
        p99: undefined,
        max: undefined,
      }),
      sampleOf({
        at: 1e6,
        open: 1e6,
        received: 1e9,
        sent: 1e9,
        failures: 1e9,
        loadCpu: 1,
        max: 1e9,
      }),
    ]);
    expect(lines()).toHaveLength(6);
    expect(lines().join('\n')).toContain('1,000,000,000 failures');
  });

  it('tells failures first, and that this program may be what is slow', () => {
    const { view, lines } = onTerminal();
    feed(view, [sampleOf({ failures: 3, loadCpu: 0.97 })]);
    expect(lines()[2]).toMatch(/^connections {2}3 failures/);
    expect(lines()[5]).toContain('it may be the bottleneck');
  });

  it('says of a storm how many handshakes there are', () => {
    const { view, lines } = onTerminal(planOf({ mode: 'connect' }));
    feed(view, [sampleOf({ handshakes: 2_000 }), sampleOf({ at: 2, handshakes: 4_000 })]);
    expect(lines()[2]).toContain('4,000 handshakes/s');
    expect(lines()[3]).toBe('handshakes   ▅█');
  });

  it('does not take the ramp for measuring, however long opening takes', () => {
    const { view, lines } = onTerminal();
    feed(view, [sampleOf({ at: 30, measured: false })]);
    expect(lines()[1]).toMatch(/ 30 of 30 s$/);
    feed(view, [sampleOf({ at: 30.5 })]);
    expect(lines()[1]).toMatch(/ 31 of 40 s$/);
  });

  it('prints lines above it, and leaves nothing but them behind', () => {
    const { view, lines } = onTerminal();
    feed(view, samplesOf().slice(0, 3));
    view.print('a note\n');
    expect(lines()[0]).toBe('a note');
    expect(lines()).toHaveLength(7);
    feed(view, samplesOf().slice(3));
    view.close();
    expect(lines()).toEqual(['a note']);
  });

  it('shows nothing after its end, and ends once', () => {
    const { view, terminal } = onTerminal();
    view.close();
    const { length } = terminal.text;
    view.close();
    view.phase('ending');
    feed(view, samplesOf());
    expect(terminal.text).toHaveLength(length);
  });

  it('does not flicker: what stands there is written over, not erased', () => {
    const { view, terminal } = onTerminal();
    const before = terminal.text.length;
    feed(view, [sampleOf()]);
    // To the top of six lines, then what replaces them; nothing is cleared before it is written again.
    expect(terminal.text.slice(before).startsWith('\x1b[5A\rws://')).toBe(true);
    // The cursor is not hidden: there is nothing to restore.
    expect(terminal.text).not.toContain('\x1b[?');
  });

  it('stands where it stood after the terminal has become narrower', () => {
    const { view, terminal } = onTerminal(planOf(), 80);
    feed(view, [sampleOf()]);
    terminal.columns = 40;
    const before = terminal.text.length;
    feed(view, [sampleOf({ at: 2 })]);
    // Six lines, of which those longer than 40 columns take two rows now.
    const up = Number.parseInt(terminal.text.slice(before).replace('\x1b[', ''), 10);
    expect(up).toBeGreaterThan(5);
    expect(up).toBeLessThanOrEqual(11);
  });

  it('is cut to a terminal that is low', () => {
    const { view, terminal } = onTerminal();
    terminal.rows = 4;
    const before = terminal.text.length;
    feed(view, [sampleOf()]);
    expect(terminal.text.slice(before).match(/\r\n/g)).toHaveLength(2);
  });

  it('has colours where the terminal has them, and none with NO_COLOR', () => {
    const coloured = onTerminal(planOf(), 80, { NO_COLOR: '' });
    const plain = onTerminal();
    for (const { view } of [coloured, plain]) feed(view, samplesOf());
    expect(coloured.terminal.text).toContain('\x1b[36m');
    expect(plain.terminal.text.replace(/.\[(?:0K|0J|\d+A)/g, '')).not.toContain('\x1b');
    expect(coloured.lines()).toEqual(plain.lines());
  });
});

describe('the live view elsewhere', () => {
  function elsewhere(quiet = false): { view: LiveView; stderr: Collector } {
    const stderr = new Collector(false);
    return { view: showLive(planOf(), { stderr, env: {} }, { quiet }), stderr };
  }

  it('is a line when something else is done, and each five seconds', () => {
    const { view, stderr } = elsewhere();
    view.phase('opening'); // as it is
    view.phase('warm-up');
    const samples = samplesOf((at) => ({
      received: 98_000,
      p99: 1.24,
      failures: at === 3 ? 2 : 0,
    }));
    feed(view, samples.slice(0, 4));
    view.phase('measuring');
    feed(view, samples.slice(4));
    view.close();
    view.phase('ending');
    expect(stderr.text).toBe(
      [
        'warming up, 0 of 12 s',
        'measuring, 2 of 12 s: 100 open, 98,000 messages/s received, p99 1.24 ms, max 18.2 ms, 0 failures',
        'measuring, 5 of 12 s: 100 open, 98,000 messages/s received, p99 1.24 ms, max 18.2 ms, 2 failures',
        'measuring, 10 of 12 s: 100 open, 98,000 messages/s received, p99 1.24 ms, max 18.2 ms, 2 failures',
        '',
      ].join('\n'),
    );
  });

  it('is nothing but what is printed beside it where it is to be quiet', () => {
    const { view, stderr } = elsewhere(true);
    view.phase('measuring');
    feed(view, samplesOf());
    view.print('a note\n');
    view.close();
    expect(stderr.text).toBe('a note\n');
  });
});
