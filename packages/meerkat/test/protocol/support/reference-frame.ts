// A second reading of RFC 6455 §5.2, written for clearness and without the engine, to hold the engine against.
import { join } from './octets.ts';

export interface ReferenceFrame {
  /** FIN, the reserved bits and the opcode. */
  readonly head: number;
  readonly payload: Uint8Array;
  /** The masking key; undefined for a frame that is not masked. */
  readonly key?: number | undefined;
}

/** The frame's octets, its length in the shortest form. */
export function encodeFrame({ head, payload, key }: ReferenceFrame): Uint8Array {
  const { length } = payload;
  const mask = key === undefined ? 0 : 0x80;
  const parts: Uint8Array[] = [Uint8Array.of(head)];
  if (length <= 125) parts.push(Uint8Array.of(mask + length));
  else if (length <= 0xffff) parts.push(Uint8Array.of(mask + 126), bigEndian(length, 2));
  else parts.push(Uint8Array.of(mask + 127), bigEndian(length, 8));
  if (key === undefined) parts.push(payload);
  else parts.push(bigEndian(key >>> 0, 4), masked(payload, key));
  return join(parts);
}

/** Reads frames, whatever their heads say, unmasked. Throws where the octets do not end with a frame. */
export function decodeFrames(octets: Uint8Array): ReferenceFrame[] {
  const frames: ReferenceFrame[] = [];
  let rest = Buffer.from(octets);
  const take = (length: number): Buffer => {
    if (rest.length < length) throw new Error('the octets end inside a frame');
    const taken = rest.subarray(0, length);
    rest = rest.subarray(length);
    return taken;
  };
  while (rest.length > 0) {
    const [head = 0, second = 0] = take(2);
    const short = second & 0x7f;
    const length =
      short === 126
        ? take(2).readUInt16BE()
        : short === 127
          ? Number(take(8).readBigUInt64BE())
          : short;
    const key = second >= 0x80 ? take(4).readInt32BE() : undefined;
    const payload = new Uint8Array(take(length));
    frames.push({ head, key, payload: key === undefined ? payload : masked(payload, key) });
  }
  return frames;
}

/** "transformed-octet-i = original-octet-i XOR masking-key-octet-j", j = i modulo 4 (§5.3). */
export function masked(payload: Uint8Array, key: number, phase = 0): Uint8Array {
  const keyOctets = bigEndian(key >>> 0, 4);
  return payload.map((octet, i) => octet ^ (keyOctets[(phase + i) % 4] as number));
}

/** A Close frame's payload (§5.5.1). */
export function closePayload(code: number, reason = ''): Uint8Array {
  return join([bigEndian(code, 2), new Uint8Array(Buffer.from(reason))]);
}

function bigEndian(value: number, octets: number): Uint8Array {
  let rest = BigInt(value);
  const written = new Uint8Array(octets);
  for (let at = octets - 1; at >= 0; at -= 1) {
    written[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return written;
}
