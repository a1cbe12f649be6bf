// Frames as the runner sends them (RFC 6455 §5.2): any field may break the rules.

/** A frame to be sent. Nothing of it is checked. */
export interface FrameSpec {
  /** 0 to 15. */
  readonly opcode: number;
  readonly fin: boolean;
  /** The three reserved bits as a number: 4 · RSV1 + 2 · RSV2 + RSV3. */
  readonly rsv: number;
  readonly payload: Uint8Array;
  /** How the length is written; without this in the shortest form. */
  readonly lengthForm?: 7 | 16 | 64;
  /** The length that the header announces, where that is not the payload's. */
  readonly announces?: bigint;
  /** Whether it is masked, where that is not what the role demands (§5.1). */
  readonly masked?: boolean;
}

const encoder = new TextEncoder();

/** Text as UTF-8, `<hex digits>` (blanks allowed) as those octets, octets as they are. */
export function octetsOf(payload: string | Uint8Array): Uint8Array {
  if (typeof payload !== 'string') return payload;
  if (!/^<[\da-f\s]*>$/i.test(payload)) return encoder.encode(payload);
  return Uint8Array.from(Buffer.from(payload.slice(1, -1).replace(/\s+/g, ''), 'hex'));
}

type Extra = Partial<Omit<FrameSpec, 'opcode' | 'payload'>>;

/** A frame of any opcode; final, and without reserved bits unless `extra` says so. */
export function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  extra: Extra = {},
): FrameSpec {
  return { opcode, fin: true, rsv: 0, payload: octetsOf(payload), ...extra };
}

/** `{ fin: false }`: the message goes on. */
export const MORE = { fin: false } as const;

export function text(payload: string | Uint8Array = '', extra?: Extra): FrameSpec {
  return frame(1, payload, extra);
}

export function binary(payload: string | Uint8Array = '', extra?: Extra): FrameSpec {
  return frame(2, payload, extra);
}

export function continuation(payload: string | Uint8Array = '', extra?: Extra): FrameSpec {
  return frame(0, payload, extra);
}

export function ping(payload: string | Uint8Array = '', extra?: Extra): FrameSpec {
  return frame(9, payload, extra);
}

export function pong(payload: string | Uint8Array = '', extra?: Extra): FrameSpec {
  return frame(10, payload, extra);
}

/** A Close frame with a code and a reason; without a code its payload is empty. */
export function close(code?: number, reason: string | Uint8Array = ''): FrameSpec {
  if (code === undefined) return frame(8);
  const words = octetsOf(reason);
  const payload = new Uint8Array(2 + words.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(words, 2);
  return frame(8, payload);
}

/** The pattern over and over, cut at `length` octets. */
export function repeat(pattern: string | Uint8Array, length: number): Uint8Array {
  return new Uint8Array(Buffer.alloc(length, octetsOf(pattern)));
}

/**
 * A message in frames of `size` octets of payload. Where `size` divides the length, all of them are unfinished and an empty
 * one ends the message; a message that is not longer than `size` is one frame.
 *
 * @param rsv - Reserved bits of the first frame.
 */
export function fragments(opcode: number, payload: Uint8Array, size: number, rsv = 0): FrameSpec[] {
  if (payload.length <= size) return [frame(opcode, payload, { rsv })];
  const frames: FrameSpec[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const part = payload.subarray(at, at + size);
    const extra = { fin: part.length < size, rsv: at === 0 ? rsv : 0 };
    frames.push(frame(at === 0 ? opcode : 0, part, extra));
  }
  if (payload.length % size === 0) frames.push(continuation());
  return frames;
}

/**
 * The octets of a frame.
 *
 * @param key - The masking key, when it is to be masked.
 */
export function encodeFrame(spec: FrameSpec, key?: Uint8Array): Buffer {
  const { payload } = spec;
  const announced = spec.announces ?? BigInt(payload.length);
  const form = spec.lengthForm ?? (announced < 126n ? 7 : announced < 65536n ? 16 : 64);
  const header = 2 + (form === 7 ? 0 : form / 8) + (key === undefined ? 0 : 4);
  const octets = Buffer.allocUnsafe(header + payload.length);
  octets[0] = (spec.fin ? 0x80 : 0) | ((spec.rsv & 7) << 4) | (spec.opcode & 15);
  const short = form === 7 ? Number(announced & 127n) : form === 16 ? 126 : 127;
  octets[1] = short | (key === undefined ? 0 : 0x80);
  if (form === 16) octets.writeUInt16BE(Number(announced & 0xffffn), 2);
  if (form === 64) octets.writeBigUInt64BE(BigInt.asUintN(64, announced), 2);
  octets.set(payload, header);
  if (key !== undefined) {
    octets.set(key, header - 4);
    maskFrom(octets, header, key);
  }
  return octets;
}

/** Masks what begins at `start` in place (§5.3). */
export function maskFrom(octets: Uint8Array, start: number, key: Uint8Array): void {
  let at = start;
  // Four octets at a time where the memory allows it: sections 9, 12 and 13 mask gigabytes.
  while (at < octets.length && (octets.byteOffset + at) % 4 !== 0) {
    octets[at] = (octets[at] as number) ^ (key[(at - start) & 3] as number);
    at += 1;
  }
  const count = (octets.length - at) >> 2;
  if (count > 0) {
    const turned = Uint8Array.from(
      [0, 1, 2, 3],
      (index) => key[(at - start + index) & 3] as number,
    );
    const [mask] = new Uint32Array(turned.buffer);
    const words = new Uint32Array(octets.buffer, octets.byteOffset + at, count);
    for (let index = 0; index < count; index += 1) {
      words[index] = (words[index] as number) ^ (mask as number);
    }
    at += count * 4;
  }
  for (; at < octets.length; at += 1) {
    octets[at] = (octets[at] as number) ^ (key[(at - start) & 3] as number);
  }
}
