import { createReadStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openTrafficFile } from '../../src/traffic/traffic-file.ts';
import { makeFifo, temporaryFolder, until } from '../serve/serving.ts';

async function folder(): Promise<string> {
  const { path, dispose } = await temporaryFolder();
  onTestFinished(dispose);
  return path;
}

const never = (error: Error): void => expect.unreachable(error.message);

it('A7 writes a dump to a file, in place of what was in it', async () => {
  const path = join(await folder(), 'dump');
  await writeFile(path, 'a longer text than the dump');
  const file = await openTrafficFile(path, never);
  void file.write('one\n');
  void file.write('two\n');
  await file.close();
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\n');
});

it('S20 lets nobody but the owner read a new dump', async () => {
  const path = join(await folder(), 'dump');
  const file = await openTrafficFile(path, never);
  await file.close();
  expect((await stat(path)).mode & 0o077).toBe(0);
});

it('A7 asks to wait while the disk is behind', async () => {
  const path = join(await folder(), 'dump');
  const file = await openTrafficFile(path, never);
  const waiting = file.write('x'.repeat(2_000_000));
  expect(waiting).toBeInstanceOf(Promise);
  await waiting;
  await file.close();
  expect((await stat(path)).size).toBe(2_000_000);
});

it('refuses a path that cannot be written, before anything else', async () => {
  const path = await folder();
  await mkdir(join(path, 'sub'));
  await expect(openTrafficFile(join(path, 'sub'), never)).rejects.toMatchObject({
    name: 'CliError',
    exitCode: 1,
    message: expect.stringMatching(/sub: it is a directory$/) as string,
  });
  await expect(openTrafficFile(join(path, 'no', 'dump'), never)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(/: no such directory$/) as string,
  });
});

it('A7 says once that the disk is full, and swallows the rest', async () => {
  const failures: unknown[] = [];
  const file = await openTrafficFile('/dev/full', (error) => failures.push(error.code));
  void file.write('one');
  await until(() => failures.length > 0);
  expect(file.write('two')).toBeUndefined();
  await file.close();
  expect(failures).toEqual(['ENOSPC']);
});

it('A7 says once that the reader of a pipe has left', async () => {
  const path = join(await folder(), 'pipe');
  makeFifo(path);
  const reader = createReadStream(path);
  const failures: unknown[] = [];
  const file = await openTrafficFile(path, (error) => failures.push(error.code));
  reader.destroy();
  await until(() => {
    void file.write('x'.repeat(100_000));
    return failures.length > 0;
  });
  await file.close();
  expect(failures).toEqual(['EPIPE']);
});
