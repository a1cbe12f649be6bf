import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addBenchFlags } from '../../src/bench/bench-flags.ts';
import { type BenchSetup, benchSetup } from '../../src/bench/bench-setup.ts';
import { Command as Meerkat } from '../connect/command.ts';

/** What the flags mean. */
function setup(...args: readonly string[]): BenchSetup {
  const command = new Command().exitOverride().argument('<url>');
  addBenchFlags(command);
  command.parse(args, { from: 'user' });
  return benchSetup(command.args[0] ?? '', command.opts(), { KEY: 'k' });
}

function file(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'chat.yaml');
  writeFileSync(path, content);
  return path;
}

describe('the plan', () => {
  it('without flags is an echo of short texts for ten seconds', () => {
    expect(setup(':8000/echo').plan).toEqual({
      url: 'ws://localhost:8000/echo',
      mode: 'echo',
      connections: 50,
      ramp: 0,
      connecting: 100,
      connectTimeout: 10_000,
      depth: 1,
      rate: undefined,
      window: 8,
      publishUrl: undefined,
      sizes: [64],
      text: true,
      closing: 'handshake',
      compression: false,
      duration: 10_000,
      warmUp: 2_000,
      processes: 1,
      headers: [],
      subprotocols: [],
      ca: undefined,
      insecure: false,
      pid: undefined,
      scenario: undefined,
    });
  });

  it('takes every flag', () => {
    const { plan } = setup(
      ...['wss://me:pass%20word@example.com/', '-c', '10k', '--ramp', '5s', '--connecting', '7'],
      ...['--connect-timeout', '3s', '-d', '16', '-s', '20,1k', '-s', '2', '--binary'],
      ...['--compression', '-t', '1m', '--warm-up', '0', '--processes', '2', '--pid', '77'],
      ...['-H', 'X-Key: 1', '--subprotocol', 'a,b', '-o', 'https://example.com', '--insecure'],
    );
    expect(plan).toMatchObject({
      url: 'wss://example.com/',
      connections: 10_000,
      ramp: 5_000,
      connecting: 7,
      connectTimeout: 3_000,
      depth: 16,
      sizes: [20, 1_024, 2],
      text: false,
      compression: true,
      duration: 60_000,
      warmUp: 0,
      processes: 2,
      pid: 77,
      headers: [
        ['X-Key', '1'],
        ['Origin', 'https://example.com'],
        ['Authorization', `Basic ${Buffer.from('me:pass word').toString('base64')}`],
      ],
      subprotocols: ['a', 'b'],
      insecure: true,
    });
    const broadcast = setup(
      ':1/sub',
      '-m',
      'broadcast',
      '--publish-url',
      ':1/pub',
      '--window',
      '2',
    );
    expect(broadcast.plan).toMatchObject({ publishUrl: 'ws://localhost:1/pub', window: 2 });
    expect(setup(':1', '-m', 'connect', '--abrupt').plan.closing).toBe('abrupt');
    expect(setup(':1', '-r', '50k').plan.rate).toBe(50_000);
    expect(setup(':1', '-m', 'idle').plan.warmUp).toBe(0);
  });

  it('has the scenario, which is called as its file where it has no name', () => {
    const { plan } = setup(':1', '--scenario', file(`steps: [send: '\${env.KEY}']`));
    expect(plan).toMatchObject({ mode: 'scenario', scenario: { name: 'chat' } });
  });

  it('has thresholds in the units of reports', () => {
    const { thresholds } = setup(
      ...[':1', '--pid', '1', '--max-p50', '1ms', '--max-p90', '2ms', '--max-p95', '3ms'],
      ...['--max-p99', '4ms', '--max-p999', '5ms', '--max-latency', '1s', '--min-rate', '5k'],
      ...['--min-handshakes', '10', '--max-failures', '3', '--max-server-cpu', '15us'],
      ...['--max-memory', '8k'],
    );
    expect(thresholds).toEqual({
      maxP50: 1,
      maxP90: 2,
      maxP95: 3,
      maxP99: 4,
      maxP999: 5,
      maxLatency: 1_000,
      minRate: 5_000,
      minHandshakeRate: 10,
      maxFailures: 3,
      maxServerCpuMicros: 15,
      maxRssPerConnection: 8_192,
      maxLoss: undefined,
    });
  });
});

