import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readlink,
  rename,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isReallyAt, openFile } from '../../src/serve/open-file.ts';
import { resolvePath } from '../../src/serve/path-resolver.ts';
import { evilPathname } from './evil-pathname.ts';
import { makeFifo, openBelow, temporaryFolder } from './serving.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let root: string;
let outside: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  root = join(folder.path, 'root');
  outside = join(folder.path, 'outside');
  await mkdir(join(root, 'sub/deep'), { recursive: true });
  await mkdir(outside);
  await writeFile(join(root, 'in.txt'), 'in');
  await writeFile(join(root, 'sub/deep/in.txt'), 'in');
  await writeFile(join(root, '.env'), 'hidden');
  await writeFile(join(outside, 'secret.txt'), 'secret');
  await symlink(outside, join(root, 'out'));
  await symlink('..', join(root, 'up'));
  await symlink('sub', join(root, 'inward'));
  await symlink('loop', join(root, 'loop'));
  await symlink('.', join(root, 'here'));
  await symlink(join(outside, 'secret.txt'), join(root, 'file-link'));
  await symlink('in.txt', join(root, 'inner-link'));
  await symlink('/dev/zero', join(root, 'device'));
  makeFifo(join(root, 'fifo'));
});
afterAll(() => folder.dispose());

async function outcome(segments: string[], followSymlinks = false): Promise<string | number> {
  const opened = await openFile(root, segments, followSymlinks);
  if (opened.kind === 'refused') return opened.status;
  if (opened.kind === 'directory') return 'directory';
  const content = await opened.file.handle.readFile('utf8');
  await opened.file.handle.close();
  return content;
}

describe('openFile', () => {
  it('opens a file, and tells a directory', async () => {
    expect(await outcome(['in.txt'])).toBe('in');
    expect(await outcome(['sub', 'deep', 'in.txt'])).toBe('in');
    expect(await outcome(['sub'])).toBe('directory');
    expect(await outcome([])).toBe('directory');
    expect(await outcome(['in.txt', 'x'])).toBe(404);
    expect(await outcome(['none'])).toBe(404);
  });

  it.each([
    [['file-link'], 'secret'],
    [['out', 'secret.txt'], 'secret'],
    [['out'], 'directory'],
    [['up', 'outside', 'secret.txt'], 'secret'],
    [['inner-link'], 'in'],
    [['inward', 'deep', 'in.txt'], 'in'],
    [['here', 'in.txt'], 'in'],
  ])(
    'S4 opens %j, which leads over a symbolic link, only when links are followed',
    async (segments, content) => {
      expect(await outcome(segments)).toBe(404);
      expect(await outcome(segments, true)).toBe(content);
    },
  );

  it('S4 serves a root that is itself reached over a symbolic link', async () => {
    const alias = join(folder.path, 'alias');
    await symlink(root, alias);
    const opened = await openFile(alias, ['in.txt'], false);
    expect(opened.kind).toBe('file');
    if (opened.kind === 'file') await opened.file.handle.close();
  });

  it.each([[false], [true]])(
    'S5 finds no file in a loop, a FIFO, a device or a socket (links followed: %s)',
    async (followSymlinks) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
      for (const name of ['loop', 'fifo', 'device', 'socket']) {
        expect(await outcome([name], followSymlinks)).toBe(404);
        expect(await outcome([name, 'in.txt'], followSymlinks)).toBe(404);
      }
      await new Promise((resolve) => server.close(resolve));
    },
  );

  it('finds no file under a name too long for the file system', async () => {
    expect(await outcome(['a'.repeat(300)])).toBe(404);
    expect(await outcome(Array.from({ length: 3_000 }, () => 'ab'))).toBe(404);
  });

  it('finds nothing in a root that is missing, a file, or a loop', async () => {
    for (const name of ['missing', 'in.txt', 'loop']) {
      const opened = await openFile(join(root, name), ['in.txt'], false);
      expect(opened).toEqual({ kind: 'refused', status: 404 });
    }
  });

  it('throws what is nobody’s fault but ours', async () => {
    await expect(openFile(`${root}\0`, ['in.txt'], false)).rejects.toThrow();
  });

  it('P11 opens nothing but visible regular files below the root, whatever the path', async () => {
    const allowed = new Set(regularFiles(root).map((path) => lstatSync(path).ino));
    expect(allowed.size).toBe(2);
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(evilPathname, async (pathname) => {
        const path = resolvePath(pathname);
        if (typeof path === 'number') return;
        const result = await openFile(root, path.segments, false);
        if (result.kind !== 'file') return;
        const { handle, stats } = result.file;
        try {
          opened += 1;
          expect(allowed).toContain(Number(stats.ino));
          expect(realpathSync(`/proc/self/fd/${handle.fd}`)).toBe(join(root, ...path.segments));
        } finally {
          await handle.close();
        }
      }),
      { numRuns: 3_000, examples: [['/in.txt'], ['/sub/deep/in.txt']] },
    );
    expect(opened).toBeGreaterThanOrEqual(2);
    expect(openBelow(folder.path)).toEqual([]);
  });

  it('S4 never opens the file behind a link that a directory is swapped for', async () => {
    const swapped = join(root, 'swapped');
    const away = join(folder.path, 'away');
    const trap = join(folder.path, 'trap');
    await mkdir(swapped);
    await writeFile(join(swapped, 'secret.txt'), 'harmless');
    await symlink(outside, trap);
    let swapping = true;
    const attacker = (async () => {
      while (swapping) {
        await rename(swapped, away);
        await rename(trap, swapped);
        await rename(swapped, trap);
        await rename(away, swapped);
      }
    })();
    const seen = new Map<string | number, number>();
    for (let round = 0; round < 300; round += 1) {
      const results = await Promise.all([1, 2, 3, 4].map(() => outcome(['swapped', 'secret.txt'])));
      for (const result of results) seen.set(result, (seen.get(result) ?? 0) + 1);
    }
    swapping = false;
    await attacker;
    expect([...seen.keys()]).not.toContain('secret');
    expect([...seen.keys()].filter((result) => result !== 'harmless' && result !== 404)).toEqual(
      [],
    );
    expect(openBelow(folder.path)).toEqual([]);
  });
});

