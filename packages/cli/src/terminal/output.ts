import type { OutputStream } from '../cli-context.ts';

/**
 * Writes to a stream whose reader may be slow, or leave: `meerkat … | head -1`. Nothing is thrown for that; what is
 * written afterwards goes nowhere.
 */
export class Output {
  readonly #stream: OutputStream;
  #gone = false;
  #waiting: (() => void)[] = [];

  /** @param onFailure - Called once, when the stream fails: EPIPE when its reader left. */
  constructor(stream: OutputStream, onFailure: (error: NodeJS.ErrnoException) => void = () => {}) {
    this.#stream = stream;
    // Stays for good: an error that comes late must not be without a listener.
    stream.on('error', (error) => {
      if (this.#gone) return;
      this.#leave();
      onFailure(error);
    });
    stream.on('drain', () => this.#resume());
    stream.on('close', () => this.#leave());
  }

  /** Whether the reader is behind: somebody waits for `write`. */
  get blocked(): boolean {
    return this.#waiting.length > 0;
  }

  /** Writes; a promise means that the reader is behind, and resolves when it is not, or is gone. */
  write(data: string | Uint8Array): Promise<void> | undefined {
    if (this.#gone || this.#stream.write(data)) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Writes a line of text. */
  line(text: string = ''): Promise<void> | undefined {
    return this.write(`${text}\n`);
  }

  /** Nobody reads any more. */
  #leave(): void {
    this.#gone = true;
    this.#resume();
  }

  #resume(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
