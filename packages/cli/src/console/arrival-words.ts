import type { UpgradeRequest } from 'meerkat';
import type { AnnotationOptions } from '../handshake/head-annotations.ts';
import { redactTarget } from '../handshake/secrets.ts';
import { oneLine } from '../terminal/escape-controls.ts';
import { quoted } from './leaving-words.ts';

/** Characters of a URL or an origin that are shown in one line; the handshake shows all. */
const MAX_LENGTH = 200;

/** What stands behind "#1 is here": `: /websocket, origin http://localhost:8000, subprotocol chat`. */
export function arrivalWords(
  { url, origins }: Pick<UpgradeRequest, 'url' | 'origins'>,
  subprotocol: string,
  options: AnnotationOptions,
): string {
  const parts = [targetWords(url, options)];
  for (const origin of origins.slice(0, 1)) parts.push(`origin ${plainOrQuoted(origin)}`);
  if (subprotocol !== '') parts.push(`subprotocol ${oneLine(subprotocol, MAX_LENGTH)}`);
  return `: ${parts.join(', ')}`;
}

/** A request target in one line. */
export function targetWords(
  target: string,
  { showSecrets = false }: AnnotationOptions,
  maxLength: number = MAX_LENGTH,
): string {
  return oneLine(showSecrets ? target : redactTarget(target), maxLength);
}

/** An origin as browsers send it has neither blanks nor commas, which could pass for the next part of the line. */
function plainOrQuoted(origin: string): string {
  return /^[\x21-\x2b\x2d-\x7e]+$/.test(origin) && origin.length <= MAX_LENGTH
    ? origin
    : quoted(origin);
}
