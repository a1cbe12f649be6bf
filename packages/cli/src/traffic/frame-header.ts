import { FIN, Opcode, RSV1 } from 'meerkat/protocol';

const LONGEST = 14;
const OPCODE_NAMES: Readonly<Record<number, string>> = {
  [Opcode.Continuation]: 'continuation',
  [Opcode.Text]: 'text',
  [Opcode.Binary]: 'binary',
  [Opcode.Close]: 'close',
  [Opcode.Ping]: 'ping',
  [Opcode.Pong]: 'pong',
};

/** The header of a frame (RFC 6455 §5.2) while it comes in, octet by octet. It is told as far as it is known. */
export class FrameHeader {
  readonly #octets: Uint8Array = new Uint8Array(LONGEST);
  #length = 0;

  get empty(): boolean {
    return this.#length === 0;
  }

  get complete(): boolean {
    return this.#length >= 2 && this.#length === 2 + this.#lengthOctets + (this.masked ? 4 : 0);
  }

  get opcode(): number {
    return this.#at(0) & 0xf;
  }

  get fin(): boolean {
    return (this.#at(0) & FIN) !== 0;
  }

  /** Whether RSV1 is set: with permessage-deflate, the message that begins here is compressed. */
  get rsv1(): boolean {
    return (this.#at(0) & RSV1) !== 0;
  }

  get masked(): boolean {
    return (this.#at(1) & 0x80) !== 0;
  }

  /** Whether nothing but zeros has come. */
  get allZero(): boolean {
    return this.#octets.every((octet) => octet === 0);
  }

  /** Octets of payload; exact up to 2^53. */
  get payloadLength(): number {
    const count = this.#lengthOctets;
    if (count === 0) return this.#at(1) & 0x7f;
    let length = 0;
    for (let at = 2; at < 2 + count; at += 1) length = length * 256 + this.#at(at);
    return length;
  }

  add(octet: number): void {
    this.#octets[this.#length] = octet;
    this.#length += 1;
  }

  clear(): void {
    this.#octets.fill(0);
    this.#length = 0;
  }

  /**
   * What is known of it, in words.
   *
   * @param message - What a continuation continues.
   * @param compression - Whether permessage-deflate gives RSV1 a meaning (RFC 7692 §6).
   */
  describe(message: 'text' | 'binary' | undefined, compression = false): string {
    const { opcode } = this;
    const name = OPCODE_NAMES[opcode] ?? `reserved opcode 0x${opcode.toString(16)}`;
    const of = opcode === Opcode.Continuation && message !== undefined ? ` of ${message}` : '';
    const parts = [`${name}${of}`, this.fin ? 'FIN' : 'no FIN'];
    for (const [bit, rsv] of [
      [0x40, 'RSV1'],
      [0x20, 'RSV2'],
      [0x10, 'RSV3'],
    ] as const) {
      if ((this.#at(0) & bit) === 0) continue;
      parts.push(compression && rsv === 'RSV1' ? 'RSV1 (compressed)' : rsv);
    }
    if (this.#length < 2) return parts.join(', ');
    const key = 2 + this.#lengthOctets;
    if (!this.masked) parts.push('unmasked');
    else if (this.#length < key + 4) parts.push('masked');
    else
      parts.push(`masked with ${Buffer.from(this.#octets.subarray(key, key + 4)).toString('hex')}`);
    if (this.#length >= key) parts.push(octetCount(this.payloadLength));
    return parts.join(', ');
  }

  /** Octets of the extended length. */
  get #lengthOctets(): number {
    const short = this.#at(1) & 0x7f;
    if (short < 126) return 0;
    return short === 126 ? 2 : 8;
  }

  #at(index: number): number {
    return this.#octets[index] as number;
  }
}

/** A number of octets, in words. */
export function octetCount(count: number): string {
  return count === 1 ? '1 octet' : `${count} octets`;
}
