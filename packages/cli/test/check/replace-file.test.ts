import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { canReplace, replaceFile } from '../../src/check/replace-file.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meerkat-replace-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

describe('replaceFile', () => {
  it('leaves what stood there whole to whoever reads it', async () => {
    const path = join(folder, 'a.json');
    writeFileSync(path, 'the earlier one');
    const reading = openSync(path, 'r');
    onTestFinished(() => closeSync(reading));
    await replaceFile(path, 'the new one');
    expect(readFileSync(reading, 'utf8')).toBe('the earlier one');
    expect(readFileSync(path, 'utf8')).toBe('the new one');
    expect(readdirSync(folder)).toEqual(['a.json']);
  });

  it('keeps permissions, and a link a link', async () => {
    const [path, link] = [join(folder, 'a.json'), join(folder, 'link')];
    writeFileSync(path, 'the earlier one');
    chmodSync(path, 0o600);
    symlinkSync(path, link);
    await replaceFile(link, 'the new one');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('the new one');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind where it cannot', async () => {
    await expect(replaceFile(folder, 'x')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('.meerkat-replace-'))).toEqual(
      [],
    );
  });
});

describe('canReplace', () => {
  it('leaves nothing where there could be a file', async () => {
    await canReplace(join(folder, 'a.json'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['no/such', 'ENOENT'],
    ['folder/', 'EISDIR'],
  ])('refuses %s', async (name, code) => {
    await expect(canReplace(join(folder, name))).rejects.toMatchObject({ code });
  });
});
