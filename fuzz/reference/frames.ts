// A second reading of RFC 6455 §5.2 without the engine: it writes any frame, wrong ones too, and walks over octets.

export interface FrameParts {
  /** FIN, the reserved bits and the opcode. */
  readonly head: number;
  readonly payload: Uint8Array;
  /** The masking key; undefined for a frame that is not masked. */
  readonly key: number | undefined;
  /** How many octets the length takes, in place of the fewest. */
  readonly lengthForm?: 0 | 2 | 8;
  /** The length that the header names, in place of the payload's. */
  readonly announced?: bigint;
}

/** The octets of a frame. */
export function encodeFrame(parts: FrameParts): Uint8Array {
  const { head, payload, key } = parts;
  const length = parts.announced ?? BigInt(payload.length);
  const fewest = length <= 125n ? 0 : length <= 0xffffn ? 2 : 8;
  const form = parts.lengthForm ?? fewest;
  const mask = key === undefined ? 0 : 0x80;
  const header = Buffer.alloc(2 + form);
  header[0] = head;
  if (form === 0) header[1] = mask | Number(length & 0x7fn);
  else if (form === 2) {
    header[1] = mask | 126;
    header.writeUInt16BE(Number(length & 0xffffn), 2);
  } else {
    header[1] = mask | 127;
    header.writeBigUInt64BE(length & 0xffff_ffff_ffff_ffffn, 2);
  }
  if (key === undefined) return Uint8Array.from(Buffer.concat([header, payload]));
  const keyOctets = Buffer.alloc(4);
  keyOctets.writeUInt32BE(key >>> 0);
  const masked = payload.map((octet, at) => octet ^ (keyOctets[at % 4] as number));
  return Uint8Array.from(Buffer.concat([header, keyOctets, masked]));
}

/** Where one frame stands in a stream, as far as it is there. */
export interface FramePlace {
  readonly start: number;
  readonly head: number;
  /** Octets of the length behind the second octet: 0, 2 or 8. */
  readonly lengthForm: number;
  /** The length that the header names; undefined when the stream ends before it is complete. */
  readonly length: bigint | undefined;
  /** How many octets of header are missing: of a stream that ends in its second octet, as if it were a short frame's. */
  readonly headerDue: number;
  /** How many octets of payload are missing. */
  readonly payloadDue: bigint;
}

/** Walks over the frames of `octets`, whatever they mean; the last one may be cut. */
export function walkFrames(octets: Uint8Array, masked: boolean): FramePlace[] {
  const stream = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  const places: FramePlace[] = [];
  let at = 0;
  while (at < stream.length) {
    const second = stream[at + 1];
    const lengthForm = second === undefined ? 0 : ([2, 8][(second & 0x7f) - 126] ?? 0);
    const header = 2 + lengthForm + (masked ? 4 : 0);
    const headerDue = Math.max(0, at + header - stream.length);
    let length: bigint | undefined;
    if (second !== undefined && at + 2 + lengthForm <= stream.length) {
      if (lengthForm === 2) length = BigInt(stream.readUInt16BE(at + 2));
      else if (lengthForm === 8) length = stream.readBigUInt64BE(at + 2);
      else length = BigInt(second & 0x7f);
    }
    const there = BigInt(Math.max(0, stream.length - at - header));
    const payloadDue = length === undefined || there >= length ? 0n : length - there;
    places.push({
      start: at,
      head: stream[at] as number,
      lengthForm,
      length,
      headerDue,
      payloadDue,
    });
    if (length === undefined || headerDue > 0 || payloadDue > 0n) break;
    at += header + Number(length);
  }
  return places;
}
