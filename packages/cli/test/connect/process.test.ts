// `meerkat connect` as a process of its own: real pipes, real signals, a real exit.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { program } from '../terminal/pseudo-terminal.ts';
import { meerkatServer, serverSideEnd } from './servers.ts';

function start(...args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, program(args));
  const exit = once(child, 'close');
  child.stdin.on('error', () => {}); // it may end before it has read everything
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return child;
}

async function exitOf(child: ChildProcessWithoutNullStreams): Promise<unknown> {
  const [code, signal] = await once(child, 'exit');
  return code ?? signal;
}

it('A10 is a filter: every line in, every answer out, in order', async () => {
  const child = start('connect', await meerkatServer());
  const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number}\n`).join('');
  child.stdin.end(lines);
  const [output, errors, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exitOf(child),
  ]);
  expect(output === lines).toBe(true);
  expect(errors).toMatch(/^closed: 1000 normal closure\..*\n$/);
  expect(exit).toBe(0);
});

it('ends quietly when its reader has left: | head -1', async () => {
  const child = start('connect', await meerkatServer());
  const exit = exitOf(child);
  const errors = text(child.stderr);
  child.stdin.write('first\n');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stdin.write('second\n'); // its answer finds nobody
  expect(await exit).toBe(0);
  expect(await errors).toMatch(/^closed: 1000 normal closure\..*\n$/);
});

it.each(['SIGINT', 'SIGTERM'] as const)('closes politely at %s', async (signal) => {
  const { url, ended } = await serverSideEnd({
    open: (connection) => void connection.send('ready'),
  });
  const child = start('connect', url);
  const exit = exitOf(child);
  await once(child.stdout, 'data');
  child.kill(signal);
  expect(await exit).toBe(0);
  expect((await ended).code).toBe(1000);
});

it('ends though its input is still open', async () => {
  const url = await meerkatServer({ open: (connection) => connection.close(1000) });
  expect(await exitOf(start('connect', url))).toBe(0);
});

it('prints one line and no stack when it is refused', async () => {
  const child = start('connect', 'ws://localhost:1/');
  const [errors, exit] = await Promise.all([text(child.stderr), exitOf(child)]);
  expect(errors).toMatch(/^meerkat: .*ECONNREFUSED.*\n$/);
  expect(exit).toBe(1);
});
