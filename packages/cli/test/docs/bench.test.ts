// The pages about `meerkat bench`: their commands are accepted, what they show is what it prints, their tables are what it knows.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { codeSpans, read, rowsBelow } from '../../../../test/support/doc-page.ts';
import { root } from '../../../../test/support/program.ts';
import { addBenchFlags, type BenchFlags } from '../../src/bench/bench-flags.ts';
import { type BenchSetup, benchSetup } from '../../src/bench/bench-setup.ts';
import { readReport } from '../../src/bench/report/read-report.ts';
import { readScenario } from '../../src/bench/scenario/read-scenario.ts';
import { Command as Meerkat } from '../connect/command.ts';
import { meerkatServer } from '../connect/servers.ts';

/** Less than a page asks for: it is only looked whether it works. */
const SHORT = ['-c', '4', '--ramp', '0', '-t', '600ms', '--warm-up', '50ms', '--quiet'];

function argumentsOf(name: string): string[] {
  const [npx, meerkat, bench, ...args] = read(`docs/snippets/${name}`).trim().split(' ');
  expect([npx, meerkat, bench]).toEqual(['npx', 'meerkat', 'bench']);
  return args;
}

/** What the command of a snippet means. */
function setup(name: string, ...more: readonly string[]): BenchSetup {
  const command = new Command().exitOverride().argument('<url>');
  addBenchFlags(command);
  command.parse([...argumentsOf(name), ...more], { from: 'user' });
  const { compare: _compare, ...flags }: BenchFlags = command.opts();
  return benchSetup(command.args[0] ?? '', flags, {});
}

/** Runs the command of a snippet against an echo, for a moment. */
async function run(
  name: string,
  ...more: readonly string[]
): Promise<{ code: number; output: string }> {
  const url = await meerkatServer();
  const args = argumentsOf(name).map((word) => (word.startsWith('ws://') ? url : word));
  const command = new Meerkat();
  const code = await command.run('bench', ...args, ...SHORT, ...more);
  return { code, output: command.output };
}

/** What is the same in every run: no figures, no warning of a busy machine. */
function shape(summary: string): string {
  return summary
    .replace(/^THE LOAD WAS[\s\S]*?\n\n/m, '')
    .replace(/, held up\s+for [\d.,]+\s+\S+\s+at most/, '')
    .replace(/localhost:\d+\/\w*/, 'HOST')
    .replace(/\d[\d.,]*(?:\s(?:µs|ms|s|[kMG]?B)\b)?/g, 'N')
    .replace(/\s+/g, ' ');
}

