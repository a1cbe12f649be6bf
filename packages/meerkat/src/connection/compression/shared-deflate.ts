// Compressing a message that many get: once for all of them who agreed on the same.
import type { PreparedMessage } from '../../protocol/prepared-message.ts';
import { nodePrimitives } from '../node-primitives.ts';
import { deflateShare, LOOP_BYTES } from './loop-share.ts';
import { type DeflateSettings, deflateBeside, deflateNow } from './raw-deflate.ts';
import type { ZlibPool } from './zlib-pool.ts';

/** The settings as one number, which a message keeps its compressed form by. */
export function deflateWay({ level, memLevel, windowBits }: DeflateSettings): number {
  return level | (memLevel << 4) | (windowBits << 8);
}

/** Compresses a small message at once, for all; answers the frame to send. */
export function compressShared(message: PreparedMessage, settings: DeflateSettings): Uint8Array {
  const octets = message.payload(nodePrimitives);
  const compressed = deflateShare.spend(() => deflateNow(octets, undefined, settings));
  return message.keepCompressed(deflateWay(settings), compressed, nodePrimitives);
}

/**
 * Sees to it that a message is compressed for those who wait for it: beside the loop, or where it is small in a later turn
 * of the loop. Lets it be where nobody waits any more when its turn has come.
 */
export function compressLater(
  message: PreparedMessage,
  settings: DeflateSettings,
  pool: ZlibPool,
): void {
  const way = deflateWay(settings);
  const octets = message.payload(nodePrimitives);
  if (octets.length <= LOOP_BYTES) {
    deflateShare.later(() => {
      if (message.isAwaited(way)) compressShared(message, settings);
    });
    return;
  }
  pool.run((done) => {
    if (!message.isAwaited(way)) {
      setImmediate(done);
      return;
    }
    deflateBeside(octets, undefined, settings, (compressed) => {
      done();
      message.keepCompressed(way, compressed, nodePrimitives);
    });
  });
}
