import { randomBytes } from 'node:crypto';
import { open, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Where nothing can be put beside a file, or in its place, as where it alone was mounted: it is written as it stands. */
const IN_PLACE: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EBUSY',
  'EXDEV',
]);
const FILE_MODE = 0o666;

/**
 * Finds out whether there could be a file at `path`, where none is, and leaves nothing there.
 *
 * @throws the error of the system where there could not.
 */
export async function canReplace(path: string): Promise<void> {
  if (/[/\\]$/.test(path)) {
    throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
  }
  const probe = beside(path);
  await (await open(probe, 'wx')).close();
  await unlink(probe);
}

/**
 * Writes a file that is whole at all times: whoever reads it has what stood there before, or all of `text`. Its permissions stay; a
 * link to it stays one.
 *
 * @throws the error of the system where it cannot be written.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path); // there may be none yet
  const mode = await stat(target).then(
    (stats) => stats.mode & 0o777,
    () => undefined,
  );
  const made = beside(target);
  try {
    await writeFile(made, text, { flag: 'wx', mode: mode ?? FILE_MODE });
    await rename(made, target);
  } catch (error) {
    await unlink(made).catch(() => {}); // it may not have been made
    const { code } = error as NodeJS.ErrnoException;
    if (mode === undefined || !IN_PLACE.has(code)) throw error;
    await writeFile(target, text);
  }
}

function beside(path: string): string {
  const name = `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}`;
  return join(dirname(path), name);
}
