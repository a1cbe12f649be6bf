import { closeSync, constants, openSync, readSync } from 'node:fs';
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

/** Has a FIFO open, and reads nothing. */
function readerOf(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

const never = (error: Error): void => expect.unreachable(error.message);

it('A7 writes a dump to a new file, or an empty one', async () => {
  const path = join(await folder(), 'dump');
  await writeFile(path, '');
  const file = await openTrafficFile(path, never);
  void file.write('one\n');
  void file.write('two\n');
  await file.close();
  expect(await readFile(path, 'utf8')).toBe('one\ntwo\n');
});

it('overwrites nothing', async () => {
  const path = join(await folder(), 'index.html');
  await writeFile(path, 'precious');
  await expect(openTrafficFile(path, never)).rejects.toMatchObject({
    name: 'CliError',
    exitCode: 1,
    message: `${path} exists already: remove it, or name another for the dump`,
  });
  expect(await readFile(path, 'utf8')).toBe('precious');
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
  const reader = readerOf(path);
  const failures: unknown[] = [];
  const file = await openTrafficFile(path, (error) => failures.push(error.code));
  closeSync(reader);
  await until(() => {
    void file.write('x'.repeat(100_000));
    return failures.length > 0;
  });
  await file.close();
  expect(failures).toEqual(['EPIPE']);
});

it('refuses a FIFO that nobody reads, and does not wait for a reader', async () => {
  const path = join(await folder(), 'pipe');
  makeFifo(path);
  await expect(openTrafficFile(path, never)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(/pipe: nobody reads this FIFO$/) as string,
  });
});

it('gives up a FIFO whose reader has stopped when it is closed', async () => {
  const path = join(await folder(), 'pipe');
  makeFifo(path);
  const reader = readerOf(path);
  onTestFinished(() => closeSync(reader));
  const file = await openTrafficFile(path, never);
  while (file.ready() === undefined) void file.write('x'.repeat(100_000));
  await file.close();
});

it('writes all to a FIFO whose reader is slow', async () => {
  const path = join(await folder(), 'pipe');
  makeFifo(path);
  const reader = readerOf(path);
  onTestFinished(() => closeSync(reader));
  const file = await openTrafficFile(path, never);
  void file.write('x'.repeat(200_000));
  const closed = file.close();
  let length = 0;
  const room = Buffer.alloc(50_000);
  while (length < 200_000) {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      length += readSync(reader, room);
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' }); // nothing is there yet
    }
  }
  await closed;
  expect(length).toBe(200_000);
});
