import type { ByteRange } from './byte-range.ts';
import type { OpenFile } from './open-file.ts';

const CHUNK_OCTETS = 65_536;

/** A file that could not be read as it was announced. What was sent of it so far is not to be completed. */
export class FileReadError extends Error {
  override readonly name = 'FileReadError';
}

/**
 * Reads a range of an open file, chunk by chunk, and closes the file.
 *
 * The last chunk is given only after another look at the descriptor: a file that was written to, replaced or removed
 * meanwhile never passes for complete. That includes one that merely grew, which looks the same as one rewritten.
 *
 * @throws {@link FileReadError} when the file ended early, changed, or could not be read.
 */
export async function* readFile(
  { handle, stats }: OpenFile,
  { start, end }: ByteRange,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let position = start; position <= end; ) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_OCTETS, end + 1 - position));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) throw new FileReadError('the file ended early');
      position += bytesRead;
      if (position > end) {
        const now = await handle.stat({ bigint: true });
        // Writing, truncating, renaming over and removing all move ctime; nothing sets it back, as it can mtime.
        if (now.ctimeNs !== stats.ctimeNs || now.size !== stats.size) {
          throw new FileReadError('the file changed while it was sent');
        }
      }
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    if (error instanceof FileReadError) throw error;
    throw new FileReadError('the file could not be read', { cause: error });
  } finally {
    await handle.close();
  }
}
