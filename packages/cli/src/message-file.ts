import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** The largest file that is sent: it is in memory as a whole, and once more until it has left. */
const MAX_FILE_BYTES = 2 ** 28;

// O_NONBLOCK: a FIFO without a writer would hold the open, and a thread of the pool with it, forever. Windows has
// neither flag; undefined counts as 0.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'it may not be read',
  EISDIR: 'it is a directory',
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EPERM: 'it may not be read',
};

/** The octets of a regular file, for one message, or why it cannot be sent. */
export async function readMessageFile(
  path: string,
  maxBytes: number = MAX_FILE_BYTES,
): Promise<{ readonly octets: Uint8Array } | { readonly problem: string }> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, FLAGS);
    const stats = await file.stat();
    if (stats.isDirectory()) return problem(path, 'it is a directory');
    if (!stats.isFile()) return problem(path, 'it is no regular file');
    const octets = stats.size > maxBytes ? undefined : await readAll(file, maxBytes);
    if (octets === undefined) return problem(path, `it is larger than ${maxBytes} octets`);
    return { octets };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return problem(path, PROBLEMS[code] ?? message);
  } finally {
    await file?.close();
  }
}

/** To the end that it really has: it may grow, and those in /proc say that they are empty. Undefined: past `maxBytes`. */
async function readAll(file: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // `end` is inclusive: one octet more than allowed tells that there are more.
  for await (const chunk of file.createReadStream({ start: 0, end: maxBytes, autoClose: false })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return bytes > maxBytes ? undefined : Buffer.concat(chunks, bytes);
}

function problem(path: string, why: string): { readonly problem: string } {
  return { problem: `${path}: ${why}` };
}
