import { fromHex, type RawPeer } from 'meerkat/testing';
import { observe } from './observed.ts';

export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** How a frame differs from an ordinary one of a client: whole, and masked with the key 00 00 00 00. */
export interface FrameForm {
  readonly fin?: boolean;
  readonly masked?: boolean;
}

/** Writes one frame, independently of the code under test. */
export function frame(opcode: number, payload: string | Uint8Array, form: FrameForm = {}): Buffer {
  const { fin = true, masked = true } = form;
  const body = Buffer.from(payload);
  const mask = masked ? 0x80 : 0;
  let length: Buffer;
  if (body.length < 126) length = Buffer.of(mask | body.length);
  else if (body.length < 0x1_0000) {
    length = Buffer.of(mask | 126, body.length >>> 8, body.length & 0xff);
  } else {
    length = Buffer.alloc(9);
    length[0] = mask | 127;
    length.writeUInt32BE(body.length, 5);
  }
  const key = masked ? Buffer.alloc(4) : Buffer.alloc(0);
  return Buffer.concat([Buffer.of((fin ? 0x80 : 0) | opcode), length, key, body]);
}

/** Writes a Close frame; empty without a code. */
export function closeFrame(code?: number, reason = '', form: FrameForm = {}): Buffer {
  const payload =
    code === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.of(code >>> 8, code & 0xff), Buffer.from(reason)]);
  return frame(CLOSE, payload, form);
}

/** A frame as it came. */
export interface ReceivedFrame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** Takes the next frame that a peer received; undefined when its stream ended before it began. */
export async function takeFrame(peer: RawPeer): Promise<ReceivedFrame | undefined> {
  const [first, second] = fromHex(await peer.take(2));
  if (first === undefined || second === undefined) return undefined;
  let length = second & 0x7f;
  if (length === 126) length = fromHex(await peer.take(2)).readUInt16BE();
  else if (length === 127) length = Number(fromHex(await peer.take(8)).readBigUInt64BE());
  const masked = (second & 0x80) !== 0;
  const key = masked ? fromHex(await peer.take(4)) : Buffer.alloc(4);
  const payload = fromHex(await peer.take(length));
  for (let at = 0; at < payload.length; at += 1) {
    payload[at] = (payload[at] as number) ^ (key[at & 3] as number);
  }
  return { fin: (first & 0x80) !== 0, opcode: first & 0xf, masked, payload };
}

/** Takes the next frame, a Close; answers its code, 1005 when it is empty, and its reason. */
export async function takeClose(peer: RawPeer): Promise<{ code: number; reason: string }> {
  const received = await takeFrame(peer);
  if (received?.opcode !== CLOSE) throw new Error(`no Close frame but ${JSON.stringify(received)}`);
  const { payload } = received;
  if (payload.length === 0) return { code: 1005, reason: '' };
  const [code, reason] = [payload.readUInt16BE(), payload.subarray(2).toString()];
  observe(`close ${code}${reason === '' ? '' : ` (${reason})`}`);
  return { code, reason };
}
