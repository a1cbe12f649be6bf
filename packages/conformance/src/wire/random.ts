// Numbers that look random and can be had again: masking keys of a run are drawn from its seed.

/** A source of octets. Not for secrets. */
export class SeededRandom {
  #state: number;

  /** @param salt - Makes the sequence of each case its own. */
  constructor(seed: number, salt = '') {
    let state = (seed ^ 0x9e3779b9) | 0;
    for (let at = 0; at < salt.length; at += 1) {
      state = Math.imul(state ^ salt.charCodeAt(at), 0x01000193);
    }
    this.#state = state === 0 ? 1 : state;
  }

  /** The next 32 bits (xorshift, Marsaglia 2003). */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return state >>> 0;
  }

  octets(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() >>> 24);
  }
}
