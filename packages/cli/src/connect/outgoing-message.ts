import { isUtf8 } from 'node:buffer';
import type { Message } from 'meerkat';
import { parseHex } from '../terminal/hex.ts';

/** What a line stands for: text, the same octets as a binary message, or a binary message in hex digits. */
export type LineFormat = 'text' | 'binary' | 'hex';

/** The message that a line stands for, or what is wrong with the line. */
export function messageOf(
  line: Uint8Array,
  format: LineFormat,
): { readonly message: Message } | { readonly problem: string } {
  switch (format) {
    case 'binary':
      return { message: line };
    case 'text':
      return isUtf8(line)
        ? { message: asText(line) }
        : { problem: 'not UTF-8, as text has to be; --binary sends any octets' };
    case 'hex': {
      const parsed = parseHex(asText(line));
      return 'problem' in parsed ? parsed : { message: parsed.octets };
    }
  }
}

function asText(line: Uint8Array): string {
  return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString();
}
