import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openReportFile } from '../../src/check/report-file.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meerkat-report-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

describe('openReportFile', () => {
  it('leaves an earlier report as it is until there is a new one', async () => {
    const path = join(folder, 'index.json');
    writeFileSync(path, 'an earlier report, which is longer');
    const file = await openReportFile(path);
    expect(readFileSync(path, 'utf8')).toBe('an earlier report, which is longer');
    expect(file.rewritable).toBe(true);
    await file.write('a first');
    await file.write('new');
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  it('leaves an earlier report where nothing is written, and makes no empty one', async () => {
    const [old, made] = [join(folder, 'old'), join(folder, 'made')];
    writeFileSync(old, 'an earlier report');
    for (const path of [old, made]) await (await openReportFile(path)).close();
    expect(readFileSync(old, 'utf8')).toBe('an earlier report');
    expect(existsSync(made)).toBe(false);
  });

  it.each([
    ['no/such/directory', /cannot write the report to .*: no such directory$/],
    ['.', /: it is a directory$/],
  ])('refuses %s before anything is run', async (name, message) => {
    await expect(openReportFile(join(folder, name))).rejects.toMatchObject({
      message: expect.stringMatching(message),
      exitCode: 2,
    });
  });

  it('writes into a FIFO, once, and refuses one that nobody reads', async () => {
    const path = join(folder, 'fifo');
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    await expect(openReportFile(path)).rejects.toThrow('nobody reads this FIFO');
    const read = text(createReadStream(path));
    const file = await opened(path);
    expect(file.rewritable).toBe(false);
    const report = 'x'.repeat(300_000);
    await file.write(report);
    await file.close();
    expect((await read) === report).toBe(true);
  });

  it('says when the reader of a FIFO has left', async () => {
    const path = join(folder, 'fifo');
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    const reader = createReadStream(path);
    const file = await opened(path);
    await new Promise<void>((resolve) => void reader.on('close', () => resolve()).destroy());
    await expect(file.write('late')).rejects.toMatchObject({ exitCode: 2 });
    await file.close();
  });
});

/** A reader opens the FIFO in a thread: it may take a moment. */
async function opened(path: string): ReturnType<typeof openReportFile> {
  for (;;) {
    try {
      return await openReportFile(path);
    } catch (error) {
      if (!(error as Error).message.includes('nobody reads')) throw error;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
