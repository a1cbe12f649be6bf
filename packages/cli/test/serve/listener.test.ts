import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseListenUrl } from '../../src/serve/listen-address.ts';
import { type Endpoint, listenOn } from '../../src/serve/listener.ts';
import { temporaryFolder } from './serving.ts';

async function folder(): Promise<string> {
  const made = await temporaryFolder();
  onTestFinished(() => made.dispose());
  return made.path;
}

/** A server that says who it is, and ends with the test. */
function server(name = 'ours'): Server {
  const made = createServer((_request, response) => response.end(name));
  onTestFinished(() => {
    made.closeAllConnections();
    made.close();
  });
  return made;
}

function listens(url: string, on: Server = server()): Promise<Endpoint[]> {
  return listenOn(on, parseListenUrl(url), (where) => {
    on.listen('socketPath' in where ? { path: where.socketPath } : where);
    return once(on, 'listening');
  });
}

/** Leaves a socket file behind, as a process does that is killed. */
function leaveBehind(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(lstatSync(path).isSocket()).toBe(true);
}

async function ask(path: string): Promise<string> {
  const asked = request({ socketPath: path, path: '/', agent: false }).end();
  const [response] = await once(asked, 'response');
  return await text(response);
}

describe('listenOn, TCP', () => {
  it.each([
    ['ws://127.0.0.1:0', /^localhost:\d+$/],
    ['ws://127.0.0.2:0', /^127\.0\.0\.2:\d+$/],
    ['ws://[::1]:0', /^\[::1\]:\d+$/],
  ])('answers on %s where it says', async (url, authority) => {
    const [endpoint, ...more] = await listens(url);
    expect(endpoint).toEqual({ secure: false, authority: expect.stringMatching(authority) });
    expect(more).toEqual([]);
  });

  it('A2 names localhost first where it listens on every address', async () => {
    const endpoints = await listens('wss://0.0.0.0:0');
    expect(endpoints[0]).toEqual({
      secure: true,
      authority: expect.stringMatching(/^localhost:\d+$/),
    });
    for (const endpoint of endpoints) expect(endpoint).not.toHaveProperty('authority', '0.0.0.0');
  });

  it.each([
    [
      'a port in use',
      async () => {
        const taken = createTcpServer().listen(0, '127.0.0.1');
        onTestFinished(() => void taken.close());
        await once(taken, 'listening');
        return `ws://127.0.0.1:${(taken.address() as { port: number }).port}`;
      },
      /in use; choose another with --port/,
    ],
    ['an address of another machine', async () => 'ws://192.0.2.1:0', /no such address/],
    ['a host without an address', async () => 'ws://host.invalid:0', /no such host/],
  ])('fails with one line for %s', async (_what, url, message) => {
    await expect(listens(await url())).rejects.toMatchObject({
      name: 'CliError',
      exitCode: 1,
      message: expect.stringMatching(message),
    });
  });
});

describe('listenOn, a unix socket', () => {
  it('answers there, and takes the file away when it closes', async () => {
    const path = join(await folder(), 's');
    const listening = server();
    expect(await listens(`unix:${path}`, listening)).toEqual([{ secure: false, path }]);
    expect(await ask(path)).toBe('ours');
    listening.close();
    await once(listening, 'close');
    expect(existsSync(path)).toBe(false);
  });

  it('leaves the file alone when somebody else listens there by now', async () => {
    const path = join(await folder(), 's');
    const old = server('old');
    await listens(`unix:${path}`, old);
    rmSync(path);
    await listens(`unix:${path}`, server('new'));
    old.close();
    await once(old, 'close');
    expect(await ask(path)).toBe('new');
  });

  it('replaces the socket file of a process that has died', async () => {
    const path = join(await folder(), 's');
    leaveBehind(path);
    await listens(`unix:${path}`);
    expect(await ask(path)).toBe('ours');
  });

  it('leaves the socket of a process that lives alone', async () => {
    const path = join(await folder(), 's');
    await listens(`unix:${path}`, server('theirs'));
    await expect(listens(`unix:${path}`)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('another process listens there'),
    });
    expect(await ask(path)).toBe('theirs');
  });

  it('leaves a file alone that is no socket', async () => {
    const path = join(await folder(), 's');
    writeFileSync(path, 'precious');
    await expect(listens(`unix:${path}`)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('a file that is no socket'),
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  it('leaves a folder alone, and what a symbolic link points to', async () => {
    const inside = await folder();
    const path = join(inside, 'sub');
    mkdirSync(path);
    await expect(listens(`unix:${path}`)).rejects.toMatchObject({ exitCode: 1 });
    expect(lstatSync(path).isDirectory()).toBe(true);
    const target = join(inside, 'dead');
    leaveBehind(target);
    const link = join(inside, 'link');
    symlinkSync(target, link);
    await expect(listens(`unix:${link}`)).rejects.toMatchObject({ exitCode: 1 });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(lstatSync(target).isSocket()).toBe(true);
  });

  it('says that a path is too long, and makes no file of part of it', async () => {
    const inside = await folder();
    const path = join(inside, 'x'.repeat(150));
    await expect(listens(`unix:${path}`)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('the path is too long for a socket'),
    });
    expect(existsSync(path.slice(0, 107))).toBe(false);
  });

  it('says that the folder is missing', async () => {
    const path = join(await folder(), 'none', 's');
    await expect(listens(`unix:${path}`)).rejects.toMatchObject({
      exitCode: 1,
      message: `cannot listen on ${path}: there is no such folder`,
    });
  });
});