describe('docs/how-to/load-test.md', () => {
  it('bench-first.sh prints bench-first.txt', async () => {
    const { code, output } = await run('bench-first.sh');
    const path = join(root, 'docs/snippets/bench-first.txt');
    const shown = readFileSync(path, 'utf8');
    if (process.env['UPDATE_DOCS'] === '1' && shape(shown) !== shape(output)) {
      writeFileSync(path, output.replace(/localhost:\d+\//, 'localhost:8000/websocket'));
      return;
    }
    expect(shape(shown)).toBe(shape(output));
    expect(code).toBe(0);
  });

  it('bench-scenario.sh goes through examples/scenario.yaml without a failure', async () => {
    const { code, output } = await run('bench-scenario.sh', '--max-failures', '0', '--json', '-');
    expect(code).toBe(0);
    expect(readReport(output)).toMatchObject({ failures: [], plan: { mode: 'scenario' } });
  });

  // Each is one that the program takes as it stands there.
  it.each([
    ['bench-depth.sh', { mode: 'echo', depth: 16, sizes: [20, 1_024], pid: 4_711 }],
    ['bench-rate.sh', { mode: 'echo', rate: 2_000, duration: 60_000 }],
    ['bench-thresholds.sh', { mode: 'echo', rate: 500 }],
    ['bench-payload.sh', { mode: 'echo', depth: 4, text: true }],
    ['bench-stages.sh', { mode: 'echo', rate: 5_000, duration: 160_000, warmUp: 0 }],
    ['bench-storm.sh', { mode: 'connect', connections: 200 }],
    ['bench-idle.sh', { mode: 'idle', connections: 5_000, ramp: 5_000 }],
    ['bench-broadcast.sh', { mode: 'broadcast', publishUrl: 'ws://localhost:8000/pub', window: 1 }],
    ['bench-processes.sh', { processes: 2, connections: 10_000 }],
  ])('%s means %j', (name, plan) => {
    expect(setup(name).plan).toMatchObject(plan);
  });

  it('bench-compare.sh reads what bench-thresholds.sh wrote, of the same load', () => {
    expect(() => setup('bench-compare.sh')).toThrow('--max-slower needs --compare');
    const [written, compared] = ['bench-thresholds.sh', 'bench-compare.sh'].map(argumentsOf);
    expect(written?.slice(0, 3)).toEqual(compared?.slice(0, 3));
    expect(written?.at(-1)).toBe(compared?.[4]);
  });

  it('has all snippets that begin with bench-', () => {
    const page = read('docs/how-to/load-test.md');
    const names = readdirSync(join(root, 'docs/snippets')).filter((name) => /^bench-/.test(name));
    expect(names.filter((name) => !page.includes(`docs/snippets/${name}`))).toEqual([]);
  });
});

describe('docs/reference/bench.md', () => {
  const page = read('docs/reference/bench.md');

  /** The names that a scenario may have at a place: what it says when there is another. */
  function namesAt(text: string): string[] {
    try {
      readScenario(text, {});
    } catch (error) {
      const [, list = ''] = /; there are (.*)$/.exec((error as Error).message) ?? [];
      return list.split(', ').sort();
    }
    throw new Error('it was taken');
  }

  /** The first cells of the table whose head begins with this. */
  function names(head: string): string[] {
    const [, after = ''] = page.split(`\n| ${head} |`);
    const [table = ''] = after.split('\n\n');
    return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name = '']) => name).sort();
  }

  it.each([
    ['field', 'unknownfield: 1'],
    ['step', 'steps: [unknownstep: 1]'],
    ['field of `connect`', 'steps: [connect: { unknownfield: 1 }]'],
    ['field of `send`', 'steps: [send: { unknownfield: 1 }]'],
    ['field of `expect`', 'steps: [expect: { unknownfield: 1 }]'],
  ])('has every %s of a scenario', (head, text) => {
    expect(names(head)).toEqual(namesAt(text));
  });

  it('has every variable', () => {
    const text = `steps: [send: '\${unknown}']`;
    const known = namesAt(text).map((name) => `\${${name}}`);
    expect(names('variable')).toEqual([...known, `\${name}`].sort());
  });

  it('has every field of the report', async () => {
    const rows = rowsBelow(page, 'The report');
    const said = new Set(
      rows.flatMap(([cell = '']) => codeSpans(cell)).map((name) => name.replace('….', 'latency.')),
    );
    const { output } = await run('bench-first.sh', '--json', '-', '--pid', `${process.pid}`);
    const report: unknown = JSON.parse(output);
    const found = [...new Set(fieldsOf(report, ''))];
    expect(found.length).toBeGreaterThan(40);
    expect(found.filter((name) => !said.has(name))).toEqual([]);
    // What only stands there when something went wrong, with a rate, where a server grew, or on some systems.
    const rare = [
      'endedEarly',
      'load.bottleneck',
      'load.processes[].starved',
      'load.timer',
      'handshake',
      'server.rssPerConnection',
      'samples[].target',
      ...['from', 'to', 'seconds', 'sentPerSecond', 'receivedPerSecond', 'p50', 'p99', 'max'].map(
        (name) => `stages[].${name}`,
      ),
    ];
    const known = [...found, ...rare];
    expect(
      [...said].filter((name) => !known.includes(name) && !/^failures|^latency$/.test(name)),
    ).toEqual([]);
  });
});

/** The paths of all fields; what has names of its own is not looked into. */
function fieldsOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${path}[]`));
  const whole = /(?:^plan|\.percentiles|\.curve\[\].*)$/.test(path);
  if (whole || typeof value !== 'object' || value === null)
    return [path.replace(/\.curve\[\].*/, '.curve')];
  return Object.entries(value).flatMap(([name, field]) => {
    // Both summaries have the same fields.
    const inner = name === 'handshake' ? 'latency' : name;
    return fieldsOf(field, path === '' ? inner : `${path}.${inner}`);
  });
}
