import { TextDecoder } from 'node:util';
import { oneLine } from '../terminal/escape-controls.ts';

/** Octets of payload in one line. What is longer is shown in pieces, which do not depend on how the octets come. */
export const PIECE = 4_096;

/** Decodes UTF-8 as it is, a byte order mark and all. */
export function newDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}

/** In quotes, so that its end is its end. */
export function quoted(text: string): string {
  return `"${oneLine(text.replace(/[\\"]/g, '\\$&'))}"`;
}
