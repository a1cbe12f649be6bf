import { open } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';
import { Output } from '../terminal/output.ts';

/** Octets that wait for a slow disk before the connections wait too. */
const HIGH_WATER_MARK = 1_048_576;

/** A file that a dump is written to. */
export interface TrafficFile {
  /** Writes; a promise means that the disk is behind. After a failure nothing is written any more. */
  write(text: string): Promise<void> | undefined;
  /** Writes the rest and closes the file. Never rejects. */
  close(): Promise<void>;
}

/**
 * Opens a file for a dump, empty whatever was in it, as `tcpdump -w` does. Only its owner may read a new one: traffic
 * holds what nobody else should see.
 *
 * @param onFailure - Called once when writing fails: the disk is full, or whoever read a pipe has left.
 * @throws {@link CliError} when it cannot be opened.
 */
export async function openTrafficFile(
  path: string,
  onFailure: (error: NodeJS.ErrnoException) => void,
): Promise<TrafficFile> {
  const handle = await open(path, 'w', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`cannot write the dump to ${path}: ${whyNot(error)}`, 1, { cause: error });
  });
  const stream = handle.createWriteStream({ highWaterMark: HIGH_WATER_MARK });
  const output = new Output(stream, onFailure);
  return {
    write: (text) => output.write(text),
    close: () =>
      new Promise((resolve) => {
        if (stream.closed) {
          resolve();
          return;
        }
        stream.once('close', () => resolve());
        stream.end();
      }),
  };
}

function whyNot(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'no such directory';
    case 'EISDIR':
      return 'it is a directory';
    case 'EACCES':
    case 'EPERM':
      return 'not permitted';
    case 'EROFS':
      return 'the file system is read-only';
    default:
      return error.message;
  }
}
