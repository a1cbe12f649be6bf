import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { isCloseCodeOnTheWire } from 'meerkat';
import { isFieldValue, isToken, MAX_REASON_BYTES, parseOrigin } from 'meerkat/protocol';
import { CliError } from '../cli-error.ts';

/** What the library refuses to be told. */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-key',
  'sec-websocket-version',
  'transfer-encoding',
  'upgrade',
]);

// Each reads the value of one option, and throws commander's InvalidArgumentError for one that cannot be used.

/** A whole number in a range; `_` may group its digits. */
export function wholeNumber(least: number, greatest: number): (value: string) => number {
  return (value) => {
    const number = /^[0-9]+(?:_[0-9]+)*$/.test(value)
      ? Number(value.replaceAll('_', ''))
      : Number.NaN;
    if (!(number >= least && number <= greatest)) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${greatest}.`);
    }
    return number;
  };
}

/** Seconds, also parts of one; `-1` and `forever` for no end. In milliseconds. */
export function waitTime(value: string): number {
  if (value === '-1' || value === 'forever') return Infinity;
  const seconds = /^[0-9]+(?:\.[0-9]+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(seconds <= 86_400)) {
    throw new InvalidArgumentError('It is seconds, from 0 to 86400, or "forever".');
  }
  return seconds * 1_000;
}

/** Seconds between one thing and the next, also parts of one. In milliseconds. */
export function interval(value: string): number {
  const seconds = /^[0-9]+(?:\.[0-9]+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(seconds >= 0.01 && seconds <= 86_400)) {
    throw new InvalidArgumentError('It is seconds, from 0.01 to 86400.');
  }
  return seconds * 1_000;
}

/** A value, added to those before. */
export function listOf(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** A path, where the URL may have been taken for it: the option needs no value. */
export function dumpFile(value: string): string {
  if (value === '' || /^(?:(?:wss?|https?):|:[0-9])/i.test(value)) {
    throw new InvalidArgumentError('It is a file: write the URL first, or --hexdump=FILE.');
  }
  return value;
}

/** `Name: value`, added to those before. */
export function headerField(
  value: string,
  before: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const colon = value.indexOf(':');
  const name = value.slice(0, Math.max(colon, 0)).trim();
  const content = value.slice(colon + 1).trim();
  // Not commander's error, which would repeat the value: it may be a password.
  if (!isToken(name)) throw new CliError("--header: write it as 'Name: value'", 2);
  if (!isFieldValue(content)) {
    throw new CliError(`--header ${name}: a value has no control characters`, 2);
  }
  if (name.toLowerCase() === 'sec-websocket-protocol') {
    throw new CliError(`--header ${name}: for this field there is --subprotocol`, 2);
  }
  if (HANDSHAKE_FIELDS.has(name.toLowerCase())) {
    throw new CliError(`--header ${name}: meerkat sets this field itself; leave it out`, 2);
  }
  return [...before, [name, content]];
}

/** Names, by commas, added to those before. */
export function subprotocols(value: string, before: readonly string[] = []): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !isToken(name));
  if (wrong !== undefined) {
    throw new InvalidArgumentError(
      'A subprotocol is letters, digits and !#$%&\'*+-.^_`|~ only, such as "chat" or "v2.chat".',
    );
  }
  const all = [...before, ...names];
  if (new Set(all).size < all.length) throw new InvalidArgumentError('It is there twice.');
  return all;
}

/** `https://example.com`, as a browser sends it, or `null`. */
export function originValue(value: string): string {
  if (value !== 'null' && parseOrigin(value) === undefined) {
    throw new InvalidArgumentError(
      'An origin is scheme://host or scheme://host:port, without a path, or null.',
    );
  }
  return value;
}

/** A code that may stand in a Close frame; 1005 for an empty one. */
export function closeCode(value: string): number {
  const code = /^[0-9]{4}$/.test(value) ? Number(value) : 0;
  if (code !== 1005 && !isCloseCodeOnTheWire(code)) {
    throw new InvalidArgumentError(
      'A code that may be sent is 1000-1003, 1007-1014 or 3000-4999; 1005 for none.',
    );
  }
  return code;
}

/** What fits into a Close frame. */
export function closeReason(value: string): string {
  if (Buffer.byteLength(value) > MAX_REASON_BYTES) {
    throw new InvalidArgumentError(`A reason is at most ${MAX_REASON_BYTES} octets of UTF-8.`);
  }
  return value;
}

/**
 * Reads a file of certificates, PEM or DER.
 *
 * @throws {@link CliError} for a file that is not there or holds none.
 */
export function readCertificates(file: string): string {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : (error as Error).message;
    throw new CliError(`--ca ${file}: ${why}`, 2);
  }
  try {
    const first = new X509Certificate(content);
    return content.includes('-----BEGIN') ? content.toString('latin1') : first.toString();
  } catch {
    throw new CliError(`--ca ${file}: it holds no certificate (PEM or DER)`, 2);
  }
}
