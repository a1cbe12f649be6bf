import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { FROM_SOURCE } from '../../../../test/support/program.ts';
import { Command } from '../connect/command.ts';
import { ask, runCases, wsClient } from './ws-client.ts';

const ANY_PORT = ['check', '--client', '--port', '0'];

async function check(
  ...args: readonly string[]
): Promise<{ code: number; output: string; errors: string }> {
  const command = new Command();
  const code = await command.run(...ANY_PORT, ...args);
  return { code, output: command.output, errors: command.errors };
}

/** Cases that are served until the test ends them. */
async function serving(
  ...args: readonly string[]
): Promise<{ command: Command; code: Promise<number>; url: string }> {
  const command = new Command();
  const code = command.run(...ANY_PORT, ...args);
  for (;;) {
    const [url] = /ws:\/\/127\.0\.0\.1:\d+/.exec(command.errors) ?? [];
    if (url !== undefined) return { command, code, url };
    await new Promise((resolve) => command.stderr.once('written', resolve));
  }
}

/** @param finished - Of the test, where others run beside it. */
function folder(finished: TestContext['onTestFinished'] = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), 'meerkat-check-'));
  finished(() => rmSync(path, { recursive: true }));
  return path;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const node = (script: string): string[] => [process.execPath, '-e', script];

describe.concurrent('meerkat check --client -- COMMAND', () => {
  it('ends with 0 where the client keeps the rules', async () => {
    const { code, output, errors } = await check(
      ...['--cases', '1.1.*', '2', '7.1', '--', ...wsClient('ws/8')],
    );
    expect(output).toMatch(/^ws\/8\n/);
    expect(output).toMatch(/ 2 +ping, pong +11\n/);
    expect(errors).toMatch(/^ws\/8\nsection 1, message sizes: 8 cases, 8 passed\n/);
    expect(code).toBe(0);
  });

  it('examples/check-client.ts is a client of meerkat that passes', async () => {
    const program = [process.execPath, ...FROM_SOURCE];
    const { code, output } = await check(
      ...['--cases', '1.1.*', '2', '3', '5.1*', '6.1', '7.1', '--', ...program],
      'examples/check-client.ts',
    );
    expect(output).toMatch(/^my-client\n +ok(?: +info)?\n/);
    expect(code).toBe(0);
  });

  it('ends with 1 where it does not, and says what is wrong', async () => {
    const { code, output, errors } = await check(
      ...['--cases', '2.1', '7.1.1', '--', ...wsClient('loud', 'shouts')],
    );
    expect(output).toMatch(/^Failed: corrupts the echo: .*: 7\.1\.1$/m);
    expect(errors).toMatch(/\nmeerkat: 1 case failed\n$/);
    expect(code).toBe(1);
  });

  it('ends with 1 where cases were left out', async () => {
    const { code, errors } = await check('--cases', '2', '--', ...wsClient('lazy', 'stops early'));
    expect(errors).toBe('meerkat: 10 cases did not run\n');
    expect(code).toBe(1);
  });

  it('shows what COMMAND printed where it failed, and only there', async () => {
    const says = "console.log('tried hard');";
    const fine = await check('--cases', '2.1', '--', ...wsClient('a', 'none', says));
    expect([fine.code, fine.errors]).toEqual([0, expect.not.stringContaining('tried hard')]);
    const then = `${says} process.exitCode = 3`;
    const failed = await check('--cases', '2.1', '--', ...wsClient('a', 'none', then));
    expect(failed.errors).toMatch(/\ntried hard\nmeerkat: COMMAND ended with exit code 3\n$/);
    expect(failed.code).toBe(1);
    const verbose = await check('--cases', '2.1', '-v', '--', ...wsClient('a', 'none', says));
    expect([verbose.code, verbose.errors]).toEqual([0, expect.stringMatching(/^tried hard$/m)]);
  });

  it('ends with 2 where COMMAND ran no case, or cannot be started', async (test) => {
    const report = join(folder(test.onTestFinished), 'index.json');
    const nothing = await check('--json', report, '--', ...node("console.log('hello')"));
    expect(nothing.errors).toBe(
      'hello\nmeerkat: COMMAND ended with exit code 0, and no case was run\n',
    );
    expect([nothing.code, nothing.output]).toEqual([2, '']);
    const none = await check('--json', report, '--', '/no/such/program');
    expect(none.errors).toBe('meerkat: cannot start /no/such/program: there is no such program\n');
    expect(none.code).toBe(2);
    expect(() => readFileSync(report)).toThrow('ENOENT');
  });

  it('ends COMMAND with Ctrl-C, and ends with 1', async () => {
    const command = new Command();
    const code = command.run(
      ...[...ANY_PORT, '--cases', '2', '-v', '--'],
      ...wsClient('a', 'stops early', "console.log('ready'); setInterval(() => {}, 1_000)"),
    );
    while (!command.errors.includes('ready')) {
      await new Promise((resolve) => command.stderr.once('written', resolve));
    }
    command.interrupt();
    expect(await code).toBe(1);
    expect(command.errors).toMatch(/meerkat: ending; .*\nmeerkat: 10 cases did not run\n$/s);
  });

  it('ends COMMAND where the client stops the run, if that is allowed', async () => {
    const stop =
      "fetch(process.env.MEERKAT_CHECK_URL.replace('ws', 'http')).catch(() => {}); setInterval(() => {}, 1_000);";
    const stops = `import('ws').then(({ WebSocket }) => new WebSocket(process.env.MEERKAT_CHECK_URL + '/stopServer')); ${stop}`;
    const { code } = await check(
      ...['--cases', '2.1', '--allow-stop', '--', ...wsClient('a', 'none', stops)],
    );
    expect(code).toBe(0);
  });
});

