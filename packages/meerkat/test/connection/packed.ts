import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DeflateAgreement } from '../../src/protocol/handshake/permessage-deflate.ts';
import { type FrameForm, frame, TEXT } from '../support/frames.ts';

/** RSV1, beside an opcode. */
export const RSV1 = 0x40;

/** Both sides forget: each message is compressed on its own. */
export const FORGETFUL: DeflateAgreement = {
  server: { windowBits: 15, contextTakeover: false },
  client: { windowBits: 15, contextTakeover: false },
};

/** Octets as permessage-deflate leaves them, by Node's zlib. */
function pack(payload: string | Uint8Array): Buffer {
  const flushed = deflateRawSync(Buffer.from(payload), { finishFlush: constants.Z_SYNC_FLUSH });
  return flushed.subarray(0, -4);
}

/** The octets that `packed` was given. */
export function unpack(compressed: Uint8Array): Buffer {
  const tail = Buffer.of(0x00, 0x00, 0xff, 0xff);
  return inflateRawSync(Buffer.concat([compressed, tail]), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
}

/** A frame with a compressed message. */
export function packed(payload: string | Uint8Array, opcode = TEXT, form: FrameForm = {}): Buffer {
  return frame(RSV1 | opcode, pack(payload), form);
}

/** Octets that do not become shorter, the same every time: a message of them is large on the wire too. */
export function noise(length: number, seed = 1): Buffer {
  const octets = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    octets[at] = state >>> 16;
  }
  return octets;
}

/** The same as text. */
export function noiseText(length: number, seed = 1): string {
  return noise(Math.ceil((length * 3) / 4), seed)
    .toString('base64')
    .slice(0, length);
}
