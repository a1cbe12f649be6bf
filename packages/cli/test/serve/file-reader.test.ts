import { appendFile, mkdir, open, rename, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileReadError, readFile } from '../../src/serve/file-reader.ts';
import type { OpenFile } from '../../src/serve/open-file.ts';
import { openBelow, temporaryFolder } from './serving.ts';

const SIZE = 200_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let path: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'large');
});
beforeEach(() => writeFile(path, Buffer.alloc(SIZE, 'abc')));
afterAll(() => folder.dispose());

async function opened(): Promise<OpenFile> {
  const handle = await open(path);
  return { handle, stats: await handle.stat({ bigint: true }) };
}

describe('readFile', () => {
  it.each([
    [0, SIZE - 1],
    [0, 0],
    [1, 65_536],
    [65_535, 65_536],
    [SIZE - 1, SIZE - 1],
  ])('reads octets %i to %i and closes the file', async (start, end) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readFile(await opened(), { start, end })) chunks.push(chunk);
    const expected = Buffer.alloc(SIZE, 'abc').subarray(start, end + 1);
    expect(Buffer.concat(chunks).equals(expected)).toBe(true);
    expect(openBelow(folder.path)).toEqual([]);
  });

  it.each<[string, () => Promise<void>]>([
    ['truncated', () => truncate(path, 100_000)],
    ['truncated to nothing', () => truncate(path, 0)],
    ['overwritten in place', () => writeFile(path, Buffer.alloc(SIZE, 'xyz'))],
    ['appended to', () => appendFile(path, 'more')],
    [
      'replaced by renaming another over it',
      async () => {
        await writeFile(`${path}.new`, Buffer.alloc(SIZE, 'xyz'));
        await rename(`${path}.new`, path);
      },
    ],
    ['removed', () => unlink(path)],
  ])('S11 fails before the last chunk of a file that is %s', async (_how, change) => {
    const file = readFile(await opened(), { start: 0, end: SIZE - 1 });
    const { value: first } = await file.next();
    await change();
    let octets = first?.length ?? 0;
    const rest = (async () => {
      for await (const chunk of file) octets += chunk.length;
    })();
    await expect(rest).rejects.toThrow(FileReadError);
    expect(octets).toBeLessThan(SIZE);
    expect(openBelow(folder.path)).toEqual([]);
  });

  it('fails with the cause when the file cannot be read', async () => {
    await mkdir(`${path}.d`, { recursive: true });
    const handle = await open(`${path}.d`);
    const stats = await handle.stat({ bigint: true });
    const reading = readFile({ handle, stats }, { start: 0, end: 9 }).next();
    await expect(reading).rejects.toMatchObject({
      name: 'FileReadError',
      cause: { code: 'EISDIR' },
    });
    expect(openBelow(folder.path)).toEqual([]);
  });

  it('closes the file when nobody wants the rest', async () => {
    for await (const _chunk of readFile(await opened(), { start: 0, end: SIZE - 1 })) break;
    expect(openBelow(folder.path)).toEqual([]);
  });
});
