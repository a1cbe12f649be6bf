import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RawData } from 'ws';
import { selfSigned } from '../../../../test/support/certificate.ts';
import { Command } from '../connect/command.ts';
import { httpServer, meerkatServer, tcpServer, wsServer } from '../connect/servers.ts';
import { describeOnTerminal, PseudoTerminal } from '../terminal/pseudo-terminal.ts';

interface Checked {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

async function check(...args: readonly string[]): Promise<Checked> {
  const command = new Command();
  const code = await command.run('check', ...args);
  return { code, output: command.output, errors: command.errors };
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'meerkat-check-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const json = (text: string): unknown => JSON.parse(text);

/** A server of the package `ws` that answers each message with what `answer` makes of it. */
const wsEcho = (answer: (data: RawData) => RawData | string = (data) => data): Promise<string> =>
  wsServer((peer) => {
    peer.on('error', () => {}); // some cases are there to cause one
    peer.on('message', (data, binary) => peer.send(answer(data), { binary }));
  });

const shouting = () => wsEcho((data) => String(data).toUpperCase());

describe('meerkat check, against a server that keeps the rules', () => {
  it('ends with 0: the summary on standard output, a line for each section on standard error', async () => {
    const { code, output, errors } = await check(
      await meerkatServer(),
      '--cases',
      '1.1.*',
      '2',
      '4',
    );
    expect(output).toMatch(/^UnknownServer {2}ws:\/\/localhost:\d+\/\n/);
    expect(output).toMatch(/ 2 +ping, pong +11\n/);
    expect(output).toMatch(/ all +29\n$/);
    expect(errors.split('\n').sort()).toEqual([
      '',
      'UnknownServer',
      'section 1, message sizes: 8 cases, 8 passed',
      'section 2, ping, pong: 11 cases, 11 passed',
      'section 4, reserved opcodes: 10 cases, 10 passed',
    ]);
    expect(code).toBe(0);
  });

  it('takes --serial, --patience, --pause, --seed and a name, and says what it sent in the report', async () => {
    const page = join(folder(), 'page.html');
    const { code, output } = await check(
      ...[`mine=${await meerkatServer()}`, '--cases', '1.1.1,6.4.1', '--serial'],
      ...['--patience', '5', '--pause', '0.01', '--seed', '4711', '--html', page],
    );
    expect(output).toMatch(/^mine {2}ws:/);
    expect(readFileSync(page, 'utf8')).toContain('4711');
    expect(code).toBe(0);
  });
});

describe('meerkat check, what fails', () => {
  it('ends with 1, tells what is wrong where, and says it as it comes', async () => {
    const cases = '1.1.2,2.1,7.1.1'; // capitals make no difference to the first
    const { code, output, errors } = await check(await shouting(), '--cases', cases);
    expect(output).toMatch(/^Failed: corrupts the echo: .*: 7\.1\.1$/m);
    expect(output).toMatch(
      /^ +> text "Hello World!" {2}81 8c .*\n +< text "HELLO WORLD!" {2}81 0c /m,
    );
    expect(errors).toMatch(/^7\.1\.1 FAILED: ./m);
    expect(errors).toMatch(/\nmeerkat: 1 case failed\n$/);
    expect(code).toBe(1);
  });

  it('npm ws is known to fail 6.4 late: NON-STRICT, which fails with --strict', async () => {
    const url = await wsEcho();
    const lax = await check(url, '--cases', '6.4', '--pause', '0.05');
    expect([lax.code, lax.output]).toEqual([0, expect.stringMatching(/non-strict.*\n.* 4\n/)]);
    const strict = await check(url, '--cases', '6.4', '--pause', '0.05', '--strict');
    expect(strict.errors).toMatch(/\nmeerkat: 4 cases non-strict\n$/);
    expect(strict.code).toBe(1);
  });

  it('with --baseline only what got worse fails', async () => {
    const baseline = join(folder(), 'before.json');
    const cases = ['--cases', '2.1', '7.1.1'];
    const url = await shouting();
    expect((await check(url, ...cases, '--json', baseline)).code).toBe(1);
    const same = await check(url, ...cases, '--baseline', baseline);
    expect([same.code, same.output]).toEqual([
      0,
      expect.stringMatching(/\nAs in the baseline\.\n$/),
    ]);
    const better = await check(await wsEcho(), ...cases, '--baseline', baseline);
    expect(better.output).toMatch(
      /\nBetter than in the baseline:\n {2}7\.1\.1 of .*-> OK \/ OK\n$/,
    );
    expect(better.code).toBe(0);
    expect((await check(await wsEcho(), ...cases, '--json', baseline)).code).toBe(0);
    const worse = await check(url, ...cases, '--baseline', baseline, '--json', baseline);
    expect(worse.output).toMatch(
      /\nWorse than in the baseline:\n {2}7\.1\.1 of .*: OK \/ OK -> FAILED/,
    );
    expect(worse.errors).toMatch(/\nmeerkat: 1 case got worse\n$/);
    expect(worse.code).toBe(1);
  });
});

describe('meerkat check, what cannot be run', () => {
  it('ends with 2 where nobody listens, and leaves no report behind', async () => {
    const report = join(folder(), 'index.json');
    const { code, output, errors } = await check('ws://127.0.0.1:1/', '--json', report);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(
      /^meerkat: ws:\/\/127\.0\.0\.1:1\/ cannot be reached: .*ECONNREFUSED.*; "meerkat diagnose URL" says more\n$/,
    );
    expect(existsSync(report)).toBe(false);
  });

  it('ends with 2 where the server speaks no WebSocket', async () => {
    const url = await httpServer((_request, response) => response.writeHead(404).end());
    const { code, errors } = await check(url);
    expect(errors).toMatch(/answers 404 Not Found instead of 101/);
    expect(code).toBe(2);
  });

  it('tests the other servers where one cannot be reached', async () => {
    const { code, output, errors } = await check(
      ...['gone=ws://127.0.0.1:1/', `here=${await meerkatServer()}`, '--cases', '1.1.1'],
      ...['--json', '-'],
    );
    expect(Object.keys(json(output) as object)).toEqual(['here']);
    expect(errors).toMatch(/\nmeerkat: gone: ws:\/\/127\.0\.0\.1:1\/ cannot be reached: /);
    expect(code).toBe(2);
  });
});

describe('meerkat check, reports', () => {
  it('writes them all, of several servers side by side', async () => {
    const path = folder();
    const names = { json: 'i.json', junit: 'j.xml', html: 'p.html', 'report-dir': 'd/e' };
    const { code, output } = await check(
      ...[`one=${await meerkatServer()}`, `two=${await wsEcho()}`, '--cases', '1.1.1', '2.1'],
      ...Object.entries(names).flatMap(([flag, name]) => [`--${flag}`, join(path, name)]),
    );
    expect(code).toBe(0);
    expect(output).toMatch(/^one {2}.*^two {2}/ms);
    const index = json(readFileSync(join(path, 'i.json'), 'utf8'));
    const fine = { behavior: 'OK', behaviorClose: 'OK', remoteCloseCode: 1000 };
    const both = { '1.1.1': fine, '2.1': fine };
    expect(index).toMatchObject({ one: both, two: both });
    expect(readFileSync(join(path, 'j.xml'), 'utf8')).toMatch(/^<\?xml .*<testsuites .*tests="4"/s);
    expect(readFileSync(join(path, 'p.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(readdirSync(join(path, 'd/e')).sort()).toEqual([
      'index.html',
      'index.json',
      ...['one', 'two'].flatMap((name) => [`${name}_case_1_1_1.json`, `${name}_case_2_1.json`]),
    ]);
  });

  it.each(['--json', '--junit', '--html'])('%s - is all of standard output', async (flag) => {
    const { code, output, errors } = await check(
      await meerkatServer(),
      '--cases',
      '2.1',
      flag,
      '-',
    );
    expect(output).toMatch(/^(?:\{[\s\S]*\}|<[\s\S]*>)\n$/);
    expect(errors).toMatch(/\n {2}all +1\n$/);
    expect(code).toBe(0);
  });

  it('has columns of an earlier report in the page', async () => {
    const [earlier, page] = ['e.json', 'p.html'].map((name) => join(folder(), name)) as [
      string,
      string,
    ];
    const url = await meerkatServer();
    await check(`old-server=${url}`, '--cases', '2.1', '--json', earlier);
    const { code } = await check(url, '--cases', '2.1', '--compare', earlier, '--html', page);
    expect(readFileSync(page, 'utf8')).toContain('old-server');
    expect(code).toBe(0);
  });

  it('finds out before the run that a report cannot be written', async () => {
    let connections = 0;
    const url = await tcpServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    const path = folder();
    writeFileSync(join(path, 'file'), '');
    for (const [flag, name] of [
      ['--json', 'no/such/i.json'],
      ['--html', '.'],
      ['--report-dir', 'file'],
    ] as const) {
      const { code, errors } = await check(
        url,
        '--junit',
        join(path, 'j.xml'),
        flag,
        join(path, name),
      );
      expect(errors).toMatch(/^meerkat: (?:cannot write the report to|--report-dir: )/);
      expect(code).toBe(2);
    }
    expect(connections).toBe(0);
    expect(readdirSync(path)).toEqual(['file']);
  });
});

describe('meerkat check, the handshake', () => {
  it('sends what it is told, in every one', async () => {
    const seen: unknown[] = [];
    const url = await meerkatServer({
      subprotocols: ['chat'],
      dangerouslyAcceptAnyOrigin: true,
      upgrade: (request) => {
        seen.push(
          ['x-tenant', 'authorization', 'origin'].map((name) => request.incoming.headers[name]),
        );
        return {};
      },
    });
    const { code } = await check(
      ...[url.replace('//', '//user:secret@'), '--cases', '1.1.1', '2.1', '-s', 'chat'],
      ...['-H', 'X-Tenant: a', '--origin', 'https://example.com'],
    );
    expect(code).toBe(0);
    expect(seen.length).toBeGreaterThan(1);
    const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;
    expect(new Set(seen.map((fields) => JSON.stringify(fields)))).toEqual(
      new Set([JSON.stringify(['a', basic, 'https://example.com'])]),
    );
  });

  it('trusts a certificate with --ca or --insecure only', async () => {
    const certificate = selfSigned();
    const ca = join(folder(), 'ca.pem');
    writeFileSync(ca, certificate.cert);
    const url = await meerkatServer({}, certificate);
    const codes = [];
    for (const flags of [[], ['--ca', ca], ['--insecure']]) {
      codes.push((await check(url, '--cases', '1.1.1', ...flags)).code);
    }
    expect(codes).toEqual([2, 0, 0]);
  });
});

describe('meerkat check, Ctrl-C', () => {
  /** Answers what is said beside the cases, and never a case. */
  async function silent(): Promise<{ url: string; asked: Promise<void> }> {
    let tell: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const url = await wsServer((peer) => {
      peer.on('message', (data) => {
        if (String(data).startsWith('meerkat')) peer.send(String(data));
        else tell();
      });
    });
    return { url, asked };
  }

  it('ends the run: reports are written with what there is, and it ends with 1', async () => {
    const { url, asked } = await silent();
    const report = join(folder(), 'index.json');
    const command = new Command();
    const cases = ['--serial', '--cases', '1.1.2', '7.1.1'];
    const code = command.run('check', url, ...cases, '--json', report);
    await asked;
    command.interrupt();
    expect(await code).toBe(1);
    expect(command.errors).toMatch(
      /meerkat: ending; Ctrl-C again ends at once\n.*, 1 case did not run\n$/s,
    );
    expect(json(readFileSync(report, 'utf8'))).toEqual({
      UnknownServer: { '1.1.2': expect.objectContaining({ behavior: 'FAILED' }) },
    });
    expect(command.output).toMatch(/\nNot run:\n.*7\.1\.1\n/s);
  });

  it('ends at once with the second', async () => {
    const { url, asked } = await silent();
    const report = join(folder(), 'index.json');
    const command = new Command();
    const code = command.run('check', url, '--cases', '1.1.2', '--json', report);
    await asked;
    command.interrupt();
    command.interrupt();
    expect(await code).toBe(1);
    expect(command.errors).toMatch(/\nmeerkat: ended at once\n$/);
    expect(existsSync(report)).toBe(false);
  });

  it('does not begin with the next server', async () => {
    const { url, asked } = await silent();
    const command = new Command();
    const code = command.run('check', `a=${url}`, `b=${url}`, '--cases', '1.1.2');
    await asked;
    command.interrupt();
    expect(await code).toBe(1);
    expect(command.errors).toContain('b was not tested: the run was ended before');
  });
});

describe('meerkat check --list', () => {
  it('prints id and description of the chosen cases, and runs none', async () => {
    const { code, output, errors } = await check('--list', '--cases', '2', '--exclude', '2.1,2.10');
    const lines = output.trimEnd().split('\n');
    expect(lines).toHaveLength(9);
    for (const line of lines) expect(line).toMatch(/^2\.[0-9]+\t\S.*\S$/);
    expect([code, errors]).toEqual([0, '']);
  });

  it('knows the cases for clients', async () => {
    const ids = (text: string) => text.split('\n').map((line) => line.split('\t')[0]);
    const servers = ids((await check('--list')).output);
    const clients = ids((await check('--list', '--client')).output);
    const numbered = (all: (string | undefined)[]) => all.filter((id) => /^[0-9]/.test(id ?? ''));
    expect(numbered(clients)).toEqual(numbered(servers));
    expect(numbered(servers)).toHaveLength(517);
  });
});

describe('meerkat check, wrong usage', () => {
  it.each<[args: string[], words: string]>([
    [[], 'which server?'],
    [['ftp://localhost'], 'is no WebSocket URL'],
    [['--cases', '5.*', 'ws://localhost'], 'a URL comes before this flag'],
    [[':1', '--cases', '99'], 'no case for servers fits the pattern "99"'],
    [[':1', '--exclude', '99'], 'no case for servers fits the pattern "99"'],
    [[':1', '--cases', '2', '--exclude', '2'], 'nothing is left to run'],
    [[':1', '--seed', '0'], 'It is a whole number from 1 to 2147483647.'],
    [[':1', '--patience', 'long'], 'It is seconds'],
    [[':1', '--json', '-', '--html', '-'], 'only one report can go to standard output'],
    [[':1', '--compare', 'x'], '--compare goes with --html or --report-dir'],
    [[':1', '--baseline', '/no/such'], '--baseline /no/such: no such file'],
    [[':1', '--baseline', 'LICENSE'], '--baseline LICENSE: the report is not JSON'],
    [[':1', '--strict', '--baseline', 'x'], 'only what got worse counts'],
    [[':1', '--list', '--json', 'x'], '--list runs nothing'],
    [[':1', '--port', '1'], '--port is for testing clients'],
    [[':1', '--allow-stop'], '--allow-stop is for testing clients'],
    [[':1', ':2', '--agent', 'x'], 'write NAME=URL for each'],
    [['x=:1', '--agent', 'x'], 'write NAME=URL for each'],
    [['x=:1', 'x=:2'], 'two servers are called x'],
    [[':1', '--ca', 'x'], '--ca is for wss://'],
    [[':1', '--insecure'], '--insecure is for wss://'],
    [[':1', '-H', 'Origin: x', '-o', 'null'], 'take one of them'],
    [['--client', 'ws://localhost'], 'it takes no URL'],
    [['--client', '--serial'], '--serial is for testing servers'],
    [['--client', '--header', 'A: b'], '--header is for testing servers'],
    [['--client', '--port', '70000'], 'a port is a whole number'],
  ])('refuses %j', async (args, words) => {
    const { code, output, errors } = await check(...args);
    expect(errors).toContain(words);
    expect([code, output]).toEqual([2, '']);
  });
});

describeOnTerminal('meerkat check on a terminal', () => {
  it('shows the summary where the progress was', async () => {
    const url = await meerkatServer();
    const terminal = new PseudoTerminal([
      'check',
      url,
      '--cases',
      '5.19',
      '5.20',
      '2',
      '--pause',
      '0.3',
    ]);
    await terminal.until((lines) =>
      lines.some((line) => /: 11 of 13, \d s, to go: 5\.19, 5\.20$/.test(line)),
    );
    expect(await terminal.exitCode()).toBe(0);
    const { lines } = terminal.screen;
    expect(lines[0]).toMatch(/^UnknownServer {2}ws:/);
    expect(lines.at(-1)).toMatch(/^ {2}all +13$/);
  });
});
