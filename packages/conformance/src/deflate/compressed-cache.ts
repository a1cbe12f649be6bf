/** All that sections 12 and 13 send with 100 messages a case compresses to 58 MB. */
const DEFAULT_CACHE_BYTES = 64 << 20;

/** What messages compressed to, for cases that send the same ones again; whoever was asked for longest ago is forgotten. */
export class CompressedCache {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Uint8Array | Promise<Uint8Array>>();
  #bytes = 0;

  /** @param maxBytes - Octets kept, at most. */
  constructor(maxBytes: number = DEFAULT_CACHE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Octets kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What is kept under this name, or what `make` makes, once for all who ask meanwhile. */
  get(
    name: string,
    make: () => Uint8Array | Promise<Uint8Array>,
  ): Uint8Array | Promise<Uint8Array> {
    const kept = this.#entries.get(name);
    if (kept !== undefined) {
      this.#entries.delete(name);
      this.#entries.set(name, kept);
      return kept;
    }
    const made = make();
    this.#entries.set(name, made);
    if (!(made instanceof Promise)) {
      this.#keep(name, made);
      return made;
    }
    made.then(
      (octets) => this.#keep(name, octets),
      () => this.#entries.delete(name),
    );
    return made;
  }

  #keep(name: string, octets: Uint8Array): void {
    this.#entries.set(name, octets);
    this.#bytes += octets.length;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return;
      if (entry instanceof Promise) continue;
      this.#entries.delete(oldest);
      this.#bytes -= entry.length;
    }
  }
}
