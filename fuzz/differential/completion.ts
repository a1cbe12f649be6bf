import { encodeFrame, type FramePlace, walkFrames } from '../reference/frames.ts';

const NO_OCTETS = new Uint8Array(0);

/** The last frame of a stream; undefined of an empty one. */
function lastFrame(stream: Uint8Array, masked: boolean): FramePlace | undefined {
  return walkFrames(stream, masked).at(-1);
}

/**
 * `stream` with what its last frame lacks, so that a reader which waits for the end of a frame comes to a decision.
 *
 * @param most - Octets of payload that are filled in at most: beyond the limit on messages nobody reads them.
 */
export function withWholeFrame(stream: Uint8Array, masked: boolean, most: number): Uint8Array {
  const last = lastFrame(stream, masked);
  if (last === undefined) return stream;
  const whole = Buffer.concat([stream, fill(stream, last, masked)]);
  const due = lastFrame(whole, masked)?.payloadDue ?? 0n;
  if (due === 0n || due > BigInt(most)) return Uint8Array.from(whole);
  return Uint8Array.from(Buffer.concat([whole, new Uint8Array(Number(due))]));
}

/** The same, and with the end of the message that it belongs to. */
export function withWholeMessage(stream: Uint8Array, masked: boolean, most: number): Uint8Array {
  const whole = withWholeFrame(stream, masked, most);
  const last = lastFrame(whole, masked);
  if (last === undefined || (last.head & 0x80) !== 0) return whole;
  const end = encodeFrame({ head: 0x80, payload: NO_OCTETS, key: masked ? 0 : undefined });
  return Uint8Array.from(Buffer.concat([whole, end]));
}

/** What is missing of a header: a second octet that fits the role, zeros otherwise. */
function fill(stream: Uint8Array, last: FramePlace, masked: boolean): Uint8Array {
  const octets = new Uint8Array(last.headerDue);
  if (stream.length - last.start === 1 && octets.length > 0) octets[0] = masked ? 0x80 : 0;
  return octets;
}

/** `stream` with every length of its data frames in the shortest form. */
export function withShortestLengths(stream: Uint8Array, masked: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  const places = walkFrames(stream, masked);
  for (const [index, { start, head, lengthForm, length }] of places.entries()) {
    const end = places[index + 1]?.start ?? stream.length;
    if (length === undefined || (head & 8) !== 0) {
      parts.push(stream.subarray(start, end));
      continue;
    }
    const frame = encodeFrame({ head, payload: NO_OCTETS, key: undefined, announced: length });
    const maskBit = (stream[start + 1] as number) & 0x80;
    frame[1] = (frame[1] as number) | maskBit;
    parts.push(frame, stream.subarray(start + 2 + lengthForm, end));
  }
  return Uint8Array.from(Buffer.concat(parts));
}

/** Octets of the message that the last frame belongs to, as far as they were announced. */
export function announcedBytes(stream: Uint8Array, masked: boolean): bigint {
  let bytes = 0n;
  for (const { head, length } of walkFrames(stream, masked)) {
    if ((head & 8) !== 0) continue;
    if ((head & 0xf) !== 0) bytes = 0n;
    bytes += length ?? 0n;
  }
  return bytes;
}
