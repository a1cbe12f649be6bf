import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readMessageFile } from '../src/message-file.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'meerkat-file-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function fileOf(octets: Uint8Array): string {
  const path = join(folder(), 'a file');
  writeFileSync(path, octets);
  return path;
}

describe('readMessageFile', () => {
  it.each([0, 1, 65_536, 200_001])('reads a file of %i octets', async (length) => {
    const octets = Buffer.alloc(length, '\0\xff\n', 'latin1');
    expect(await readMessageFile(fileOf(octets))).toEqual({ octets });
  });

  it('reads up to its limit, and nothing larger', async () => {
    const path = fileOf(Buffer.alloc(1_000));
    expect(await readMessageFile(path, 1_000)).toEqual({ octets: Buffer.alloc(1_000) });
    appendFileSync(path, 'x');
    expect(await readMessageFile(path, 1_000)).toEqual({
      problem: `${path}: it is larger than 1000 octets`,
    });
  });

  it('does not read a file past the limit of every message', async () => {
    const path = fileOf(Buffer.alloc(0));
    truncateSync(path, 2 ** 40); // sparse
    expect(await readMessageFile(path)).toEqual({
      problem: `${path}: it is larger than 268435456 octets`,
    });
  });

  it('says what cannot be sent', async () => {
    const path = folder();
    expect(await readMessageFile(path)).toEqual({ problem: `${path}: it is a directory` });
    expect(await readMessageFile('/nowhere/at/all')).toEqual({
      problem: '/nowhere/at/all: no such file',
    });
    expect(await readMessageFile('a\0b')).toEqual({
      problem: expect.stringContaining('null bytes') as string,
    });
  });

  it.skipIf(process.platform === 'win32')('waits for no pipe without a writer', async () => {
    const path = join(folder(), 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    expect(await readMessageFile(path)).toEqual({ problem: `${path}: it is no regular file` });
  });

  it.skipIf(process.platform !== 'linux')(
    'reads to the real end of a file that says 0',
    async () => {
      const read = await readMessageFile('/proc/self/status');
      expect('octets' in read && Buffer.from(read.octets).toString()).toContain('\nPid:');
    },
  );
});