describe('isReallyAt', () => {
  async function judge(path: string, handle: FileHandle): Promise<[boolean, boolean]> {
    const stats = await handle.stat({ bigint: true });
    const without = join(folder.path, 'no-such-place'); // as on systems without /proc
    const answers: [boolean, boolean] = [
      await isReallyAt(path, handle, stats),
      await isReallyAt(path, handle, stats, without).catch(() => false),
    ];
    await handle.close();
    return answers;
  }

  it('S4 agrees with and without the help of /proc', async () => {
    const file = join(root, 'in.txt');
    expect(await judge(file, await open(file))).toEqual([true, true]);
    expect(await judge(root, await open(root))).toEqual([true, true]);
    const overLink = join(root, 'out', 'secret.txt');
    expect(await judge(overLink, await open(overLink))).toEqual([false, false]);
    expect(await judge(file, await open(join(outside, 'secret.txt')))).toEqual([false, false]);
  });

  it('S11 disowns a file that was removed or renamed since it was opened', async () => {
    const file = join(root, 'gone.txt');
    await writeFile(file, '1');
    const removed = await open(file);
    await unlink(file);
    expect(await judge(file, removed)).toEqual([false, false]);

    await writeFile(file, '2');
    const replaced = await open(file);
    await writeFile(`${file}.new`, '3');
    await rename(`${file}.new`, file);
    expect(await judge(file, replaced)).toEqual([false, false]);
    await unlink(file);
  });

  it('takes a hard link for the file it is', async () => {
    const file = join(root, 'hard.txt');
    await link(join(root, 'in.txt'), file);
    expect(await judge(file, await open(file))).toEqual([true, true]);
    await unlink(file);
    await expect(readlink(file)).rejects.toThrow();
  });
});

function regularFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return regularFiles(path);
    return entry.isFile() ? [path] : [];
  });
}
