/** Takes decoded payload, valid until the call returns. */
export type DecodedPayload = (octets: Uint8Array, start: number, end: number) => void;

/**
 * What a negotiated extension does to the payload of messages: the seam for permessage-deflate (RFC 7692).
 *
 * The frames' rules stay the engine's: which frame may carry RSV1, how large a message may grow, what is UTF-8.
 */
export interface MessageCodec {
  /**
   * Decodes the next payload octets of a message whose first frame had RSV1 set.
   *
   * @param last - Whether the message ends with these octets.
   * @param output - Called any number of times before `decode` returns. It throws when the message grows too large:
   * let that pass.
   * @throws ProtocolError for octets that cannot be decoded.
   */
  decode(
    octets: Uint8Array,
    start: number,
    end: number,
    last: boolean,
    output: DecodedPayload,
  ): void;
  /** Encodes a whole message, which then leaves with RSV1 set; undefined to send it as it is. */
  encode(payload: Uint8Array): Uint8Array | undefined;
}
