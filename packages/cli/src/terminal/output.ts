import type { OutputStream } from '../cli-context.ts';

/** Octets that may wait for the reader before `offer` leaves lines out. */
const MAX_WAITING = 1_048_576;

/**
 * Writes to a stream whose reader may be slow, or leave: `meerkat … | head -1`. Nothing is thrown for that; what is
 * written afterwards goes nowhere.
 *
 * What can wait asks `ready` before it writes, so that no more than one piece waits in memory, whoever reads how slowly.
 */
export class Output {
  readonly #stream: OutputStream;
  #gone = false;
  readonly #waiting = new Set<() => void>();
  #linesLeftOut = 0;

  /** @param onFailure - Called once, when the stream fails: EPIPE when its reader left. */
  constructor(stream: OutputStream, onFailure: (error: NodeJS.ErrnoException) => void = () => {}) {
    this.#stream = stream;
    doNotBlock(stream);
    // Stays for good: an error that comes late must not be without a listener.
    stream.on('error', (error) => {
      if (this.#gone) return;
      this.#leave();
      onFailure(error);
    });
    stream.on('drain', () => this.#resume());
    stream.on('close', () => this.#leave());
  }

  /** Whether the reader is behind. */
  get blocked(): boolean {
    return !this.#gone && this.#stream.writableNeedDrain;
  }

  /** Whether so much waits that `offer` leaves lines out. */
  get full(): boolean {
    return !this.#gone && this.#stream.writableLength > MAX_WAITING;
  }

  /**
   * Undefined where the reader keeps up or is gone; else a promise that resolves when it may have caught up. Others wait
   * too, and the first of them writes: ask again.
   *
   * @param signal - Ends the waiting early.
   */
  ready(signal?: AbortSignal): Promise<void> | undefined {
    if (!this.blocked || signal?.aborted === true) return undefined;
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }

  /** Writes; a promise means that the reader is behind, and resolves when it is not, or is gone. */
  write(data: string | Uint8Array): Promise<void> | undefined {
    if (this.#gone || this.#stream.write(data)) return undefined;
    return this.ready();
  }

  /** Writes a line of text. */
  line(text: string = ''): Promise<void> | undefined {
    return this.write(`${text}\n`);
  }

  /**
   * Writes whole lines that nobody can wait for. Where 1 MiB waits already they are left out and counted.
   *
   * @param tell - Called with their number when the reader has caught up. @default a line says it
   */
  offer(
    lines: string,
    tell: (count: number) => void = (count) => void this.line(leftOutWords(count)),
  ): void {
    if (!this.full) void this.write(lines);
    else this.leaveOut(lines, tell);
  }

  /** Counts lines that are not written, and has it told, as `offer` does. */
  leaveOut(lines: string, tell: (count: number) => void): void {
    const first = this.#linesLeftOut === 0;
    this.#linesLeftOut += lines.split('\n').length - 1;
    if (first) void this.#tellLater(tell); // never rejects
  }

  async #tellLater(tell: (count: number) => void): Promise<void> {
    for (let wait = this.ready(); wait !== undefined; wait = this.ready()) await wait;
    const count = this.#linesLeftOut;
    this.#linesLeftOut = 0;
    if (!this.#gone) tell(count);
  }

  /** Nobody reads any more. */
  #leave(): void {
    this.#gone = true;
    this.#resume();
  }

  #resume(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** `3 lines were not written: the output was behind`. */
export function leftOutWords(count: number): string {
  return `${count} ${count === 1 ? 'line was' : 'lines were'} not written: the output was behind`;
}

/**
 * Node writes to a terminal synchronously: one that is stopped would stop the whole program, its signal handlers too.
 * For this there is no public switch.
 */
function doNotBlock(stream: OutputStream): void {
  if (stream.isTTY !== true) return;
  const { _handle: handle } = stream as { _handle?: { setBlocking?(blocking: boolean): unknown } };
  handle?.setBlocking?.(false);
}
