import type { DecodedPayload, MessageCodec } from '../../../src/protocol/message-codec.ts';
import { ProtocolError } from '../../../src/protocol/protocol-error.ts';

/**
 * A toy in the place of permessage-deflate: each pair of octets, n and x, stands for n times x. It keeps half a pair
 * from one call to the next, so it notices when parts are lost or mixed up; a message that ends with half a pair cannot
 * be decoded.
 */
export class RepeatingCodec implements MessageCodec {
  /** How often the engine asked for decoding, and with which last. */
  readonly calls: (readonly [octets: number, last: boolean])[] = [];
  /** Octets that were given out. */
  decoded = 0;
  #times: number | undefined;

  decode(octets: Uint8Array, start: number, end: number, last: boolean, out: DecodedPayload): void {
    this.calls.push([end - start, last]);
    for (let at = start; at < end; at += 1) {
      const octet = octets[at] as number;
      if (this.#times === undefined) {
        this.#times = octet;
        continue;
      }
      this.decoded += this.#times;
      out(new Uint8Array(this.#times + 2).fill(octet), 1, 1 + this.#times);
      this.#times = undefined;
    }
    if (last && this.#times !== undefined) throw new ProtocolError('WS_TEXT_UTF8', 'half a pair');
  }

  /** Encodes what becomes shorter by it. */
  encode(payload: Uint8Array): Uint8Array | undefined {
    const pairs: number[] = [];
    for (const octet of payload) {
      const last = pairs.length - 2;
      if (pairs[last + 1] === octet && (pairs[last] as number) < 255)
        pairs[last] = (pairs[last] as number) + 1;
      else pairs.push(1, octet);
    }
    return pairs.length < payload.length ? Uint8Array.from(pairs) : undefined;
  }
}
