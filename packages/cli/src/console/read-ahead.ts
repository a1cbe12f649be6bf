/** Octets of lines that wait to be done before no more are read. */
const MAX_WAITING = 65_536;

/** Does lines in order, one at a time, while others are read already: a command may wait for the output. */
export class ReadAhead {
  readonly #do: (line: Uint8Array) => Promise<void> | undefined;
  #waitingBytes = 0;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(doLine: (line: Uint8Array) => Promise<void> | undefined) {
    this.#do = doLine;
  }

  /**
   * Adds lines. Resolves when there is room for more.
   *
   * @throws What doing one of them threw; nothing is done after that.
   */
  async add(lines: readonly Uint8Array[]): Promise<void> {
    for (const line of lines) {
      this.#waitingBytes += line.length + 1;
      this.#last = this.#last.then(() => this.#doOne(line)); // never rejects
    }
    // What does not wait for anything is done before more is read.
    await Promise.race([this.#last, new Promise((resolve) => setImmediate(resolve))]);
    if (this.#waitingBytes > MAX_WAITING) await this.#last;
    this.#rethrow();
  }

  /** Resolves when all is done. Throws as `add` does. */
  async done(): Promise<void> {
    await this.#last;
    this.#rethrow();
  }

  async #doOne(line: Uint8Array): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#do(line);
    } catch (error) {
      this.#failure = { error };
    }
    this.#waitingBytes -= line.length + 1;
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
