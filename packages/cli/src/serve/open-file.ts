import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A regular file, open. Whoever gets it closes `handle`. */
export interface OpenFile {
  readonly handle: FileHandle;
  /** What the descriptor said when it was opened. */
  readonly stats: BigIntStats;
}

/** What opening a path came to; `status` is the answer to a request for a path that cannot be opened. */
export type OpenResult =
  | { readonly kind: 'file'; readonly file: OpenFile }
  | { readonly kind: 'directory' }
  | { readonly kind: 'refused'; readonly status: 403 | 404 | 503 };

// O_NONBLOCK: a FIFO without a writer would hold the open, and with it one of the few threads of the pool, forever.
// The flags that Windows does not have are undefined there and count as 0.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const STATUS_OF_ERROR: ReadonlyMap<string, 403 | 404 | 503> = new Map([
  ['ENOENT', 404],
  ['ENOTDIR', 404],
  ['EISDIR', 404],
  ['ELOOP', 404], // a symbolic link with O_NOFOLLOW, or a loop of them without
  ['EMLINK', 404], // the former on FreeBSD
  ['ENAMETOOLONG', 404],
  ['EINVAL', 404], // a name the file system cannot hold
  ['EILSEQ', 404],
  ['ENXIO', 404], // a socket
  ['ENODEV', 404],
  ['EOPNOTSUPP', 404],
  ['EACCES', 403],
  ['EPERM', 403],
  ['EMFILE', 503],
  ['ENFILE', 503],
]);

/**
 * Opens a regular file below `root` for reading, once, and judges the descriptor it got rather than the path: what a
 * path names may change between two looks at it.
 *
 * @param root - Directory that nothing may lead out of. It may itself be reached over symbolic links.
 * @param segments - Names below it, as {@link resolvePath} gives them.
 * @param followSymlinks - Whether symbolic links below the root count. Otherwise a path with one in it is not found,
 * wherever the link leads.
 * @throws whatever the file system reports beyond "not there", "not allowed" and "no descriptor left".
 */
export async function openFile(
  root: string,
  segments: readonly string[],
  followSymlinks: boolean,
): Promise<OpenResult> {
  let handle: FileHandle | undefined;
  let result: OpenResult | undefined;
  try {
    const realRoot = await realpath(root);
    const path = join(realRoot, ...segments);
    handle = await open(path, followSymlinks ? FLAGS : FLAGS | constants.O_NOFOLLOW);
    const stats = await handle.stat({ bigint: true });
    const isWithin = followSymlinks || (await isReallyAt(path, handle, stats));
    if (!isWithin) result = { kind: 'refused', status: 404 };
    else if (stats.isDirectory()) result = { kind: 'directory' };
    else if (stats.isFile()) result = { kind: 'file', file: { handle, stats } };
    else result = { kind: 'refused', status: 404 };
    return result;
  } catch (error) {
    const status = STATUS_OF_ERROR.get(codeOf(error) ?? '');
    if (status === undefined) throw error;
    return { kind: 'refused', status };
  } finally {
    if (result?.kind !== 'file') await handle?.close();
  }
}

/**
 * Tells whether an open file is the one at `path`, no symbolic link on the way. O_NOFOLLOW guards the last name only,
 * and a directory before it can be swapped for a link between any two looks at the path.
 *
 * @param path - Absolute, with its root already resolved.
 * @param descriptors - Where the kernel shows the paths of our descriptors.
 */
export async function isReallyAt(
  path: string,
  handle: FileHandle,
  stats: BigIntStats,
  descriptors = '/proc/self/fd',
): Promise<boolean> {
  try {
    // Linux knows where a descriptor leads, at one instant: no race is left.
    return isSamePath(await readlink(join(descriptors, String(handle.fd))), path);
  } catch {
    // Elsewhere the path is resolved again: it must be unchanged and still lead to the file that was opened. Whoever may
    // write below the root can win that race there.
    if (!isSamePath(await realpath(path), path)) return false;
    const { dev, ino } = await stat(path, { bigint: true });
    return dev === stats.dev && ino === stats.ino;
  }
}

// macOS gives names back in the form they were stored in, which need not be the one they were asked for.
function isSamePath(one: string, other: string): boolean {
  return one === other || one.normalize() === other.normalize();
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
