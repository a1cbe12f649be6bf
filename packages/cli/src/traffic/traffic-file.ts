import { close, createWriteStream, constants as fs, fstat, open, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isatty, WriteStream as TerminalStream } from 'node:tty';
import { promisify } from 'node:util';
import type { OutputStream } from '../cli-context.ts';
import { CliError } from '../cli-error.ts';
import { Output } from '../terminal/output.ts';

/** Octets that wait for a slow disk before the connections wait too. */
const HIGH_WATER_MARK = 1_048_576;
/** A dump that nobody takes any further within so many milliseconds is given up when it is closed. */
const STUCK = 1_000;
/** Without waiting for the reader of a FIFO: a thread that waits for one could not be ended. */
const FLAGS = fs.O_WRONLY | fs.O_CREAT | (fs.O_NONBLOCK ?? 0); // Windows has no O_NONBLOCK

/** A file that a dump is written to. */
export interface TrafficFile {
  /** A promise while the disk, or whoever reads, is behind: as {@link Output.ready}. */
  ready(signal?: AbortSignal): Promise<void> | undefined;
  /** Writes; a promise means that the disk is behind. After a failure nothing is written any more. */
  write(text: string): Promise<void> | undefined;
  /** Writes the rest and closes the file; of what nobody takes the rest is lost. Never rejects. */
  close(): Promise<void>;
}

/**
 * Opens a new file for a dump, or an empty one, or whatever else can be written to: a FIFO with a reader, a device. Only
 * its owner may read a new one: traffic holds what nobody else should see.
 *
 * @param onFailure - Called once when writing fails: the disk is full, or whoever read a pipe has left.
 * @param aboutDirectory - Said behind "it is a directory".
 * @throws {@link CliError} when it cannot be opened, or holds something already.
 */
export async function openTrafficFile(
  path: string,
  onFailure: (error: NodeJS.ErrnoException) => void,
  aboutDirectory: string = '',
): Promise<TrafficFile> {
  const { fd, stats } = await openFile(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EISDIR' ? `it is a directory${aboutDirectory}` : whyNot(error);
    throw new CliError(`cannot write the dump to ${path}: ${why}`, 1, { cause: error });
  });
  if (stats.isFile() && stats.size > 0) {
    close(fd, () => {});
    throw new CliError(`${path} exists already: remove it, or name another for the dump`, 1);
  }
  const stream = streamFor(fd, stats);
  const output = new Output(stream, onFailure);
  return {
    ready: (signal) => output.ready(signal),
    write: (text) => output.write(text),
    close: () => closed(stream),
  };
}

async function openFile(path: string): Promise<{ fd: number; stats: Stats }> {
  const fd = await promisify(open)(path, FLAGS, 0o600);
  return { fd, stats: await promisify(fstat)(fd) };
}

/** A write that blocks in a thread cannot be ended, and neither can the process then: what may block gets no thread. */
export function streamFor(fd: number, stats: Stats): OutputStream {
  if (stats.isFIFO()) return new Socket({ fd, readable: false, writable: true });
  if (isatty(fd)) return new TerminalStream(fd);
  return createWriteStream('', { fd, highWaterMark: HIGH_WATER_MARK });
}

function closed(stream: Writable & { readonly bytesWritten?: number }): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) {
      resolve();
      return;
    }
    let before = NaN;
    const timer = setInterval(() => {
      const now = octetsInWork(stream);
      if (now === before) {
        stream.destroy();
        done(); // a disk that does not answer keeps it from being closed
      }
      before = now;
    }, STUCK);
    const done = (): void => {
      clearInterval(timer);
      resolve();
    };
    stream.once('close', done);
    stream.end();
  });
}

/** What does not change while nobody takes anything: octets of a stream that wait, and those of them in the kernel's hands. */
function octetsInWork(stream: Writable & { readonly bytesWritten?: number }): number {
  const { _handle: handle } = stream as { _handle?: { readonly writeQueueSize?: number } };
  return handle?.writeQueueSize ?? stream.bytesWritten ?? 0;
}

/** Why a file cannot be written, in words. */
export function whyNot(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'no such directory';
    case 'ENXIO':
      return 'nobody reads this FIFO';
    case 'EACCES':
    case 'EPERM':
      return 'not permitted';
    case 'EROFS':
      return 'the file system is read-only';
    default:
      return error.message;
  }
}
