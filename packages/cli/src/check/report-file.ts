import { once } from 'node:events';
import { close, constants as fs, fstat, open as openDescriptor } from 'node:fs';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { OutputStream } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { streamFor, whyNot } from '../traffic/traffic-file.ts';
import { canReplace, replaceFile } from './replace-file.ts';

/** Somewhere a report goes. */
export interface ReportFile {
  /** Whether it may be written more than once: the last report counts. */
  readonly rewritable: boolean;
  /** Writes a whole report. @throws {@link CliError} with exit code 2 where it cannot. */
  write(report: string): Promise<void>;
  /** Gives it back. */
  close(): Promise<void>;
}

/**
 * Finds out whether a report can be written to `path`; an earlier one stays, whole, until then, and where there was none there is
 * none. A FIFO with a reader and a device will do as well.
 *
 * @throws {@link CliError} with exit code 2 where it cannot.
 */
export async function openReportFile(path: string): Promise<ReportFile> {
  try {
    return await openAny(path);
  } catch (error) {
    throw cannotWrite(path, error as NodeJS.ErrnoException);
  }
}

async function openAny(path: string): Promise<ReportFile> {
  if (!(await exists(path))) {
    await canReplace(path);
    return new RegularFile(path);
  }
  // Without waiting for the reader of a FIFO: a thread that waits for one could not be ended.
  const fd = await promisify(openDescriptor)(path, fs.O_WRONLY | (fs.O_NONBLOCK ?? 0));
  const stats = await promisify(fstat)(fd);
  if (!stats.isFile()) return new StreamFile(path, streamFor(fd, stats));
  await promisify(close)(fd);
  return new RegularFile(path);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

class RegularFile implements ReportFile {
  readonly rewritable = true;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async write(report: string): Promise<void> {
    try {
      await replaceFile(this.#path, report);
    } catch (error) {
      throw cannotWrite(this.#path, error as NodeJS.ErrnoException);
    }
  }

  async close(): Promise<void> {}
}

class StreamFile implements ReportFile {
  readonly rewritable = false;
  readonly #path: string;
  readonly #stream: OutputStream;

  constructor(path: string, stream: OutputStream) {
    this.#path = path;
    this.#stream = stream;
    stream.on('error', () => {}); // its reader may leave at any time: who writes notices
  }

  async write(report: string): Promise<void> {
    try {
      this.#stream.end(report);
      await once(this.#stream, 'finish');
    } catch (error) {
      throw cannotWrite(this.#path, error as NodeJS.ErrnoException);
    }
  }

  async close(): Promise<void> {
    this.#stream.destroy();
  }
}

function cannotWrite(path: string, error: NodeJS.ErrnoException): CliError {
  const why = error.code === 'EISDIR' ? 'it is a directory' : whyNot(error);
  return new CliError(`cannot write the report to ${path}: ${why}`, 2, { cause: error });
}