describe('wrong usage ends with 2 and says why, before anything is dialled:', () => {
  it.each<[args: string, words: string | RegExp]>([
    ['', "missing required argument 'url'"],
    ['ftp://x', '"ftp://x" is no WebSocket URL: the scheme is ws:// or wss://, not ftp://'],
    ['-d 2 -r 10 :1', "option '-d, --depth <n>' cannot be used with option '-r, --rate <n>'"],
    ['--window 2 :1', '--window is for --mode broadcast'],
    ['-m idle -r 5 :1', '--rate is for --mode echo, --mode broadcast and --scenario'],
    ['-m connect -s 5 :1', '--size is for --mode echo and --mode broadcast'],
    ['--publish-url :2 :1', '--publish-url is for --mode broadcast'],
    [
      '-m broadcast --window 2 -r 5 :1',
      /'--window <n>' cannot be used with option '-r, --rate <n>'/,
    ],
    ['-m connect -d 5 :1', '--depth is for --mode echo'],
    ['--abrupt :1', '--abrupt is for --mode connect and --scenario'],
    ['-m idle --max-server-cpu 1us --pid 1 :1', /^--max-server-cpu is for --mode echo, /],
    ['--max-memory 1k :1', "--max-memory needs --pid, the server's process"],
    ['--max-slower 10% :1', '--max-slower needs --compare, an earlier report'],
    ['--json - --html - :1', '--json and --html: standard output takes one of them'],
    [
      '--processes 8 -c 4 :1',
      '--processes 8 are more than there are connections, 4: each needs one',
    ],
    ['--insecure :1', '--insecure is for wss://; ws:// is not encrypted at all'],
    [
      '-o https://a.example -H Origin:x :1',
      '--origin and a --header with an Origin: take one of them',
    ],
    [
      '--mode fast :1',
      /argument 'fast' is invalid\. Allowed choices are echo, broadcast, connect, idle/,
    ],
    ['-t 10 :1', /argument '10' is invalid\. It is a time with its unit, such as 500ms/],
    ['-t 1ms :1', /argument '1ms' is invalid\. It is a time from 50ms to 24h\./],
    ['--compare nowhere.json :1', '--compare nowhere.json: no such file'],
    ['--scenario nowhere.yaml :1', '--scenario nowhere.yaml: no such file'],
    ['--compare . :1', '--compare .: it is a directory, and a file is wanted'],
    ['--scenario . :1', '--scenario .: it is a directory, and a file is wanted'],
    ['--scenario x --mode echo :1', /'--scenario <file>' cannot be used with option '-m, --mode/],
    ['--json nowhere/x.json :1', /^cannot write the report to nowhere\/x\.json: /],
  ])('meerkat bench %s', async (args, words) => {
    const command = new Meerkat();
    expect(await command.run('bench', ...args.split(' ').filter((word) => word !== ''))).toBe(2);
    const [, said] = /^meerkat: (.*)\n$/.exec(command.errors) ?? [];
    if (typeof words === 'string') expect(said).toBe(words);
    else expect(said).toMatch(words);
  });

  it('a scenario or an earlier report that is none', () => {
    const wrong = file('steps:\n  - sned: x\n');
    expect(() => setup(':1', '--scenario', wrong)).toThrow(
      `--scenario ${wrong}: line 2, step 1: there is no "sned"; did you mean "send"?`,
    );
    expect(() => setup(':1', '--compare', wrong)).toThrow(`--compare ${wrong}: `);
  });
});
