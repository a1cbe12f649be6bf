const NO_OCTETS = Buffer.alloc(0);

/**
 * The last octets of the compressed messages of one direction: what its next message may refer to, where the context is
 * taken over (RFC 7692 §7.2). All that is kept between messages: the state of zlib would be 50 to 250 KB a connection.
 */
export class History {
  readonly #most: number;
  #octets: Buffer = NO_OCTETS;

  /** @param windowBits - Of the direction: it keeps 2^windowBits octets. */
  constructor(windowBits: number) {
    this.#most = 2 ** windowBits;
  }

  /** The window, oldest octet first; nobody changes it. Undefined as long as there is none. */
  get octets(): Buffer | undefined {
    return this.#octets.length === 0 ? undefined : this.#octets;
  }

  /** Takes in a message, before or after compression the same. */
  push(message: Uint8Array): void {
    this.#octets = lastOctets(this.#octets, message, this.#most);
  }
}

/** A copy of the last `most` octets of `one` and `other` in a row. */
export function lastOctets(one: Uint8Array, other: Uint8Array, most: number): Buffer {
  const ofOther = Math.min(most, other.length);
  const ofOne = Math.min(most - ofOther, one.length);
  const octets = Buffer.allocUnsafeSlow(ofOne + ofOther);
  octets.set(one.subarray(one.length - ofOne), 0);
  octets.set(other.subarray(other.length - ofOther), ofOne);
  return octets;
}