describe('meerkat check --client, without COMMAND', () => {
  it('serves until Ctrl-C; each /updateReports writes the reports, of all agents', async () => {
    const report = join(folder(), 'index.json');
    const { command, code, url } = await serving('--cases', '2.1', '2.2', '--json', report);
    expect(await ask(`${url}/getCaseCount`)).toBe('2');
    await runCases(url, 'one');
    expect(Object.keys(readJson(report) as object)).toEqual(['one']);
    await runCases(url, 'two');
    expect(readJson(report)).toMatchObject({
      one: { '2.1': { behavior: 'OK' }, '2.2': { behavior: 'OK' } },
      two: { '2.1': { behavior: 'OK' }, '2.2': { behavior: 'OK' } },
    });
    command.interrupt();
    expect(await code).toBe(0);
    expect(command.output).toMatch(/^one\n.*^two\n/ms);
  });

  it('keeps a report on standard output for the end', async () => {
    const { command, code, url } = await serving('--cases', '2.1', '--json', '-');
    await runCases(url, 'one');
    expect(command.output).toBe('');
    command.interrupt();
    expect(await code).toBe(0);
    expect(Object.keys(JSON.parse(command.output) as object)).toEqual(['one']);
  });

  it('is not stopped by a client unless that is allowed', async () => {
    const refusing = await serving('--cases', '2.1');
    expect(refusing.command.errors).toMatch(/; Ctrl-C ends it\.\n/);
    await ask(`${refusing.url}/stopServer`);
    await ask(`${refusing.url}/runCase?case=9&agent=x`);
    expect(refusing.command.errors.match(/^refused: .+$/gm)).toHaveLength(2);
    refusing.command.interrupt();
    expect(await refusing.code).toBe(2);
    expect(refusing.command.errors).toMatch(/\nmeerkat: nobody came, and no case was run\n$/);

    const allowing = await serving('--cases', '2.1', '--allow-stop');
    await runCases(allowing.url, 'one');
    await ask(`${allowing.url}/stopServer`);
    expect(await allowing.code).toBe(0);
  });

  it('ends with 2 where the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => void (await new Promise((resolve) => other.close(resolve))));
    const { port } = other.address() as { port: number };
    const command = new Command();
    expect(await command.run('check', '--client', '--port', `${port}`)).toBe(2);
    expect(command.errors).toMatch(
      /^meerkat: cannot listen on 127\.0\.0\.1: .*; name another port with --port\n$/,
    );
  });
});
