// What the tables of section C are made with.
import { Buffer } from 'node:buffer';
import { constants, deflateRawSync } from 'node:zlib';
import { binary, type FrameSpec, octetsOf, text } from '../wire/frame.ts';
import { type AgreedTerms, CLOSE, type DeflateTerms, peerFails, type ScriptCase } from './case.ts';
import { type ScriptCaseTable, scriptCase, send, timedClose } from './script-case.ts';

/** RSV1: the message is compressed (RFC 7692 §6). */
export const COMPRESSED = { rsv: 4 } as const;

/** Nothing is asked of the peer that it might not have. */
const TERMS: DeflateTerms = {
  offer: 'permessage-deflate; client_max_window_bits',
  answers: [{ clientNoContextTakeover: false }],
};

/** A row of a group: they are numbered in their order, `C1.1`, `C1.2` … */
export type DeflateRow = Omit<ScriptCaseTable, 'id' | 'rule' | 'close' | 'limit'> &
  Partial<ScriptCaseTable>;

/** Numbers the rows of a group; each gets compression, and `rule` where it names no other. */
export function deflateCases(
  group: string,
  rule: string,
  rows: readonly (DeflateRow | DeflateScript)[],
): ScriptCase[] {
  return rows.map((row, index) => {
    const head = {
      id: `${group}.${index + 1}`,
      rule,
      close: CLOSE.N,
      limit: timedClose(2),
      deflate: TERMS,
    };
    return 'script' in row ? { ...head, kind: 'script', ...row } : scriptCase({ ...head, ...row });
  });
}

/** A row whose script is large, or depends on what was agreed on. */
export type DeflateScript = Pick<ScriptCase, 'description' | 'fault' | 'script'> &
  Partial<Omit<ScriptCase, 'kind' | 'id'>>;

/** A broken message. No RFC names a code for it; 1007 is what most send, and 1002 is no worse. */
export function breaks(fault: string, frames: readonly FrameSpec[]): DeflateRow {
  return { fault, steps: [send(frames)], close: peerFails(1007, 1002), limit: timedClose(1) };
}

/** A compressed text, whose payload is given as hex. */
export function packedText(hex: string, extra: Partial<FrameSpec> = {}): FrameSpec {
  return text(octetsOf(`<${hex}>`), { ...COMPRESSED, ...extra });
}

export function packedBinary(hex: string, extra: Partial<FrameSpec> = {}): FrameSpec {
  return binary(octetsOf(`<${hex}>`), { ...COMPRESSED, ...extra });
}

/** The payload that a message compresses to, by itself. */
export function packed(message: string | Uint8Array): Uint8Array {
  const octets = deflateRawSync(octetsOf(message), {
    windowBits: SMALLEST_WINDOW_BITS,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  return new Uint8Array(octets.subarray(0, octets.length - 4));
}

/** The smallest one that zlib takes: it fits whatever was agreed on. */
const SMALLEST_WINDOW_BITS = 9;

/** A message as one block that is not compressed (RFC 7692 §7.2.3.3); up to 65,535 octets. */
export function stored(message: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([storedBlock(message), Uint8Array.of(0)]));
}

/** The block alone (RFC 1951 §3.2.4). */
export function storedBlock(octets: Uint8Array): Uint8Array {
  const block = Buffer.alloc(5 + octets.length);
  block.writeUInt16LE(octets.length, 1);
  block.writeUInt16LE(octets.length ^ 0xffff, 3);
  block.set(octets, 5);
  return new Uint8Array(block);
}

/** Whether what the runner sends may refer to what it sent before. */
export function mayReferBack(agreed: AgreedTerms | undefined): boolean {
  return agreed?.runner.contextTakeover ?? false;
}
