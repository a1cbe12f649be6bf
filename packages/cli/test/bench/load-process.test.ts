// `meerkat bench` as processes of its own: signals that reach all of them, and the end of the one that started the others.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { meerkatServer } from '../connect/servers.ts';
import { program } from '../terminal/pseudo-terminal.ts';
import { until } from './loading.ts';

/** Loads a server with two processes, in a group of their own; resolves when it is measured. */
async function runningLoad(): Promise<{
  child: ChildProcess;
  output: Promise<string>;
  /** How many connections there are, and the codes of those that ended. */
  connections: { open: number; codes: number[] };
}> {
  const connections = { open: 0, codes: [] as number[] };
  const url = await meerkatServer({
    open() {
      connections.open += 1;
    },
    close(_connection, { code }) {
      connections.open -= 1;
      connections.codes.push(code);
    },
  });
  const args = ['bench', url, '-c', '2', '--processes', '2', '-t', '60s', '--warm-up', '0s'];
  const child = spawn(process.execPath, program(args), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const output = text(child.stdout as NonNullable<ChildProcess['stdout']>);
  let progress = '';
  child.stderr?.setEncoding('utf8').on('data', (words: string) => {
    progress += words;
  });
  await until(() => progress.includes('measuring'));
  return { child, output, connections };
}

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'the processes that make a load end it politely when %s reaches them all',
  async (signal) => {
    const { child, output, connections } = await runningLoad();
    process.kill(-(child.pid as number), signal);
    const said = await output;
    expect(said).toContain('Interrupted');
    expect(said).not.toContain('that makes the load failed');
    await until(() => connections.open === 0);
    expect(connections.codes).toEqual([1000, 1000]);
  },
);

it('the processes that make a load end when the one that started them was killed', async () => {
  const { child, connections } = await runningLoad();
  child.kill('SIGKILL');
  await until(() => connections.open === 0);
  expect(connections.codes).toEqual([1006, 1006]);
});
