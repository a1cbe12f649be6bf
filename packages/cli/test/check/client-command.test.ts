import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { afterAll, describe, expect, it } from 'vitest';
import { ClientCommand } from '../../src/check/client-command.ts';

/** Tests run side by side: what they started ends with the file. */
const started: ClientCommand[] = [];

afterAll(() => {
  for (const command of started) command.endAtOnce();
});

async function start(
  words: readonly string[],
  onPrinted?: (lines: string) => void,
): Promise<ClientCommand> {
  const command = await ClientCommand.start(words, {
    url: 'ws://127.0.0.1:9001',
    env: process.env,
    onPrinted,
  });
  started.push(command);
  return command;
}

const node = (script: string, ...args: readonly string[]) => [
  process.execPath,
  '-e',
  script,
  ...args,
];

/** Whether a process is there; one that has ended and was not asked for its exit code is not. */
function lives(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  if (existsSync('/proc/self/stat')) {
    return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.concurrent('ClientCommand', () => {
  it('gets the URL in its words and in its environment', async () => {
    const command = await start(
      node(
        'console.log(process.argv.slice(1), process.env.MEERKAT_CHECK_URL)',
        '{url}/runCase',
        '--at={url}',
      ),
    );
    expect(await command.ended).toEqual({
      how: 'ended with exit code 0',
      fine: true,
      printed: expect.stringMatching(
        /\['ws:\/\/127\.0\.0\.1:9001\/runCase', '--at=ws:\/\/127\.0\.0\.1:9001'\] ws:\/\/127\.0\.0\.1:9001\n$|\[\s*'ws:\/\/127\.0\.0\.1:9001\/runCase',\s*'--at=ws:\/\/127\.0\.0\.1:9001'\s*\] ws:\/\/127\.0\.0\.1:9001\n$/,
      ),
    });
    expect(command.running).toBe(false);
  });

  it('says how it ended, and the last of what it printed to both outputs', async () => {
    const script =
      "process.stdout.write('o'.repeat(100000)); process.stderr.write('wrong'); process.exitCode = 3";
    const { how, fine, printed } = await (await start(node(script))).ended;
    expect([how, fine]).toEqual(['ended with exit code 3', false]);
    expect(printed.length).toBeLessThanOrEqual(65_537);
    expect(printed).toMatch(/^o*(wrong)?o+(wrong)?\n$/);
    expect(printed).toContain('wrong');
  });

  it('passes on whole lines as they come', async () => {
    const lines: string[] = [];
    const command = await start(
      node("process.stdout.write('a\\nb'); setTimeout(() => process.stdout.write('c\\nend'), 20)"),
      (text) => void lines.push(text),
    );
    expect((await command.ended).printed).toBe('');
    expect(lines.join('')).toBe('a\nbc\nend\n');
    expect(lines.every((text) => text.endsWith('\n'))).toBe(true);
  });

  it('says what ended it when it did not end by itself', async () => {
    const { how, fine } = await (await start(node('process.kill(process.pid, "SIGTERM")'))).ended;
    expect([how, fine]).toEqual(['was ended by SIGTERM', false]);
  });

  it.each([
    [['/no/such/program'], 'cannot start /no/such/program: there is no such program'],
    [[tmpdir()], `cannot start ${tmpdir()}: `],
    [[''], 'the name of COMMAND is empty'],
  ])('cannot start %j', async (words, message) => {
    await expect(start(words)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });

  it('ends with all that it has started, even where that does not obey', async () => {
    const stubborn =
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('pid', process.pid)";
    const parent = `
      const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' });
      setInterval(() => {}, 1000);
    `;
    let tell: (pid: number) => void = () => {};
    const pid = new Promise<number>((resolve) => {
      tell = resolve;
    });
    const command = await start(node(parent), (lines) => {
      const [, found] = /pid (\d+)/.exec(lines) ?? [];
      if (found !== undefined) tell(Number(found));
    });
    const grandchild = await pid;
    expect(lives(grandchild)).toBe(true);
    expect((await command.end()).how).toBe('was ended by SIGTERM');
    while (lives(grandchild)) await new Promise((resolve) => setImmediate(resolve));
  });

  it('is ended by force when it does not end when asked', async () => {
    const lines: string[] = [];
    let ready: () => void = () => {};
    const printed = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const command = await start(
      node(
        "process.on('SIGTERM', () => console.log('no')); setInterval(() => {}, 1000); console.log('ready')",
      ),
      (text) => {
        lines.push(text);
        ready();
      },
    );
    await printed;
    expect((await command.end()).how).toBe('was ended by SIGKILL');
    expect(lines.join('')).toBe('ready\nno\n');
  });
});
