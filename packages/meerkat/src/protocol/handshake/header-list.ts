import { UsageError } from '../usage-error.ts';
import type { HeaderList } from './handshake-error.ts';

/** Header fields as a caller may give them: pairs, or an object for names that are there once. */
export type HeaderFieldsInit = HeaderList | Readonly<Record<string, string>>;

/**
 * Brings header fields into one form.
 *
 * @throws {@link UsageError} for something that does not hold pairs of strings.
 */
export function toHeaderList(headers?: HeaderFieldsInit): HeaderList {
  if (headers === undefined) return NONE;
  // A Headers or Map too: as an object it would have no entries, and what it says would be lost.
  const list: readonly unknown[] =
    Symbol.iterator in Object(headers)
      ? [...(headers as Iterable<unknown>)]
      : Object.entries(headers ?? '');
  if (typeof headers !== 'object' || headers === null || !list.every(isPair)) {
    throw new UsageError('MEERKAT_HANDSHAKE_VALUE', 'header fields are pairs of strings');
  }
  return list;
}

const NONE: HeaderList = [];

function isPair(value: unknown): value is readonly [string, string] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')
  );
}
