import type { Socket } from 'node:net';

/** Octets that are kept of one connection; past them it is cut. */
const MAX_OCTETS = 262_144;

/** How a connection ended. */
export interface Ending {
  /** `ours`: more came than anybody wants to read. */
  readonly by: 'peer' | 'reset' | 'error' | 'ours';
  readonly code?: string;
}

/** A connection that keeps what comes, up to a bound, and lets one wait for it, up to a time. */
export class Link {
  readonly #socket: Socket;
  #octets: Buffer = Buffer.alloc(4096);
  #length = 0;
  #ending: Ending | undefined;
  #lastAt = 0;
  readonly #waiting = new Set<() => void>();

  /** @param socket - Connected; whoever made it listens no more. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#end({ by: 'peer' }));
    socket.on('close', () => this.#end({ by: 'peer' }));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.message;
      this.#end({ by: code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : 'error', code });
    });
    if (socket.destroyed) this.#end({ by: 'peer' });
  }

  /** All that came. Valid until more comes. */
  get octets(): Buffer {
    return this.#octets.subarray(0, this.#length);
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** When the last octets came, as `performance.now()` has it. */
  get lastAt(): number {
    return this.#lastAt;
  }

  write(octets: Uint8Array | string): void {
    if (this.#socket.writable) this.#socket.write(octets);
  }

  /**
   * Resolves when `met` is true, with that; else with its last answer when the connection has ended or `ms` are over.
   * `met` is asked again whenever something came.
   */
  until(met: () => boolean, ms: number): Promise<boolean> {
    if (met() || this.#ending !== undefined) return Promise.resolve(met());
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer); // a second call changes nothing
        this.#waiting.delete(look);
        resolve(met());
      };
      const look = (): void => {
        if (met() || this.#ending !== undefined) finish();
      };
      // What has come already counts, also where this process was held up until the time was over.
      const timer = setTimeout(() => setImmediate(finish), ms);
      this.#waiting.add(look);
    });
  }

  /** Drops it at once. */
  drop(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#lastAt = performance.now();
    const kept = chunk.subarray(0, MAX_OCTETS - this.#length);
    if (this.#length + kept.length > this.#octets.length) {
      const larger = Buffer.alloc(Math.max(2 * this.#octets.length, this.#length + kept.length));
      this.#octets.copy(larger, 0, 0, this.#length);
      this.#octets = larger;
    }
    kept.copy(this.#octets, this.#length);
    this.#length += kept.length;
    if (this.#length === MAX_OCTETS) {
      this.#end({ by: 'ours' });
      this.#socket.destroy();
    }
    this.#wake();
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
