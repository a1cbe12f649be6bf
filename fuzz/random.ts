/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 bits. */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.bits() / 0x1_0000_0000) * limit);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  octets(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.bits() & 0xff);
  }
}

/** A seed made of an input or a name, so that the same one is always treated the same way (FNV-1a). */
export function seedOf(octets: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const octet of octets) hash = Math.imul(hash ^ octet, 0x01000193);
  return hash >>> 0;
}
