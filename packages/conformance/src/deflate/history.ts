import { Buffer } from 'node:buffer';

/** What a message may refer to: the last octets of all that came before it. */
export class History {
  readonly #most: number;
  #octets: Buffer = Buffer.alloc(0);

  /** @param windowBits - 2^windowBits octets are kept. */
  constructor(windowBits: number) {
    this.#most = 2 ** windowBits;
  }

  /** The newest one last. Never changed: a later message makes new ones. */
  get octets(): Buffer {
    return this.#octets;
  }

  push(message: Uint8Array): void {
    const fromMessage = Math.min(message.length, this.#most);
    const fromBefore = Math.min(this.#octets.length, this.#most - fromMessage);
    this.#octets = Buffer.concat([
      this.#octets.subarray(this.#octets.length - fromBefore),
      message.subarray(message.length - fromMessage),
    ]);
  }
}
